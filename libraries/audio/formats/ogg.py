"""Ogg streams that begin and end as they should: Vorbis, Opus and FLAC. Whatever is odd is left to the tag library."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from libraries.audio.file import Source
from libraries.audio.formats.open_file import Odd, Sound
from libraries.audio.formats.wave import Container, read_flac_info

_PAGE: Final = struct.Struct("<4sBBqIIIB")
_HEAD: Final = _PAGE.size
_SIZE: Final = struct.Struct("<I")
_CONTINUED, _FIRST, _LAST = 1, 2, 4
# The last page is mostly near the end; it is never farther away than the longest page.
_NEAR: Final = 8 * 1024
_LONGEST_PAGE: Final = 64 * 1024
_MAX_PAGES: Final = 1024
_OPUS_RATE: Final = 48000
# the mapping of FLAC, its version, the number of its other headers, and the first of its own
_FLAC_HEAD: Final = struct.Struct(">5sHxx4s4x")
_FLAC_COMMENT: Final = 4

Pairs = list[tuple[str, str]]


class _Page(NamedTuple):
    flags: int
    position: int
    serial: int
    sequence: int
    lacing: bytes
    body: int
    end: int


def read_ogg(source: Source, kind: str) -> tuple[Pairs, Sound] | None:
    """The comments and the facts of a stream of the kind "vorbis", "opus" or "oggflac"."""
    try:
        return _read(source, kind)
    except (Odd, struct.error, IndexError):
        return None


def _read(source: Source, kind: str) -> tuple[Pairs, Sound]:
    first = _page(source, 0)
    if not first.flags & _FIRST or not first.lacing or first.lacing[0] == 255:
        raise Odd
    head = source.get(first.body, first.lacing[0])
    comments, at = _second_packet(source, first)
    if kind == "vorbis":
        return _vorbis(source, first.serial, head, comments)
    if kind == "oggflac":
        return _flac(head, comments)
    return _opus(source, first.serial, head, comments, at)


def _page(source: Source, at: int) -> _Page:
    mark, version, flags, position, serial, sequence, _, segments = _PAGE.unpack(source.get(at, _HEAD))
    lacing = source.get(at + _HEAD, segments)
    body = at + _HEAD + segments
    end = body + sum(lacing)
    if mark != b"OggS" or version or len(lacing) != segments or end > source.size:
        raise Odd
    return _Page(flags, position, serial, sequence, lacing, body, end)


def _second_packet(source: Source, first: _Page) -> tuple[bytes, int]:
    """The packet that begins on the second page, however many it takes, and the end of its last page."""
    pieces = []
    before = first
    for number in range(_MAX_PAGES):
        page = _page(source, before.end)
        continued = bool(page.flags & _CONTINUED)
        if page.serial != first.serial or continued != (number > 0):
            raise Odd
        if number and page.sequence != before.sequence + 1:
            raise Odd
        size = 0
        for width in page.lacing:
            size += width
            if width < 255:
                pieces.append(source.get(page.body, size))
                return b"".join(pieces), page.end
        pieces.append(source.get(page.body, size))
        before = page
    raise Odd


def _vorbis(source: Source, serial: int, head: bytes, comments: bytes) -> tuple[Pairs, Sound]:
    if not head.startswith(b"\x01vorbis") or len(head) < 28 or not comments.startswith(b"\x03vorbis"):
        raise Odd
    channels, rate, most, nominal, least = struct.unpack_from("<BI3i", head, 11)
    if not rate:
        raise Odd
    pairs, end = _comments(comments, 7)
    if not comments[end] & 1:
        raise Odd
    most, nominal, least = max(0, most), max(0, nominal), max(0, least)
    # a nominal rate outside of the bounds is the one that is wrong
    likely = most if 0 < most < nominal else max(least, nominal)
    bits = likely if nominal else (most + least) // 2
    return pairs, Sound("vorbis", _last_position(source, serial) / rate, bits, rate, channels=channels)


def _opus(source: Source, serial: int, head: bytes, comments: bytes, at: int) -> tuple[Pairs, Sound]:
    if not head.startswith(b"OpusHead") or len(head) < 19 or not comments.startswith(b"OpusTags") or head[8] >> 4:
        raise Odd
    channels, skipped = head[9], int.from_bytes(head[10:12], "little")
    pairs, _ = _comments(comments, 8)
    duration = (_last_position(source, serial) - skipped) / _OPUS_RATE
    bits = round((source.size - at) * 8 / duration) if duration else 0
    return pairs, Sound("opus", duration, bits, _OPUS_RATE, channels=channels)


def _flac(head: bytes, comments: bytes) -> tuple[Pairs, Sound]:
    mark, version, flac = _FLAC_HEAD.unpack_from(head)
    known = mark == b"\x7fFLAC" and version == 0x100 and flac == b"fLaC" and len(head) >= _FLAC_HEAD.size + 34
    if not known or comments[0] & 0x7F != _FLAC_COMMENT:
        raise Odd
    found = Container("flac")
    read_flac_info(found, head[_FLAC_HEAD.size :])
    if not found.duration:
        raise Odd
    pairs, _ = _comments(comments, 4)
    return pairs, Sound("flac", found.duration, 0, found.sample_rate, found.bit_depth, found.channels)


def _comments(data: bytes, at: int) -> tuple[Pairs, int]:
    """The (name, value) pairs of Vorbis comments, and the place behind them."""
    size_of = _SIZE.unpack_from
    at += 4 + size_of(data, at)[0]
    (count,) = size_of(data, at)
    at += 4
    pairs: Pairs = []
    for _ in range(count):
        begin = at + 4
        at = begin + size_of(data, at)[0]
        if at > len(data):
            raise Odd
        name, sign, value = data[begin:at].decode("utf-8", "replace").partition("=")
        if not sign or not name.isascii() or not name.isprintable() or "~" in name:
            raise Odd
        pairs.append((name, value))
    return pairs, at


def _last_position(source: Source, serial: int) -> int:
    """The position at the end of the stream, out of its last page."""
    data = source.tail(_NEAR)
    at = data.rfind(b"OggS")
    if at < 0:
        data = source.tail(_LONGEST_PAGE)
        at = data.rfind(b"OggS")
    if at < 0:
        raise Odd
    _, version, flags, position, own, _, _, segments = _PAGE.unpack_from(data, at)
    lacing = data[at + _HEAD : at + _HEAD + segments]
    whole = len(lacing) == segments and at + _HEAD + segments + sum(lacing) <= len(data)
    if version or own != serial or not flags & _LAST or position < 0 or not whole:
        raise Odd
    return int(position)
