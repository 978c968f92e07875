"""The parts of the watcher that need neither a database nor events of the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from libraries.scanner.types import ScanOptions
from libraries.watcher.changed_folders import PATIENCE, ChangedFolders
from libraries.watcher.library_watch import Handler
from libraries.watcher.mounts import network_storage

MOUNTS = b"""\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/nas rw,relatime shared:2 - nfs4 nas:/export rw
31 30 8:2 / /mnt/nas/local rw,relatime - xfs /dev/sdb1 rw
32 22 0:41 / /mnt/with\\040space rw - cifs //nas/music rw
33 22 0:42 / /mnt/ssh rw - fuse.sshfs host:/ rw
34 22 0:43 / /mnt/ntfs rw - fuseblk /dev/sdc1 rw
35 22 0:44 / /mnt/ntfs rw - nfs hidden:/ rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (b"/", ""),
        (b"/srv/music", ""),
        (b"/mnt/nas", "nfs4"),
        (b"/mnt/nas/music", "nfs4"),
        (b"/mnt/nasty", ""),
        (b"/mnt/nas/local/music", ""),
        (b"/mnt/with space/x", "cifs"),
        (b"/mnt/ssh/x", "fuse.sshfs"),
        (b"/mnt/ntfs/x", "nfs"),
        (b"/mnt/\xff", ""),
    ],
)
def test_which_storage_is_network_storage(tmp_path: Path, path: bytes, kind: str) -> None:
    (tmp_path / "mountinfo").write_bytes(MOUNTS)
    assert network_storage(path, mounts=tmp_path / "mountinfo") == kind
    assert network_storage(path, mounts=tmp_path / "absent") == ""


def test_folders_are_told_once_and_only_at_rest() -> None:
    changed = ChangedFolders(5)
    changed.add(b"a", 0)
    changed.add(b"b", 3)
    changed.add(b"a", 4)
    assert changed.settled(7.9) == []
    assert changed.settled(8) == [b"b"]
    assert changed.settled(9) == [b"a"]
    assert changed.settled(99) == []


def test_a_folder_that_never_rests_is_told_in_the_end() -> None:
    changed = ChangedFolders(5)
    seconds = range(5 * PATIENCE + 1)
    told = []
    for second in seconds:
        changed.add(b"a", second)
        told += [second] * len(changed.settled(second))
    assert told == [5 * PATIENCE]


@pytest.mark.parametrize(
    ("path", "is_directory", "folder"),
    [
        ("/music/a/x.flac", False, b"a"),
        ("/music/x.FLAC", False, b""),
        ("/music/a/.ndignore", False, b"a"),
        ("/music/a/b", True, b"a/b"),
        ("/music/a/cover.jpg", False, None),
        ("/music/a/._x.flac", False, None),
        ("/music/@eaDir/x.flac", False, None),
        ("/music/.hidden/deep/x.flac", False, None),
        ("/music/Podcasts/x.flac", False, None),
        ("/music", True, None),
        ("/musical/x.flac", False, None),
    ],
)
def test_which_changes_matter(path: str, is_directory: bool, folder: bytes | None) -> None:
    noted: list[bytes] = []
    options = ScanOptions(b"/music", exclude_patterns=("/Podcasts/",))
    Handler(options, noted.append).note(path.encode(), is_directory=is_directory)
    assert noted == ([] if folder is None else [folder])
