"""Where several files could be the one that moved, the nearest is it: copies further away are no doubt."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile, Participant, Scan, TrackGenre
from libraries.scanner.write import tracks
from navidrome_lib.db import ids as scanner_ids
from navidrome_lib.db.ids import first_id
from tests.support.limits import limit_scans
from tests.support.scans import counts, ids, scan, write_album, write_track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


@pytest.fixture
def other(tmp_path: Path) -> Library:
    (tmp_path / "other").mkdir()
    return Library.objects.create(name="Other", path=str(tmp_path / "other"))


def to_another_disk(source: Path, target: Path) -> None:
    """Move a folder as another file system would: new inodes, new times."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    shutil.rmtree(source)


def below(found: dict[str, str], folder: str) -> list[str]:
    """The ids of the tracks in a folder, by name."""
    return [pk for path, pk in sorted(found.items()) if path.startswith(f"{folder}/")]


def test_copies_in_another_library(root: Path, library: Library, other: Library) -> None:
    write_album(root / "a", 4)
    scan(library)
    known = below(ids(library), "a")
    shutil.copytree(root / "a", Path(other.path) / "copy", copy_function=shutil.copyfile)
    to_another_disk(root / "a", root / "z")
    assert counts(scan(other)) == {"added": 4}
    copies = ids(other)
    assert counts(scan(library)) == {"moved": 4}
    assert below(ids(library), "z") == known
    assert ids(other) == copies


def test_an_older_loss_that_looks_alike(root: Path, library: Library) -> None:
    write_album(root / "a", 4)
    shutil.copytree(root / "a", root / "b", copy_function=shutil.copyfile)
    scan(library)
    known = below(ids(library), "a")
    shutil.rmtree(root / "b")
    assert counts(scan(library)) == {"missing": 4, "skipped": 4}
    to_another_disk(root / "a", root / "z")
    assert counts(scan(library)) == {"moved": 4}
    assert below(ids(library), "z") == known


def test_an_older_loss_in_another_library(root: Path, library: Library, other: Library) -> None:
    write_album(root / "a", 4)
    shutil.copytree(root / "a", Path(other.path) / "b", copy_function=shutil.copyfile)
    write_album(Path(other.path) / "c", 1, album="Stays", mark=99)
    for each in (library, other):
        scan(each)
    known = below(ids(library), "a")
    shutil.rmtree(Path(other.path) / "b")
    scan(other)
    to_another_disk(root / "a", root / "z")
    assert counts(scan(library)) == {"moved": 4}
    assert below(ids(library), "z") == known
    assert MediaFile.objects.missing().filter(library=other).count() == 4


def test_a_partial_copy_beside_the_renamed_folder(root: Path, library: Library) -> None:
    write_album(root / "a", 6)
    scan(library)
    known = below(ids(library), "a")
    (root / "copy").mkdir()
    for name in ("02.flac", "04.flac"):
        shutil.copyfile(root / "a" / name, root / "copy" / name)
    to_another_disk(root / "a", root / "z")
    assert counts(scan(library)) == {"moved": 6, "added": 2}
    assert below(ids(library), "z") == known


def test_two_whole_copies_are_not_guessed(root: Path, library: Library) -> None:
    write_album(root / "a", 3)
    scan(library)
    shutil.copytree(root / "a", root / "y", copy_function=shutil.copyfile)
    to_another_disk(root / "a", root / "z")
    assert counts(scan(library)) == {"added": 6, "missing": 3}


def test_a_clock_that_was_ahead_at_the_last_scan(root: Path, library: Library) -> None:
    write_album(root / "a", 3)
    write_album(root / "b", 2, album="Second", mark=50)
    scan(library)
    known = below(ids(library), "a")
    ahead = timezone.now() + timedelta(days=365)
    Library.objects.update(last_scan_at=ahead)
    shutil.rmtree(root / "b")
    to_another_disk(root / "a", root / "z")
    assert counts(scan(library)) == {"moved": 3, "missing": 2}
    assert below(ids(library), "z") == known
    # and a loss that was noticed then
    MediaFile.objects.missing().update(last_seen_at=ahead)
    Library.objects.update(last_scan_at=ahead)
    write_album(root / "c", 2, album="Second", mark=50)
    assert counts(scan(library)) == {"moved": 2, "skipped": 3}


