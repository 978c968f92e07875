"""A file's tags and facts as the reader gives them, and the record that they map to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from libraries.scanner.mapping.track import map_track
from libraries.scanner.types import TrackRecord

MBZ_A = "11111111-aaaa-4aaa-8aaa-111111111111"


@dataclass(frozen=True)
class Raw:
    tags: dict[str, list[str]] = field(default_factory=dict)
    codec: str = "flac"
    duration: float = 0.0
    bit_rate: int = 0
    sample_rate: int = 0
    bit_depth: int = 0
    channels: int = 0
    has_picture: bool = False
    has_lyrics: bool = False


def mapped(path: bytes = b"folder/song.flac", /, **tags: str | Sequence[str]) -> TrackRecord:
    return map_track(
        Raw({key: [value] if isinstance(value, str) else list(value) for key, value in tags.items()}), path=path
    )
