"""ID3v2 and ID3v1 tags: a tolerant reader of our own, because it is the hot path.

Reading text frames in one go and stepping over pictures is several times faster than a general library, and the
unpacking of compressed frames has a bound here.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from libraries.audio.errors import AudioError
from libraries.audio.file import Window
from libraries.audio.tags import utf16
from libraries.audio.tags.text import keep_bytes
from libraries.audio.types import Picture
from libraries.choices import ProblemKind

MAX_UNPACKED: Final = 32 * 1024 * 1024
_HEAD: Final = struct.Struct(">4sIH")
_FRAME_ID: Final = re.compile(rb"[A-Z0-9]{4}")
_FRAME_ID_22: Final = re.compile(rb"[A-Z0-9]{3}")

# Large or meaningless for a catalog: stepped over without reading.
SKIPPED: Final[frozenset[bytes]] = frozenset(
    {b"APIC", b"PIC", b"GEOB", b"GEO", b"PRIV", b"MCDI", b"MCI", b"SYLT", b"SLT", b"USLT", b"ULT", b"CHAP", b"CTOC"}
)

PICTURES: Final[frozenset[bytes]] = frozenset({b"APIC", b"PIC"})

_SHORT_TYPES: Final = frozenset({b"JPG", b"PNG", b"GIF", b"BMP"})

# Four-letter name, payload (None when it was stepped over), stored size.
Frame = tuple[bytes, bytes | None, int]

# ID3v2.2 names of the frames that matter.
_FROM_22: Final[dict[bytes, bytes]] = {
    b"TT1": b"TIT1", b"TT2": b"TIT2", b"TT3": b"TIT3", b"TP1": b"TPE1", b"TP2": b"TPE2", b"TP3": b"TPE3",
    b"TP4": b"TPE4", b"TAL": b"TALB", b"TCM": b"TCOM", b"TXT": b"TEXT", b"TRK": b"TRCK", b"TPA": b"TPOS",
    b"TCO": b"TCON", b"TYE": b"TYER", b"TDA": b"TDAT", b"TOR": b"TORY", b"TBP": b"TBPM", b"TKE": b"TKEY",
    b"TLA": b"TLAN", b"TPB": b"TPUB", b"TCR": b"TCOP", b"TRC": b"TSRC", b"TEN": b"TENC", b"TMT": b"TMED",
    b"TSS": b"TSSE", b"TSP": b"TSOP", b"TSA": b"TSOA", b"TST": b"TSOT", b"TS2": b"TSO2", b"TSC": b"TSOC",
    b"TCP": b"TCMP", b"WAR": b"WOAR", b"COM": b"COMM", b"ULT": b"USLT", b"SLT": b"SYLT", b"PIC": b"APIC",
    b"TXX": b"TXXX", b"WXX": b"WXXX", b"UFI": b"UFID", b"IPL": b"IPLS", b"RVA": b"RVAD", b"GP1": b"GRP1",
    b"MVN": b"MVNM", b"MVI": b"MVIN", b"GEO": b"GEOB",
}  # fmt: skip

# bits of a frame's flags, of which the high byte is taken for our own
_UNSYNCED: Final = 0x400
_BLANKS: Final = b"\0 "
_SMALLEST_FRAME: Final = 7
# bytes of junk between two frames that are searched for the next, and how often
_GAP: Final = 1024
_MAX_GAPS: Final = 8

_USUAL: Final = frozenset(_FROM_22.values()) | {b"TDRC", b"TDOR", b"TDRL", b"TIPL", b"TMCL", b"TMOO", b"TSST", b"PRIV"}
_NEXT: Final = re.compile(b"(?=(?:" + b"|".join(sorted(_USUAL)) + b")(.{4})(.{2}))", re.DOTALL)
# what unsynchronisation never leaves behind
_SYNC: Final = re.compile(rb"\xff[\xe0-\xff]")


def synchsafe(four: bytes) -> int:
    """The value of four bytes that carry seven bits each."""
    return (four[0] & 0x7F) << 21 | (four[1] & 0x7F) << 14 | (four[2] & 0x7F) << 7 | four[3] & 0x7F


def tag_size(head: bytes) -> int:
    """The whole size of the ID3v2 tag that the ten bytes begin, 0 when they begin none."""
    if len(head) < 10 or not head.startswith(b"ID3") or head[3] == 0xFF or head[4] == 0xFF:
        return 0
    four = head[6:10]
    # some programs write a plain integer, which a high bit gives away
    size = synchsafe(four) if max(four) < 0x80 else int.from_bytes(four, "big")
    return size + 10 + _footer_size(head)


def _footer_size(head: bytes) -> int:
    return 10 if head[5] & 0x10 and head[3] >= 4 else 0


def read_frames(source: Window, start: int, skipped: frozenset[bytes] = SKIPPED) -> list[Frame]:
    """The frames of the ID3v2 tag at `start`; of those in `skipped` the payload is not read.

    Ends without an error at padding or at the first thing that is no frame: what was read so far is good.
    """
    head = source.get(start, 10)
    size = tag_size(head)
    if not size:
        return []
    major, flags = head[3], head[5]
    at, end = start + 10, start + size - _footer_size(head)
    if major not in (2, 3, 4):
        return []
    all_flags = _UNSYNCED if flags & 0x80 else 0
    if all_flags and major < 4:
        return _read_unsynced(source.get(at, end - at), major, flags, skipped)
    if flags & 0x40 and major > 2:
        at += _extended_header(source, at, end, major)
    found, stop = _READERS[major](source, at, end, all_flags, skipped)
    if _is_padding(source, stop, end):
        return found
    return _read_unusual(source, at, end, all_flags, major, skipped)


def _read_unsynced(body: bytes, major: int, flags: int, skipped: frozenset[bytes]) -> list[Frame]:
    """Read a tag that is unsynchronised as a whole, as the old versions say, or frame by frame, as some write it."""
    whole = Window(_resync(body))
    at = _extended_header(whole, 0, whole.size, major) if flags & 0x40 and major > 2 else 0
    found, stop = _READERS[major](whole, at, whole.size, 0, skipped)
    if _is_padding(whole, stop, whole.size):
        return found
    single, _ = _READERS[major](Window(body), at, len(body), _UNSYNCED, skipped)
    if len(single) > len(found):
        return single
    return _read_unusual(whole, at, whole.size, 0, major, skipped)


def _read_unusual(
    source: Window, at: int, end: int, all_flags: int, major: int, skipped: frozenset[bytes]
) -> list[Frame]:
    """Read a tag that does not end where its frames do: one of another version's form, or with junk in between."""
    for other in _OTHER_FORMS[major]:
        found, stop = _READERS[other](source, at, end, all_flags, skipped)
        if found and _is_padding(source, stop, end):
            return found
    read = _READERS[major]
    found, stop = read(source, at, end, all_flags, skipped)
    for _ in range(_MAX_GAPS if major > 2 else 0):
        if _is_padding(source, stop, end) or (at := _next_frame(source, stop + 1, end)) < 0:
            break
        more, stop = read(source, at, end, all_flags, skipped)
        found += more
    return found


