"""The codecs in MP4 files: their plain names, and which of them have a depth."""

from __future__ import annotations

from typing import Final

from libraries.audio.types import StreamInfo

_LOSSLESS: Final = frozenset({"alac", "flac", "pcm"})
_CODECS: Final = {"fLaC": "flac", "Opus": "opus", "ac-3": "ac3", "ec-3": "eac3", "sowt": "pcm", "lpcm": "pcm"}


def stream_info(codec: str, duration: float, bit_rate: float, rate: int, depth: int, channels: int) -> StreamInfo:
    """Return the facts of the audio in an MP4 file by the four-letter name of its codec.

    Of a depth speak only those codecs that have one.
    """
    name = _plain_codec(codec)
    return StreamInfo(name, duration, bit_rate, rate, depth if name in _LOSSLESS else 0, channels)


def _plain_codec(name: str) -> str:
    if name.startswith("mp4a.40") or name == "mp4a":
        return "aac"
    if name.startswith(("mp4a.69", "mp4a.6B")):
        return "mp3"
    return _CODECS.get(name, name)
