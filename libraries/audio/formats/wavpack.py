"""WavPack: the facts in its blocks. Mutagen knows neither more than two channels, nor odd rates, nor DSD above 64."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.errors import damaged
from libraries.audio.file import Source
from libraries.audio.types import StreamInfo

_HEAD: Final = struct.Struct("<4sIHBBIIIII")
_MARK: Final = b"wvpk"
_RATES: Final = (
    6000, 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 192000,
)  # fmt: skip
_MONO, _DSD = 4, 0x80000000
_UNKNOWN: Final = 0xFFFFFFFF
_CHANNELS, _DSD_BLOCK, _RATE = 0x0D, 0x0E, 0x27
_LARGE, _ODD, _ID = 0x80, 0x40, 0x3F
_MAX_BLOCKS: Final = 10_000
_MAX_ITEMS: Final = 256
_LONGEST_BLOCK: Final = 1 << 20


class _Block(NamedTuple):
    at: int
    end: int
    total: int
    first: int
    samples: int
    flags: int


def stream_info(source: Source, begin: int, end: int) -> StreamInfo:
    """Return the facts of the blocks between two offsets."""
    block = _first_with_audio(source, begin)
    items = dict(_items(source, block))
    channels = _channels(items.get(_CHANNELS, b"")) or (1 if block.flags & _MONO else 2)
    rate = _rate(block.flags >> 23 & 0xF, items.get(_RATE, b""))
    depth = ((block.flags & 3) + 1) * 8 - (block.flags >> 13 & 0x1F)
    samples = block.total if block.total and not block.first else _count(source, block, end)
    if block.flags & _DSD:
        # a sample is a byte here, of eight bits that are samples elsewhere
        rate = (rate << min(31, items.get(_DSD_BLOCK, b"\0")[0])) * 8
        samples, depth = samples * 8, 1
    return StreamInfo("wavpack", samples / rate, 0, rate, max(0, depth), channels, end - begin)


def _block(source: Source, at: int) -> _Block | None:
    data = source.get(at, _HEAD.size)
    if len(data) < _HEAD.size or not data.startswith(_MARK):
        return None
    _, size, version, high_index, high_total, total, index, samples, flags, _ = _HEAD.unpack(data)
    if size < _HEAD.size - 8 or not 0x400 <= version < 0x500:
        return None
    known = 0 if total == _UNKNOWN else total + (high_total << 32) - high_total
    return _Block(at, at + 8 + size, known, index + (high_index << 32), samples, flags)


def _first_with_audio(source: Source, at: int) -> _Block:
    for _ in range(_MAX_BLOCKS):
        block = _block(source, at)
        if block is None:
            break
        if block.samples:
            return block
        at = block.end
    raise damaged("there is no audio in it")


def _items(source: Source, block: _Block) -> Iterator[tuple[int, bytes]]:
    """Return the small items of a block; the audio is one that is large."""
    at = block.at + _HEAD.size
    for _ in range(_MAX_ITEMS):
        head = source.get(at, 4)
        if at + 2 > block.end or len(head) < 2:
            return
        is_large = head[0] & _LARGE
        size = 2 * (int.from_bytes(head[1:4], "little") if is_large else head[1])
        at += 4 if is_large else 2
        name = head[0] & _ID
        if name in (_CHANNELS, _DSD_BLOCK, _RATE) and size:
            # the first bytes say all
            yield name, source.get(at, min(8, size - (1 if head[0] & _ODD else 0)))
        at += size


def _channels(data: bytes) -> int:
    if len(data) >= 6:
        return (data[0] | (data[2] & 0xF) << 8) + 1
    return data[0] if data else 0


def _rate(index: int, data: bytes) -> int:
    rate = _RATES[index] if index < len(_RATES) else int.from_bytes(data[:3], "little")
    if not rate:
        raise damaged("the sample rate is zero")
    return rate


def _count(source: Source, first: _Block, end: int) -> int:
    """Return the number of samples that the first block does not tell: by the last block, else block by block."""
    begin = max(first.at, end - _LONGEST_BLOCK - _HEAD.size)
    tail = source.pread(begin, end - begin)
    at = tail.rfind(_MARK)
    while at >= 0:
        block = _block(source, begin + at)
        if block is not None and block.samples and block.first >= first.first and block.end <= end:
            return block.first + block.samples - first.first
        at = tail.rfind(_MARK, 0, at)
    return first.samples
