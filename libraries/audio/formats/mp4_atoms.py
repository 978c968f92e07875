"""Atoms of MP4 files as they are found: of any form that can be stepped over, the last one as long as there is room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.file import Source, Window

# a stream in fragments has a few atoms for each
MAX_ATOMS: Final = 200_000
_HEAD: Final = 8
_TAIL: Final = 16 * 1024 * 1024
_PARENT_AND_CHILD: Final = 12


class Atom(NamedTuple):
    """An atom, and where its content begins and ends."""

    name: bytes
    begin: int
    end: int


def children(source: Window, begin: int, end: int) -> Iterator[Atom]:
    """Return atoms side by side; a size of 0 reaches to the end, and four zeros end a list, as QuickTime says."""
    at = begin
    for _ in range(MAX_ATOMS):
        head = source.get(at, _HEAD) if at + _HEAD <= end else b""
        if len(head) < _HEAD:
            return
        size, name, skip = int.from_bytes(head[:4], "big"), head[4:], _HEAD
        if size == 1:
            size, skip = int.from_bytes(source.get(at + _HEAD, 8), "big"), 2 * _HEAD
        elif size == 0 and name.strip(b"\0"):
            size = end - at
        if size < skip:
            return
        yield Atom(name, at + skip, min(at + size, end))
        at += size


def first(source: Window, parent: Atom, *path: bytes) -> Atom | None:
    """Return the first atom of a path of names below another."""
    for name in path:
        if name == b"meta" and parent.name == b"meta":
            continue
        found = next((atom for atom in children(source, *inside(source, parent)) if atom.name == name), None)
        if found is None:
            return None
        parent = found
    return parent


def inside(source: Window, atom: Atom) -> tuple[int, int]:
    """Return where the atoms inside another are: some programs leave version and flags of `meta` out, others do not."""
    if atom.name != b"meta":
        return atom.begin, atom.end
    # with version and flags in front, the size of the first atom stands where it has its name without them
    head = source.get(atom.begin, 12)
    whole = int.from_bytes(head[:4], "big") >= _HEAD and head[4:8].isalnum()
    return (atom.begin if whole else atom.begin + 4), atom.end


def find_lost_movie(source: Source) -> Atom | None:
    """Return the `moov` atom at the end of a file whose atoms do not lead to it."""
    base = max(0, source.size - _TAIL)
    data = source.pread(base, source.size - base)
    at = len(data)
    while (at := data.rfind(b"moov", 0, at)) >= 4:
        size = int.from_bytes(data[at - 4 : at], "big")
        if data[at + 8 : at + _PARENT_AND_CHILD] in (b"mvhd", b"trak") and size >= _HEAD:
            return Atom(b"moov", base + at + 4, min(base + at - 4 + size, source.size))
    return None
