"""The formats that carry APEv2 tags: Monkey's Audio, WavPack and Musepack, all with silent frames."""

import hashlib
import struct
import zlib
from functools import lru_cache

from libraries.audio.synth.bits import BitWriter, LsbWriter
from libraries.audio.synth.tones import Stream, Tone

_APE_BLOCKS = 73728
_WAVPACK_BLOCK = 22050
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


def _wavpack_block(tone: Tone, start: int, count: int) -> bytes:
    """A block whose bitstream is one run of zeros."""
    run = count * tone.channels
    width = run.bit_length()
    bits = LsbWriter().put((1 << width) - 1, width + 1).put(run, width - 1).to_bytes()
    bits += b"\xff" * (-len(bits) % 2)
    entropy = bytes(6 * tone.channels)
    pieces = bytes((0x02, 0, 0x03, 0, 0x04, 0, 0x05, len(entropy) // 2)) + entropy
    pieces += bytes((0x0A, len(bits) // 2)) + bits
    flags = 1 | (4 if tone.channels == 1 else 0) | 0x1800 | _WAVPACK_RATES[tone.sample_rate] << 23
    factor = pow(9 if tone.channels == 2 else 3, count, 1 << 32)
    checksum = 0xFFFFFFFF * factor & 0xFFFFFFFF
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