@pytest.mark.parametrize("jump", [-timedelta(hours=2), timedelta(days=365)])
def test_a_clock_that_jumps_while_the_files_are_read(
    root: Path, library: Library, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    write_album(root / "a", 3)
    write_album(root / "b", 2, album="Second", mark=50)
    scan(library)
    known = below(ids(library), "a")
    to_another_disk(root / "a", root / "z")
    ahead, new_ids, now = timedelta(), scanner_ids.new_ids, timezone.now

    def jump_when_online(running: Scan) -> None:
        nonlocal ahead
        if running.phase == "reading":
            ahead = jump

    def dated_ids(count: int) -> list[str]:
        return [first_id(now() + ahead)[:9] + pk[9:] for pk in new_ids(count)]

    monkeypatch.setattr(timezone, "now", lambda: now() + ahead)
    monkeypatch.setattr(tracks, "new_ids", dated_ids)
    assert counts(scan(library, on_progress=jump_when_online)) == {"moved": 3, "skipped": 2}
    assert below(ids(library), "z") == known


def test_found_by_another_scan_while_the_clock_was_ahead(root: Path, library: Library, other: Library) -> None:
    write_album(root / "a", 3)
    write_album(root / "b", 2, album="Second", mark=50)
    scan(library)
    known = below(ids(library), "a")
    to_another_disk(root / "a", Path(other.path) / "z")
    scan(other)
    ahead = timezone.now() + timedelta(days=365)
    for track in MediaFile.objects.filter(library=other):
        dated = first_id(ahead)[:9] + track.pk[9:]
        Participant.objects.filter(media_file=track.pk).update(media_file=dated)
        TrackGenre.objects.filter(media_file=track.pk).update(media_file=dated)
        MediaFile.objects.filter(pk=track.pk).update(id=dated, created_at=ahead)
    assert counts(scan(library)) == {"moved": 3, "skipped": 2}
    assert below(ids(other), "z") == known


def test_a_chain_of_renamed_folders_with_a_copy(root: Path, library: Library) -> None:
    write_album(root / "a", 3)
    for number in (1, 2, 3):
        # of other lengths: a new file may get the inode of one that went
        write_track(root / f"b/{number:02}.flac", f"Other {number}", number=number + 10, album="Second")
    scan(library)
    first, second = below(ids(library), "a"), below(ids(library), "b")
    to_another_disk(root / "b", root / "c")
    to_another_disk(root / "a", root / "b")
    (root / "copy").mkdir()
    shutil.copyfile(root / "b/01.flac", root / "copy/01.flac")
    assert counts(scan(library)) == {"moved": 6, "added": 1}
    assert (below(ids(library), "b"), below(ids(library), "c")) == (first, second)


def test_a_folder_that_lost_a_track_to_its_real_place_is_settled_at_once(root: Path, library: Library) -> None:
    """Of two swapped files one is damaged: its track goes along with the good one, and no folder is left in doubt."""
    one, two = write_track(root / "a/1.flac", "One"), write_track(root / "b/1.flac", "Two", number=2)
    scan(library)
    known = ids(library)
    one.write_bytes(b"")
    one.rename(root / "between")
    two.rename(one)
    (root / "between").rename(two)
    assert counts(scan(library)) == {"moved": 1, "failed": 1, "missing": 1}
    assert ids(library) == {"a/1.flac": known["b/1.flac"]}
    assert not library.folders.filter(digest="").exists()
    assert counts(scan(library)) == {"skipped": 1, "failed": 1}


def test_folders_of_moves_in_two_transactions_are_settled_at_once(
    root: Path, library: Library, settings: Settings
) -> None:
    """A track moves away, and in the next transaction another one takes its place: its new folder is not in doubt."""
    limit_scans(settings, pairs=1)
    one = write_track(root / "1.flac", "One")
    two = write_track(root / "c/2.flac", "Two", number=2)
    write_track(root / "b/3.flac", "Three", number=3)
    scan(library)
    known = ids(library)
    one.rename(root / "b/1.flac")
    two.rename(one)
    assert counts(scan(library)) == {"moved": 2, "skipped": 1}
    assert ids(library) == {
        "1.flac": known["c/2.flac"], "b/1.flac": known["1.flac"], "b/3.flac": known["b/3.flac"],
    }  # fmt: skip
    assert not library.folders.filter(digest="", missing=False).exists()
