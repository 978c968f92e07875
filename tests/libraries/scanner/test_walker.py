"""The walk over real trees: what it lists, what it leaves alone, and what it protects when storage fails."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest

from libraries.scanner.types import FileEntry, ScanOptions
from libraries.scanner.walk.change_key import seal
from libraries.scanner.walk.walker import Entry, StorageProblem, WalkStopped, os_lister, outermost, walk
from tests.support.trees import FailingEntry, FailingStorage, listings, paths, plant, run_unprivileged

SECOND = 10**9


def test_lists_audio_files_parents_first_and_in_order(tmp_path: Path) -> None:
    root = plant(
        tmp_path, "b/2.FLAC", "b/1.mp3", "a/x/3.ogg", "a/cover.jpg", "top.opus", "empty/", "mp3", "dir.mp3/4.wv"
    )

    found = listings(root)

    assert list(found) == [b"", b"a", b"a/x", b"b", b"dir.mp3", b"empty"]
    assert paths(found) == {b"top.opus", b"b/1.mp3", b"b/2.FLAC", b"a/x/3.ogg", b"dir.mp3/4.wv"}
    assert [file.name for file in found[b"b"].files] == [b"1.mp3", b"2.FLAC"]
    assert all(listing.complete and listing.digest and not listing.problems for listing in found.values())


def test_file_entry_is_the_change_key_of_the_file(tmp_path: Path) -> None:
    root = plant(tmp_path, "a.mp3", content=b"12345")
    seen = os.stat(tmp_path / "a.mp3")

    assert listings(root)[b""].files == [FileEntry(b"a.mp3", 5, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)]


def test_hostile_names_are_kept_byte_for_byte(tmp_path: Path) -> None:
    twins = [unicodedata.normalize(form, "é.mp3").encode() for form in ("NFC", "NFD")]
    names = [b"new\nline.mp3", b"\xff\xfe.mp3", b"x" * 251 + b".mp3", b" .mp3", b"...And Justice.mp3", *twins]
    root = plant(tmp_path, *names, *(b"d\xff\n/" + name for name in names))

    found = paths(listings(root))

    assert found == set(names) | {b"d\xff\n/" + name for name in names}


def test_second_walk_of_an_untouched_tree_is_the_same(tmp_path: Path) -> None:
    root = plant(tmp_path, "a/1.mp3", "a/2.mp3", "3.mp3")
    os.utime(tmp_path / "3.mp3", ns=(-2_177_000_000 * SECOND, -2_177_000_000 * SECOND))
    os.utime(tmp_path / "a/1.mp3", ns=(4_070_000_000 * SECOND, 4_070_000_000 * SECOND))

    assert list(walk(ScanOptions(root))) == list(walk(ScanOptions(root)))


@pytest.mark.parametrize("change", ["touch", "grow", "add", "rename", "replace"])
def test_digest_changes_with_every_change_of_a_file(tmp_path: Path, change: str) -> None:
    root = plant(tmp_path, "a.mp3", "b.mp3")
    before = listings(root)[b""].digest
    song = tmp_path / "a.mp3"
    if change == "touch":
        os.utime(song, ns=(1, 1))
    elif change == "grow":
        song.write_bytes(b"xx")
    elif change == "add":
        plant(tmp_path, "c.mp3")
    elif change == "rename":
        song.rename(tmp_path / "z.mp3")
    else:
        plant(tmp_path, "new.tmp")
        (tmp_path / "new.tmp").rename(song)

    assert listings(root)[b""].digest != before


def test_numbers_beyond_63_bits_fit_a_database_column() -> None:
    files, digest = seal([FileEntry(b"a.mp3", 1, 2**63 + 5, -1, 2**64 - 1)])

    assert files == [FileEntry(b"a.mp3", 1, -(2**63) + 5, -1, -1)]
    assert len(digest) == 32


def test_deep_trees_need_no_recursion(tmp_path: Path) -> None:
    depth = 1_300
    for steps in range(100, depth + 1, 100):
        plant(tmp_path, b"d/" * steps)
    root = plant(tmp_path, b"d/" * depth + b"song.mp3")

    found = listings(root)
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # what pytest cleans up with does recurse

    assert len(found) == depth + 1
    assert paths(found) == {b"/".join([b"d"] * depth) + b"/song.mp3"}


def test_not_recursive_means_the_files_of_the_root_alone(tmp_path: Path) -> None:
    root = plant(tmp_path, "top.mp3", "a/1.mp3")

    assert list(listings(root, recursive=False)) == [b""]
    assert paths(listings(root, recursive=False)) == {b"top.mp3"}
    assert listings(root, recursive=False, targets=(b"a",)) == {}


def test_special_files_are_counted_and_never_opened(tmp_path: Path) -> None:
    root = plant(tmp_path, "a.mp3")
    os.mkfifo(tmp_path / "pipe.mp3")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.mp3"))
        found = listings(root)[b""]

    assert [file.name for file in found.files] == [b"a.mp3"]
    assert found.ignored == 3
    assert found.digest


class TestLinks:
    def test_loops_end_and_links_inside_double_nothing(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "real/1.mp3", "real/deep/2.mp3")
        (tmp_path / "aaa").symlink_to(tmp_path / "real")
        (tmp_path / "real/loop").symlink_to(tmp_path)
        (tmp_path / "real/deep/up").symlink_to("..")
        (tmp_path / "again.mp3").symlink_to("real/1.mp3")

        for follow in (False, True):
            found = listings(root, follow_symlinks=follow)
            assert list(found) == [b"", b"real", b"real/deep"]
            assert paths(found) == {b"real/1.mp3", b"real/deep/2.mp3"}
            assert [found[path].ignored for path in found] == [2, 1, 1]

    def test_targets_that_the_walk_does_not_meet_are_followed_once(self, tmp_path: Path) -> None:
        root = plant(tmp_path, ".store/album/1.mp3", ".store/blob")
        (tmp_path / ".store/album/self").symlink_to(".")
        (tmp_path / "one").symlink_to(".store/album")
        (tmp_path / "two").symlink_to(".store/album")
        (tmp_path / "song.mp3").symlink_to(".store/blob")

        assert paths(listings(root)) == {b"one/1.mp3", b"song.mp3"}

    def test_links_out_of_the_root_only_when_asked_for(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        plant(outside, "1.mp3", "sub/2.mp3")
        root = plant(tmp_path / "music", "a.mp3")
        (tmp_path / "music/out").symlink_to(outside)
        (tmp_path / "music/out.mp3").symlink_to(outside / "1.mp3")
        (outside / "back").symlink_to(tmp_path / "music")
        (outside / "up").symlink_to(tmp_path)

        assert paths(listings(root)) == {b"a.mp3"}
        assert listings(root)[b""].ignored == 2
        found = paths(listings(root, follow_symlinks=True))
        assert found == {b"a.mp3", b"out.mp3", b"out/1.mp3", b"out/sub/2.mp3"}

    def test_dangling_links_are_counted(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a.mp3")
        (tmp_path / "gone.mp3").symlink_to("nowhere.mp3")
        (tmp_path / "self.mp3").symlink_to("self.mp3")

        found = listings(root, follow_symlinks=True)[b""]

        assert found.ignored == 2
        assert found.digest

    def test_links_into_storage_that_is_away_are_protected(self, tmp_path: Path) -> None:
        root = plant(tmp_path / "music", "a.mp3")
        (tmp_path / "music/disk").symlink_to(tmp_path / "unmounted/music")
        (tmp_path / "music/one.mp3").symlink_to(tmp_path / "unmounted/one.mp3")

        found = listings(root, follow_symlinks=True)

        assert not found[b"disk"].complete
        assert found[b""].protected == {b"one.mp3"}
        assert found[b""].digest == ""


class TestTrouble:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (errno.EIO, "io"),
            (errno.ESTALE, "io"),
            (errno.ENOTCONN, "io"),
            (errno.EACCES, "permission"),
            (errno.ETIMEDOUT, "timeout"),
        ],
    )
    @pytest.mark.parametrize("partial", [0, 1])
    def test_a_folder_that_fails_protects_itself_alone(
        self, tmp_path: Path, code: int, kind: str, partial: int
    ) -> None:
        root = plant(tmp_path, "a/1.mp3", "bad/2.mp3", "bad/sub/3.mp3", "c/4.mp3")

        found = {item.path: item for item in walk(ScanOptions(root), lister=FailingStorage({b"/bad": code}, partial))}

        assert list(found) == [b"", b"a", b"bad", b"c"]
        assert [path for path, item in found.items() if not item.complete] == [b"bad"]
        assert found[b"bad"].digest == ""
        assert found[b"bad"].files == []
        (problem,) = found[b"bad"].problems
        assert (problem.path, problem.kind) == (b"bad", kind)
        assert "bad" in problem.message

    def test_a_folder_that_vanishes_protects_without_trouble(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3")

        (_, item) = walk(ScanOptions(root), lister=FailingStorage({b"/a": errno.ENOENT}))

        assert (item.complete, item.problems) == (False, [])

    @pytest.mark.parametrize(("code", "problems"), [(errno.EIO, 1), (errno.ENOENT, 0)])
    def test_a_file_that_fails_protects_itself_alone(self, tmp_path: Path, code: int, problems: int) -> None:
        root = plant(tmp_path, "1.mp3", "2.mp3")

        def lister(path: bytes) -> Iterable[Entry]:
            return [FailingEntry(entry, code) if entry.name == b"2.mp3" else entry for entry in os_lister(path)]

        (item,) = walk(ScanOptions(root), lister=lister)

        assert item.complete
        assert [file.name for file in item.files] == [b"1.mp3"]
        assert item.protected == {b"2.mp3"}
        assert item.digest == ""
        assert len(item.problems) == problems

    def test_an_entry_of_unknown_kind_is_protected_as_a_folder_too(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3", "x.mp3/2.mp3")

        def lister(path: bytes) -> Iterable[Entry]:
            return [FailingEntry(entry, errno.EIO, kind_known=False) for entry in os_lister(path)]

        found = {item.path: item for item in walk(ScanOptions(root), lister=lister)}

        assert [path for path, item in found.items() if not item.complete] == [b"a", b"x.mp3"]
        assert found[b""].protected == {b"x.mp3"}

    def test_ten_errors_in_a_row_abort(self, tmp_path: Path) -> None:
        root = plant(tmp_path, *(f"{number:02}/1.mp3" for number in range(12)))
        dying = FailingStorage({b"/%02d" % number: errno.EIO for number in range(1, 11)})

        with pytest.raises(StorageProblem, match=r"10 folders in a row.*/10: "):
            list(walk(ScanOptions(root), lister=dying))

        del dying.errors[b"/05"]
        assert len(list(walk(ScanOptions(root), lister=dying))) == 13

    def test_many_forbidden_folders_are_no_dying_storage(self, tmp_path: Path) -> None:
        root = plant(tmp_path, *(f"{number:02}/1.mp3" for number in range(12)))
        closed = FailingStorage({b"/%02d" % number: errno.EACCES for number in range(12)})

        found = list(walk(ScanOptions(root), lister=closed))

        assert [item.complete for item in found] == [True] + [False] * 12

    def test_an_unreadable_folder_of_a_real_disk(self, tmp_path: Path) -> None:
        plant(tmp_path, "open/1.mp3", "closed/2.mp3", "no-search/3.mp3")
        (tmp_path / "closed").chmod(0o000)
        (tmp_path / "no-search").chmod(0o444)

        lines = run_unprivileged(
            tmp_path,
            "from libraries.scanner.types import ScanOptions\n"
            "from libraries.scanner.walk.walker import walk\n\n"
            "for item in walk(ScanOptions(b'.')):\n"
            "    kinds = [str(problem.kind) for problem in item.problems]\n"
            "    print(item.path.decode(), item.complete, sorted(item.protected), kinds)\n",
        )

        assert lines == [
            " True [] []",
            "closed False [] ['permission']",
            "no-search True [b'3.mp3'] ['permission']",
            "open True [] []",
        ]

    def test_what_vanishes_during_the_walk_is_protected(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3", "a/2.mp3", "b/3.mp3")

        def lister(path: bytes) -> Iterable[Entry]:
            entries = list(os_lister(path))
            if path.endswith(b"/a"):
                (tmp_path / "a/1.mp3").unlink()
                shutil.rmtree(tmp_path / "b")
            return entries

        found = {item.path: item for item in walk(ScanOptions(root), lister=lister)}

        assert [file.name for file in found[b"a"].files] == [b"2.mp3"]
        assert found[b"a"].protected == {b"1.mp3"}
        assert found[b"a"].digest == ""
        assert (found[b"b"].complete, found[b"b"].problems) == (False, [])


class TestSettling:
    def walk(self, root: bytes, now: int, settle: int = 2 * SECOND) -> tuple[list[bytes], frozenset[bytes], str]:
        (item,) = walk(ScanOptions(root), now_ns=lambda: now, settle_ns=settle)
        assert item.settling == item.protected
        return [file.name for file in item.files], item.settling, item.digest

    def test_fresh_files_wait_until_they_are_quiet(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a.mp3")
        ctime = os.stat(tmp_path / "a.mp3").st_ctime_ns

        assert self.walk(root, ctime + SECOND) == ([], frozenset({b"a.mp3"}), "")
        names, settling, digest = self.walk(root, ctime + 2 * SECOND)
        assert (names, settling) == ([b"a.mp3"], frozenset())
        assert digest

    def test_a_clock_that_runs_ahead_a_little_still_means_fresh(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a.mp3")
        ctime = os.stat(tmp_path / "a.mp3").st_ctime_ns

        assert self.walk(root, ctime - SECOND)[1] == {b"a.mp3"}

    @pytest.mark.parametrize("year", [1901, 2099])
    def test_strange_mtimes_do_not_wait(self, tmp_path: Path, year: int) -> None:
        root = plant(tmp_path, "a.mp3")
        mtime = (year - 1970) * 31_556_952 * SECOND
        os.utime(tmp_path / "a.mp3", ns=(mtime, mtime))
        ctime = os.stat(tmp_path / "a.mp3").st_ctime_ns

        assert self.walk(root, ctime + 3 * SECOND)[0] == [b"a.mp3"]
        assert self.walk(root, ctime + SECOND)[0] == []

    def test_no_window_takes_everything(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a.mp3")
        assert self.walk(root, os.stat(tmp_path / "a.mp3").st_ctime_ns, settle=0)[0] == [b"a.mp3"]


class TestTargets:
    def test_only_the_targets_and_all_below(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3", "b/c/2.mp3", "b/c/d/3.mp3", "b/4.mp3")

        assert list(listings(root, targets=(b"b/c/", b"b/c/d"))) == [b"b/c", b"b/c/d"]
        assert list(listings(root, targets=(b"",))) == [b"", b"a", b"b", b"b/c", b"b/c/d"]

    def test_a_target_that_is_gone_has_no_listing(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3", "file")

        assert listings(root, targets=(b"gone/deep", b"a/gone", b"file")) == {}

    @pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ENOENT])
    def test_a_target_whose_parent_fails_is_protected(self, tmp_path: Path, code: int) -> None:
        root = plant(tmp_path, "a/b/1.mp3")

        (item,) = walk(ScanOptions(root, targets=(b"a/gone",)), lister=FailingStorage({b"/a": code}))

        assert (item.path, item.complete) == (b"a/gone", False)

    def test_an_excluded_target_has_no_listing(self, tmp_path: Path) -> None:
        root = plant(tmp_path, "a/1.mp3", ".hidden/2.mp3", "b/c/3.mp3")
        plant(tmp_path, "b/.ndignore", content=b"")

        assert listings(root, targets=(b"a", b".hidden", b"b/c"), exclude_patterns=("a/",)) == {}

    def test_targets_out_of_the_root_are_refused(self) -> None:
        with pytest.raises(ValueError, match="Not a folder below the root"):
            outermost([b"a/../../etc"])
        assert outermost([b"b/c", b"/a//", b"a/x", b"ab"]) == [b"a", b"ab", b"b/c"]


def test_stopping_raises_so_that_nothing_is_concluded(tmp_path: Path) -> None:
    root = plant(tmp_path, "a/1.mp3", "b/2.mp3")
    answers = iter([False, True])

    with pytest.raises(WalkStopped):
        list(walk(ScanOptions(root), stop=lambda: next(answers)))


def test_stopping_works_in_the_midst_of_a_huge_folder(tmp_path: Path) -> None:
    root = plant(tmp_path, *(f"{number}.mp3" for number in range(1_100)))
    answers = iter([False, False, True])

    with pytest.raises(WalkStopped):
        list(walk(ScanOptions(root), stop=lambda: next(answers)))
