"""Artists of whom a library has missing songs alone are kept like others, whatever becomes of these songs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries import totals
from libraries.gathering import gather
from libraries.models import Library, LibraryArtist, MediaFile
from missing.models import Purge
from missing.purges import purge_missing_files, undo_purge
from tests.support.scans import scan, write_track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(root: Path) -> Library:
    write_track(root / "one/1.flac", "A", number=1, artists=("Ann",), composers=("Cy",))
    write_track(root / "one/2.flac", "B", number=2, artists=("Ann",))
    write_track(root / "two/1.flac", "C", album="Second", artists=("Bob",), album_artists=("Bob",), composers=("Cy",))
    write_track(root / "two/2.flac", "D", album="Second", artists=("Bob",), album_artists=("Bob",))
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    return library


def counts() -> dict[str, int]:
    return dict(LibraryArtist.objects.values_list("artist__name", "song_count"))


def lose(root: Path, library: Library, name: str) -> None:
    (root / name).unlink()
    scan(library)


def purged(*ids: str) -> Purge:
    purge = purge_missing_files(ids).purge
    assert purge is not None
    return purge


def test_the_last_song_that_goes_missing_leaves_an_artist_without_songs(library: Library, root: Path) -> None:
    assert counts() == {"Ann": 2, "Bob": 2, "Cy": 2}
    gather([library.pk])
    lose(root, library, "two/1.flac")
    assert counts() == {"Ann": 2, "Bob": 1, "Cy": 1}
    lose(root, library, "two/2.flac")
    assert counts() == {"Ann": 2, "Bob": 0, "Cy": 1}
    library.refresh_from_db()
    assert library.total_artists == 2
    # there is nothing to gather of it, and its numbers are none
    gather([library.pk])
    lost = LibraryArtist.objects.get(artist__name="Bob")
    assert (lost.stats, lost.size, lost.main_song_count, lost.main_album_count, lost.main_size) == ("{}", 0, 0, 0, 0)
    totals.refresh_library_artists(library.pk)
    assert counts() == {"Ann": 2, "Bob": 0, "Cy": 1}
    assert LibraryArtist.objects.get(artist__name="Bob").stats == "{}"


def test_a_purge_lets_an_artist_go_with_the_last_missing_song(library: Library, root: Path) -> None:
    for name in ("two/1.flac", "two/2.flac", "one/1.flac"):
        lose(root, library, name)
    assert counts() == {"Ann": 1, "Bob": 0, "Cy": 0}
    ids = dict(MediaFile.objects.values_list("title", "pk"))
    first = purged(ids["C"])
    assert counts() == {"Ann": 1, "Bob": 0, "Cy": 0}
    second = purged(ids["D"], ids["A"])
    assert counts() == {"Ann": 1}
    undo_purge(second)
    assert counts() == {"Ann": 1, "Bob": 0, "Cy": 0}
    undo_purge(first)
    assert counts() == {"Ann": 1, "Bob": 0, "Cy": 0}


def test_a_file_that_comes_back_has_its_artist_counted(library: Library, root: Path) -> None:
    lose(root, library, "two/1.flac")
    lose(root, library, "two/2.flac")
    write_track(root / "two/2.flac", "D", album="Second", artists=("Bob",), album_artists=("Bob",))
    scan(library)
    assert counts()["Bob"] == 1


def test_the_list_has_lost_artists_in_one_query(
    library: Library, root: Path, as_admin: APIClient, django_assert_max_num_queries: Any
) -> None:
    lose(root, library, "two/1.flac")
    lose(root, library, "two/2.flac")
    as_admin.get("/api/artist")
    with django_assert_max_num_queries(12):
        answer = as_admin.get("/api/artist?_sort=name&_start=0&_end=10")
    shown = {each["name"]: (each["missing"], each["songCount"]) for each in answer.json()}
    assert shown == {"Ann": (False, 2), "Bob": (True, 0), "Cy": (False, 1)}
    assert answer["X-Total-Count"] == "3"
    names = {each["name"] for each in as_admin.get("/api/artist?missing=true").json()}
    assert names == {"Bob"}
    names = {each["name"] for each in as_admin.get(f"/api/artist?library_id={library.pk}&missing=false").json()}
    assert names == {"Ann", "Cy"}