def _is_padding(source: Window, at: int, end: int) -> bool:
    """Whether there is nothing at an offset but zeros, as far as a look at what is in memory tells."""
    if at + _SMALLEST_FRAME > end:
        return True
    local = at - source.base
    if not 0 <= local < len(source.data):
        source.get(at, _SMALLEST_FRAME)
        local = 0
    return not source.data[local : min(local + _GAP, end - source.base)].strip(b"\0")


def _next_frame(source: Window, at: int, end: int) -> int:
    """The place of the next frame of a well-known name behind some junk, or -1."""
    data = source.get(at, min(_GAP, end - at))
    for match in _NEXT.finditer(data):
        size, flags = int.from_bytes(match[1], "big"), int.from_bytes(match[2], "big")
        if size and at + match.start() + 10 + size <= end and not flags & 0x1F10:
            return at + match.start()
    return -1


def _read_22(source: Window, at: int, end: int, _flags: int, skipped: frozenset[bytes]) -> tuple[list[Frame], int]:
    found: list[Frame] = []
    while at + 6 < end:
        head = source.get(at, 6)
        if not _FRAME_ID_22.match(head) or len(head) < 6:
            break
        size = int.from_bytes(head[3:6], "big")
        if at + 6 + size > end:
            break
        name = head[:3]
        long_name = _FROM_22.get(name)
        if long_name is not None and size:
            payload = None if name in skipped else _unpack(source.get(at + 6, size), _flags, 2)
            found.append((long_name, payload, size))
        at += 6 + size
    return found, at


def _read_23(source: Window, at: int, end: int, flags: int, skipped: frozenset[bytes]) -> tuple[list[Frame], int]:
    return _read_2x(source, at, end, flags, 3, skipped)


