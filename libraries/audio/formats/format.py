"""Interface of the module of a format, and the loader of the module that stands in for all others."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any, Protocol, cast

from libraries.audio.formats.open_file import OpenFile
from libraries.audio.types import AudioExtent, AudioPackets, Picture, StreamInfo


class Format(Protocol):
    """The four functions of the module of a format; all raise AudioError, or anything where a file is damaged."""

    def read(self, file: OpenFile, /) -> StreamInfo:
        """Return the facts of the audio and add the tags to `file.tags`; UnusualFile leaves both to mutagen."""
        ...

    def raw_tags(self, file: OpenFile, /) -> Iterable[tuple[str, Any]]:
        """Return the tags as they stand in the file, one pair of name and value for each value."""
        ...

    def pictures(self, file: OpenFile, /) -> Iterable[Picture]:
        """Return the embedded pictures."""
        ...

    def audio_extent(self, file: OpenFile, /) -> AudioExtent | AudioPackets:
        """Return where the audio is, without any tags."""
        ...


def load_fallback() -> Format:
    """Return the formats that mutagen reads.

    Most libraries need it for few of their files or for none, so it is loaded when the first of them comes: a reader
    process is up in half the time without it.
    """
    return cast("Format", import_module("libraries.audio.formats.mutagen_fallback"))
