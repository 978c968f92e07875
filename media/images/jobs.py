"""What the server asks an image process for, and what it gets back. No Django, no Pillow."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

MAX_PICTURES: Final = 4
# of one picture; a larger one is no cover
MAX_PICTURE_BYTES: Final = 20 * 1024 * 1024
MAX_PIXELS: Final = 50_000_000
MAX_EDGE: Final = 4096

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"
# what every client shows as it is
SHOWN: Final = frozenset({JPEG, PNG, WEBP, "image/gif"})


@dataclass(frozen=True, kw_only=True)
class Job:
    """A picture to make: of files, whose descriptors travel with the job, or one that is drawn.

    `pictures` has for each descriptor the suffix of an audio file in which the picture is embedded, or an empty text
    for a file that is the picture. Several make a mosaic. Without any, the placeholder for `placeholder` is drawn.
    `edge` is the longest edge in pixels, 0 for the picture as it is; none is ever enlarged. `square` pads to a square.
    `is_new`: the bytes are never those of the file, which may hold more than the picture.
    """

    pictures: tuple[str, ...] = ()
    placeholder: str = ""
    edge: int = 0
    square: bool = False
    webp: bool = False
    is_new: bool = False
    quality: int = 75

    def pack(self) -> bytes:
        """The job as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def unpack(cls, line: bytes) -> Job:
        """The job of such a line."""
        found = json.loads(line)
        return cls(**{**found, "pictures": tuple(found["pictures"])})


@dataclass(frozen=True, kw_only=True)
class Made:
    """A picture that was made, and facts of the one that it was made of: the first 16 hex digits of its digest.

    `thumb_hash` is a ThumbHash in Base64, `color` the dominant colour as `#rrggbb`.
    """

    data: bytes
    media_type: str
    digest: str
    width: int
    height: int
    thumb_hash: str
    color: str

    def facts(self) -> dict[str, Any]:
        """All but the bytes."""
        found = asdict(self)
        del found["data"]
        return found
