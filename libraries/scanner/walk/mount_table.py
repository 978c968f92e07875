"""Where storage begins: the system's table of mounts, and what tells one file system from another.

The table is Linux's own. Reading it asks no storage anything; a look at a mounted folder may hang.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from libraries.scanner.walk.change_key import signed64

_OCTAL: Final = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """A mount: the folder, and the type of its file system."""

    point: bytes
    kind: str


class StorageIdentity(NamedTuple):
    """What tells the storage of a folder from another. Each number may stay the same for another disk, or change for
    the same one: device numbers change at each start, a folder's inode is mostly that of any disk of the type,
    and the id of the file system is 0 where the system gives none."""

    device: int
    inode: int
    fsid: int


def read_mounts(table: Path) -> list[Mount] | None:
    """All mounts of the table, those first that later ones may hide; None where the system has none."""
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        return None
    mounts = []
    for line in lines:
        head, _, tail = line.partition(b" - ")
        fields = head.split(b" ")
        if len(fields) >= 5 and tail:
            point = _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 255]), fields[4])
            mounts.append(Mount(point, tail.split(b" ")[0].decode("ascii", "replace")))
    return mounts


def identity_of(folder: bytes) -> StorageIdentity:
    """The storage of a folder. Raises OSError."""
    # the dot has an automounter mount what it stands for
    found = os.stat(os.path.join(folder, b"."))
    return StorageIdentity(signed64(found.st_dev), signed64(found.st_ino), fsid_of(folder))


def fsid_of(folder: bytes) -> int:
    """The id of the file system that holds a folder; 0 where the system gives none. Raises OSError."""
    return signed64(os.statvfs(folder).f_fsid) if hasattr(os, "statvfs") else 0
