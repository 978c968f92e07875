"""Registry of the formats: which module reads a file, by the kind of its content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from libraries.audio.errors import UnusualFile
from libraries.audio.formats import adts, aiff, caf, flac, matroska, mp3, mp4, ogg, ogg_stream, wave
from libraries.audio.formats.format import Format, load_fallback
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import AudioExtent, AudioPackets, Picture, StreamInfo

# mutagen reads all other kinds, and the unusual files of these
OWN_FORMATS: Final[dict[str, Format]] = {
    "mp3": mp3,
    "aac": adts,
    "flac": flac,
    "mp4": mp4,
    "vorbis": ogg,
    "opus": ogg,
    "oggflac": ogg_stream,
    "speex": ogg_stream,
    "wav": wave,
    "aiff": aiff,
    "dff": aiff,
    "caf": caf,
    "matroska": matroska,
}
_THOROUGH: Final[dict[str, Format]] = {"vorbis": ogg_stream, "opus": ogg_stream}


def fallback(kind: str) -> Format:
    """Return what reads the unusual files of a kind, and all files of kinds that have no module of ours."""
    return _THOROUGH.get(kind) or load_fallback()


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags."""
    own = OWN_FORMATS.get(file.kind)
    if own is not None:
        try:
            return own.read(file)
        except UnusualFile:
            file.tags = TagBuilder()
    return fallback(file.kind).read(file)


def raw_tags(file: OpenFile) -> Iterable[tuple[str, Any]]:
    """Return the tags as they stand in the file."""
    return _format(file).raw_tags(file)


def pictures(file: OpenFile) -> Iterable[Picture]:
    """Return the embedded pictures."""
    return _format(file).pictures(file)


def audio_extent(file: OpenFile) -> AudioExtent | AudioPackets:
    """Return where the audio is, without any tags."""
    return _format(file).audio_extent(file)


def _format(file: OpenFile) -> Format:
    return OWN_FORMATS.get(file.kind) or load_fallback()
