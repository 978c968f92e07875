"""What kind of storage a folder is on: of changes that others make on network storage the kernel tells nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from libraries.scanner import read_mounts

_NETWORK: Final = frozenset(
    {
        "9p", "afs", "ceph", "cifs", "coda", "davfs", "drvfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3",
        "smbfs", "vboxsf", "virtiofs",
    }
)  # fmt: skip


def network_storage(path: bytes, *, mounts: Path) -> str:
    """The type of the network (or FUSE) file system that holds `path`, whose links are resolved; empty for others.

    Reads the table of mounts only: a look at the storage itself may hang.
    """
    kind, longest = "", -1
    for mount in read_mounts(mounts) or ():
        # a later one hides an earlier one at the same place
        if len(mount.point) >= longest and holds(mount.point, path):
            kind, longest = mount.kind, len(mount.point)
    return kind if kind in _NETWORK or kind == "fuse" or kind.startswith("fuse.") else ""


def holds(folder: bytes, path: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
