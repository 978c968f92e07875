"""What a scan says that it changed, folder by folder: each kind, and never more or less than it did."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from libraries import cleanup
from libraries.models import Library, MediaFile, Scan, ScanChange
from libraries.scanner import pipeline
from libraries.scanner.paths import key_of
from libraries.services import libraries, scans
from tests.conftest import MakeLibrary
from tests.hazards.database import Killed, watched
from tests.support.limits import limit_scans
from tests.support.scans import changes, counts, redo, request, scan, write_album, write_track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(library: Library) -> Path:
    return Path(library.path)


def retag(path: Path, title: str, number: int = 1) -> None:
    """Other tags in the very same file."""
    fresh = write_track(path.with_name("fresh"), title, number=number)
    path.write_bytes(fresh.read_bytes())
    fresh.unlink()


def test_a_first_scan_adds_every_folder(library: Library, root: Path) -> None:
    write_album(root / "A/One", 3)
    write_album(root / "A/Two", 2, album="Two")
    write_track(root / "loose.flac", "Loose")
    done = scan(library)
    assert changes(done) == {("added", ""): 1, ("added", "A/One"): 3, ("added", "A/Two"): 2}
    assert {row.folder_key for row in ScanChange.objects.filter(folder="A/One")} == {key_of(b"A/One")}


def test_updated_missing_and_restored(library: Library, root: Path, tmp_path: Path) -> None:
    one, two, three = write_album(root / "A", 3)
    write_album(root / "B", 2, album="B")
    scan(library)
    retag(one, "Other words", 1)
    two.rename(tmp_path / "away.flac")
    shutil.rmtree(root / "B")
    done = scan(library)
    assert changes(done) == {("updated", "A"): 1, ("missing", "A"): 1, ("missing", "B"): 2}
    (tmp_path / "away.flac").rename(two)
    done = scan(library)
    assert changes(done) == {("restored", "A"): 1}
    assert three.exists()


def test_a_missing_file_that_comes_back_with_other_tags_is_restored(library: Library, root: Path) -> None:
    one, *_ = write_album(root / "A", 30)
    content = one.read_bytes()
    one.unlink()
    assert changes(scan(library)) == {("added", "A"): 29}
    one.write_bytes(content)
    assert changes(scan(library)) == {("added", "A"): 1}
    one.unlink()
    assert changes(scan(library)) == {("missing", "A"): 1}
    one.write_bytes(content)  # with other times: it is read again
    assert changes(scan(library)) == {("restored", "A"): 1}


def test_moves_name_both_folders(library: Library, root: Path) -> None:
    write_album(root / "A", 3)
    write_album(root / "B", 2, album="B")
    scan(library)
    (root / "A").rename(root / "C")
    (root / "B/01.flac").rename(root / "B/first.flac")
    (root / "B/02.flac").rename(root / "C/04.flac")
    write_track(root / "C/new.flac", "New", number=9, mark=99)
    done = scan(library)
    # what is met first as new and then turns out to have moved is not added as well
    assert changes(done) == {
        ("added", "C"): 1, ("moved", "B", "B"): 1, ("moved", "C", "A"): 3, ("moved", "C", "B"): 1,
    }  # fmt: skip
    assert counts(done) == {"added": 1, "moved": 5}


def test_files_that_swap_their_places(library: Library, root: Path) -> None:
    one, two = write_track(root / "A/1.flac", "One", mark=1), write_track(root / "B/2.flac", "Two", number=2, mark=2)
    scan(library)
    one.rename(root / "between")
    two.rename(one)
    (root / "between").rename(two)
    done = scan(library)
    assert changes(done) == {("moved", "A", "B"): 1, ("moved", "B", "A"): 1}


def test_a_file_that_takes_the_place_of_another(library: Library, root: Path) -> None:
    one, two = write_track(root / "A/1.flac", "One", mark=1), write_track(root / "B/2.flac", "Two", number=2, mark=2)
    scan(library)
    one.replace(two)
    done = scan(library)
    assert changes(done) == {("missing", "B"): 1, ("moved", "B", "A"): 1}
    assert counts(done) == {"moved": 1, "missing": 1}


def test_a_move_from_another_library(library: Library, root: Path, make_library: MakeLibrary) -> None:
    other = make_library("Jazz")
    write_album(Path(other.path) / "A", 2)
    write_track(Path(other.path) / "stays.flac", "Stays", number=7)
    scan(other)
    shutil.move(str(Path(other.path) / "A"), root / "A")
    done = scan(library)
    assert changes(done) == {("added", "A"): 2}
    later = scan(other)
    assert changes(later) == {("moved", "A", "A"): 2}
    row = ScanChange.objects.get(scan=later)
    assert (row.library_number, row.from_library_number) == (library.pk, other.pk)


def test_names_that_are_not_text(library: Library, root: Path) -> None:
    write_track(Path(str(root) + "/caf\udce9/01.flac"), "One")
    write_track(Path(str(root) + "/caf\udce8/01.flac"), "Two", number=2)
    done = scan(library)
    rows = ScanChange.objects.filter(scan=done).order_by("folder_key")
    assert [(row.folder, row.count) for row in rows] == [("caf\ufffd", 1), ("caf\ufffd", 1)]


class TestHeld:
    @pytest.fixture
    def held(self, library: Library, root: Path) -> Scan:
        write_album(root / "A", 25)
        write_album(root / "B", 2, album="B")
        scan(library)
        shutil.rmtree(root / "A")
        return scan(library)

    def test_nothing_is_changed_before_the_approval(self, held: Scan) -> None:
        assert (held.state, changes(held)) == ("held", {})

    def test_the_changes_are_those_of_the_approving_scan(self, held: Scan) -> None:
        approving = scans.approve_scan(held)
        pipeline.run(approving.pk)
        assert (changes(held), changes(approving)) == ({}, {("missing", "A"): 25})


class TestAgain:
    """A worker dies, and another does its scan again."""

    @pytest.fixture
    def small_batches(self, settings: Settings) -> None:
        limit_scans(settings, batch_files=2)

    def die(self, library: Library, batches: int) -> Scan:
        """A scan whose worker ends inside the transaction of a batch, when its rows are written but not committed."""
        asked, written = request(library), 0

        def dying(words: str) -> None:
            nonlocal written
            written += words.startswith("INSERT") and ScanChange._meta.db_table in words
            if written > batches:
                raise Killed

        with pytest.raises(Killed), watched(lambda _: None, dying):
            pipeline.run(asked.pk)
        return asked

    def test_a_first_scan(self, library: Library, root: Path, small_batches: None) -> None:
        for name in "ABCD":
            write_album(root / name, 3, album=name)
        asked = self.die(library, 2)
        there = MediaFile.objects.count()
        assert 0 < there < 12
        assert sum(changes(asked).values()) == there
        done = redo(asked.pk)
        assert counts(done) == {"added": 12 - there, "skipped": there}  # of the last attempt
        assert changes(done) == {("added", name): 3 for name in "ABCD"}  # of all

    def test_moves(self, library: Library, root: Path, small_batches: None) -> None:
        for name in "AB":
            write_album(root / name, 3, album=name)
        scan(library)
        (root / "A").rename(root / "C")
        (root / "B").rename(root / "D")
        asked = self.die(library, 1)
        assert sum(changes(asked).values()) > 0
        assert {kind for kind, *_ in changes(asked)} == {"added"}
        done = redo(asked.pk)
        assert changes(done) == {("moved", "C", "A"): 3, ("moved", "D", "B"): 3}


def test_a_scan_without_changes_asks_nothing(library: Library, root: Path) -> None:
    write_album(root / "A", 2)
    scan(library)
    with CaptureQueriesContext(connection) as queries:
        pipeline.run(request(library).pk)
    assert len(queries) > 5
    assert not [query["sql"] for query in queries if "scanchange" in query["sql"]]


def test_the_last_scans_keep_their_changes(
    library: Library, root: Path, make_library: MakeLibrary, settings: Settings
) -> None:
    limit_scans(settings, kept_changes=2)
    other = make_library("Jazz")
    write_album(Path(other.path), 1)
    scan(other)
    done = []
    for number in range(1, 5):
        write_track(root / f"{number}.flac", f"Song {number}", number=number)
        done.append(scan(library))
        scan(library)  # changes nothing, and costs no other scan its changes
    assert [len(changes(each)) for each in done] == [0, 0, 1, 1]
    assert ScanChange.objects.filter(scan__library=other).count() == 1


def test_a_removed_library_takes_its_changes_along(library: Library, root: Path) -> None:
    write_album(root / "A", 2)
    scan(library)
    libraries.delete_library(library)
    assert cleanup.clear_library(library.pk)
    assert not ScanChange.objects.exists()
