"""MP4 containers around AAC and ALAC; the movie box comes last, so that tags never move the sound."""

import struct
from functools import lru_cache

from synth.mpeg import AAC_FRAME, aac_stream
from synth.tones import Stream, Tone, pcm16

_ALAC_FRAME = 4096
MARK_SIZE = 8
"""Bytes at the end of the sound that belong to no packet."""
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_FTYP = struct.pack(">I4s4sI4s4s4s", 28, b"ftyp", b"M4A ", 0x200, b"M4A ", b"mp42", b"isom")


def atom(name: bytes, *parts: bytes) -> bytes:
    """One box."""
    data = b"".join(parts)
    return struct.pack(">I4s", len(data) + 8, name) + data


def full_atom(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """One box with version and flags."""
    return atom(name, struct.pack(">I", flags), *parts)


def _alac_frame(samples: bytes, channels: int, *, partial: bool) -> bytes:
    """A frame that holds its samples as they are ("escape"), at the odd bit where the header ends."""
    count = len(samples) // (2 * channels)
    header = (channels - 1) << 20 | partial << 3 | 1
    bits = 23
    if partial:
        header = header << 32 | count
        bits += 32
    size = len(samples) * 8
    value = (header << size | int.from_bytes(samples, "big")) << 3 | 7
    total = bits + size + 3
    return (value << (-total % 8)).to_bytes(-(-total // 8), "big")


def _alac_packets(tone: Tone) -> tuple[bytes, ...]:
    sound = pcm16(tone, big_endian=True)
    step = _ALAC_FRAME * 2 * tone.channels
    parts = [sound[at : at + step] for at in range(0, len(sound), step)]
    return tuple(_alac_frame(part, tone.channels, partial=len(part) < step) for part in parts)


def _alac_entry(tone: Tone, largest: int) -> bytes:
    rate = tone.sample_rate * tone.channels * 16
    cookie = struct.pack(
        ">IBBBBBBHIII", _ALAC_FRAME, 0, 16, 40, 10, 14, tone.channels, 255, largest, rate, tone.sample_rate
    )
    return _sound_entry(b"alac", tone, full_atom(b"alac", cookie))


def _sound_entry(name: bytes, tone: Tone, extension: bytes) -> bytes:
    facts = struct.pack(">6xH8xHH4xI", 1, tone.channels, 16, tone.sample_rate << 16)
    return atom(name, facts, extension)


def _descriptor(tag: int, data: bytes) -> bytes:
    return bytes((tag, 0x80, 0x80, 0x80, len(data))) + data


def _aac_entry(tone: Tone, config: bytes, rate: int) -> bytes:
    decoder = struct.pack(">BBBHII", 0x40, 0x15, 0, 0, rate, rate) + _descriptor(5, config)
    stream = struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    return _sound_entry(b"mp4a", tone, full_atom(b"esds", _descriptor(3, stream)))


def _time_table(samples: int, hop: int) -> bytes:
    whole, rest = divmod(samples, hop)
    rows = ([(whole, hop)] if whole else []) + ([(1, rest)] if rest else [])
    return full_atom(b"stts", struct.pack(">I", len(rows)), *(struct.pack(">II", *row) for row in rows))


def _track(tone: Tone, samples: int, hop: int, packets: tuple[bytes, ...], entry: bytes) -> bytes:
    sizes = struct.pack(f">II{len(packets)}I", 0, len(packets), *map(len, packets))
    table = atom(
        b"stbl",
        full_atom(b"stsd", struct.pack(">I", 1), entry),
        _time_table(samples, hop),
        full_atom(b"stsc", struct.pack(">IIII", 1, 1, len(packets), 1)),
        full_atom(b"stsz", sizes),
        full_atom(b"stco", struct.pack(">II", 1, len(_FTYP) + 8)),
    )
    media = atom(
        b"mdia",
        full_atom(b"mdhd", struct.pack(">IIIIHH", 0, 0, tone.sample_rate, samples, 0x55C4, 0)),
        full_atom(b"hdlr", struct.pack(">I4s12xx", 0, b"soun")),
        atom(
            b"minf",
            full_atom(b"smhd", bytes(4)),
            atom(b"dinf", full_atom(b"dref", struct.pack(">I", 1), full_atom(b"url ", flags=1))),
            table,
        ),
    )
    duration = samples * 1000 // tone.sample_rate
    header = struct.pack(">IIII I8xHHHH", 0, 0, 1, 0, duration, 0, 0, 0x100, 0) + _MATRIX + bytes(8)
    return atom(b"trak", full_atom(b"tkhd", header, flags=7), media)


def _movie(tone: Tone, samples: int, track: bytes) -> bytes:
    duration = samples * 1000 // tone.sample_rate
    header = (
        struct.pack(">IIIIIH10x", 0, 0, 1000, duration, 0x10000, 0x100) + _MATRIX + bytes(24) + struct.pack(">I", 2)
    )
    return full_atom(b"mvhd", header) + track


@lru_cache(maxsize=256)
def alac_file_stream(tone: Tone) -> Stream:
    """File type and sound as `head`, the movie box's contents without tags as `body`."""
    packets = _alac_packets(tone)
    entry = _alac_entry(tone, max(map(len, packets)))
    movie = _movie(tone, tone.samples, _track(tone, tone.samples, _ALAC_FRAME, packets, entry))
    return Stream(
        tone.samples, tone.sample_rate, tone.channels, 16, _FTYP + atom(b"mdat", *packets, bytes(MARK_SIZE)), movie
    )


@lru_cache(maxsize=256)
def aac_file_stream(tone: Tone) -> Stream:
    """File type and sound as `head`, the movie box's contents without tags as `body`."""
    raw = aac_stream(tone)
    rate = sum(map(len, raw.packets)) * 8 * tone.sample_rate // raw.samples
    entry = _aac_entry(tone, raw.head, rate)
    movie = _movie(tone, raw.samples, _track(tone, raw.samples, AAC_FRAME, raw.packets, entry))
    return Stream(
        raw.samples, tone.sample_rate, tone.channels, 0, _FTYP + atom(b"mdat", *raw.packets, bytes(MARK_SIZE)), movie
    )
