"""FLAC: fixed predictors with Rice coding, real checksums and signature."""

import hashlib
import struct
from functools import lru_cache

from synth.bits import BitWriter, crc8, crc16
from synth.tones import Stream, Tone, block_samples, pcm16

_RATE_CODES = {8000: 4, 16000: 5, 32000: 8, 44100: 9, 48000: 10}


def _frame_number(number: int) -> bytes:
    """The number in FLAC's extended UTF-8."""
    if number < 0x80:
        return bytes((number,))
    if number < 0x800:
        return bytes((0xC0 | number >> 6, 0x80 | number & 0x3F))
    return bytes((0xE0 | number >> 12, 0x80 | number >> 6 & 0x3F, 0x80 | number & 0x3F))


def _second_order(samples: list[int]) -> str:
    """A subframe that predicts each sample from the two before it."""
    residual = [
        now - 2 * before + earlier for now, before, earlier in zip(samples[2:], samples[1:], samples, strict=False)
    ]
    folded = [value << 1 if value >= 0 else (-value << 1) - 1 for value in residual]
    parameter = max(0, min(14, (sum(folded) // max(1, len(folded))).bit_length() - 1))
    writer = BitWriter().put(0b00010100, 8).put(samples[0], 16).put(samples[1], 16)
    writer.put(0, 6).put(parameter, 4)
    low = (1 << parameter) - 1
    for value in folded:
        tail = f"{value & low:0{parameter}b}" if parameter else ""
        writer.put_bits("0" * (value >> parameter) + "1" + tail)
    return writer.bits


@lru_cache(maxsize=256)
def _frame_body(hertz: int, sample_rate: int, channels: int, count: int) -> bytes:
    """The subframes of a block of `count` samples."""
    writer = BitWriter()
    if hertz:
        writer.put_bits(_second_order(block_samples(hertz, sample_rate)[:count].tolist()))
    else:
        writer.put(0, 8).put(0, 16)
    if channels == 2:
        # Left and right are equal: the second channel is a constant difference of zero, one bit wider.
        writer.put(0, 8).put(0, 17)
    return writer.to_bytes()


@lru_cache(maxsize=4096)
def _frame(number: int, hertz: int, sample_rate: int, channels: int, count: int) -> bytes:
    assignment = 8 if channels == 2 else 0  # left and difference, or one channel
    header = bytes((0xFF, 0xF8, 7 << 4 | _RATE_CODES[sample_rate], assignment << 4 | 4 << 1))
    header += _frame_number(number) + struct.pack(">H", count - 1)
    header += bytes((crc8(header),))
    frame = header + _frame_body(hertz, sample_rate, channels, count)
    return frame + struct.pack(">H", crc16(frame))


def flac_frames(tone: Tone) -> tuple[bytes, ...]:
    """The audio frames of a tone, one block of a tenth of a second each."""
    counts = [min(tone.block, tone.samples - start) for start in range(0, tone.samples, tone.block)]
    return tuple(
        _frame(number, tone.hertz, tone.sample_rate, tone.channels, count) for number, count in enumerate(counts)
    )


@lru_cache(maxsize=256)
def flac_stream(tone: Tone) -> Stream:
    """STREAMINFO as `head`, all frames as `body` and one by one as `packets`."""
    facts = tone.sample_rate << 44 | (tone.channels - 1) << 41 | 15 << 36 | tone.samples
    block = min(tone.block, tone.samples)
    signature = hashlib.md5(pcm16(tone), usedforsecurity=False).digest()
    frames = flac_frames(tone)
    sizes = [len(frame) for frame in frames]
    extent = min(sizes).to_bytes(3, "big") + max(sizes).to_bytes(3, "big")
    head = struct.pack(">HH", block, block) + extent + facts.to_bytes(8, "big") + signature
    return Stream(tone.samples, tone.sample_rate, tone.channels, 16, head, b"".join(frames), frames)
