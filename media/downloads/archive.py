"""ZIP archives that are written while they are sent: stored, and mostly of a length that is known before. No Django.

The digest of each file stands behind it, as it is read only then. So does the size of one that is made meanwhile.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

_LIMIT: Final = 0xFFFFFFFF
_MANY: Final = 0xFFFF
# sizes and digest behind the file, names in UTF-8
_FLAGS: Final = 0x0808
_ZIP64: Final = 45
_PLAIN: Final = 20
_REGULAR_FILE: Final = 0o100644 << 16


class Reader(Protocol):
    """An open file, or one that is being made: `read` has None while there is nothing yet."""

    def read(self, size: int) -> bytes | None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Entry:
    """A file of an archive; `open` may be called once, when its turn has come.

    Its size must be that in bytes; None where it is not known before, of a file that is below 4 GiB.
    """

    name: str
    size: int | None
    modified: float
    open: Callable[[], Reader]

    @property
    def is_large(self) -> bool:
        return self.size is not None and self.size >= _LIMIT

    @property
    def raw_name(self) -> bytes:
        return self.name.encode()


class FileChanged(OSError):
    """A file is not as long any more as it was when the archive was begun, or too long for one that is made."""


def archive_size(entries: Sequence[Entry]) -> int | None:
    """The length of the archive in bytes; None where that of a file is not known."""
    if any(entry.size is None for entry in entries):
        return None
    at = sum(_entry_size(entry) for entry in entries)
    directory, offset = 0, 0
    for entry in entries:
        directory += 46 + len(entry.raw_name) + len(_wide_extra(entry, offset))
        offset += _entry_size(entry)
    return at + directory + len(_end(len(entries), directory, at))


def archive_pieces(entries: Sequence[Entry], size: int) -> Iterator[bytes | Reader]:
    """The archive in pieces of about `size` bytes; a file that has nothing yet comes itself, to be waited for.

    `FileChanged` where a file has another length than its entry.
    """
    offset = 0
    directory = bytearray()
    for entry in entries:
        yield _local_header(entry)
        digest = length = 0
        for piece in _content(entry, size):
            if isinstance(piece, bytes):
                digest = zlib.crc32(piece, digest)
                length += len(piece)
            yield piece
        written = replace(entry, size=length)
        yield _descriptor(written, digest)
        directory += _directory_entry(written, digest, offset)
        offset += _entry_size(written)
    yield bytes(directory) + _end(len(entries), len(directory), offset)


def _content(entry: Entry, size: int) -> Iterator[bytes | Reader]:
    """What is in a file; one byte more than there may be is asked for, to find out that it has become longer."""
    most = _LIMIT - 1 if entry.size is None else entry.size
    file = entry.open()
    try:
        length = 0
        while True:
            piece = file.read(min(size, most - length + 1))
            if piece is None:
                yield file
                continue
            length += len(piece)
            if length > most:
                raise FileChanged(f"{entry.name} has become longer")
            if not piece:
                break
            yield piece
        if entry.size is not None and length < entry.size:
            raise FileChanged(f"{entry.name} has become shorter")
    finally:
        file.close()


def _entry_size(entry: Entry) -> int:
    return len(_local_header(entry)) + (entry.size or 0) + (24 if entry.is_large else 16)


def _local_header(entry: Entry) -> bytes:
    # the sizes stand behind the file; the extra field says that they have eight bytes there
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if entry.is_large else b""
    known = _LIMIT if entry.is_large else 0
    day, time = _dos_time(entry.modified)
    head = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", _ZIP64 if entry.is_large else _PLAIN, _FLAGS, 0, time, day, 0, known, known,
        len(entry.raw_name), len(extra),
    )  # fmt: skip
    return head + entry.raw_name + extra


def _descriptor(entry: Entry, digest: int) -> bytes:
    size = entry.size or 0
    return struct.pack("<4sIQQ" if entry.is_large else "<4sIII", b"PK\7\x08", digest, size, size)


def _wide_extra(entry: Entry, offset: int) -> bytes:
    """The sizes and the place of a file where they need eight bytes."""
    size = entry.size or 0
    values = ([size, size] if entry.is_large else []) + ([offset] if offset >= _LIMIT else [])
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""


def _directory_entry(entry: Entry, digest: int, offset: int) -> bytes:
    extra = _wide_extra(entry, offset)
    size = _LIMIT if entry.is_large else entry.size or 0
    day, time = _dos_time(entry.modified)
    version = _ZIP64 if extra else _PLAIN
    head = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0x0300 | version, version, _FLAGS, 0, time, day, digest, size, size,
        len(entry.raw_name), len(extra), 0, 0, 0, _REGULAR_FILE, min(offset, _LIMIT),
    )  # fmt: skip
    return head + entry.raw_name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    """The end of an archive, with eight bytes for each number where one needs them."""
    end = struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, min(count, _MANY), min(count, _MANY), min(size, _LIMIT), min(offset, _LIMIT), 0
    )
    if count < _MANY and size < _LIMIT and offset < _LIMIT:
        return end
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 0x0300 | _ZIP64, _ZIP64, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    return wide + locator + end


def _dos_time(seconds: float) -> tuple[int, int]:
    """The day and the time of a moment, as archives have them: from 1980 to 2107, in steps of two seconds."""
    moment = datetime.fromtimestamp(min(max(seconds, 315_532_800), 4_354_819_198), UTC)
    day = (moment.year - 1980) << 9 | moment.month << 5 | moment.day
    return day, moment.hour << 11 | moment.minute << 5 | moment.second // 2
