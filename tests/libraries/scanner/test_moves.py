"""Moves of real files: ids and creation times survive, one to one, and nothing is guessed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from libraries.models import Album, Library, MediaFile
from libraries.scanner.moves.applying import find_move_candidates, relink_track
from libraries.scanner.moves.reconcile import Reconciler
from tests.support.scans import counts, ids, picture, scan, write_album, write_track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


def elsewhere(source: Path, target: Path) -> Path:
    """Move a file as another file system would: new inode, new times."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
    source.unlink()
    return target


def test_a_renamed_file(root: Path, library: Library) -> None:
    paths = write_album(root, 3)
    scan(library)
    known = ids(library)
    created = MediaFile.objects.get(path="01.flac").created_at
    paths[0].rename(root / "new name.flac")
    assert counts(scan(library)) == {"moved": 1, "skipped": 2}
    assert ids(library)["new name.flac"] == known["01.flac"]
    assert MediaFile.objects.get(path="new name.flac").created_at == created
    assert (library.total_songs, library.total_missing_files, Album.objects.get().song_count) == (3, 0, 3)
    assert counts(scan(library)) == {"skipped": 3}


def test_a_file_moved_over_another_file_system(root: Path, library: Library) -> None:
    paths = write_album(root / "a", 2)
    scan(library)
    known = ids(library)
    elsewhere(paths[0], root / "b/c/x.flac")
    assert counts(scan(library)) == {"moved": 1, "skipped": 1}
    assert ids(library)["b/c/x.flac"] == known["a/01.flac"]


def test_a_renamed_folder(root: Path, library: Library) -> None:
    write_album(root / "a" / "b", 5)
    scan(library)
    known = ids(library)
    (root / "a").rename(root / "z")
    assert counts(scan(library)) == {"moved": 5}
    assert ids(library) == {f"z/b/{n:02}.flac": known[f"a/b/{n:02}.flac"] for n in range(1, 6)}
    assert library.total_folders == 2
    fresh = Library.objects.create(name="Fresh", path=str(root))
    scan(fresh)
    first, second = picture(library), picture(fresh)
    for each in (first, second):
        each.pop("folders")
        for album in each["albums"]:
            album.pop("described_by")
    assert first == second


def test_two_files_swap_their_names(root: Path, library: Library) -> None:
    paths = write_album(root, 2)
    scan(library)
    known = ids(library)
    paths[0].rename(root / "tmp")
    paths[1].rename(paths[0])
    (root / "tmp").rename(paths[1])
    assert counts(scan(library)) == {"moved": 2}
    assert ids(library) == {"01.flac": known["02.flac"], "02.flac": known["01.flac"]}
    assert MediaFile.objects.get(path="01.flac").title == "Song 2"
    assert (library.total_songs, library.total_missing_files) == (2, 0)
    assert counts(scan(library)) == {"skipped": 2}


def test_a_file_that_takes_the_place_of_another(root: Path, library: Library) -> None:
    paths = write_album(root, 3)
    scan(library)
    known = ids(library)
    paths[1].replace(paths[0])
    assert counts(scan(library)) == {"moved": 1, "missing": 1, "skipped": 1}
    assert ids(library) == {"01.flac": known["02.flac"], "03.flac": known["03.flac"]}
    assert MediaFile.objects.missing().get().pk == known["01.flac"]
    assert (library.total_songs, library.total_missing_files) == (2, 1)


def test_retagged_through_a_new_inode(root: Path, library: Library) -> None:
    paths = write_album(root, 2)
    scan(library)
    known = ids(library)
    write_track(root / "tmp", "Quite another title", number=1).rename(paths[0])
    assert counts(scan(library)) == {"updated": 1, "skipped": 1}
    assert ids(library) == known
    assert MediaFile.objects.get(path="01.flac").title == "Quite another title"


def test_a_better_encoding_in_the_same_place(root: Path, library: Library) -> None:
    path = write_track(root / "a/01 song.mp3", "Song", number=1, fmt="mp3")
    write_track(root / "a/02 song.mp3", "Song two", number=2, fmt="mp3")
    scan(library)
    known = ids(library)
    path.unlink()
    write_track(root / "a/01 song.flac", "Song", number=1)
    assert counts(scan(library)) == {"moved": 1, "skipped": 1}
    assert ids(library)["a/01 song.flac"] == known["a/01 song.mp3"]
    assert MediaFile.objects.get(path="a/01 song.flac").suffix == "flac"


def test_another_track_in_the_place_of_a_missing_one(root: Path, library: Library) -> None:
    paths = write_album(root, 2)
    scan(library)
    known = ids(library)
    paths[0].unlink()
    scan(library)
    write_track(root / "keeps the inode busy", "x", number=8)
    write_track(paths[0], "Somebody else", number=7, album="Other")
    assert counts(scan(library)) == {"added": 1, "skipped": 1}
    assert ids(library)["01.flac"] != known["01.flac"]
    assert MediaFile.objects.missing().get().pk == known["01.flac"]
    paths[0].unlink()
    scan(library)
    write_track(paths[0], "Song 1", number=1)
    assert counts(scan(library)) == {"moved": 1, "skipped": 1}
    assert ids(library) == known


def test_copies_are_not_moves_and_twins_are_not_guessed(root: Path, library: Library) -> None:
    paths = write_album(root / "a", 1)
    scan(library)
    known = ids(library)
    shutil.copyfile(paths[0], root / "copy.flac")
    assert counts(scan(library)) == {"added": 1, "skipped": 1}
    assert ids(library)["a/01.flac"] == known["a/01.flac"]
    paths[0].unlink()
    # the copy was there before the original went
    assert counts(scan(library)) == {"missing": 1, "skipped": 1}


