"""FileProblem of storage is never absence: nothing is marked, and nothing is lost."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from libraries.models import HeldMark, Library, MediaFile, Scan, ScanProblem
from libraries.scanner import pipeline
from libraries.scanner.walk import walker
from libraries.services.libraries import update_library
from libraries.services.library_rules import prepare_library
from libraries.services.scans import approve_scan, discard_scan
from navidrome_lib.errors import Conflict
from tests.support.scans import counts, ids, picture, redo, request, scan, write_album, write_track

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for name in ("a", "b", "c"):
        write_album(folder / name, 10, album=name)
    return folder


@pytest.fixture
def library(root: Path) -> Library:
    library = Library.objects.create(name="Music", path=str(root))
    assert scan(library).state == "finished"
    return library


def failing(decide: Callable[[bytes], OSError | None]) -> walker.Lister:
    """A lister that fails as a function of the path of a folder says."""

    def lister(path: bytes) -> Iterable[walker.Entry]:
        if error := decide(path):
            raise error
        return walker.os_lister(path)

    return lister


def test_a_root_that_is_gone_changes_nothing(root: Path, library: Library) -> None:
    before = picture(library)
    root.rename(root.with_name("away"))
    done = scan(library)
    assert done.state == "offline"
    assert "does not exist" in done.error
    assert library.offline_since is not None
    assert library.status_reason == done.error
    assert picture(library) == before
    since, seen = library.offline_since, library.last_scan_at
    assert scan(library).state == "offline"
    assert (library.offline_since, library.last_scan_at) == (since, seen)
    root.with_name("away").rename(root)
    assert scan(library).state == "finished"
    assert library.status_reason == ""
    assert not Library.objects.filter(offline_since__isnull=False).exists()
    assert picture(library) == before


def test_an_empty_root_is_offline_until_it_is_accepted(root: Path, library: Library) -> None:
    for folder in root.iterdir():
        shutil.rmtree(folder)
    assert scan(library).state == "offline"
    assert MediaFile.objects.missing().count() == 0
    done = scan(library, accept_empty=True)
    assert (done.state, counts(done)) == ("finished", {"missing": 30})
    assert (library.total_songs, library.total_missing_files, library.total_albums) == (0, 30, 0)


def test_a_folder_that_cannot_be_listed_protects_what_is_below(root: Path, library: Library) -> None:
    shutil.rmtree(root / "b")
    (root / "a/01.flac").unlink()
    done = scan(library, lister=failing(lambda path: OSError(errno.EACCES, "no") if path.endswith(b"/a") else None))
    assert (done.state, done.missing, done.failed) == ("finished", 10, 1)
    assert not MediaFile.objects.missing().filter(path__startswith="a/").exists()
    assert ScanProblem.objects.unresolved().get().path == "a"
    assert scan(library).missing == 1
    assert not ScanProblem.objects.unresolved().exists()


def test_storage_that_dies_half_way_aborts_before_any_mark(root: Path, library: Library) -> None:
    for n in range(12):
        write_album(root / f"d{n:02}", 1, album=f"D{n}")
    scan(library)
    before = picture(library)
    shutil.rmtree(root / "a")
    done = scan(library, lister=failing(lambda path: OSError(errno.EIO, "dead") if b"/d" in path else None))
    assert (done.state, counts(done)) == ("offline", {})
    assert "in a row" in library.status_reason
    assert picture(library) == before


def test_a_root_that_goes_away_behind_the_walk_marks_nothing(root: Path, library: Library) -> None:
    shutil.rmtree(root / "a")

    def take_away(running: Scan) -> None:
        if running.phase == "reading" and root.exists():
            root.rename(root.with_name("away"))

    assert scan(library, on_progress=take_away).state == "offline"
    assert not root.exists()
    assert not MediaFile.objects.missing().exists()


def test_cancelled_while_its_storage_turns_out_to_be_away(root: Path, library: Library) -> None:
    root.rename(root.with_name("away"))

    def cancel(scan: Scan) -> None:
        Scan.objects.filter(pk=scan.pk).update(cancel_requested=True)

    done = pipeline.run(request(library).pk, on_progress=cancel)
    assert done is not None
    assert Scan.objects.get(pk=done.pk).state == "cancelled"


def empty_most(root: Path) -> None:
    for name in ("a", "b", "c/01.flac"):
        target = root / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()


def approve(library: Library, held: Scan) -> Scan:
    """Approve a held scan, and run the scan that this asks for."""
    done = pipeline.run(approve_scan(held).pk)
    assert done is not None
    library.refresh_from_db()
    return done


def test_more_than_half_is_held(root: Path, library: Library) -> None:
    known, seen = ids(library), library.last_scan_at
    empty_most(root)
    write_track(root / "new/other.flac", "Unheard", number=15, album="New")
    done = scan(library)
    assert (done.state, counts(done)) == ("held", {"added": 1, "skipped": 9})
    assert "21 of 30" in done.error
    assert not MediaFile.objects.missing().exists()
    assert HeldMark.objects.filter(scan=done).count() == 21
    assert library.last_scan_at == seen
    approving = approve(library, done)
    assert (approving.state, approving.approves_id, approving.missing) == ("finished", done.pk, 21)
    done.refresh_from_db()
    assert done.state == "finished"
    assert not HeldMark.objects.exists()
    assert (library.total_songs, library.total_missing_files, library.total_albums) == (10, 21, 2)
    assert {pk for path, pk in known.items() if path not in ids(library)} == set(
        MediaFile.objects.missing().values_list("pk", flat=True)
    )
    assert counts(scan(library)) == {"skipped": 10}
    with pytest.raises(Conflict):
        approve_scan(done)


def test_what_came_back_is_not_marked_by_an_approval(root: Path, library: Library) -> None:
    away = root.with_name("away")
    (root / "a").rename(away)
    empty = root / "b"
    shutil.rmtree(empty)
    (root / "c/01.flac").unlink()
    held = scan(library)
    assert held.state == "held"
    away.rename(root / "a")
    assert approve(library, held).missing == 11
    assert MediaFile.objects.present().filter(path__startswith="a/").count() == 10


def test_an_approval_needs_the_storage(root: Path, library: Library) -> None:
    empty_most(root)
    held = scan(library)
    root.rename(root.with_name("away"))
    assert approve(library, held).state == "offline"
    assert not MediaFile.objects.missing().exists()
    held.refresh_from_db()
    assert held.state == "held"


def test_what_is_held_is_forgotten_or_settled_by_the_next_scan(root: Path, library: Library) -> None:
    shutil.move(root, root.with_name("copy"))
    shutil.copytree(root.with_name("copy"), root)
    empty_most(root)
    first = scan(library)
    first = discard_scan(first)
    assert (first.state, HeldMark.objects.count(), first.missing) == ("finished", 0, 0)
    second = scan(library)
    assert second.state == "held"
    shutil.copytree(root.with_name("copy"), root, dirs_exist_ok=True)
    assert scan(library).state == "finished"
    assert Scan.objects.get(pk=second.pk).state == "finished"
    assert not HeldMark.objects.exists()
    assert library.total_missing_files == 0


def test_an_approval_marks_no_more_than_was_proposed(root: Path, library: Library) -> None:
    Library.objects.update(held_count=2, held_percent=20)
    shutil.rmtree(root / "a")
    held = scan(library)
    assert (held.state, HeldMark.objects.count()) == ("held", 10)
    shutil.rmtree(root / "b")
    approving = approve(library, held)
    assert (approving.state, approving.missing) == ("held", 10)
    assert "10 of 30 files" in approving.error
    assert set(MediaFile.objects.missing().values_list("folder__path", flat=True)) == {"a"}
    assert set(HeldMark.objects.values_list("media_file__folder__path", flat=True)) == {"b"}
    assert Scan.objects.get(pk=held.pk).state == "finished"
    assert approve(library, approving).missing == 10


def test_a_newer_held_scan_takes_the_place_of_older_ones(root: Path, library: Library) -> None:
    empty_most(root)
    first, second = scan(library), scan(library)
    assert (Scan.objects.get(pk=first.pk).state, second.state) == ("finished", "held")
    assert set(HeldMark.objects.values_list("scan", flat=True)) == {second.pk}
    discard_scan(second)
    assert not Scan.objects.filter(state="held").exists()


def test_discarding_brings_no_older_proposal_back(root: Path, library: Library) -> None:
    older = [
        Scan.objects.create(library=library, trigger="api", state="held", error="12 of 30 files are gone.")
        for _ in range(2)
    ]
    HeldMark.objects.bulk_create(HeldMark(scan=scan, media_file=MediaFile.objects.all()[0]) for scan in older)
    discard_scan(older[1])
    assert not Scan.objects.filter(state="held").exists()
    assert not HeldMark.objects.exists()


def test_a_proposal_ends_with_the_path_that_it_was_about(root: Path, library: Library) -> None:
    empty_most(root)
    held = scan(library)
    shutil.copytree(root, root.with_name("elsewhere"))
    update_library(library, prepare_library({"path": str(root.with_name("elsewhere"))}, library=library))
    held.refresh_from_db()
    assert (held.state, HeldMark.objects.count()) == ("finished", 0)
    with pytest.raises(Conflict):
        approve_scan(held)


def test_an_approval_of_a_folder_that_is_gone(root: Path, library: Library) -> None:
    (root / "above").mkdir()
    shutil.move(root / "a", root / "above/a")
    shutil.move(root / "b", root / "above/b")
    scan(library)
    Library.objects.update(held_count=5)
    shutil.rmtree(root / "above")
    held = scan(library, targets=["above"])
    assert held.state == "held"
    done = approve(library, held)
    assert (done.state, done.targets, done.missing) == ("finished", ["above"], 20)
    assert Scan.objects.get(pk=held.pk).state == "finished"


def test_discarding_ends_the_approval_of_an_older_proposal(root: Path, library: Library) -> None:
    empty_most(root)
    older = scan(library)
    waiting = approve_scan(older)
    newer = Scan.objects.create(library=library, trigger="api", state="held")
    discard_scan(newer)
    waiting.refresh_from_db()
    assert waiting.approves_id is None


def test_an_approval_is_asked_for_once(root: Path, library: Library) -> None:
    empty_most(root)
    held = scan(library)
    waiting = approve_scan(held)
    assert approve_scan(held).pk == waiting.pk
    assert Scan.objects.queued().count() == 1
    discard_scan(held)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.approves_id) == ("queued", None)
    done = pipeline.run(waiting.pk)
    assert done is not None
    assert (done.state, MediaFile.objects.missing().count()) == ("held", 0)


def test_an_approval_joins_a_scan_that_waits(root: Path, library: Library) -> None:
    empty_most(root)
    held = scan(library)
    waiting = request(library, full=True)
    approving = approve_scan(held)
    assert (approving.pk, approving.full) == (waiting.pk, True)
    done = pipeline.run(waiting.pk)
    assert done is not None
    assert (done.state, done.missing) == ("finished", 21)


def test_a_held_scan_that_is_done_again_proposes_what_is_gone_then(root: Path, library: Library) -> None:
    empty_most(root)
    held = scan(library)
    Scan.objects.filter(pk=held.pk).update(state="running")
    shutil.copyfile(root / "c/03.flac", root / "c/01.flac")
    (root / "c/02.flac").unlink()
    done = redo(held.pk)
    proposed = set(HeldMark.objects.filter(scan=held).values_list("media_file__path", flat=True))
    assert (done.state, len(proposed)) == ("held", 21)
    assert {"c/01.flac", "c/02.flac"} & proposed == {"c/02.flac"}
    assert "21 of 30" in done.error
