"""The codecs in MP4 files: their plain names, and which of them have a depth."""

from __future__ import annotations

import struct
from typing import Final

from libraries.audio.errors import UnusualFile
from libraries.audio.types import StreamInfo

_LOSSLESS: Final = frozenset({"alac", "flac", "pcm"})
_CODECS: Final = {
    "fLaC": "flac", "Opus": "opus", "ac-3": "ac3", "ec-3": "eac3", "sowt": "pcm", "lpcm": "pcm", "twos": "pcm",
    "in24": "pcm", "in32": "pcm", "fl32": "pcm", "fl64": "pcm", "raw ": "pcm", "ipcm": "pcm", "fpcm": "pcm",
    ".mp3": "mp3", "ulaw": "mulaw", "alaw": "alaw", "ima4": "adpcm",
}  # fmt: skip
_AAC_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_AAC_CHANNELS: Final = (0, 1, 2, 3, 4, 5, 6, 8)
# kinds of AAC: SBR, which doubles the rate, and with parametric stereo, which makes two channels of one
_SBR, _PS = 5, 29
# the tags of descriptors, and the kinds of streams in them
_STREAM, _DECODER, _CONFIG = 3, 4, 5
_MPEG4_AUDIO: Final = 0x40
_OBJECTS: Final = {0x69: "mp4a.69", 0x6B: "mp4a.6B", 0xA5: "ac-3", 0xA6: "ec-3"}
# bytes of a description in front of its atoms, by the version of QuickTime
_ENTRY_SIZES: Final = (28, 44, 64)


def stream_info(codec: str, duration: float, bit_rate: float, rate: int, depth: int, channels: int) -> StreamInfo:
    """Return the facts of the audio in an MP4 file by the four-letter name of its codec.

    Of a depth speak only those codecs that have one.
    """
    name = _plain_codec(codec)
    return StreamInfo(name, duration, bit_rate, rate, depth if name in _LOSSLESS else 0, channels)


def _plain_codec(name: str) -> str:
    if name.startswith("mp4a.40") or name == "mp4a":
        return "aac"
    if name.startswith(("mp4a.69", "mp4a.6B")):
        return "mp3"
    return _CODECS.get(name, name)


def read_sample_entry(name: bytes, entry: bytes) -> StreamInfo:
    """Return the facts out of the description of the audio of any codec, without the length; raises UnusualFile."""
    if len(entry) < _ENTRY_SIZES[0]:
        raise UnusualFile
    version = int.from_bytes(entry[8:10], "big")
    channels, depth = struct.unpack_from(">2H", entry, 16)
    rate, bits, codec = int.from_bytes(entry[24:26], "big"), 0, name.decode("latin-1")
    if version == 2 and len(entry) >= _ENTRY_SIZES[2]:
        rate, channels = round(struct.unpack_from(">d", entry, 32)[0]), int.from_bytes(entry[40:44], "big")
        depth = int.from_bytes(entry[48:52], "big")
    atoms = _inner_atoms(entry, _ENTRY_SIZES[version] if version < len(_ENTRY_SIZES) else _ENTRY_SIZES[0])
    if b"esds" in atoms:
        own, bits, own_rate, own_channels = _read_stream(atoms[b"esds"][4:])
        codec, rate, channels = own or codec, own_rate or rate, own_channels or channels
    extra = atoms.get(b"alac", b"")
    if name == b"alac" and len(extra) >= 28:
        bits, rate = struct.unpack_from(">2I", extra, 20)
        depth, channels = extra[9], extra[13]
    extra = atoms.get(b"dfLa", b"")
    if name == b"fLaC" and len(extra) >= 26:
        packed = int.from_bytes(extra[18:26], "big")
        rate, channels, depth = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
    if name == b"Opus":
        rate = 48000
    return stream_info(codec, 0.0, bits, rate, depth, channels)


def _inner_atoms(entry: bytes, at: int) -> dict[bytes, bytes]:
    """Return the atoms behind a description; those of QuickTime are inside a `wave` atom."""
    found: dict[bytes, bytes] = {}
    while at + 8 <= len(entry):
        size, name = int.from_bytes(entry[at : at + 4], "big"), entry[at + 4 : at + 8]
        if size < 8:
            break
        content = entry[at + 8 : at + size]
        if name == b"wave":
            found.update(_inner_atoms(content, 0))
        found.setdefault(name, content)
        at += size
    return found


def _read_stream(data: bytes) -> tuple[str, int, int, int]:
    """Return codec, bits per second, Hz and channels of an elementary stream; empty and 0 where it does not tell."""
    codec, bits, rate, channels = "", 0, 0, 0
    at = 0
    while at + 2 <= len(data):
        tag, at, size = data[at], *_descriptor_length(data, at + 1)
        if tag == _STREAM and at + 3 <= len(data):
            flags = data[at + 2]
            at += (
                3 + (2 if flags & 0x80 else 0) + (1 + data[at + 3] if flags & 0x40 else 0) + (2 if flags & 0x20 else 0)
            )
        elif tag == _DECODER and at + 13 <= len(data):
            codec = "mp4a.40" if data[at] == _MPEG4_AUDIO else _OBJECTS.get(data[at], "mp4a")
            bits = int.from_bytes(data[at + 9 : at + 13], "big")
            at += 13
        elif tag == _CONFIG:
            if codec == "mp4a.40":
                rate, channels = _read_config(data[at : at + size])
            break
        else:
            at += size
    return codec, bits, rate, channels


def _descriptor_length(data: bytes, at: int) -> tuple[int, int]:
    """Return the place behind the length of a descriptor, which takes one to four bytes, and the length."""
    size = 0
    for byte in data[at : at + 4]:
        at += 1
        size = size << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return at, size


def _read_config(config: bytes) -> tuple[int, int]:
    """Return Hz and channels that a description of AAC tells, each 0 where it does not."""
    bits = int.from_bytes(config[:8].ljust(8, b"\0"), "big")
    left = 64

    def take(count: int) -> int:
        nonlocal left
        left -= count
        return bits >> left & (1 << count) - 1

    def take_rate() -> int:
        index = take(4)
        return take(24) if index == 15 else _AAC_RATES[index] if index < len(_AAC_RATES) else 0

    kind = take(5)
    if kind == 31:
        kind = 32 + take(6)
    rate, layout = take_rate(), take(4)
    channels = _AAC_CHANNELS[layout] if layout < len(_AAC_CHANNELS) else 0
    if kind in (_SBR, _PS):
        rate = take_rate()
        return rate, 2 if kind == _PS and channels == 1 else channels
    # without a word of SBR, the description around it knows better than a low rate or a single channel
    return rate if rate > 24000 else 0, channels if channels != 1 else 0
