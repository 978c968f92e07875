"""AIFF, AIFC and DSDIFF: chunks with the facts of the audio, a few texts and an ID3 tag."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from libraries.audio.errors import damaged
from libraries.audio.file import Window
from libraries.audio.formats import front_tags
from libraries.audio.formats.chunks import IFF, LONG_IFF, MAX_TEXT, Chunk, is_id3_chunk, iter_chunks
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags import id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.describe import raw_frames
from libraries.audio.tags.id3_frames import add_id3
from libraries.audio.tags.text import decode_plain
from libraries.audio.tags.vorbis import Comments, add_comments
from libraries.audio.types import AudioExtent, Picture, StreamInfo

_AIFC_CODECS: Final = {
    b"NONE": "pcm", b"sowt": "pcm", b"twos": "pcm", b"fl32": "pcm", b"FL32": "pcm", b"fl64": "pcm", b"ima4": "adpcm",
}  # fmt: skip
# bytes and samples of a block of one channel of Apple's ADPCM
_ADPCM_BLOCK: Final = 34, 64
# text chunks → free-form names
_TEXT_NAMES: Final = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}
_DSD_TEXT_NAMES: Final = {b"DITI": "title", b"DIAR": "artist"}
_COMMON_SIZE: Final = 18


@dataclass(slots=True)
class _Chunks:
    """What the chunks say; -1 stands for a chunk that is absent."""

    codec: str = "pcm"
    rate: int = 0
    channels: int = 0
    depth: int = 0
    samples: int = 0
    audio_at: int = -1
    audio_size: int = 0
    id3_at: int = -1
    texts: Comments = field(default_factory=list)


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags: ID3, then what only the texts say."""
    chunks = _walk(file)
    if not chunks.rate:
        raise damaged("the sample rate is zero")
    if chunks.id3_at >= 0:
        add_id3(file.tags, file.source, chunks.id3_at)
    extra = TagBuilder()
    add_comments(extra, chunks.texts)
    file.tags.fill(extra)
    front_tags.fill_from_around(file)
    return StreamInfo(
        chunks.codec, chunks.samples / chunks.rate, 0, chunks.rate, chunks.depth, chunks.channels, chunks.audio_size
    )


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the frames of the ID3 tag, the texts, and the tags around the container."""
    chunks = _walk(file)
    if chunks.id3_at >= 0:
        yield from raw_frames(file.source, chunks.id3_at)
    yield from chunks.texts
    yield from front_tags.raw_tags(file)


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the ID3 tags."""
    chunks = _walk(file)
    if chunks.id3_at >= 0:
        yield from id3.read_pictures(file.source, chunks.id3_at)
    yield from front_tags.pictures(file)


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return the samples."""
    chunks = _walk(file)
    return AudioExtent(chunks.audio_at, chunks.audio_size)


def _walk(file: OpenFile) -> _Chunks:
    found = _walk_dsd(file.source, file.audio_at) if file.kind == "dff" else _walk_aiff(file.source, file.audio_at)
    if found.audio_at < 0:
        raise damaged("there is no audio in it")
    return found


def _walk_aiff(source: Window, start: int) -> _Chunks:
    found = _Chunks()
    has_facts = False
    for chunk in iter_chunks(source, start + 12, source.size, IFF):
        if chunk.name == b"COMM" and chunk.size >= _COMMON_SIZE and not has_facts:
            has_facts = True
            _add_common(found, source.get_exactly(chunk.at, min(chunk.size, 22)))
        elif chunk.name == b"SSND" and found.audio_at < 0:
            # an offset and a block size stand in front of the samples
            found.audio_at = chunk.at + 8
            found.audio_size = max(0, (chunk.size if chunk.stated else source.size - chunk.at) - 8)
        else:
            _add_tags(found, source, chunk, _TEXT_NAMES)
    if not has_facts:
        raise damaged("the description of the audio is absent")
    frame = found.channels * -(-found.depth // 8)
    if not found.samples and frame and found.codec == "pcm":
        found.samples = found.audio_size // frame
    if found.codec == "adpcm" and found.channels > 0:
        size, samples = _ADPCM_BLOCK
        measured = found.audio_size // (size * found.channels) * samples
        # most writers count blocks
        if not measured - samples < found.samples <= measured:
            found.samples = measured
    return found


def _add_common(found: _Chunks, data: bytes) -> None:
    found.channels, found.samples, found.depth, exponent, mantissa = struct.unpack_from(">hIhHQ", data)
    try:
        rate = math.ldexp(mantissa, (exponent & 0x7FFF) - 16383 - 63)
    except OverflowError as exc:
        raise damaged("the sample rate is beyond all numbers") from exc
    found.rate = int(rate) if exponent < 0x8000 and rate < 1 << 31 else 0
    # only AIFC names a codec
    if name := data[_COMMON_SIZE:]:
        found.codec = _AIFC_CODECS.get(name) or name.decode("latin-1").strip().lower() or "pcm"


def _add_tags(found: _Chunks, source: Window, chunk: Chunk, names: dict[bytes, str]) -> None:
    if is_id3_chunk(source, chunk):
        found.id3_at = chunk.at if found.id3_at < 0 else found.id3_at
    elif chunk.name in names and chunk.size <= MAX_TEXT:
        found.texts.append((names[chunk.name], decode_plain(source.get(chunk.at, chunk.size))))


def _walk_dsd(source: Window, start: int) -> _Chunks:
    found = _Chunks("dsd", depth=1)
    frames = rate = 0
    for chunk in iter_chunks(source, start + 16, source.size, LONG_IFF):
        end = chunk.at + chunk.size
        if chunk.name == b"PROP" and source.get(chunk.at, 4) == b"SND ":
            _add_properties(found, source, chunk.at + 4, end)
        elif chunk.name in {b"DSD ", b"DST "} and found.audio_at < 0:
            found.audio_at, found.audio_size = chunk.at, chunk.size
            if chunk.name == b"DST ":
                found.codec, (frames, rate) = "dst", _dst_frames(source, chunk)
        elif chunk.name == b"DIIN":
            for item in iter_chunks(source, chunk.at, end, LONG_IFF):
                if item.name in _DSD_TEXT_NAMES and 4 < item.size <= MAX_TEXT:
                    # the length of the text stands in front of it
                    text = source.get(item.at + 4, min(item.size - 4, int.from_bytes(source.get(item.at, 4), "big")))
                    found.texts.append((_DSD_TEXT_NAMES[item.name], decode_plain(text)))
        else:
            _add_tags(found, source, chunk, {})
    if found.codec == "dst":
        found.samples = frames * found.rate // max(1, rate)
    elif found.channels:
        found.samples = found.audio_size * 8 // found.channels
    return found


def _add_properties(found: _Chunks, source: Window, at: int, end: int) -> None:
    for item in iter_chunks(source, at, end, LONG_IFF):
        if item.name == b"FS  ":
            found.rate = int.from_bytes(source.get_exactly(item.at, 4), "big")
        elif item.name == b"CHNL":
            found.channels = int.from_bytes(source.get_exactly(item.at, 2), "big")


def _dst_frames(source: Window, chunk: Chunk) -> tuple[int, int]:
    """Return the number of compressed frames, and that of a second: a chunk in front of them has both."""
    first = next(iter_chunks(source, chunk.at, chunk.at + chunk.size, LONG_IFF), None)
    if first is None or first.name != b"FRTE":
        raise damaged("the number of its frames is absent")
    return cast("tuple[int, int]", struct.unpack(">IH", source.get_exactly(first.at, 6)))
