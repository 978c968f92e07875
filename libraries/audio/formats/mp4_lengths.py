"""Lengths of MP4 tracks: by their header, or by the samples in their tables and fragments where it does not tell."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from libraries.audio.file import Window
from libraries.audio.formats.mp4_atoms import Atom, children, first

# bytes of a table or a fragment that are looked at
_MAX_TABLE: Final = 64 * 1024 * 1024
_HAS_OFFSET, _HAS_FIRST_FLAGS = 0x1, 0x4
_HAS_DURATION, _HAS_SIZE, _HAS_FLAGS, _HAS_COMPOSITION = 0x100, 0x200, 0x400, 0x800
_BASE_OFFSET, _DESCRIPTION, _DEFAULT_DURATION = 0x1, 0x2, 0x8
_UNKNOWN: Final = frozenset({0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF})


class Clock(NamedTuple):
    """Units per second, and a length in units; 0 where it is not known."""

    unit: int
    length: int

    def seconds(self) -> float:
        """Return the length in seconds, 0 where it is not known."""
        return self.length / self.unit if self.unit else 0.0


def read_clock(source: Window, atom: Atom | None) -> Clock:
    """Return what an `mdhd` or `mvhd` atom says."""
    if atom is None:
        return Clock(0, 0)
    data = source.get(atom.begin, 32)
    try:
        unit, length = struct.unpack_from(">IQ" if data[:1] == b"\1" else ">2I", data, 20 if data[:1] == b"\1" else 12)
    except struct.error:
        return Clock(0, 0)
    return Clock(unit, 0 if length in _UNKNOWN else length)


def count_table(source: Window, atom: Atom | None) -> int:
    """Return the units of all samples in an `stts` table."""
    if atom is None:
        return 0
    data = source.get(atom.begin, min(atom.end - atom.begin, _MAX_TABLE))
    rows = min(int.from_bytes(data[4:8], "big"), (len(data) - 8) // 8)
    numbers = struct.unpack_from(f">{2 * rows}I", data, 8) if rows > 0 else ()
    return sum(count * delta for count, delta in zip(numbers[::2], numbers[1::2], strict=True))


def default_duration(source: Window, movie: Atom, track: int) -> int:
    """Return the units that a sample of a track plays where its fragment does not tell."""
    extends = first(source, movie, b"mvex")
    for atom in children(source, extends.begin, extends.end) if extends else ():
        data = source.get(atom.begin, 24)
        if atom.name == b"trex" and len(data) == 24 and int.from_bytes(data[4:8], "big") == track:
            return int.from_bytes(data[12:16], "big")
    return 0


def count_fragment(source: Window, moof: Atom, track: int, default: int) -> int:
    """Return the units of the samples of a track in a fragment."""
    source.get(moof.begin, min(moof.end - moof.begin, _MAX_TABLE))  # at once
    total = 0
    for traf in children(source, moof.begin, moof.end):
        head = first(source, traf, b"tfhd") if traf.name == b"traf" else None
        if head is None:
            continue
        data = source.get(head.begin, min(head.end - head.begin, 40))
        flags = int.from_bytes(data[1:4], "big")
        if int.from_bytes(data[4:8], "big") != track:
            continue
        at = 8 + (8 if flags & _BASE_OFFSET else 0) + (4 if flags & _DESCRIPTION else 0)
        duration = int.from_bytes(data[at : at + 4], "big") if flags & _DEFAULT_DURATION else default
        for atom in children(source, traf.begin, traf.end):
            if atom.name == b"trun":
                total += _count_run(source.get(atom.begin, min(atom.end - atom.begin, _MAX_TABLE)), duration)
    return total


def _count_run(data: bytes, default: int) -> int:
    flags, count = int.from_bytes(data[1:4], "big"), int.from_bytes(data[4:8], "big")
    if not flags & _HAS_DURATION:
        return count * default
    at = 8 + (4 if flags & _HAS_OFFSET else 0) + (4 if flags & _HAS_FIRST_FLAGS else 0)
    fields = sum(1 for field in (_HAS_DURATION, _HAS_SIZE, _HAS_FLAGS, _HAS_COMPOSITION) if flags & field)
    count = min(count, max(0, len(data) - at) // (4 * fields))
    numbers = struct.unpack_from(f">{count * fields}I", data, at)
    return sum(numbers[::fields])


def read_index(source: Window, atom: Atom) -> float:
    """Return the seconds of all parts that a `sidx` atom lists."""
    data = source.get(atom.begin, min(atom.end - atom.begin, _MAX_TABLE))
    unit, at = int.from_bytes(data[8:12], "big"), 28 if data[:1] == b"\1" else 20
    count = min(int.from_bytes(data[at + 2 : at + 4], "big"), max(0, len(data) - at - 4) // 12)
    numbers = struct.unpack_from(f">{3 * count}I", data, at + 4) if count else ()
    return sum(numbers[1::3]) / unit if unit else 0.0
