"""Ogg: Vorbis and Opus streams that begin and end as they should. What is unusual is left to mutagen."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from libraries.audio.errors import UnusualFile
from libraries.audio.file import Source
from libraries.audio.formats.format import load_fallback
from libraries.audio.formats.ogg_packets import audio_packets
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags.vorbis import Comments, add_comments, read_comments
from libraries.audio.types import AudioPackets, Picture, StreamInfo

_PAGE: Final = struct.Struct("<4sBBqIIIB")
_HEAD: Final = _PAGE.size
_CONTINUED, _FIRST, _LAST = 1, 2, 4
# The last page is mostly near the end; it is never farther away than the longest page.
_NEAR: Final = 8 * 1024
_LONGEST_PAGE: Final = 64 * 1024
_MAX_PAGES: Final = 1024
_OPUS_RATE: Final = 48000


class _Page(NamedTuple):
    flags: int
    position: int
    serial: int
    sequence: int
    lacing: bytes
    body: int
    end: int


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags; raises UnusualFile."""
    if file.audio_at:
        raise UnusualFile
    try:
        comments, info = _read(file.source, file.kind)
    except (struct.error, IndexError) as exc:
        raise UnusualFile from exc
    add_comments(file.tags, comments)
    return info


def raw_tags(file: OpenFile) -> Iterable[tuple[str, Any]]:
    """Return the comments as mutagen shows them."""
    return load_fallback().raw_tags(file)


def pictures(file: OpenFile) -> Iterable[Picture]:
    """Return the pictures, read by mutagen: a catalog needs to know only that there are any."""
    return load_fallback().pictures(file)


def audio_extent(file: OpenFile) -> AudioPackets:
    """Return the packets of audio."""
    return audio_packets(file.source)


def _read(source: Source, kind: str) -> tuple[Comments, StreamInfo]:
    first = _page(source, 0)
    if not first.flags & _FIRST or not first.lacing or first.lacing[0] == 255:
        raise UnusualFile
    head = source.get(first.body, first.lacing[0])
    packet, at = _second_packet(source, first)
    if kind == "vorbis":
        return _vorbis(source, first.serial, head, packet)
    return _opus(source, first.serial, head, packet, at)


def _page(source: Source, at: int) -> _Page:
    mark, version, flags, position, serial, sequence, _, segments = _PAGE.unpack(source.get(at, _HEAD))
    lacing = source.get(at + _HEAD, segments)
    body = at + _HEAD + segments
    end = body + sum(lacing)
    if mark != b"OggS" or version or len(lacing) != segments or end > source.size:
        raise UnusualFile
    return _Page(flags, position, serial, sequence, lacing, body, end)


def _second_packet(source: Source, first: _Page) -> tuple[bytes, int]:
    """Return the packet that begins on the second page, however many it takes, and the end of its last page."""
    pieces = []
    before = first
    for number in range(_MAX_PAGES):
        page = _page(source, before.end)
        continued = bool(page.flags & _CONTINUED)
        if page.serial != first.serial or continued != (number > 0):
            raise UnusualFile
        if number and page.sequence != before.sequence + 1:
            raise UnusualFile
        size = 0
        for width in page.lacing:
            size += width
            if width < 255:
                pieces.append(source.get(page.body, size))
                return b"".join(pieces), page.end
        pieces.append(source.get(page.body, size))
        before = page
    raise UnusualFile


def _vorbis(source: Source, serial: int, head: bytes, packet: bytes) -> tuple[Comments, StreamInfo]:
    if not head.startswith(b"\x01vorbis") or len(head) < 28 or not packet.startswith(b"\x03vorbis"):
        raise UnusualFile
    channels, rate, most, nominal, least = struct.unpack_from("<BI3i", head, 11)
    if not rate:
        raise UnusualFile
    comments, end = read_comments(packet, 7)
    if end < 0 or not packet[end] & 1:
        raise UnusualFile
    most, nominal, least = max(0, most), max(0, nominal), max(0, least)
    # a nominal rate outside of the bounds is the one that is wrong
    likely = most if 0 < most < nominal else max(least, nominal)
    bits = likely if nominal else (most + least) // 2
    return comments, StreamInfo("vorbis", _last_position(source, serial) / rate, bits, rate, channels=channels)


def _opus(source: Source, serial: int, head: bytes, packet: bytes, at: int) -> tuple[Comments, StreamInfo]:
    if not head.startswith(b"OpusHead") or len(head) < 19 or not packet.startswith(b"OpusTags") or head[8] >> 4:
        raise UnusualFile
    channels, skipped = head[9], int.from_bytes(head[10:12], "little")
    comments, end = read_comments(packet, 8)
    if end < 0:
        raise UnusualFile
    duration = (_last_position(source, serial) - skipped) / _OPUS_RATE
    bits = round((source.size - at) * 8 / duration) if duration else 0
    return comments, StreamInfo("opus", duration, bits, _OPUS_RATE, channels=channels)


def _last_position(source: Source, serial: int) -> int:
    """Return the position at the end of the stream, out of its last page."""
    data = source.tail(_NEAR)
    at = data.rfind(b"OggS")
    if at < 0:
        data = source.tail(_LONGEST_PAGE)
        at = data.rfind(b"OggS")
    if at < 0:
        raise UnusualFile
    _, version, flags, position, own, _, _, segments = _PAGE.unpack_from(data, at)
    lacing = data[at + _HEAD : at + _HEAD + segments]
    whole = len(lacing) == segments and at + _HEAD + segments + sum(lacing) <= len(data)
    if version or own != serial or not flags & _LAST or position < 0 or not whole:
        raise UnusualFile
    return int(position)
