"""A file's tags and facts as the reader gives them, and the record that they map to."""

from __future__ import annotations

from collections.abc import Sequence

from libraries.audio.types import RawAudio
from libraries.scanner.mapping.track import map_track
from libraries.scanner.types import MappedTrack

MBZ_A = "11111111-aaaa-4aaa-8aaa-111111111111"


def raw_audio(
    tags: dict[str, list[str]] | None = None,
    codec: str = "flac",
    duration: float = 0.0,
    bit_rate: int = 0,
    sample_rate: int = 0,
    bit_depth: int = 0,
    channels: int = 0,
    has_picture: bool = False,
    has_lyrics: bool = False,
) -> RawAudio:
    """What reading a file gives, without what the mapping does not look at."""
    return RawAudio(
        "flac", codec, duration, bit_rate, sample_rate, bit_depth, channels, tags or {}, has_picture, has_lyrics, 0, 0
    )


def mapped(path: bytes = b"folder/song.flac", /, **tags: str | Sequence[str]) -> MappedTrack:
    return map_track(
        raw_audio({key: [value] if isinstance(value, str) else list(value) for key, value in tags.items()}), path=path
    )
