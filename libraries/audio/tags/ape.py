"""APEv2 tags, and the streams that have them: Monkey's Audio, WavPack and Musepack.

Whatever is odd is left to the tag library.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from libraries.audio.file import WINDOW, Source
from libraries.audio.formats.open_file import Odd, Sound

_MARK: Final = b"APETAGEX"
_FOOTER: Final = struct.Struct("<8s4xIII8x")
_ITEM: Final = struct.Struct("<II")
_V1_TAG: Final = 128
_LYRICS_MARK: Final = slice(-_V1_TAG - 9, -_V1_TAG)
# Tags with pictures larger than that are rare, and the tag library reads them as well.
_MAX_TAG: Final = 1024 * 1024
_RESERVED: Final = frozenset({"OggS", "TAG", "ID3", "MP+"})
_LONGEST_NAME: Final = 255

# from version 3.98 on there is a descriptor before these facts
_APE_VERSION: Final = 3980
_APE: Final = struct.Struct("<4sH50xIIIHHI")
_WAVPACK: Final = struct.Struct("<4s8xIIII4x")
_WAVPACK_RATES: Final = (
    6000, 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 192000
)  # fmt: skip
_UNKNOWN: Final = 0xFFFFFFFF
_MUSEPACK_RATES: Final = (44100, 48000, 37800, 32000)
_MUSEPACK_FRAME: Final = 1152
_MUSEPACK_HEAD: Final = 512
_MUSEPACK_GAIN: Final = 9


class Item(NamedTuple):
    """The value of an item: of kind 0 text, 1 binary (which is not decoded), 2 the place of something else."""

    kind: int
    value: str


Items = dict[str, Item]


def read_ape(source: Source, kind: str) -> tuple[Items, Sound] | None:
    """The items of the tag by their names, and the facts of a stream of the kind "ape", "wavpack" or "musepack"."""
    try:
        sound = _STREAMS[kind](source)
        return _read_tag(source), sound
    except (Odd, struct.error, IndexError, ValueError):
        return None


def read_ape_tag(source: Source) -> Items | None:
    """The items of the tag at the end of a file of any kind."""
    try:
        return _read_tag(source) or None
    except (Odd, struct.error, IndexError, ValueError):
        return None


def _read_tag(source: Source) -> Items:
    """The items by their names; none when there is no tag."""
    start = max(0, source.size - WINDOW)
    tail = source.get(start, source.size - start)
    end = len(tail)
    if tail[-_V1_TAG : 3 - _V1_TAG] == b"TAG" and tail[-_FOOTER.size :][:8] != _MARK:
        end -= _V1_TAG
        if tail[_LYRICS_MARK] == b"LYRICS200":
            raise Odd
    at = end - _FOOTER.size
    if at < 0 or tail[at : at + 8] != _MARK:
        return {}
    _, size, count, _ = _FOOTER.unpack_from(tail, at)
    begin = start + end - size
    if not _FOOTER.size < size <= _MAX_TAG or begin < 0:
        raise Odd
    return _items(source.get(begin, size - _FOOTER.size), count)


def _items(data: bytes, count: int) -> Items:
    # names that differ in their case alone are one
    found: dict[str, tuple[str, Item]] = {}
    at, end = 0, len(data)
    for _ in range(count):
        if at == end:
            break
        size, flags = _ITEM.unpack_from(data, at)
        stop = data.index(b"\0", at + _ITEM.size)
        name = data[at + _ITEM.size : stop].decode("ascii")
        at = stop + 1 + size
        kind = flags >> 1 & 3
        if kind == 3 or at > end or not name.isprintable() or not 2 <= len(name) <= _LONGEST_NAME or name in _RESERVED:
            raise Odd
        found[name.lower()] = name, Item(kind, "" if kind == 1 else data[stop + 1 : at].decode())
    return dict(found.values())


def _monkeys_audio(source: Source) -> Sound:
    mark, version, per_frame, in_last, frames, depth, channels, rate = _APE.unpack(source.get(0, _APE.size))
    if mark != b"MAC " or version < _APE_VERSION or not rate or not frames:
        raise Odd
    return Sound("ape", ((frames - 1) * per_frame + in_last) / rate, 0, rate, depth, channels)


def _wavpack(source: Source) -> Sound:
    mark, samples, before, _, flags = _WAVPACK.unpack(source.get(0, _WAVPACK.size))
    if mark != b"wvpk" or samples == _UNKNOWN or before:
        raise Odd
    rate, depth = _WAVPACK_RATES[flags >> 23 & 15], ((flags & 3) + 1) * 8
    if flags >> 31:  # one bit per sample, mostly at four times the rate that the table can say
        rate, depth = rate * 4, 1
    return Sound("wavpack", samples / rate, 0, rate, depth, 1 if flags & 4 else 2)


def _musepack(source: Source) -> Sound:
    head = source.get(0, _MUSEPACK_HEAD)
    if head.startswith(b"MPCK"):
        samples, rate, channels = _musepack_8(head)
    elif head.startswith(b"MP+") and head[3] & 15 >= 7:
        frames, flags = struct.unpack_from("<II", head, 4)
        samples, rate, channels = frames * _MUSEPACK_FRAME - _MUSEPACK_FRAME // 2, _MUSEPACK_RATES[flags >> 16 & 3], 2
    else:
        raise Odd
    if samples <= 0 or len(head) < 32:
        raise Odd
    duration = samples / rate
    return Sound("musepack", duration, round(source.size * 8 / duration), rate, channels=channels)


def _musepack_8(head: bytes) -> tuple[int, int, int]:
    """Samples, Hz and channels of a stream of version 8, which is a row of packets."""
    at = 4
    facts = None
    has_gain = False
    while facts is None or not has_gain:
        name = head[at : at + 2]
        size, begin = _number(head, at + 2)
        last = at + size
        if last > len(head) or last < begin or not _is_packet(name):
            raise Odd
        if name == b"SH" and facts is None:
            total, place = _number(head, begin + 5)
            silent, place = _number(head, place)
            if place + 2 > last:
                raise Odd
            facts = total - silent, _MUSEPACK_RATES[head[place] >> 5], (head[place + 1] >> 4) + 1
        elif name == b"RG" and not has_gain and last - begin >= _MUSEPACK_GAIN:
            has_gain = True
        elif name in (b"SH", b"RG", b"AP", b"SE"):
            raise Odd
        at = last
    if not _is_packet(head[at : at + 2]):
        raise Odd
    return facts


def _is_packet(name: bytes) -> bool:
    return len(name) == 2 and b"AA" <= name <= b"ZZ"


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, and the place behind it."""
    number = 0
    for place in range(at, at + 9):
        number = number << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return number, place + 1
    raise Odd


_STREAMS: Final[dict[str, Callable[[Source], Sound]]] = {
    "ape": _monkeys_audio,
    "wavpack": _wavpack,
    "musepack": _musepack,
}
