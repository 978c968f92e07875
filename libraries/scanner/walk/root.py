"""Is the storage of a library there? Asked before a scan writes anything, and again after the walk.

The answer comes within two seconds even when a network mount hangs.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from libraries.scanner.paths import display
from libraries.scanner.types import ScanOptions
from libraries.scanner.walk.change_key import is_there, reason_of, signed64
from libraries.scanner.walk.ignore import preset_of
from libraries.scanner.walk.mount_table import fsid_of
from libraries.scanner.walk.walker import Lister, os_lister
from libraries.timeouts import call_with_timeout

_T = TypeVar("_T")

TIMEOUT: Final = 1.5
"""Seconds that the storage has for its answer."""


@dataclass(frozen=True, slots=True)
class KnownRoot:
    """What the catalog knows of a root. `device` and `inode` are None when any root is welcome (first scan, new path).

    `fsid` is the id of its file system, None or 0 when that is not known. `sample` are the places of some known files,
    looked for where a root `differs_from` the known one in some of this: none of them there is other storage.

    `has_files`: the catalog holds present tracks, so an empty root is suspicious unless `accept_empty` was asked for.
    `anchor` is a path below the root that exists only while the right storage is mounted.
    """

    device: int | None = None
    inode: int | None = None
    fsid: int | None = None
    sample: tuple[bytes, ...] = ()
    has_files: bool = False
    accept_empty: bool = False
    anchor: bytes = b""

    def differs_from(self, state: RootState) -> bool:
        """Whether a root may be on other storage than the known one, which a sample can tell."""
        if self.device is None or self.inode is None:
            return False
        other_system = bool(self.fsid and state.fsid and self.fsid != state.fsid)
        return other_system or (self.device, self.inode) != (state.device, state.inode)


@dataclass(frozen=True, slots=True)
class RootState:
    """Whether a scan may rely on the root; `reason` says why not, as a sentence with the path."""

    online: bool
    reason: str = ""
    device: int = 0
    inode: int = 0
    fsid: int = 0


class _Offline(Exception):
    """The root cannot be relied on; the message is the reason."""


def check_root(
    options: ScanOptions, *, known: KnownRoot, timeout: float = TIMEOUT, lister: Lister = os_lister
) -> RootState:
    """The state of a root, within `timeout` seconds whatever the storage does; no error of storage is raised."""
    about = f"the root {os.fsdecode(os.path.normpath(options.root))}"
    try:
        return call_with_timeout(lambda: _probe(options, known, lister), about=about, seconds=timeout, alone=True)
    except TimeoutError:
        where = display(options.root)
        return RootState(False, f"The library's folder {where} did not answer within {timeout:g} seconds.")


def recheck_root(
    options: ScanOptions, *, known: KnownRoot, before: RootState, timeout: float = TIMEOUT, lister: Lister = os_lister
) -> RootState:
    """The state after a walk: offline unless it is still the very folder that the walk began with.

    Storage that died or was swapped half-way shows here, before anything is marked missing. Within one scan nothing
    renumbers devices, so any difference counts.
    """
    after = check_root(options, known=known, timeout=timeout, lister=lister)
    if after.online and (after.device, after.inode, after.fsid) != (before.device, before.inode, before.fsid):
        return RootState(False, f"The library's folder {display(options.root)} was replaced during the scan.")
    return after


def _probe(options: ScanOptions, known: KnownRoot, lister: Lister) -> RootState:
    where = display(options.root)
    try:
        found = _look(
            lambda: os.stat(options.root),
            absent=f"The library's folder {where} does not exist; is its storage mounted?",
            failed=f"The library's folder {where} cannot be reached",
        )
        if not stat.S_ISDIR(found.st_mode):
            raise _Offline(f"The library's path {where} is not a folder.")
        state = RootState(True, "", signed64(found.st_dev), signed64(found.st_ino), _fsid(options.root, where))
        empty = _look(
            lambda: _is_empty(options, lister),
            absent=f"The library's folder {where} disappeared while it was being checked.",
            failed=f"The library's folder {where} cannot be read",
        )
        _judge(where, known, state, empty)
        if known.anchor:
            anchor = options.root.rstrip(b"/") + b"/" + known.anchor.lstrip(b"/")
            _look(
                lambda: os.stat(anchor),
                absent=f"The anchor file {display(anchor)} is absent; is the storage mounted?",
                failed=f"The anchor file {display(anchor)} cannot be reached",
            )
    except _Offline as offline:
        return RootState(False, str(offline))
    return state


def _fsid(root: bytes, where: str) -> int:
    return _look(
        lambda: fsid_of(root),
        absent=f"The library's folder {where} disappeared while it was being checked.",
        failed=f"The library's folder {where} cannot be reached",
    )


def _judge(where: str, known: KnownRoot, state: RootState, empty: bool) -> None:
    """Raise when the folder is there, but is not the one that the catalog was made from."""
    # Both must differ. A device number alone changes over reboots (network mounts, btrfs, containers), while the
    # folder keeps its inode; an inode alone changes when a library is copied back into a new folder of the same disk.
    # A folder from which its disk was unmounted differs in both.
    both_known = known.device is not None and known.inode is not None
    if both_known and state.device != known.device and state.inode != known.inode:
        raise _Offline(
            f"The library's folder {where} is on another device than at the last scan; is it mounted? "
            "If it was moved on purpose, accept the device with a scan."
        )
    if empty and known.has_files and not known.accept_empty:
        raise _Offline(f"The library's folder {where} is empty, but the catalog is not; is its storage mounted?")
    # Only one of them differs, or the file system: another one of the same type has the same inode at its top, and may
    # get the number of the device that went. The sample tells it from storage whose number has changed.
    if not empty and known.sample and known.differs_from(state) and not any(map(is_there, known.sample)):
        raise _Offline(
            f"The library's folder {where} is on other storage than at the last scan, and none of {len(known.sample)} "
            "known files is there; is the right disk mounted? If it was replaced on purpose, accept the device with a "
            "scan."
        )


def _is_empty(options: ScanOptions, lister: Lister) -> bool:
    """Whether there is nothing but system folders and hidden files, as in many a mount point without its disk."""
    os.stat(os.path.join(options.root, b"."))  # a folder can be listed, yet closed to every look at what is inside
    return all(preset_of(entry.name, True) for entry in lister(options.root))


def _look(look: Callable[[], _T], *, absent: str, failed: str) -> _T:
    try:
        return look()
    except OSError as error:
        raise _Offline(absent if error.errno == errno.ENOENT else f"{failed}: {reason_of(error)}.") from error
