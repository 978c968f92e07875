"""The smallest files of rare formats, made from bytes."""

from __future__ import annotations

import struct

from tests.support import audio

_SOUND = bytes(range(256))


def tta(seconds: int = 2) -> bytes:
    """True Audio, 16-bit stereo at 44.1 kHz as far as the header tells."""
    return struct.pack("<4sHHHII", b"TTA1", 1, 2, 16, 44100, 44100 * seconds) + bytes(4) + _SOUND * 8


def tak(seconds: int = 2) -> bytes:
    """TAK, 16-bit stereo at 44.1 kHz as far as the header tells."""
    packed = place = 0
    for value, bits in ((2, 6), (0, 4), (5, 4), (44100 * seconds, 35), (0, 3), (44100 - 6000, 18), (8, 5), (1, 4)):
        packed |= value << place
        place += bits
    facts = packed.to_bytes(10, "little") + bytes(3)
    return b"tBaK\x01" + len(facts).to_bytes(3, "little") + facts + bytes(4) + _SOUND * 8


def optimfrog(seconds: int = 2) -> bytes:
    """OptimFROG, 16-bit stereo at 44.1 kHz as far as the header tells."""
    return struct.pack("<4sIIHBBIHB", b"OFR ", 15, 44100 * seconds * 2, 0, 2, 1, 44100, 0x0F00, 0) + _SOUND * 8


def ac3(frames: int = 50) -> bytes:
    """AC-3, stereo, 192 kbit/s at 48 kHz: 32 ms a frame."""
    return (b"\x0b\x77\0\0" + bytes((20, 8 << 3, 2 << 5)) + bytes(761)) * frames


def long_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with a size of 64 bits, padded to an even length."""
    return name + struct.pack(">Q", len(data)) + data + b"\0" * (len(data) % 2)


def dff(*more: bytes, compressed: bool = False) -> bytes:
    """One second of DSD64 in stereo, or of DST as far as its header tells."""
    kind = b"DST " if compressed else b"DSD "
    facts = long_chunk(b"FS  ", struct.pack(">I", 2822400)) + long_chunk(b"CHNL", struct.pack(">H", 2) + b"SLFTSRGT")
    facts += long_chunk(b"CMPR", kind + b"\x0enot compressed\0")
    if compressed:
        sound = long_chunk(b"FRTE", struct.pack(">IH", 75, 75)) + long_chunk(b"DSTF", _SOUND)
    else:
        sound = _SOUND * (2822400 * 2 // 8 // 256)
    body = b"DSD " + long_chunk(b"FVER", b"\1\5\0\0") + long_chunk(b"PROP", b"SND " + facts)
    return long_chunk(b"FRM8", body + long_chunk(kind, sound) + b"".join(more))


def caf(*texts: bytes) -> bytes:
    """One second of 16-bit stereo at 44.1 kHz, with keys and values in turn."""
    facts = struct.pack(">d4sIIIII", 44100, b"lpcm", 0, 4, 1, 2, 16)
    info = struct.pack(">I", len(texts) // 2) + b"".join(text + b"\0" for text in texts)
    chunks = ((b"desc", facts), (b"info", info), (b"data", bytes(4) + _SOUND * 689))
    return b"caff\0\1\0\0" + b"".join(name + struct.pack(">Q", len(data)) + data for name, data in chunks)


def element(name: int, *content: bytes, is_open: bool = False) -> bytes:
    """An EBML element, the size of which a live stream leaves open."""
    body = b"".join(content)
    size = b"\x01" + b"\xff" * 7 if is_open else (len(body) | 1 << 28).to_bytes(4, "big")
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + size + body


def number(name: int, value: int) -> bytes:
    """An element with an unsigned number."""
    return element(name, value.to_bytes(4, "big"))


def tag(name: str, value: str, *inside: bytes) -> bytes:
    """A name and a text."""
    return element(0x67C8, element(0x45A3, name.encode()), element(0x4487, value.encode()), *inside)


def tags(level: int, *simple: bytes) -> bytes:
    """The tags of a level, which 0 leaves open."""
    return element(0x7373, element(0x63C0, number(0x68CA, level) if level else b""), *simple)


def cluster(time: int, *blocks: int, is_open: bool = False) -> bytes:
    """A cluster with blocks at times of their own, in milliseconds."""
    made = (element(0xA3, b"\x81" + at.to_bytes(2, "big") + b"\x80" + _SOUND) for at in blocks)
    return element(0x1F43B675, number(0xE7, time), *made, is_open=is_open)


def matroska(
    *all_tags: bytes, seconds: float = 2.0, title: str = "", live: bool = False, behind: bool = False,
    codec: bytes = b"A_OPUS", depth: int = 0,
) -> bytes:  # fmt: skip
    """Audio in Matroska, with the tags and a picture in front of the audio or `behind` it.

    A `live` stream knows neither its length nor its sizes.
    """
    header = element(0x1A45DFA3, element(0x4282, b"matroska"))
    facts = number(0x2AD7B1, 1_000_000) + (b"" if live else element(0x4489, struct.pack(">d", seconds * 1000)))
    info = element(0x1549A966, facts, element(0x7BA9, title.encode()) if title else b"")
    bits = number(0x6264, depth) if depth else b""
    sound = element(0xE1, element(0xB5, struct.pack(">d", 48000)), number(0x9F, 2), bits)
    video = element(0xAE, number(0xD7, 2), number(0x83, 1), element(0x86, b"V_VP9"))
    tracks = element(0x1654AE6B, video, element(0xAE, number(0xD7, 1), number(0x83, 2), element(0x86, codec), sound))
    clusters = cluster(0, 0, 980, is_open=live) + cluster(1000, 0, 980, is_open=live)
    if not all_tags:
        return header + element(0x18538067, info, tracks, clusters, is_open=live)
    cover = element(0x61A7, element(0x466E, b"cover.png"), element(0x4660, b"image/png"), element(0x465C, audio.PNG))
    told = (element(0x1254C367, *all_tags), element(0x1941A469, cover))
    if not behind:
        return header + element(0x18538067, info, tracks, *told, clusters)
    at = len(_seek(0, 0)) + len(info) + len(tracks) + len(clusters)
    seek = _seek(at, at + len(told[0]))
    return header + element(0x18538067, seek, info, tracks, clusters, *told)


def _seek(tags_at: int, attachments_at: int) -> bytes:
    places = ((b"\x12\x54\xc3\x67", tags_at), (b"\x19\x41\xa4\x69", attachments_at))
    return element(0x114D9B74, *(element(0x4DBB, element(0x53AB, name), number(0x53AC, at)) for name, at in places))
