"""The formats that carry APEv2 tags: Monkey's Audio, WavPack and Musepack; WavPack sounds, the others are silent."""

import hashlib
import struct
import zlib
from functools import lru_cache
from itertools import pairwise

from synth.bits import BitWriter
from synth.tones import Stream, Tone, block_samples

_APE_BLOCKS = 73728
_WAVPACK_BLOCK = 22050
# The running medians that a loud sound starts from, and their logarithms as they are stored.
_WAVPACK_MEDIANS = (32768, 32768, 32768)
_WAVPACK_LOGS = (0x1000, 0x1000, 0x1000)
_WAVPACK_RATES = {8000: 1, 16000: 5, 32000: 8, 44100: 9, 48000: 10}
_MPC_FRAME = 1152
_MPC_RATES = {44100: 0, 48000: 1, 32000: 3}


def _ape_frame(count: int, channels: int) -> bytes:
    """A frame flagged as silent in all channels, with the checksum of its silence."""
    checksum = zlib.crc32(bytes(count * channels * 2)) >> 1 | 0x80000000
    # The decoder reads little endian words; the range coder after the flags needs a few bytes to start on.
    return struct.pack("<II", checksum, 3 if channels == 2 else 1) + bytes(8)


@lru_cache(maxsize=256)
def ape_stream(tone: Tone) -> Stream:
    """A whole Monkey's Audio file (version 3.99) without tags."""
    full, rest = divmod(tone.samples, _APE_BLOCKS)
    counts = [_APE_BLOCKS] * full + ([rest] if rest else [])
    frames = [_ape_frame(count, tone.channels) for count in counts]
    start = 52 + 24 + 4 * len(frames)
    offsets = [start + 16 * index for index in range(len(frames))]
    seek = struct.pack(f"<{len(frames)}I", *offsets)
    header = struct.pack(
        "<HHIIIHHI", 2000, 0x20, _APE_BLOCKS, counts[-1], len(frames), 16, tone.channels, tone.sample_rate
    )
    sound = b"".join(frames)
    digest = hashlib.md5(sound + header + seek, usedforsecurity=False).digest()
    descriptor = struct.pack("<4sHHIIIIIII", b"MAC ", 3990, 0, 52, 24, len(seek), 0, len(sound), 0, 0) + digest
    body = descriptor + header + seek + sound
    return Stream(tone.samples, tone.sample_rate, tone.channels, 16, b"", body)


def _zero_words(count: int) -> str:
    """One run of zeros: the count of its bits in unary, then the bits below the highest."""
    width = count.bit_length()
    return "1" * width + "0" + f"{count:b}"[:0:-1]


def _place(code: int, size: int) -> str:
    """One of `size` codes in as few bits as possible; the lowest codes save a bit when `size` is no power of two."""
    if size == 1:
        return ""
    width = (size - 1).bit_length()
    short = (1 << width) - size
    last = ""
    if code >= short:
        code, last = (code + short) >> 1, str((code + short) & 1)
    return (f"{code:0{width - 1}b}"[::-1] if width > 1 else "") + last


def _word(value: int, medians: list[int]) -> tuple[int, str]:
    """The zone of a value between the running medians, and the bits that place it inside; the medians follow."""
    magnitude = ~value if value < 0 else value
    low = zone = 0
    for level, weight in enumerate((128, 64, 32)):
        size = (medians[level] >> 4) + 1
        if magnitude - low < size:
            medians[level] -= (medians[level] + weight - 2) // weight * 2
            break
        medians[level] += (medians[level] + weight) // weight * 5
        if level == 2:
            steps = (magnitude - low) // size
            low, zone = low + steps * size, zone + steps
        else:
            low, zone = low + size, zone + 1
    return zone, _place(magnitude - low, size) + ("1" if value < 0 else "0")


def _tone_words(samples: list[int]) -> str:
    """Words in order; each unary count also tells whether the next word's zone is zero."""
    medians = list(_WAVPACK_MEDIANS)
    words = [_word(value, medians) for value in samples]
    words.append((0, ""))
    parts = []
    one = zero = False
    for (zone, tail), (following, _) in pairwise(words):
        if zero:
            zero = False
        else:
            more = following > 0
            parts.append("1" * (2 * (zone - one) + more) + "0")
            one, zero = more, not more
        parts.append(tail)
    return "".join(parts)


def _wavpack_block(tone: Tone, start: int, count: int) -> bytes:
    """A block of one channel that both sides share, without decorrelation."""
    period = block_samples(tone.hertz, tone.sample_rate).tolist()
    first = start % len(period)
    samples = (period * (count // len(period) + 2))[first : first + count]
    words = _tone_words(samples) if tone.hertz else _zero_words(count)
    size = -(-len(words) // 16) * 2
    bits = int(words[::-1], 2).to_bytes(size, "little")
    entropy = struct.pack("<3H", *(_WAVPACK_LOGS if tone.hertz else (0, 0, 0)))
    # One decorrelation term with weight zero: decoders may take for granted that there is a term.
    pieces = bytes((0x42, 1, 23, 0, 0x43, 1, 0, 0, 0x04, 0, 0x05, len(entropy) // 2)) + entropy
    pieces += bytes((0x8A,)) + (len(bits) // 2).to_bytes(3, "little") + bits
    flags = 1 | (4 if tone.channels == 1 else 0x40000000) | 0x1800 | _WAVPACK_RATES[tone.sample_rate] << 23
    checksum = 0xFFFFFFFF
    for value in samples:
        checksum = checksum * 3 + value & 0xFFFFFFFF
    size = 24 + len(pieces)
    header = struct.pack("<4sIHBBIIIII", b"wvpk", size, 0x410, 0, 0, tone.samples, start, count, flags, checksum)
    return header + pieces


@lru_cache(maxsize=256)
def wavpack_stream(tone: Tone) -> Stream:
    """A whole WavPack file without tags."""
    starts = range(0, tone.samples, _WAVPACK_BLOCK)
    body = b"".join(_wavpack_block(tone, at, min(_WAVPACK_BLOCK, tone.samples - at)) for at in starts)
    return Stream(tone.samples, tone.sample_rate, tone.channels, 16, b"", body)


def _mpc_number(value: int) -> bytes:
    """A number in groups of seven bits."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _mpc_packet(name: bytes, data: bytes) -> bytes:
    return name + _mpc_number(len(data) + 3) + data


@lru_cache(maxsize=256)
def musepack_stream(tone: Tone) -> Stream:
    """A whole Musepack SV8 file without tags; every packet is one key frame without bands."""
    count = -(-tone.samples // _MPC_FRAME)
    facts = BitWriter().put(_MPC_RATES[tone.sample_rate], 3).put(0, 5).put(tone.channels - 1, 4).put(0, 4).to_bytes()
    stream = bytes((8,)) + _mpc_number(tone.samples) + _mpc_number(0) + facts
    header = _mpc_packet(b"SH", struct.pack(">I", zlib.crc32(stream)) + stream)
    gain = _mpc_packet(b"RG", struct.pack(">BhHhH", 1, 0, 0, 0, 0))
    encoder = _mpc_packet(b"EI", bytes((0, 1, 30, 0)))
    sound = _mpc_packet(b"AP", bytes(2)) * count
    body = b"MPCK" + header + gain + encoder + sound + _mpc_packet(b"SE", b"")
    return Stream(tone.samples, tone.sample_rate, tone.channels, 0, b"", body)
