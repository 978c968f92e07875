"""What kind of storage a folder is on: of changes that others make on network storage the kernel tells nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")

_NETWORK: Final = frozenset(
    {
        "9p", "afs", "ceph", "cifs", "coda", "davfs", "drvfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3",
        "smbfs", "vboxsf", "virtiofs",
    }
)  # fmt: skip
_OCTAL: Final = re.compile(rb"\\([0-7]{3})")


def network_storage(path: bytes, *, mounts: Path = MOUNTS) -> str:
    """The type of the network (or FUSE) file system that holds `path`, whose links are resolved; empty for others.

    Reads the table of mounts only: a look at the storage itself may hang.
    """
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return ""  # not Linux: the table is Linux's own
    kind, longest = "", -1
    for line in lines:
        head, _, tail = line.partition(b" - ")
        fields = head.split(b" ")
        if len(fields) < 5 or not tail:
            continue
        point = _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 255]), fields[4])
        # a later line hides an earlier one at the same place
        if len(point) >= longest and holds(point, path):
            kind, longest = tail.split(b" ")[0].decode("ascii", "replace"), len(point)
    return kind if kind in _NETWORK or kind == "fuse" or kind.startswith("fuse.") else ""


def holds(folder: bytes, path: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
