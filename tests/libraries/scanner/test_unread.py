"""Files of kinds of audio that are not read: counted by the walk, kept right by scans of all and of some folders."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from libraries.cleanup import clear_library
from libraries.models import Library, UnreadFolder
from libraries.scanner.walk.walker import Entry, os_lister
from navidrome_lib.admin import formatting
from tests.support.scans import scan, write_album
from tests.support.trees import listings, plant


def test_the_walk_counts_them_by_suffix(tmp_path: Path) -> None:
    root = plant(
        tmp_path, "a/1.shn", "a/2.SHN", "a/3.mp3", "a/4.ra", "a/cover.jpg", "a/notes.txt", "a/._5.shn", "a/.shn",
        "a/shn", "b.shn/6.mp3", "c/7.shn", "d/8.shn", "d/keep.shn",
    )  # fmt: skip
    plant(tmp_path, "c/.ndignore", content=b"")
    (tmp_path / "a/link.shn").symlink_to("1.shn")
    found = listings(root, exclude_patterns=("d/8*",))
    unread = {path: listing.unread for path, listing in found.items() if listing.unread}
    assert unread == {b"a": {"shn": 2, "ra": 1}, b"d": {"shn": 1}}
    assert found[b"d"].ignored == 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    write_album(folder / "album", 2)
    plant(folder, "album/live.shn", "tapes/1.shn", "tapes/2.shn", "tapes/deep/3.rm", "other/4.shn")
    return folder


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


@pytest.mark.django_db(transaction=True)
class TestScans:
    """What a library has of such files, scan after scan."""

    def test_every_scan_counts_what_it_sees(self, root: Path, library: Library) -> None:
        done = scan(library)
        assert (done.seen, done.added, done.failed) == (2, 2, 0)
        assert library.unread_files == {"rm": 1, "shn": 4}
        (root / "tapes/1.shn").unlink()
        (root / "tapes/deep/3.rm").rename(root / "tapes/deep/3.ra")
        scan(library)
        assert library.unread_files == {"ra": 1, "shn": 3}
        scan(library, full=True)
        assert library.unread_files == {"ra": 1, "shn": 3}

    def test_a_scan_of_some_folders_leaves_the_others(self, root: Path, library: Library) -> None:
        scan(library)
        for name in ("tapes/1.shn", "album/live.shn"):
            (root / name).unlink()
        plant(root, "tapes/5.mid", "album/6.mid")
        scan(library, targets=["tapes"])
        assert library.unread_files == {"mid": 1, "rm": 1, "shn": 3}
        (root / "tapes/deep/3.rm").unlink()
        (root / "tapes/deep").rmdir()
        scan(library, targets=["tapes"])
        assert library.unread_files == {"mid": 1, "shn": 3}
        scan(library)
        assert library.unread_files == {"mid": 2, "shn": 2}

    def test_a_folder_that_cannot_be_listed_keeps_its_count(self, root: Path, library: Library) -> None:
        scan(library)

        def lister(path: bytes) -> Iterable[Entry]:
            if path.endswith(b"/tapes"):
                raise OSError(errno.EACCES, "not allowed")
            return os_lister(path)

        (root / "other/4.shn").unlink()
        scan(library, lister=lister)
        assert library.unread_files == {"rm": 1, "shn": 3}

    def test_without_any_nothing_is_asked(self, root: Path, library: Library) -> None:
        scan(library)
        assert UnreadFolder.objects.count() == 4
        for path in (*root.rglob("*.shn"), *root.rglob("*.rm")):
            path.unlink()
        scan(library)
        assert (library.unread_files, UnreadFolder.objects.count()) == ({}, 0)
        with CaptureQueriesContext(connection) as asked:
            scan(library)
        assert not [query for query in asked.captured_queries if "unreadfolder" in query["sql"]]

    def test_a_removed_library_leaves_no_rows(self, library: Library) -> None:
        scan(library)
        Library.objects.filter(pk=library.pk).update(deleted_at=library.created_at)
        assert clear_library(library.pk, pause=0)
        assert not UnreadFolder.objects.exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, ""),
        ({"shn": 1}, "1 file of a kind that is not read: .shn"),
        ({"shn": 12}, "12 files of kinds that are not read: .shn"),
        ({"ra": 3, "mid": 3, "shn": 1200}, "1,206 files of kinds that are not read: .shn, .mid, .ra"),
    ],
)
def test_people_read_how_many_of_which_kinds(files: dict[str, int], said: str) -> None:
    assert formatting.unread(files) == said
