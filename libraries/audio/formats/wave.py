"""RIFF/WAVE (and RF64): chunks with the facts of the audio, INFO texts and an ID3 tag."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from libraries.audio.errors import damaged
from libraries.audio.file import Window
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags import id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.describe import raw_frames
from libraries.audio.tags.id3_frames import add_id3
from libraries.audio.tags.text import decode_plain
from libraries.audio.tags.vorbis import Comments, add_comments
from libraries.audio.types import AudioExtent, Picture, StreamInfo

_MAX_TEXT_BLOCK: Final = 16 * 1024 * 1024
_MAX_CHUNKS: Final = 4096
_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
_CODECS: Final = {
    1: "pcm", 2: "adpcm", 3: "pcm", 6: "alaw", 7: "mulaw", 0x11: "adpcm", 0x50: "mp2", 0x55: "mp3", 0xFFFE: "pcm",
}  # fmt: skip
# RIFF INFO chunks → free-form names.
_INFO_NAMES: Final = {
    b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"ICRD": "date", b"IGNR": "genre", b"ICMT": "comment",
    b"ICOP": "copyright", b"ITRK": "tracknumber", b"IPRT": "track", b"TRCK": "track", b"ISFT": "encodedby",
    b"IMUS": "composer", b"IWRI": "writer", b"ILNG": "language", b"IPRO": "producer", b"IENG": "engineer",
    b"IMED": "media", b"ICNT": "releasecountry", b"IBPM": "bpm", b"ILYC": "lyrics", b"IKEY": "keywords",
    b"ISBJ": "subject", b"IPUB": "label", b"ISRC": "source", b"IWEB": "website", b"YEAR": "year",
}  # fmt: skip


@dataclass(slots=True)
class _Chunks:
    """Content of the chunks that matter; -1 stands for a chunk that is absent."""

    format: bytes = b""
    long_size: int = 0
    audio_at: int = -1
    audio_size: int = 0
    id3_at: int = -1
    info: Comments = field(default_factory=list)


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags: ID3, then what only the INFO texts say."""
    chunks = _walk(file.source)
    codec, channels, rate, byte_rate, _, depth = _FORMAT.unpack(chunks.format)
    if not rate:
        raise damaged("the sample rate is zero")
    if chunks.id3_at >= 0:
        add_id3(file.tags, file.source, chunks.id3_at)
    extra = TagBuilder()
    add_comments(extra, chunks.info)
    file.tags.fill(extra)
    duration = chunks.audio_size / byte_rate if byte_rate else 0.0
    name = _CODECS.get(codec, f"wave-{codec:04x}")
    return StreamInfo(name, duration, 0, rate, depth, channels, chunks.audio_size)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the frames of the ID3 tag and the INFO texts."""
    chunks = _walk(file.source)
    if chunks.id3_at >= 0:
        yield from raw_frames(file.source, chunks.id3_at)
    yield from chunks.info


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the ID3 tag."""
    chunks = _walk(file.source)
    if chunks.id3_at >= 0:
        yield from id3.read_pictures(file.source, chunks.id3_at)


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return the content of the `data` chunk."""
    chunks = _walk(file.source)
    return AudioExtent(chunks.audio_at, chunks.audio_size)


def _walk(source: Window) -> _Chunks:
    found = _Chunks()
    for name, at, size in _iter_chunks(source, 12, source.size):
        if name == b"fmt " and size >= _FORMAT.size:
            found.format = source.get_exactly(at, _FORMAT.size)
        elif name == b"ds64" and size >= 16:
            (found.long_size,) = struct.unpack("<8xQ", source.get(at, 16))
        elif name == b"data" and found.audio_at < 0:
            found.audio_at, found.audio_size = at, size
        elif name in {b"id3 ", b"ID3 "}:
            found.id3_at = at
        elif name == b"LIST" and size <= _MAX_TEXT_BLOCK and source.get(at, 4) == b"INFO":
            found.info += [
                (_INFO_NAMES[label], decode_plain(source.get(begin, length)))
                for label, begin, length in _iter_chunks(source, at + 4, at + size)
                if label in _INFO_NAMES
            ]
    if not found.format:
        raise damaged("the description of the audio is absent")
    if found.audio_at < 0:
        raise damaged("there is no audio in it")
    # 4 GB and more: the real size stands in ds64, and 0xFFFFFFFF in the chunk.
    if found.long_size:
        found.audio_size = min(found.long_size, source.size - found.audio_at)
    return found


def _iter_chunks(source: Window, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Return name, offset of the content and size of each chunk; a size beyond the end is cut to it."""
    at = start
    for _ in range(_MAX_CHUNKS):
        if at + _CHUNK.size > end:
            return
        name, size = _CHUNK.unpack(source.get_exactly(at, _CHUNK.size))
        at += _CHUNK.size
        yield name, at, min(size, end - at)
        at += size + (size & 1)
