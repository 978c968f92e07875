"""RIFF/WAVE (and RF64, BW64): chunks with the facts of the audio, INFO texts and an ID3 tag."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from libraries.audio.errors import AudioError, damaged
from libraries.audio.file import Source, Window
from libraries.audio.formats import frames, front_tags, mpeg
from libraries.audio.formats.chunks import MAX_TEXT, RIFF, Chunk, behind_odd, is_id3_chunk, iter_chunks, read_chunk
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags import id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.describe import raw_frames
from libraries.audio.tags.id3_frames import add_id3
from libraries.audio.tags.text import decode_plain
from libraries.audio.tags.vorbis import Comments, add_comments
from libraries.audio.types import AudioExtent, Picture, StreamInfo

_MAX_CHUNKS: Final = 4096
_FORMAT: Final = struct.Struct("<HHIIHH")
# without the bits per sample, as the oldest writers have it
_SHORT_FORMAT: Final = 14
_LONGEST_FORMAT: Final = 40
_UNKNOWN_SIZE: Final = 0xFFFFFFFF
_EXTENSIBLE: Final = 0xFFFE
_CODECS: Final = {
    1: "pcm", 2: "adpcm", 3: "pcm", 6: "alaw", 7: "mulaw", 0x11: "adpcm", 0x31: "gsm", 0x50: "mp2", 0x55: "mp3",
    0xFF: "aac", 0x160: "wma", 0x161: "wma", 0x162: "wmapro", 0x163: "wmalossless", 0x2000: "ac3", 0x2001: "dts",
    _EXTENSIBLE: "pcm",
}  # fmt: skip
_MPEG: Final = frozenset({"mp2", "mp3"})
# codecs whose every sample has the same size
_PLAIN: Final = frozenset({"pcm", "alaw", "mulaw"})
_TAG_CHUNKS: Final = frozenset({b"LIST", b"ID3 ", b"FACT", b"CUE ", b"BEXT"})
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
    samples: int = 0
    id3_at: int = -1
    info: Comments = field(default_factory=list)


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags: ID3, then what only the INFO texts say."""
    chunks = _walk(file.source, file.audio_at)
    number, channels, rate, _, _, depth = _FORMAT.unpack(chunks.format[: _FORMAT.size].ljust(_FORMAT.size, b"\0"))
    if number == _EXTENSIBLE and len(chunks.format) >= 26:
        # the codec stands in front of the identifier that all sub-formats have in common
        (number,) = struct.unpack_from("<H", chunks.format, 24)
    if not rate:
        raise damaged("the sample rate is zero")
    codec = _CODECS.get(number, f"wave-{number:04x}")
    if chunks.id3_at >= 0:
        add_id3(file.tags, file.source, chunks.id3_at)
    extra = TagBuilder()
    add_comments(extra, chunks.info)
    file.tags.fill(extra)
    front_tags.fill_from_around(file)
    seconds = _seconds(chunks, codec)
    if codec in _MPEG and not chunks.samples:
        seconds = _measure_mpeg(file.source, chunks) or seconds
    return StreamInfo(codec, seconds, 0, rate, depth, channels, chunks.audio_size)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the frames of the ID3 tag, the INFO texts, and the tags around the container."""
    chunks = _walk(file.source, file.audio_at)
    if chunks.id3_at >= 0:
        yield from raw_frames(file.source, chunks.id3_at)
    yield from chunks.info
    yield from front_tags.raw_tags(file)


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the ID3 tags."""
    chunks = _walk(file.source, file.audio_at)
    if chunks.id3_at >= 0:
        yield from id3.read_pictures(file.source, chunks.id3_at)
    yield from front_tags.pictures(file)


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return the content of the `data` chunk."""
    chunks = _walk(file.source, file.audio_at)
    return AudioExtent(chunks.audio_at, chunks.audio_size)


def _seconds(chunks: _Chunks, codec: str) -> float:
    """Return the length by the size of samples, of blocks of samples, by their count, or by the average byte rate."""
    _, channels, rate, byte_rate, block, depth = _FORMAT.unpack(chunks.format[:16].ljust(_FORMAT.size, b"\0"))
    by_rate = chunks.audio_size / byte_rate if byte_rate else 0.0
    if codec in _PLAIN:
        frame = channels * -(-depth // 8) or block
        return float(chunks.audio_size / (frame * rate)) if frame else by_rate
    if block > 1 and len(chunks.format) >= 20 and codec != "mp3":
        # ADPCM and GSM pack a fixed number of samples into each block, the last of which may not be full
        (per_block,) = struct.unpack_from("<H", chunks.format, 18)
        measured = -(-chunks.audio_size // block) * per_block
        samples = chunks.samples if measured - per_block < chunks.samples <= measured else measured
        if samples:
            return float(samples / rate)
    # some writers count bytes, or the samples of all channels
    if chunks.samples and (not by_rate or 0.75 < chunks.samples / rate / by_rate < 1.5):
        return float(chunks.samples / rate)
    return by_rate


def _measure_mpeg(source: Source, chunks: _Chunks) -> float:
    """Return the length of all MPEG frames, 0 where there are none."""
    end = chunks.audio_at + chunks.audio_size
    try:
        at, first = frames.find_first(source, chunks.audio_at, end, mpeg.parse)
    except AudioError:
        return 0.0
    return frames.walk(source, at, end, first, mpeg.parse).seconds


def _walk(source: Window, start: int) -> _Chunks:
    found = _Chunks()
    at = start + 12
    for _ in range(_MAX_CHUNKS):
        chunk = read_chunk(source, at, source.size, RIFF)
        if chunk is None:
            break
        size = chunk.size
        if chunk.name == b"data" and found.audio_at < 0:
            size = _audio_size(source, chunk, found.long_size)
            found.audio_at, found.audio_size = chunk.at, size
        else:
            _add_chunk(found, source, chunk)
        at = chunk.at + size
        if size & 1:
            at = behind_odd(source, at, source.size, RIFF)
    if not found.format:
        raise damaged("the description of the audio is absent")
    if found.audio_at < 0:
        raise damaged("there is no audio in it")
    return found


def _add_chunk(found: _Chunks, source: Window, chunk: Chunk) -> None:
    name, at, size, _ = chunk
    if name == b"fmt " and size >= _SHORT_FORMAT and not found.format:
        found.format = source.get_exactly(at, min(size, _LONGEST_FORMAT))
    elif name == b"ds64" and size >= 16:
        (found.long_size,) = struct.unpack("<8xQ", source.get(at, 16))
    elif name == b"fact" and size >= 4:
        found.samples = int.from_bytes(source.get(at, 4), "little")
    elif name == b"LIST" and size <= MAX_TEXT and source.get(at, 4) == b"INFO":
        found.info += _info_texts(source, at + 4, at + size)
    elif found.id3_at < 0 and is_id3_chunk(source, chunk):
        found.id3_at = at


def _audio_size(source: Window, chunk: Chunk, long_size: int) -> int:
    """Return the size of the `data` chunk.

    Of 4 GB and more it stands in `ds64`. Who writes to a pipe knows no size: then the audio goes on to the end.
    """
    stated, rest = chunk.stated, source.size - chunk.at
    if stated in {0, _UNKNOWN_SIZE} and long_size:
        return min(long_size, rest)
    if not stated and source.get(chunk.at, 4).upper() in _TAG_CHUNKS:
        return 0
    return min(stated, rest) if stated else rest


def _info_texts(source: Window, at: int, end: int) -> Comments:
    return [
        (_INFO_NAMES[chunk.name], decode_plain(source.get(chunk.at, chunk.size)))
        for chunk in iter_chunks(source, at, end, RIFF)
        if chunk.name in _INFO_NAMES
    ]