def _read_24(source: Window, at: int, end: int, flags: int, skipped: frozenset[bytes]) -> tuple[list[Frame], int]:
    return _read_2x(source, at, end, flags, 4, skipped)


def _read_23_safe(source: Window, at: int, end: int, flags: int, skipped: frozenset[bytes]) -> tuple[list[Frame], int]:
    return _read_2x(source, at, end, flags, 3, skipped, safe_sizes=True)


# version → reader; _SAFE_23 stands for ID3v2.3 with the sizes of ID3v2.4
_SAFE_23: Final = 23
_READERS: Final = {2: _read_22, 3: _read_23, 4: _read_24, _SAFE_23: _read_23_safe}
# what programs write under the number of a version
_OTHER_FORMS: Final = {2: (3, 4), 3: (_SAFE_23, 2), 4: (3, 2)}


def _read_2x(
    source: Window,
    at: int,
    end: int,
    all_flags: int,
    major: int,
    skipped: frozenset[bytes],
    *,
    safe_sizes: bool = False,
) -> tuple[list[Frame], int]:
    """Return the frames, and the place of the first thing that is none."""
    found: list[Frame] = []
    fields, is_name = _HEAD.unpack_from, _FRAME_ID.match
    choose_size = major == 4 or safe_sizes
    # nearly all frames lie in the window that is open: looking into it here saves two calls for each
    data, base = source.data, source.base
    heads_end = min(end - 1, source.size)
    while at + 10 <= heads_end:
        local = at - base
        if not 0 <= local <= len(data) - 10:
            source.get(at, 10)
            data, base = source.data, source.base
            local = at - base
        name, size, flags = fields(data, local)
        if size >= 128 and choose_size:
            size = _size_24(source, at, data[local + 4 : local + 8], end)
        after = at + 10 + size
        if after > end or not name[0]:
            break
        if name in _USUAL or is_name(name) or (name := _later_name(name)):
            flags = flags & 0xFF | all_flags
            if name in skipped or not size:
                payload = None
            elif flags or after - base > len(data):
                payload = _unpack(source.get(at + 10, size), flags, major)
            else:
                payload = data[local + 10 : after - base]
            if payload is not None or (size and name in skipped):
                found.append((name, payload, size))
        # One damaged name among intact frames costs that frame only.
        elif not is_name(source.get(after, 4)):
            break
        at = after
    return found, at


def _later_name(name: bytes) -> bytes:
    """The name of today for a name of ID3v2.2, which old iTunes left in frames of later versions; empty for others."""
    return _FROM_22.get(name[:3], b"") if name[3] in _BLANKS else b""


def _extended_header(source: Window, at: int, end: int, major: int) -> int:
    """Return the size of an extended header, which each version counts in its own way and some programs wrongly."""
    head = source.get(at, 4)
    # Some programs set the flag without writing the header: then a frame stands here.
    if len(head) < 4 or _FRAME_ID.match(head):
        return 0
    safe, plain = synchsafe(head), int.from_bytes(head, "big")
    sizes = (safe, safe + 4, plain) if major == 4 else (4 + plain, plain, 4 + safe)
    for size in sizes:
        if at + size < end and _FRAME_ID.match(source.get(at + size, 4)):
            return size
    return sizes[0]


def _size_24(source: Window, at: int, four: bytes, last: int) -> int:
    """The frame size in ID3v2.4, where old iTunes wrote plain integers: the right one leads to a frame or the end."""
    plain = int.from_bytes(four, "big")
    if max(four) >= 0x80:
        return plain
    safe = synchsafe(four)
    padded = None
    for size in (safe, plain):
        end = at + 10 + size
        if end == last:
            return size
        after = source.get(end, 4) if end < last else b""
        if _FRAME_ID.match(after):
            return size
        # A zero may be padding, or stand inside a picture: weaker than the name of a frame.
        if after[:1] == b"\0" and padded is None:
            padded = size
    return safe if padded is None else padded


def _unpack(data: bytes, flags: int, major: int) -> bytes | None:
    """The payload behind the frame flags; None when it is encrypted or broken."""
    if not flags:
        return data
    unsynced = flags & _UNSYNCED
    if major == 4:
        grouped, packed, locked, sized = (flags & bit for bit in (0x40, 0x08, 0x04, 0x01))
        prefix = (1 if grouped else 0) + (4 if sized else 0)
        unsynced |= flags & 0x02
    else:
        packed, locked, grouped = flags & 0x80, flags & 0x40, flags & 0x20
        prefix = (4 if packed else 0) + (1 if grouped else 0)
    if locked:
        return None
    data = data[prefix:]
    if unsynced:
        data = _resync(data)
    return inflate(data) if packed else data


