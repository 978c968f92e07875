"""Number of the samples of a FLAC stream that was written without knowing it: by the head of its last frame."""

from __future__ import annotations

from typing import Final

from libraries.audio.file import Window

# the longest frame is hardly larger than its samples: 8 channels of 24 bits, 4,608 samples in streams as most are
_TAIL: Final = 256 * 1024
_LONGEST_HEAD: Final = 16
_FEWEST_BYTES: Final = 6
_BLOCK_SIZES: Final = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608} | {code: 256 << code - 8 for code in range(8, 16)}


def count_samples(source: Window, begin: int, stream_info: bytes) -> int:
    """Return the number of samples up to the end of the last frame, 0 when there is none."""
    block = int.from_bytes(stream_info[:2], "big")
    start = max(begin, source.size - _TAIL)
    data = source.get(start, source.size - start)
    at = len(data)
    while (at := data.rfind(b"\xff", 0, at)) >= 0:
        samples = _end_of_frame(data[at : at + _LONGEST_HEAD], block)
        if samples:
            return samples
    return 0


def _end_of_frame(head: bytes, block: int) -> int:
    """Return the number of samples up to the end of the frame that the bytes begin, 0 when they begin none."""
    if len(head) < _FEWEST_BYTES or head[1] & 0xFE != 0xF8 or head[3] & 1:
        return 0
    number, at = _number(head, 4)
    code = head[2] >> 4
    size = _BLOCK_SIZES.get(code, 0)
    if code in (6, 7):
        size = int.from_bytes(head[at : at + code - 5], "big") + 1
        at += code - 5
    at += {12: 1, 13: 2, 14: 2}.get(head[2] & 0xF, 0)
    if number < 0 or not size or at >= len(head) or _crc8(head[:at]) != head[at]:
        return 0
    # the number is that of the first sample, or of the frame where all have the same size
    return number + size if head[1] & 1 else number * block + size


def _number(head: bytes, at: int) -> tuple[int, int]:
    """Return the number in the extended UTF-8 of the format and where it ends; -1 for none."""
    first = head[at]
    if first < 0x80:
        return first, at + 1
    width = 8 - (first ^ 0xFF).bit_length()
    rest = head[at + 1 : at + width]
    if width < 2 or len(rest) < width - 1 or any(byte & 0xC0 != 0x80 for byte in rest):
        return -1, at
    number = first & (0x7F >> width)
    for byte in rest:
        number = number << 6 | byte & 0x3F
    return number, at + width


def _crc8(data: bytes) -> int:
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register << 1 ^ (0x107 if register & 0x80 else 0)
    return register
