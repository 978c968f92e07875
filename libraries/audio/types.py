"""Plain data about an audio file, small enough to travel over a pipe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

FRONT_COVER: Final = 3


class RawAudio(NamedTuple):
    """Technical facts and tags of one file, before any interpretation of the catalog.

    `kind` is what the content is (see formats.kinds), `codec` what encodes the audio. Unknown numbers are 0.
    `tags` has canonical lower-case keys, cleaned values, and no empty lists. `size` and `mtime_ns` are those of the
    very file that was read. `text_encoding` is the encoding of texts that told none or a wrong one, "" without them.
    """

    kind: str
    codec: str
    duration: float
    bit_rate: int
    sample_rate: int
    bit_depth: int
    channels: int
    tags: dict[str, list[str]]
    has_picture: bool
    has_lyrics: bool
    size: int
    mtime_ns: int
    text_encoding: str = ""


class StreamInfo(NamedTuple):
    """Technical facts of a stream: seconds, bits per second, Hz, bits. Unknown numbers are 0.

    Without bits per second they are the average over `audio_size` bytes, or over all that is behind the tags in front.
    """

    codec: str
    duration: float
    bit_rate: float = 0
    sample_rate: int = 0
    bit_depth: int = 0
    channels: int = 0
    audio_size: int = 0


class AudioExtent(NamedTuple):
    """Extent of the audio in a file, in bytes; `salt` is what a fingerprint takes besides, such as a signature."""

    begin: int
    size: int
    salt: bytes = b""


class AudioPackets(NamedTuple):
    """Packets of the audio in a file, and the bytes that tell where it ends."""

    packets: Iterable[bytes]
    end: bytes


class Picture(NamedTuple):
    """An embedded picture: the image, and its type by the numbers of ID3 (3 is the front cover)."""

    image: bytes
    type: int
