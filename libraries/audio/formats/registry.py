"""Registry of the formats: which module reads a file, by the kind of its content."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

from libraries.audio.errors import UnusualFile
from libraries.audio.formats.format import Format, load_fallback
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import AudioExtent, AudioPackets, Picture, StreamInfo

# The kinds that have a module of ours in this package: mutagen reads all others, and the unusual files of these.
# A module is loaded when the first file of its kind comes: most libraries have one or two kinds, and a scan waits for
# its readers.
OWN_FORMATS: Final = {
    "mp3": "mp3",
    "aac": "adts",
    "flac": "flac",
    "mp4": "mp4",
    "vorbis": "ogg",
    "opus": "ogg",
    "oggflac": "ogg_stream",
    "speex": "ogg_stream",
    "wav": "wave",
    "aiff": "aiff",
    "dff": "aiff",
    "caf": "caf",
    "matroska": "matroska",
}
# what reads the unusual files of a kind, where that is not mutagen
_THOROUGH: Final = {"vorbis": "ogg_stream", "opus": "ogg_stream"}


@cache
def own_format(kind: str) -> Format | None:
    """Return the module of ours that reads a kind; None where mutagen does."""
    return _load(OWN_FORMATS.get(kind))


@cache
def fallback(kind: str) -> Format:
    """Return what reads the unusual files of a kind, and all files of kinds that have no module of ours."""
    return _load(_THOROUGH.get(kind)) or load_fallback()


def _load(name: str | None) -> Format | None:
    return cast("Format", import_module(f"{__package__}.{name}")) if name else None


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags."""
    own = own_format(file.kind)
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
    return own_format(file.kind) or load_fallback()
