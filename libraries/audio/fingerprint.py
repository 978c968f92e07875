"""A fingerprint of the sound in a file that does not change when its tags do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from libraries.audio.file import Source
from libraries.audio.formats import wave as containers
from libraries.audio.formats.open_file import Opened, look

SAMPLE: Final = 256 * 1024
_MAX_ATOMS: Final = 4096


def audio_payload_hash(path: bytes) -> str:
    """A digest of the size of the sound and of its first and last 256 KiB, tags excluded; raises AudioError."""
    return look(path, _digest)


def _digest(opened: Opened) -> str:
    source, kind = opened.source, opened.kind
    digest = hashlib.blake2b(digest_size=16, person=kind.encode())
    if kind in {"vorbis", "opus", "speex", "oggflac"}:
        _ogg(source, digest.update)
    else:
        extra, begin, size = _EXTENTS.get(kind, _stream)(source, opened.audio_at)
        digest.update(extra)
        _sample(source, begin, size, digest.update)
    return digest.hexdigest()


def _sample(source: Source, begin: int, size: int, update: Callable[[bytes], None]) -> None:
    update(size.to_bytes(8, "little"))
    update(source.get(begin, min(size, SAMPLE)))
    if size > SAMPLE:
        tail = min(size - SAMPLE, SAMPLE)
        update(source.get(begin + size - tail, tail))


def _stream(source: Source, start: int) -> tuple[bytes, int, int]:
    """A bare stream between the tags in front and those at the end."""
    end = source.size
    for _ in range(4):  # ID3v1, Lyrics3 and APEv2 come in any order
        tail = source.get(max(start, end - 128), min(128, end - start))
        if tail[:3] == b"TAG" and len(tail) == 128:
            end -= 128
        elif len(tail) >= 32 and tail[-32:-24] == b"APETAGEX":
            end -= _ape_size(tail[-32:])
        elif tail.endswith(b"LYRICS200") and tail[-15:-9].isdigit():
            end -= int(tail[-15:-9]) + 15
        else:
            break
    if not start < end:
        raise containers.damaged("there is no sound in it")
    return b"", start, end - start


def _ape_size(footer: bytes) -> int:
    size = int.from_bytes(footer[12:16], "little")
    has_header = int.from_bytes(footer[20:24], "little") & 0x80000000
    return size + (32 if has_header else 0)


def _flac(source: Source, start: int) -> tuple[bytes, int, int]:
    found = containers.walk_flac(source, start)
    _, begin, size = _stream(source, found.audio_at)
    return found.digest, begin, size


def _contained(kind: str, source: Source, start: int) -> tuple[bytes, int, int]:
    found = containers.WALKERS[kind](source, start)
    if found.audio_at < 0:
        raise containers.damaged("there is no sound in it")
    return b"", found.audio_at, found.audio_size


def _mp4(source: Source, _start: int) -> tuple[bytes, int, int]:
    """The largest `mdat` atom."""
    total = source.size
    best = (0, 0)
    at = 0
    for _ in range(_MAX_ATOMS):
        head = source.get(at, 16)
        if len(head) < 8:
            break
        size, header = int.from_bytes(head[:4], "big"), 8
        if size == 1 and len(head) == 16:
            size, header = int.from_bytes(head[8:], "big"), 16
        elif size == 0:
            size = total - at
        if size < header:
            break
        if head[4:8] == b"mdat":
            best = max(best, (min(size, total - at) - header, at + header))
        at += size
    if best[0] <= 0:
        raise containers.damaged("there is no sound in it")
    return b"", best[1], best[0]


def _asf(source: Source, _start: int) -> tuple[bytes, int, int]:
    """All behind the header object."""
    size = int.from_bytes(source.get(16, 8), "little")
    if not 24 <= size < source.size:
        raise containers.damaged("there is no sound in it")
    return b"", size, source.size - size


_EXTENTS: Final[dict[str, Callable[[Source, int], tuple[bytes, int, int]]]] = {
    **{kind: partial(_contained, kind) for kind in containers.WALKERS},
    "flac": _flac,
    "mp4": _mp4,
    "asf": _asf,
}


def _ogg(source: Source, update: Callable[[bytes], None]) -> None:
    """The packets behind the headers: new comments renumber and cut the pages anew, the packets stay the same.

    Only the beginning and the last granule position are taken: where the end begins depends on the pages.
    """
    taken = 0
    for packet in _ogg_packets(source):
        update(len(packet).to_bytes(4, "little"))
        update(packet)
        taken += len(packet)
        if taken >= SAMPLE:
            break
    if not taken:
        raise containers.damaged("there is no sound in it")
    tail = source.tail(128 * 1024)
    last = tail.rfind(b"OggS")
    if last >= 0:
        update(tail[last + 6 : last + 14])


def _ogg_packets(source: Source) -> Iterator[bytes]:
    """The packets of sound of the first stream."""
    place = 0
    serial = b""
    pending = b""
    headers = -1
    while place < source.size:
        head = source.get(place, 27)
        if len(head) < 27 or not head.startswith(b"OggS"):
            return
        lacing = source.get(place + 27, head[26])
        place += 27 + head[26] + sum(lacing)
        body = source.get(place - sum(lacing), sum(lacing))
        serial = serial or head[14:18]
        if head[14:18] != serial:
            continue
        at = 0
        for width in lacing:
            pending += body[at : at + width]
            at += width
            if width == 255:
                continue
            headers, is_header = _count_header(headers, pending)
            if not is_header and pending:
                yield pending
            pending = b""


def _count_header(left: int, packet: bytes) -> tuple[int, bool]:
    """How many header packets are left to skip, and whether this one is a header; the first packet tells."""
    if left >= 0:
        # An Ogg FLAC stream marks its last metadata block itself.
        return (left - 1, True) if left else (0, False)
    if packet.startswith(b"\x7fFLAC") and len(packet) >= 9:
        return int.from_bytes(packet[7:9], "big") or 1, True
    if packet.startswith(b"\x01vorbis"):
        return 2, True
    if packet.startswith(b"Speex   ") and len(packet) >= 72:
        return 1 + min(64, int.from_bytes(packet[68:72], "little")), True
    return 1, True
