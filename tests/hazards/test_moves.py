"""Moves that come together with something else: a new tag, a crash, another move."""

from __future__ import annotations

from pathlib import Path

import pytest

from libraries.models import Library, MediaFile
from libraries.scanner import pipeline
from tests.hazards.files import RememberingPool, put, song
from tests.hazards.test_state_machine import Killed
from tests.support.scans import counts, ids, redo, request, scan

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 6


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(COUNT):
        put(tmp_path / f"a/{number}.mp3", song(f"Song {number}", number=number + 1, mark=number, frames=10 + number))
    return tmp_path


@pytest.fixture
def library(root: Path, quick_reading: RememberingPool) -> Library:
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    return library


def retag(path: Path, number: int, title: str) -> None:
    """As a tagger does it: in place, or into a new file."""
    path.write_bytes(song(title, number=number + 1, mark=number, frames=10 + number, TALB="Quite another", TPE1="Bob"))


def test_moved_and_retagged_in_one_scan(root: Path, library: Library) -> None:
    known = ids(library)
    for number in range(COUNT):
        retag(root / f"a/{number}.mp3", number, f"Another title {number}")
    (root / "a").rename(root / "b")
    assert counts(scan(library)) == {"moved": COUNT}
    assert ids(library) == {path.replace("a/", "b/"): pk for path, pk in known.items()}
    assert counts(scan(library)) == {"skipped": COUNT}


def test_renamed_and_retagged_in_one_scan(root: Path, library: Library) -> None:
    """Another name, another album, another artist: what stays is the title, the sound and the file itself."""
    known = ids(library)
    retag(root / "a/0.mp3", 0, "Song 0")
    (root / "a/0.mp3").rename(root / "1-01 song.mp3")
    assert counts(scan(library)) == {"moved": 1, "skipped": COUNT - 1}
    assert ids(library)["1-01 song.mp3"] == known["a/0.mp3"]


def test_swapped_and_retagged_in_one_scan(root: Path, library: Library) -> None:
    known = ids(library)
    for number in (0, 1):
        retag(root / f"a/{number}.mp3", number, f"Song {number}")
    (root / "a/0.mp3").rename(root / "between")
    (root / "a/1.mp3").rename(root / "a/0.mp3")
    (root / "between").rename(root / "a/1.mp3")
    assert counts(scan(library)) == {"moved": 2, "skipped": COUNT - 2}
    assert ids(library) == known | {"a/0.mp3": known["a/1.mp3"], "a/1.mp3": known["a/0.mp3"]}


def test_a_used_inode_and_the_same_length_are_not_enough(root: Path, library: Library) -> None:
    known = ids(library)
    path = root / "a/0.mp3"
    path.rename(root / "new.mp3")
    (root / "new.mp3").write_bytes(song("Unheard", number=7, mark=60, frames=10, TALB="New", TPE1="Zoe"))
    assert counts(scan(library)) == {"added": 1, "missing": 1, "skipped": COUNT - 1}
    assert known["a/0.mp3"] not in ids(library).values()


def test_another_song_in_a_used_inode_is_another_song(root: Path, library: Library) -> None:
    """File systems give the number of a deleted file to the next new one."""
    known = ids(library)
    for number in range(COUNT):
        path = root / f"a/{number}.mp3"
        new = song(f"Unheard {number}", number=number + 1, mark=50 + number, frames=40 + number, TALB="New", TPE1="Zoe")
        path.rename(root / f"new {number}.mp3")
        (root / f"new {number}.mp3").write_bytes(new)
    assert counts(scan(library)) == {"added": COUNT, "missing": COUNT}
    assert not set(ids(library).values()) & set(known.values())


def test_a_broken_file_in_the_place_of_one_that_moved(root: Path, library: Library) -> None:
    known = ids(library)
    (root / "a/0.mp3").rename(root / "a/new name.mp3")
    (root / "a/0.mp3").write_bytes(b"garbage")
    assert counts(scan(library)) == {"moved": 1, "skipped": COUNT - 1, "failed": 1}
    assert ids(library)["a/new name.mp3"] == known["a/0.mp3"]
    assert "a/0.mp3" not in ids(library)
    assert counts(scan(library)) == {"skipped": COUNT, "failed": 1}


@pytest.mark.parametrize("phase", ["moving", "marking"])
def test_moved_moved_again_after_a_crash(
    root: Path, library: Library, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan that died had written down the place in between; nobody ever saw it."""
    known = ids(library)
    (root / "a").rename(root / "b")
    scan_id = request(library).pk

    def die(running: object) -> None:
        if getattr(running, "phase", "") == phase:
            raise Killed

    with pytest.raises(Killed):
        pipeline.run(scan_id, on_progress=die)
    (root / "b").rename(root / "c")
    redo(scan_id)
    assert ids(library) == {path.replace("a/", "c/"): pk for path, pk in known.items()}
    library.refresh_from_db()
    assert counts(scan(library)) == {"skipped": COUNT}
    assert library.total_songs == COUNT
    assert not set(MediaFile.objects.missing().values_list("pk", flat=True)) & set(known.values())
