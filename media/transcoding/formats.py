"""The formats that songs are converted to, and those that they are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from libraries.audio.formats import kinds


@dataclass(frozen=True)
class TargetFormat:
    """A format that ffmpeg makes. Bit rates in kbit/s: what is made without a wish, and the most that makes sense."""

    name: str
    codec: str
    content_type: str
    arguments: tuple[str, ...]
    default_bit_rate: int
    highest_bit_rate: int
    # what players call the container that is made
    containers: tuple[str, ...]
    sample_rates: tuple[int, ...] = ()
    is_lossless: bool = False


_MP3_RATES: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
TARGETS: Final[dict[str, TargetFormat]] = {
    "mp3": TargetFormat(
        "mp3", "mp3", "audio/mpeg", ("-c:a", "libmp3lame", "-write_xing", "0", "-f", "mp3"), 192, 320,
        ("mp3", "mpeg"), _MP3_RATES,
    ),
    "opus": TargetFormat(
        "opus", "opus", "audio/ogg", ("-c:a", "libopus", "-f", "ogg"), 128, 320,
        ("opus", "ogg", "oga"), (8000, 12000, 16000, 24000, 48000),
    ),
    "aac": TargetFormat(
        "aac", "aac", "audio/aac", ("-c:a", "aac", "-f", "adts"), 192, 320,
        ("aac", "adts"), (*_MP3_RATES, 64000, 88200, 96000),
    ),
    "flac": TargetFormat(
        "flac", "flac", "audio/flac", ("-c:a", "flac", "-f", "flac"), 0, 0, ("flac",), (), is_lossless=True
    ),
}  # fmt: skip

# Kind of a file → the name by which ffmpeg knows how to take it apart. It is always given: left to guess, ffmpeg takes
# a song that is really a playlist at its word, and reads the files that it names.
_DEMUXERS: Final[dict[str, str]] = {
    "aac": "aac",
    "ac3": "ac3",
    "aiff": "aiff",
    "ape": "ape",
    "asf": "asf",
    "caf": "caf",
    "dff": "iff",
    "dsf": "dsf",
    "flac": "flac",
    "matroska": "matroska",
    "mp3": "mp3",
    "mp4": "mov",
    "oggflac": "ogg",
    "opus": "ogg",
    "speex": "ogg",
    "tak": "tak",
    "tta": "tta",
    "vorbis": "ogg",
    "wav": "wav",
    "wavpack": "wv",
}
LOSSLESS_SUFFIXES: Final = frozenset(
    {"flac", "wav", "aif", "aiff", "aifc", "ape", "wv", "tta", "tak", "alac", "dsf", "dff", "ofr", "ofs"}
)


def demuxer_of(head: bytes, suffix: str) -> str | None:
    """The demuxer for a file, by its first bytes, else by its suffix; None for what ffmpeg does not read."""
    kind = kinds.sniff(head) or kinds.SUFFIX_KINDS.get(suffix.lower(), "")
    if kind == "musepack":
        return "mpc8" if head.startswith(b"MPCK") else "mpc"
    return _DEMUXERS.get(kind)


def is_lossless(suffix: str, codec: str) -> bool:
    """Whether a file keeps its samples, so that its bit rate says nothing of what it takes to sound as well."""
    return codec in ("alac", "flac", "pcm") or suffix.lower() in LOSSLESS_SUFFIXES
