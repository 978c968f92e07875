"""Core Audio Format: chunks with the facts of the audio and a list of texts."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from libraries.audio.errors import damaged
from libraries.audio.file import Window
from libraries.audio.formats import front_tags
from libraries.audio.formats.chunks import LONG_IFF, MAX_TEXT, iter_chunks
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags.vorbis import Comments, add_comments
from libraries.audio.types import AudioExtent, Picture, StreamInfo

_DESCRIPTION: Final = struct.Struct(">d4sIIIII")
_CODECS: Final = {
    b"lpcm": "pcm", b"alac": "alac", b"aac ": "aac", b"aach": "aac", b"aacp": "aac", b".mp3": "mp3", b".mp2": "mp2",
    b".mp1": "mp1", b"ima4": "adpcm", b"alaw": "alaw", b"ulaw": "mulaw", b"ac-3": "ac3", b"opus": "opus",
    b"flac": "flac",
}  # fmt: skip
_NAMES: Final = {
    "track number": "tracknumber", "recorded date": "date", "comments": "comment", "key signature": "key",
    "encoding application": "encodedby", "channel layout": "", "source encoder": "", "time signature": "",
}  # fmt: skip
_EDIT_COUNT: Final = 4
_FIRST_CHUNK: Final = 8


@dataclass(slots=True)
class _Chunks:
    """What the chunks say; -1 stands for a chunk that is absent."""

    description: bytes = b""
    packets: int = 0
    frames: int = 0
    audio_at: int = -1
    audio_size: int = 0
    texts: Comments = field(default_factory=list)


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the texts."""
    chunks = _walk(file)
    rate, name, _, packet_bytes, packet_frames, channels, depth = _DESCRIPTION.unpack(chunks.description)
    if not 0 < rate < 1 << 31:
        raise damaged("the sample rate is zero")
    frames = chunks.frames
    if not frames and packet_bytes:
        frames = chunks.audio_size // packet_bytes * packet_frames
    frames = frames or chunks.packets * packet_frames
    pairs = ((_NAMES.get(key.lower(), key), text) for key, text in chunks.texts)
    add_comments(file.tags, ((key, text) for key, text in pairs if key))
    front_tags.fill_from_around(file)
    codec = _CODECS.get(name) or name.decode("latin-1").strip(" .").lower()
    return StreamInfo(codec, frames / rate, 0, rate, depth, channels, chunks.audio_size)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the texts as they stand in the file."""
    yield from _walk(file).texts
    yield from front_tags.raw_tags(file)


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the tags around the file: the format has none of its own."""
    return front_tags.pictures(file)


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return the packets of the `data` chunk."""
    chunks = _walk(file)
    return AudioExtent(chunks.audio_at, chunks.audio_size)


def _walk(file: OpenFile) -> _Chunks:
    found = _Chunks()
    source = file.source
    for chunk in iter_chunks(source, file.audio_at + _FIRST_CHUNK, source.size, LONG_IFF, padded=False):
        if chunk.name == b"desc":
            found.description = source.get_exactly(chunk.at, _DESCRIPTION.size)
        elif chunk.name == b"pakt" and chunk.size >= 24:
            found.packets, found.frames = struct.unpack(">qq", source.get_exactly(chunk.at, 16))
        elif chunk.name == b"data" and found.audio_at < 0:
            found.audio_at = chunk.at + _EDIT_COUNT
            found.audio_size = max(0, chunk.size - _EDIT_COUNT)
        elif chunk.name == b"info" and 4 <= chunk.size <= MAX_TEXT:
            found.texts += _texts(source, chunk.at + 4, chunk.size - 4)
    if not found.description:
        raise damaged("the description of the audio is absent")
    if found.audio_at < 0:
        raise damaged("there is no audio in it")
    return found


def _texts(source: Window, at: int, size: int) -> Iterator[tuple[str, str]]:
    parts = source.get(at, size).decode("utf-8", "replace").split("\0")
    return zip(parts[::2], parts[1::2], strict=False)
