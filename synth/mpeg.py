"""MPEG audio made by hand: Layer III frames and AAC-LC blocks with a single spectral line."""

import struct
from dataclasses import replace
from functools import lru_cache

from synth.bits import BitWriter
from synth.tones import Stream, Tone, line_signs, transform_line

MP3_FRAME = 1152
AAC_FRAME = 1024
_BIT_RATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_RATES = {44100: 0, 48000: 1, 32000: 2}
_AAC_RATES = {48000: 3, 44100: 4, 32000: 5}
_MP3_GAIN = 201
_AAC_GAIN = 191
# Codewords of spectral codebook 1 for four values of which one is +1 or -1, by its place.
_AAC_CODES = (
    {1: "10000", -1: "10001"},
    {1: "10011", -1: "10111"},
    {1: "10110", -1: "10101"},
    {1: "10100", -1: "10010"},
)


def _granule_data(line: int, sign: int) -> str:
    """Huffman table 1: a pair of zeros is one bit, then the pair that holds the line."""
    pair = "001" if line % 2 else "01"
    return "1" * (line // 2) + pair + ("1" if sign < 0 else "0")


@lru_cache(maxsize=1024)
def _mp3_frame(tone: Tone, signs: tuple[int, int] | None, *, padding: bool) -> bytes:
    """One Layer III frame of two granules; `signs` None is silence."""
    size = 144000 * tone.bit_rate // tone.sample_rate + padding
    mono = tone.channels == 1
    writer = BitWriter().put(0xFFFB, 16).put(_BIT_RATES.index(tone.bit_rate), 4).put(_MP3_RATES[tone.sample_rate], 2)
    writer.put(padding, 1).put(0, 1).put(3 if mono else 0, 2).put(0, 6)
    writer.put(0, 18 if mono else 20)  # no bit reservoir, private bits, scale factor sharing off
    line = max(1, transform_line(tone.hertz, tone.sample_rate, 576))
    data = ""
    for granule in range(2):
        bits = _granule_data(line, signs[granule]) if signs else ""
        for _ in range(tone.channels):
            writer.put(len(bits), 12).put(line // 2 + 1 if bits else 0, 9).put(_MP3_GAIN, 8).put(0, 5)
            writer.put(1, 5).put(1, 5).put(1, 5).put(0, 7).put(0, 3)
            data += bits
    return writer.put_bits(data).to_bytes(size)


@lru_cache(maxsize=256)
def mp3_stream(tone: Tone) -> Stream:
    """An Info frame and constant bit rate frames; the length is a whole number of frames."""
    count = -(-tone.samples // MP3_FRAME)
    signs = line_signs(max(1, transform_line(tone.hertz, tone.sample_rate, 576)))
    pairs = (signs[:2], signs[2:]) if tone.hertz else (None, None)
    steady = replace(tone, seconds=1.0)  # a frame does not depend on the length, so that one serves all lengths
    made = {(turn, pad): _mp3_frame(steady, pairs[turn], padding=pad) for turn in (0, 1) for pad in (False, True)}
    over = 144000 * tone.bit_rate % tone.sample_rate
    rest = 0
    frames = []
    for number in range(count):
        rest += over
        padded = rest >= tone.sample_rate
        rest -= tone.sample_rate * padded
        frames.append(made[number % 2, padded])
    body = b"".join(frames)
    info = bytearray(_mp3_frame(steady, None, padding=False))
    struct.pack_into(">4sIII", info, 21 if tone.channels == 1 else 36, b"Info", 3, count, len(info) + len(body))
    return Stream(count * MP3_FRAME, tone.sample_rate, tone.channels, 0, b"", bytes(info) + body)


def _aac_channel(line: int, sign: int) -> str:
    """One channel after its window information: sections, scale factors and the only line.

    Below line 40, bands of a long window are four lines wide at every rate from 32 kHz up.
    """
    band, place = divmod(line, 4)
    writer = BitWriter()
    if band:
        writer.put(0, 4).put(band, 5)
    writer.put(1, 4).put(1, 5)
    writer.put_bits("0")  # the band's scale factor equals the global gain
    writer.put(0, 3)  # no pulses, no noise shaping, no gain control
    writer.put_bits(_AAC_CODES[place][sign])
    return writer.bits


def _aac_block(tone: Tone, line: int, sign: int) -> bytes:
    """A raw data block; `sign` 0 is silence."""
    bands = line // 4 + 1 if sign else 0
    window = BitWriter().put(0, 4).put(bands, 6).put(0, 1).bits
    gain = f"{_AAC_GAIN:08b}"
    channel = _aac_channel(line, sign) if sign else "000"
    writer = BitWriter()
    if tone.channels == 2:
        writer.put(1, 3).put(0, 4).put(1, 1).put_bits(window).put(0, 2)
        writer.put_bits(gain + channel).put_bits(gain + channel)
    else:
        writer.put(0, 3).put(0, 4).put_bits(gain + window + channel)
    return writer.put(7, 3).to_bytes()


@lru_cache(maxsize=256)
def aac_stream(tone: Tone) -> Stream:
    """Raw data blocks as `packets`, the AudioSpecificConfig as `head`; the length is a whole number of blocks."""
    count = -(-tone.samples // AAC_FRAME)
    # Above line 39 the bands widen; a tone that high is brought down by octaves.
    line = max(1, transform_line(tone.hertz, tone.sample_rate, AAC_FRAME))
    while line >= 40:
        line //= 2
    blocks = [_aac_block(tone, line, sign if tone.hertz else 0) for sign in line_signs(line)]
    packets = tuple(blocks[number % 4] for number in range(count))
    config = BitWriter().put(2, 5).put(_AAC_RATES[tone.sample_rate], 4).put(tone.channels, 4).put(0, 3).to_bytes()
    return Stream(count * AAC_FRAME, tone.sample_rate, tone.channels, 0, config, b"", packets)