def _resync(data: bytes) -> bytes:
    """Take the zeros out that unsynchronisation puts in; some programs only say that they did so."""
    return data if _SYNC.search(data) else data.replace(b"\xff\x00", b"\xff")


def inflate(data: bytes) -> bytes | None:
    """Unpack a compressed frame, never to more than MAX_UNPACKED bytes; None when it is broken."""
    machine = zlib.decompressobj()
    try:
        result = machine.decompress(data, MAX_UNPACKED)
    except zlib.error:
        return None
    if machine.unconsumed_tail:
        raise AudioError(ProblemKind.MEMORY, "A tag of this file unpacks to more memory than a file may use.")
    return result


def decode_text(encoding: int, data: bytes) -> str:
    """Text in one of the four ID3 encodings, with its NUL separators; some programs leave the encoding out.

    Of Latin-1, in whose name files hold any other encoding, bytes above 0x7F are kept.
    """
    if encoding == 3:
        text = data.decode("utf-8", "replace")
        return text if text[:1] != "\ufffd" or data[:2] not in utf16.MARKS else utf16.decode(data)
    if encoding == 1:
        if data[:2] == b"\xff\xfe":
            text = data[: len(data) & ~1].decode("utf-16-le", "replace").replace("\ufeff", "")
            if "\ufffe" not in text:
                return text
        return utf16.decode(data)
    if encoding == 0:
        text = data.decode("ascii", "surrogateescape")  # keep_bytes, without a call for each frame
        return text if data[:2] not in utf16.MARKS else utf16.decode(data)
    if encoding == 2:
        return utf16.decode(data, big_endian=True)
    if encoding >= 0x20:
        data = bytes((encoding,)) + data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return keep_bytes(data)


def text_values(data: bytes) -> list[str]:
    """The NUL-separated values of a text frame."""
    return decode_text(data[0], data[1:]).rstrip("\0").split("\0")


def read_pictures(source: Window, start: int) -> Iterator[Picture]:
    """Read the APIC and PIC frames of the ID3v2 tag at `start`."""
    head = source.get(start, 10)
    short = len(head) == 10 and head[3] == 2
    for name, data, _ in read_frames(source, start, SKIPPED - PICTURES):
        # a type of three letters, and the kind of the picture right behind it
        three = data is not None and data[1:4].upper() in _SHORT_TYPES and data[4:5] != b"\0"
        if name == b"APIC" and data and (picture := split_picture(data, short or three)) is not None:
            yield picture


def split_picture(data: bytes, short: bool) -> Picture | None:
    """Return the picture in the payload of an APIC (or, `short`, an ID3v2.2 PIC) frame; None when it is damaged."""
    # the MIME type in front, zero-terminated or, in the old version, of three letters, is often wrong
    at = 4 if short else data.find(b"\0", 1) + 1
    if not 0 < at < len(data):
        return None
    wide = data[0] in (1, 2)
    position = at + 1
    while position < len(data):
        position = data.find(b"\0\0" if wide else b"\0", position)
        if position < 0:
            return None
        # In UTF-16 the terminator is a whole zero character, not the halves of two.
        if not wide or (position - at - 1) % 2 == 0:
            return Picture(data[position + (2 if wide else 1) :], data[at])
        position += 1
    return None


def parse_v1(tail: bytes) -> dict[str, str] | None:
    """The fields of the ID3v1 tag that ends the file; `genre` is the number."""
    if len(tail) < 128 or tail[-128:-125] != b"TAG":
        return None
    tag = tail[-128:]

    def field(start: int, end: int) -> str:
        return keep_bytes(tag[start:end].partition(b"\0")[0]).strip()

    found = {"title": field(3, 33), "artist": field(33, 63), "album": field(63, 93), "year": field(93, 97)}
    found["comment"] = field(97, 127)
    if tag[125] == 0 and tag[126]:
        found["comment"], found["tracknumber"] = field(97, 125), str(tag[126])
    if tag[127] != 255:
        found["genre"] = str(tag[127])
    return {key: value for key, value in found.items() if value}