def test_two_candidates_are_none(root: Path, library: Library) -> None:
    (path,) = write_album(root / "a", 1)
    scan(library)
    known = ids(library)["a/01.flac"]
    for name in ("x", "y"):
        shutil.copyfile(path, root / f"{name}.flac")
    path.unlink()
    assert counts(scan(library)) == {"added": 2, "missing": 1}
    gone = MediaFile.objects.missing().get()
    assert gone.pk == known
    ranked = find_move_candidates(gone)
    assert {track.path for track, _ in ranked} == {"x.flac", "y.flac"}
    chosen = next(track for track, _ in ranked if track.path == "y.flac")
    relink_track(gone, chosen)
    assert ids(library)["y.flac"] == known
    library.refresh_from_db()
    assert (library.total_songs, library.total_missing_files) == (2, 0)


@pytest.mark.parametrize("first", ["source", "target"])
def test_between_libraries_in_either_order_of_scans(root: Path, library: Library, tmp_path: Path, first: str) -> None:
    paths = write_album(root, 2)
    (tmp_path / "other").mkdir()
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    scan(library)
    scan(other)
    known = ids(library)
    elsewhere(paths[0], tmp_path / "other/a/01.flac")
    for each in (library, other) if first == "source" else (other, library):
        scan(each)
    assert ids(other) == {"a/01.flac": known["01.flac"]}
    assert ids(library) == {"02.flac": known["02.flac"]}
    library.refresh_from_db()
    assert (library.total_songs, library.total_missing_files) == (1, 0)
    other.refresh_from_db()
    assert (other.total_songs, other.total_missing_files) == (1, 0)
    assert counts(scan(library)) == {"skipped": 1}
    assert counts(scan(other)) == {"skipped": 1}


@pytest.mark.parametrize("first", ["one", "two"])
def test_a_swap_between_libraries(root: Path, library: Library, tmp_path: Path, first: str) -> None:
    (tmp_path / "other").mkdir()
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    here, there = root / "a/01.flac", tmp_path / "other/b/01.flac"
    write_track(here, "Here", number=1)
    write_track(there, "There", number=2, album="Second")
    for number in (5, 6):
        write_track(root / f"{number}.flac", "Stays", number=number)
        write_track(tmp_path / f"other/{number}.flac", "Stays, too", number=number + 2)
    scan(library)
    scan(other)
    known, known_there = ids(library)["a/01.flac"], ids(other)["b/01.flac"]
    here.rename(tmp_path / "between")
    there.rename(here)
    (tmp_path / "between").rename(there)
    for each in (library, other) if first == "one" else (other, library):
        scan(each)
    for each in (library, other):
        scan(each)
    assert (ids(library)["a/01.flac"], ids(other)["b/01.flac"]) == (known_there, known)
    assert not MediaFile.objects.missing().exists()


def test_a_copy_from_another_library_in_the_place_of_a_track(root: Path, library: Library, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    write_track(root / "a/01.flac", "Here", number=1)
    write_track(root / "a/02.flac", "Stays", number=2)
    write_track(tmp_path / "other/b/01.flac", "There", number=25, album="Second")
    write_track(tmp_path / "other/b/02.flac", "Stays there", number=4, album="Second")
    scan(library)
    scan(other)
    here, there = ids(library)["a/01.flac"], ids(other)["b/01.flac"]
    (root / "a/01.flac").unlink()
    elsewhere(tmp_path / "other/b/01.flac", root / "a/01.flac")
    scan(library)
    scan(other)
    assert ids(library)["a/01.flac"] == there
    assert MediaFile.objects.missing().get().pk == here


def test_the_other_library_is_scanned_before_the_loss_is_marked(
    root: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan that finds the files cannot know yet that they are missing where they were: a later one finds out."""
    (tmp_path / "other").mkdir()
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    write_album(root / "x", 4)
    write_album(root / "stays", 2, album="Stays", mark=50)
    write_album(tmp_path / "other/stays", 2, album="Stays there", mark=70)
    scan(library)
    scan(other)
    known = ids(library)
    shutil.copytree(root / "x", tmp_path / "other/x", copy_function=shutil.copyfile)
    shutil.rmtree(root / "x")
    move = Reconciler.move
    scanned: list[dict[str, int]] = []

    def scan_the_other(reconciler: Reconciler) -> None:
        move(reconciler)
        if reconciler.scan.library_id == library.pk and not scanned:
            scanned.append(counts(scan(other)))

    monkeypatch.setattr(Reconciler, "move", scan_the_other)
    assert counts(scan(library)) == {"missing": 4, "skipped": 2}
    assert scanned == [{"added": 4, "skipped": 2}]
    assert counts(scan(other)) == {"moved": 4, "skipped": 6}
    assert {path: pk for path, pk in ids(other).items() if path in known} == {
        path: pk for path, pk in known.items() if path.startswith("x/")
    } | {path: pk for path, pk in ids(other).items() if path.startswith("stays/")}
    assert not MediaFile.objects.missing().exists()


def test_a_missing_file_that_turns_up_elsewhere(root: Path, library: Library) -> None:
    paths = write_album(root, 2)
    scan(library)
    known = ids(library)
    data = paths[0].read_bytes()
    paths[0].unlink()
    scan(library)
    (root / "later").mkdir()
    (root / "later/x.flac").write_bytes(data)
    assert counts(scan(library)) == {"moved": 1, "skipped": 1}
    assert ids(library)["later/x.flac"] == known["01.flac"]
    assert library.total_missing_files == 0
