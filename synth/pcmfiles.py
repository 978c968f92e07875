"""Uncompressed sound: WAV, AIFF and DSF."""

import math
import struct
from functools import lru_cache

from synth.tones import Stream, Tone, pcm16

DSD_RATE = 2822400
_DSF_BLOCK = 4096


def riff_chunk(name: bytes, data: bytes, *, big_endian: bool = False) -> bytes:
    """One IFF chunk, padded to an even length."""
    return name + struct.pack(">I" if big_endian else "<I", len(data)) + data + b"\0" * (len(data) % 2)


@lru_cache(maxsize=256)
def wav_stream(tone: Tone) -> Stream:
    """PCM chunks of a RIFF/WAVE file."""
    width = 2 * tone.channels
    fmt = struct.pack("<HHIIHH", 1, tone.channels, tone.sample_rate, tone.sample_rate * width, width, 16)
    body = riff_chunk(b"fmt ", fmt) + riff_chunk(b"data", pcm16(tone))
    return Stream(tone.samples, tone.sample_rate, tone.channels, 16, b"WAVE", body)


@lru_cache(maxsize=256)
def aiff_stream(tone: Tone) -> Stream:
    """PCM chunks of an AIFF file."""
    exponent = tone.sample_rate.bit_length() - 1
    rate = struct.pack(">HQ", 16383 + exponent, tone.sample_rate << (63 - exponent))
    common = struct.pack(">hIh", tone.channels, tone.samples, 16) + rate
    sound = bytes(8) + pcm16(tone, big_endian=True)
    body = riff_chunk(b"COMM", common, big_endian=True) + riff_chunk(b"SSND", sound, big_endian=True)
    return Stream(tone.samples, tone.sample_rate, tone.channels, 16, b"AIFF", body)


@lru_cache(maxsize=32)
def _one_bit_period(hertz: int) -> bytes:
    """One period of a tone as a one bit stream (first bit lowest), shaped by a second order modulator."""
    bits = DSD_RATE // hertz // 8 * 8
    step = 2 * math.pi / bits
    first = second = 0.0
    packed = bytearray(bits // 8)
    for index in range(bits):
        level = 1.0 if second >= 0 else -1.0
        first += 0.25 * math.sin(step * index) - level
        second += first - level
        if level > 0:
            packed[index >> 3] |= 1 << (index & 7)
    return bytes(packed)


@lru_cache(maxsize=256)
def dsf_stream(tone: Tone) -> Stream:
    """The format and data chunks of a DSF file (DSD64); the rate is the one bit rate, whatever the tone asks for."""
    samples = round(tone.seconds * DSD_RATE) // 8 * 8
    size = samples // 8
    period = _one_bit_period(tone.hertz) if tone.hertz else b"\x69"
    blocks = -(-size // _DSF_BLOCK)
    channel = (period * (size // len(period) + 1))[:size].ljust(blocks * _DSF_BLOCK, b"\0")
    data = b"".join(channel[at : at + _DSF_BLOCK] * tone.channels for at in range(0, len(channel), _DSF_BLOCK))
    fmt = struct.pack(
        "<4sQIIIIIIQII", b"fmt ", 52, 1, 0, tone.channels, tone.channels, DSD_RATE, 1, samples, _DSF_BLOCK, 0
    )
    body = fmt + struct.pack("<4sQ", b"data", 12 + len(data)) + data
    return Stream(samples, DSD_RATE, tone.channels, 1, b"", body)
