"""Containers that are simpler to walk than to hand over: FLAC, RIFF/WAVE, AIFF and DSF."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from libraries.audio import types as model
from libraries.audio.file import Window
from libraries.audio.tags.builder import MAX_NAME_CHARS, TagBuilder, plain_key
from libraries.audio.types import AudioError

MAX_TEXT_BLOCK: Final = 16 * 1024 * 1024
_MAX_CHUNKS: Final = 4096
_WAVE_CODECS: Final = {
    1: "pcm", 2: "adpcm", 3: "pcm", 6: "alaw", 7: "mulaw", 0x11: "adpcm", 0x50: "mp2", 0x55: "mp3", 0xFFFE: "pcm",
}  # fmt: skip
_AIFC_CODECS: Final = {b"NONE": "pcm", b"sowt": "pcm", b"twos": "pcm", b"fl32": "pcm", b"FL32": "pcm", b"fl64": "pcm"}

# RIFF INFO chunks → free-form names.
_INFO_NAMES: Final = {
    b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"ICRD": "date", b"IGNR": "genre", b"ICMT": "comment",
    b"ICOP": "copyright", b"ITRK": "tracknumber", b"IPRT": "tracknumber", b"ISFT": "encodedby", b"IMUS": "composer",
    b"IWRI": "lyricist", b"ILNG": "language", b"IPRO": "producer", b"IENG": "engineer",
}  # fmt: skip
_PICTURES: Final = frozenset({"metadata_block_picture", "coverart", "coverartmime"})
_AIFF_NAMES: Final = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}


@dataclass(slots=True)
class Container:
    """What a walk found: facts of the sound, where it lies, and where an ID3 tag lies (-1 for none)."""

    codec: str
    sample_rate: int = 0
    channels: int = 0
    bit_depth: int = 0
    duration: float = 0.0
    audio_at: int = -1
    audio_size: int = 0
    id3_at: int = -1
    digest: bytes = b""
    has_picture: bool = False
    text: list[tuple[str, str]] = field(default_factory=list)


def damaged(what: str) -> AudioError:
    """The error for a file whose structure contradicts itself."""
    return AudioError(model.CORRUPT, f"The file is damaged: {what}.")


def read_exactly(source: Window, at: int, size: int) -> bytes:
    """Exactly so many bytes at an offset, or the file is damaged."""
    data = source.get(at, size)
    if len(data) != size:
        raise damaged("it ends too early")
    return data


def walk_flac(source: Window, start: int) -> Container:
    """The facts and the Vorbis comments of a FLAC stream at the offset."""
    at = start + 4
    found = Container("flac")
    seen_info = last = False
    while not last:
        head = read_exactly(source, at, 4)
        last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:4], "big")
        at += 4
        if kind == 0 and size >= 34:
            read_flac_info(found, read_exactly(source, at, size))
            seen_info = True
        elif kind == 4:
            found.text += parse_vorbis(read_exactly(source, at, size))
        else:
            found.has_picture = found.has_picture or (kind == 6 and size > 32)
        at += size
        if at > source.size:
            raise damaged("it ends within its header")
    if not seen_info:
        raise damaged("the description of the stream is absent")
    found.audio_at = at
    found.audio_size = source.size - at
    return found


def read_flac_info(found: Container, info: bytes) -> None:
    """Set the facts that the first block of a FLAC stream tells."""
    packed = int.from_bytes(info[10:18], "big")
    found.sample_rate = packed >> 44
    found.channels = (packed >> 41 & 7) + 1
    found.bit_depth = (packed >> 36 & 31) + 1
    if not found.sample_rate:
        raise damaged("the sample rate is zero")
    found.duration = (packed & 0xFFFFFFFFF) / found.sample_rate
    found.digest = info[18:34]


def parse_vorbis(data: bytes) -> list[tuple[str, str]]:
    """The (name, value) pairs of a Vorbis comment block; a block that is cut short gives what it has."""
    pairs: list[tuple[str, str]] = []
    if len(data) < 8:
        return pairs
    at = 4 + int.from_bytes(data[:4], "little")
    count = int.from_bytes(data[at : at + 4], "little")
    at += 4
    for _ in range(min(count, 100_000)):
        size = int.from_bytes(data[at : at + 4], "little")
        at += 4
        if at + size > len(data):
            break
        name, sign, value = data[at : at + size].partition(b"=")
        at += size
        if sign:
            pairs.append((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")))
    return pairs


def iter_chunks(source: Window, start: int, total: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """The (name, offset of the content, size) of IFF chunks; a size beyond the end is cut to it."""
    at = start
    for _ in range(_MAX_CHUNKS):
        if at + 8 > total:
            return
        name, size = struct.unpack(f"{order}4sI", read_exactly(source, at, 8))
        yield name, at + 8, min(size, total - at - 8)
        at += 8 + size + (size & 1)


def walk_wave(source: Window) -> Container:
    """The facts, INFO texts and ID3 tag of a RIFF (or RF64) WAVE file."""
    found = Container("pcm")
    byte_rate = long_size = 0
    for name, at, size in iter_chunks(source, 12, source.size, "<"):
        if name == b"fmt " and size >= 16:
            codec, found.channels, found.sample_rate, byte_rate, _, found.bit_depth = struct.unpack(
                "<HHIIHH", source.get(at, 16)
            )
            found.codec = _WAVE_CODECS.get(codec, f"wave-{codec:04x}")
        elif name == b"ds64" and size >= 16:
            long_size = struct.unpack("<8xQ", source.get(at, 16))[0]
        elif name == b"data" and found.audio_at < 0:
            found.audio_at, found.audio_size = at, size
        elif name in {b"id3 ", b"ID3 "}:
            found.id3_at = at
        elif name == b"LIST" and size <= MAX_TEXT_BLOCK and source.get(at, 4) == b"INFO":
            found.text += _texts(source, at + 4, at + size, "<", _INFO_NAMES)
    if not found.sample_rate:
        raise damaged("the description of the sound is absent")
    if found.audio_at < 0:
        raise damaged("there is no sound in it")
    # 4 GB and more: the real size stands in ds64, and 0xFFFFFFFF in the chunk.
    if long_size:
        found.audio_size = min(long_size, source.size - found.audio_at)
    found.duration = found.audio_size / byte_rate if byte_rate else 0.0
    return found


def walk_aiff(source: Window) -> Container:
    """The facts, texts and ID3 tag of an AIFF or AIFC file."""
    found = Container("pcm")
    frames = 0
    compressed = source.get(8, 4) == b"AIFC"
    for name, at, size in iter_chunks(source, 12, source.size, ">"):
        if name == b"COMM" and size >= 18:
            body = source.get(at, 22)
            found.channels, frames, found.bit_depth = struct.unpack(">HIH", body[:8])
            found.sample_rate = _extended(body[8:18])
            if compressed and size >= 22:
                found.codec = _AIFC_CODECS.get(body[18:22], body[18:22].decode("latin-1").strip().lower())
        elif name == b"SSND" and found.audio_at < 0:
            found.audio_at, found.audio_size = at + 8, max(0, size - 8)
        elif name in {b"ID3 ", b"id3 "}:
            found.id3_at = at
        elif name in _AIFF_NAMES and size <= MAX_TEXT_BLOCK:
            found.text.append((_AIFF_NAMES[name], _plain(source.get(at, size))))
    if not found.sample_rate:
        raise damaged("the description of the sound is absent")
    found.duration = frames / found.sample_rate
    return found


def walk_dsf(source: Window) -> Container:
    """The facts and the ID3 tag of a DSF file."""
    head = read_exactly(source, 0, 92)
    if head[28:32] != b"fmt ":
        raise damaged("the description of the sound is absent")
    (id3_at,) = struct.unpack("<Q", head[20:28])
    channels, rate, depth, samples = struct.unpack("<IIIQ", head[52:72])
    if not rate:
        raise damaged("the sample rate is zero")
    (data_size,) = struct.unpack("<Q", head[84:92])
    total = source.size
    return Container(
        "dsd", rate, channels, depth, samples / rate, audio_at=92, audio_size=max(0, min(data_size - 12, total - 92)),
        id3_at=id3_at if 92 <= id3_at < total else -1,
    )  # fmt: skip


# how to walk each of these kinds, from the place where its content begins
WALKERS: Final[dict[str, Callable[[Window, int], Container]]] = {
    "flac": walk_flac,
    "wav": lambda source, _: walk_wave(source),
    "aiff": lambda source, _: walk_aiff(source),
    "dsf": lambda source, _: walk_dsf(source),
}


def _extended(data: bytes) -> int:
    """An 80-bit IEEE number as an integer; 0 for what no sample rate can be."""
    exponent = int.from_bytes(data[:2], "big") - 16383
    if not 0 <= exponent <= 31:
        return 0
    return int.from_bytes(data[2:10], "big") >> (63 - exponent)


def _texts(source: Window, start: int, end: int, order: str, names: dict[bytes, str]) -> list[tuple[str, str]]:
    return [
        (names[name], _plain(source.get(at, size)))
        for name, at, size in iter_chunks(source, start, end, order)
        if name in names
    ]


def _plain(data: bytes) -> str:
    text = data.partition(b"\0")[0]
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def add_text(tags: TagBuilder, pairs: list[tuple[str, str]]) -> None:
    """Add (name, value) pairs of Vorbis comments or text chunks."""
    for name, value in pairs:
        if not value:
            continue
        key = plain_key(name[:MAX_NAME_CHARS])
        if key in _PICTURES and name.lower() in _PICTURES:
            tags.has_picture = True
        elif key:
            tags.add_one(key, value)
        else:
            tags.add_named(name, (value,))
