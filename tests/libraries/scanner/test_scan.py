"""Whole scans of real files: what is found, what changes, what stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from libraries.models import Album, Artist, Library, MediaFile, ScanProblem
from synth.library import make_library as make_files
from tests.support.limits import limit_scans
from tests.support.scans import counts, ids, picture, scan, write_album, write_track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


def test_first_scan_finds_what_the_manifest_says(root: Path, library: Library) -> None:
    manifest = make_files(root, tracks=120, seed=3)
    done = scan(library)
    assert (done.state, done.error, counts(done)) == ("finished", "", {"added": 120})
    totals = manifest.totals
    assert library.total_songs == totals.songs
    assert library.total_size == totals.size
    assert library.total_duration == pytest.approx(totals.duration, rel=0.01)
    assert library.total_folders == totals.folders
    unnamed = Album.objects.filter(library=library, name="[Unknown Album]").count()
    assert library.total_albums == totals.albums + unnamed
    assert library.last_scan_at is not None
    titles = dict(MediaFile.objects.values_list("path", "title"))
    assert {entry.path: entry.title for entry in manifest.tracks if entry.tagged}.items() <= titles.items()


def test_second_scan_changes_nothing_and_asks_little(root: Path, library: Library) -> None:
    queries = []
    for size in (1, 4):
        for album in range(size):
            write_album(root / f"{size}-{album}", 3 * size, album=f"Album {size}-{album}")
        scan(library)
        before = picture(library)
        with CaptureQueriesContext(connection) as asked:
            done = scan(library)
        assert counts(done) == {"skipped": library.total_songs}
        assert picture(library) == before
        queries.append(len(asked))
    assert queries[0] == queries[1] < 40


def test_full_scan_reads_everything_and_changes_nothing(root: Path, library: Library) -> None:
    write_album(root / "a", 4)
    scan(library)
    before, known = picture(library), ids(library)
    assert counts(scan(library, full=True)) == {"updated": 4}
    assert picture(library) == before
    assert ids(library) == known


def test_a_retagged_file_keeps_its_id_and_leaves_its_album(root: Path, library: Library) -> None:
    write_album(root / "a", 3)
    scan(library)
    known = ids(library)
    created = MediaFile.objects.get(path="a/01.flac").created_at
    write_track(root / "a/01.flac", "Other", number=1, album="Second", album_artists=("Bob",), artists=("Bob",))
    assert counts(scan(library)) == {"updated": 1, "skipped": 2}
    assert ids(library) == known
    assert MediaFile.objects.get(path="a/01.flac").created_at == created
    assert dict(Album.objects.values_list("name", "song_count")) == {"First": 2, "Second": 1}
    assert library.total_artists == 2


def test_an_older_time_is_a_change_too(root: Path, library: Library) -> None:
    (path,) = write_album(root, 1)
    scan(library)
    write_track(path, "Older", number=1)
    os.utime(path, (1, 1))
    assert counts(scan(library)) == {"updated": 1}
    assert MediaFile.objects.get().title == "Older"


def test_a_deleted_file_is_missing_and_comes_back_with_its_id(root: Path, library: Library) -> None:
    paths = write_album(root / "a", 3)
    scan(library)
    before, known, seen = picture(library), ids(library), library.last_scan_at
    away = root.parent / "away.flac"
    paths[1].rename(away)
    assert counts(scan(library)) == {"missing": 1, "skipped": 2}
    gone = MediaFile.objects.missing().get()
    assert (gone.id, gone.last_seen_at, library.total_songs, library.total_missing_files) == (
        known["a/02.flac"], seen, 2, 1,
    )  # fmt: skip
    assert gone.missing_since is not None
    assert Album.objects.get().song_count == 2
    assert counts(scan(library)) == {"skipped": 2}
    away.rename(paths[1])
    assert counts(scan(library)) == {"restored": 1, "skipped": 2}
    assert ids(library) == known
    back, after = MediaFile.objects.get(pk=gone.pk), picture(library)
    assert (back.missing_since, back.last_seen_at) == (None, None)
    for each in (before, after):
        each.pop("folders")
        for track in each["tracks"]:
            track.pop("ctime_ns")
    assert after == before


def test_a_bad_file_costs_itself_and_is_not_read_again(root: Path, library: Library) -> None:
    write_album(root, 2)
    bad = root / "bad.flac"
    bad.write_bytes(b"fLaC" + bytes(20))
    (root / "empty.mp3").touch()
    assert counts(scan(library)) == {"added": 2, "failed": 2}
    assert set(ScanProblem.objects.unresolved().values_list("path", flat=True)) == {"bad.flac", "empty.mp3"}
    assert counts(scan(library)) == {"skipped": 2, "failed": 2}
    write_track(bad, "Good", number=3)
    assert counts(scan(library)) == {"added": 1, "skipped": 2, "failed": 1}
    (root / "empty.mp3").unlink()
    assert counts(scan(library)) == {"skipped": 3}
    assert not ScanProblem.objects.unresolved().exists()


def test_a_track_that_turns_bad_keeps_its_row(root: Path, library: Library) -> None:
    paths = write_album(root, 2)
    scan(library)
    known = ids(library)
    paths[0].write_bytes(b"nothing of the kind")
    assert counts(scan(library)) == {"failed": 1, "skipped": 1}
    assert counts(scan(library)) == {"failed": 1, "skipped": 1}
    assert ids(library) == known
    write_track(paths[0], "Song 1", number=1)
    assert counts(scan(library)) == {"updated": 1, "skipped": 1}


def test_names_that_are_no_text(root: Path, library: Library) -> None:
    write_track(root / "a.flac", "A", number=1)
    folder = os.path.join(os.fsencode(root), b"f\xff\xfe\n")
    os.mkdir(folder)
    os.rename(root / "a.flac", os.path.join(folder, b"n\xe9\x01.flac"))
    assert counts(scan(library)) == {"added": 1}
    track = MediaFile.objects.get()
    assert bytes(track.name_bytes) == b"n\xe9\x01.flac"
    assert bytes(track.folder.path_bytes) == b"f\xff\xfe\n"
    assert counts(scan(library)) == {"skipped": 1}


def test_a_giant_folder_is_written_in_pieces(root: Path, library: Library, settings: Settings) -> None:
    limit_scans(settings, batch_files=4)
    write_album(root, 11)
    assert counts(scan(library)) == {"added": 11}
    assert library.total_songs == Album.objects.get().song_count == 11
    assert counts(scan(library)) == {"skipped": 11}


def test_only_the_targets_are_looked_at(root: Path, library: Library) -> None:
    write_album(root / "a", 1)
    write_album(root / "b", 1, album="B")
    (root / "ab").mkdir()
    scan(library)
    seen = library.last_scan_at
    for name in ("a", "b"):
        (root / name / "01.flac").unlink()
        (root / name).rmdir()
    done = scan(library, targets=["a"])
    assert (counts(done), done.type) == ({"missing": 1}, "quick-selective")
    assert MediaFile.objects.missing().get().path == "a/01.flac"
    assert library.last_scan_at == seen
    assert counts(scan(library)) == {"missing": 1}


def test_artists_are_shared_between_libraries(root: Path, library: Library, tmp_path: Path) -> None:
    write_album(root, 1)
    write_album(tmp_path / "other", 1)
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    scan(library)
    scan(other)
    assert Artist.objects.count() == 1
    assert Album.objects.count() == 2
    assert library.total_artists == other.total_artists == 1


def test_many_rows_at_one_time_need_few_statements(root: Path, library: Library) -> None:
    write_album(root, 40)
    with CaptureQueriesContext(connection) as asked:
        scan(library)
    assert len(asked) < 80
