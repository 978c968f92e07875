"""The check of a library's root: every way in which storage is not there, and the answer in time."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from libraries.scanner.types import ScanOptions
from libraries.scanner.walk.mount_table import fsid_of
from libraries.scanner.walk.root import KnownRoot, RootState, check_root, recheck_root
from libraries.scanner.walk.walker import Entry
from tests.support.trees import FailingStorage, plant, run_unprivileged

FULL = KnownRoot(has_files=True)


def check(root: Path, known: KnownRoot = FULL) -> RootState:
    return check_root(ScanOptions(os.fsencode(root)), known=known)


def known_of(state: RootState, *, device: int = 0, inode: int = 0) -> KnownRoot:
    return KnownRoot(device=state.device + device, inode=state.inode + inode, has_files=True)


def assert_offline(state: RootState, root: Path, words: str) -> None:
    assert not state.online
    assert words in state.reason
    assert str(root) in state.reason


def test_a_good_root_is_online_with_its_identity(tmp_path: Path) -> None:
    plant(tmp_path, "a.mp3")
    seen = tmp_path.stat()

    assert check(tmp_path) == RootState(True, "", seen.st_dev, seen.st_ino, fsid_of(os.fsencode(tmp_path)))
    assert check(tmp_path, known_of(check(tmp_path))).online


def test_an_absent_root_and_a_dangling_link_are_offline(tmp_path: Path) -> None:
    assert_offline(check(tmp_path / "gone"), tmp_path / "gone", "does not exist")
    (tmp_path / "link").symlink_to("nowhere")
    assert_offline(check(tmp_path / "link"), tmp_path / "link", "does not exist")


def test_a_file_in_its_place_is_offline(tmp_path: Path) -> None:
    plant(tmp_path, "root")
    assert_offline(check(tmp_path / "root"), tmp_path / "root", "is not a folder")
    assert_offline(check(tmp_path / "root/music"), tmp_path / "root/music", "Not a directory")


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EACCES])
@pytest.mark.parametrize("partial", [0, 1])
def test_errors_of_the_storage_are_offline(tmp_path: Path, code: int, partial: int) -> None:
    plant(tmp_path, ".hidden")
    lister = FailingStorage({os.fsencode(tmp_path): code}, partial)

    state = check_root(ScanOptions(os.fsencode(tmp_path)), known=FULL, lister=lister)

    assert_offline(state, tmp_path, os.strerror(code))


@pytest.mark.parametrize("junk", [(), (".hidden", "lost+found/", "@eaDir/x.mp3")])
def test_an_empty_root_is_offline_unless_it_is_expected(tmp_path: Path, junk: tuple[str, ...]) -> None:
    plant(tmp_path, *junk)

    assert_offline(check(tmp_path), tmp_path, "is empty, but the catalog is not")
    assert check(tmp_path, KnownRoot(has_files=True, accept_empty=True)).online
    assert check(tmp_path, KnownRoot(has_files=False)).online


def test_another_device_shows_in_both_numbers(tmp_path: Path) -> None:
    plant(tmp_path, "a.mp3")
    state = check(tmp_path)

    assert_offline(check(tmp_path, known_of(state, device=1, inode=1)), tmp_path, "on another device")
    assert check(tmp_path, known_of(state, device=1)).online
    assert check(tmp_path, known_of(state, inode=1)).online


@pytest.mark.parametrize("other", [{"device": 1}, {"inode": 1}, {"fsid": 1}])
def test_one_number_that_differs_is_judged_by_a_sample(tmp_path: Path, other: dict[str, int]) -> None:
    """A new number alone may come from a restart; a disk of the same type may have all numbers but one."""
    root = plant(tmp_path, "a.mp3")
    state = check(tmp_path)
    known = replace(FULL, **{name: getattr(state, name) + other.get(name, 0) for name in ("device", "inode", "fsid")})

    assert known.differs_from(state)
    assert check(tmp_path, replace(known, sample=(root + b"/gone.mp3", root + b"/a.mp3"))).online
    known = replace(known, sample=(root + b"/gone.mp3", root + b"/gone/b.mp3"))
    assert_offline(check(tmp_path, known), tmp_path, "none of 2 known files is there")
    assert check(tmp_path, replace(known, device=None)).online


def test_a_sample_says_nothing_where_storage_is_the_same(tmp_path: Path) -> None:
    """Whoever sorts a library into other folders has not changed the disk."""
    root = plant(tmp_path, "new/a.mp3")
    state = check(tmp_path)
    known = KnownRoot(state.device, state.inode, state.fsid, sample=(root + b"/old/a.mp3",), has_files=True)

    assert not known.differs_from(state)
    assert check(tmp_path, known).online
    assert not replace(known, fsid=None).differs_from(state)
    assert not replace(known, fsid=0).differs_from(state)


def test_a_missing_anchor_is_offline(tmp_path: Path) -> None:
    plant(tmp_path, "a.mp3", "sub/anchor")

    assert check(tmp_path, KnownRoot(anchor=b"sub/anchor")).online
    assert_offline(check(tmp_path, KnownRoot(anchor=b"/.mounted")), tmp_path, "/.mounted is absent")


def test_a_root_that_is_closed_to_us_is_offline(tmp_path: Path) -> None:
    plant(tmp_path, "unlisted/a.mp3", "unsearched/a.mp3")
    (tmp_path / "unlisted").chmod(0o311)
    (tmp_path / "unsearched").chmod(0o444)

    lines = run_unprivileged(
        tmp_path,
        "from libraries.scanner.types import ScanOptions\n"
        "from libraries.scanner.walk.root import KnownRoot, check_root\n\n"
        "for name in (b'unlisted', b'unsearched'):\n"
        "    print(check_root(ScanOptions(name), known=KnownRoot()).reason)\n",
    )

    assert lines == [
        f"The library's folder {name} cannot be read: Permission denied." for name in ("unlisted", "unsearched")
    ]


def test_storage_that_hangs_is_offline_in_time_and_holds_one_thread_only(tmp_path: Path) -> None:
    plant(tmp_path, "a.mp3")
    release = threading.Event()
    asked: list[bytes] = []

    def hanging(path: bytes) -> Iterable[Entry]:
        asked.append(path)
        release.wait(20)
        return []

    options = ScanOptions(os.fsencode(tmp_path))
    begin = time.monotonic()
    try:
        for _ in range(3):
            state = check_root(options, known=FULL, timeout=0.2, lister=hanging)
            assert_offline(state, tmp_path, "did not answer within 0.2 seconds")
        assert time.monotonic() - begin < 2
        assert len(asked) == 1
    finally:
        release.set()
    assert check_root(options, known=FULL).online


class TestAfterTheWalk:
    def recheck(self, root: Path, before: RootState) -> RootState:
        return recheck_root(ScanOptions(os.fsencode(root)), known=FULL, before=before)

    def test_the_same_folder_is_fine(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.mp3")
        assert self.recheck(tmp_path, check(tmp_path)).online

    def test_a_folder_that_went_is_offline(self, tmp_path: Path) -> None:
        plant(tmp_path, "music/a.mp3")
        before = check(tmp_path / "music")
        (tmp_path / "music").rename(tmp_path / "away")
        assert_offline(self.recheck(tmp_path / "music", before), tmp_path / "music", "does not exist")

    def test_a_folder_that_was_swapped_is_offline(self, tmp_path: Path) -> None:
        plant(tmp_path, "music/a.mp3", "other/b.mp3")
        before = check(tmp_path / "music")
        (tmp_path / "music").rename(tmp_path / "away")
        (tmp_path / "other").rename(tmp_path / "music")
        assert_offline(self.recheck(tmp_path / "music", before), tmp_path / "music", "was replaced during the scan")
