"""What is counted by artist follows every change of tracks, and nothing is counted that no change can have affected."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pytest

from libraries import totals
from libraries.models import Library, LibraryArtist, MediaFile
from tests.hazards import at_most
from tests.hazards.files import RememberingPool, put, song
from tests.support.scans import scan

pytestmark = pytest.mark.django_db(transaction=True)

SEED = 2611
PEOPLE = ("Ann", "Bob", "Cyd", "Ann / Bob")


@pytest.fixture
def library(tmp_path: Path, quick_reading: RememberingPool) -> Library:
    (tmp_path / "music").mkdir()
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Collection[str] | None]:
    """The artists that each scan counted; None for all."""
    found: list[Collection[str] | None] = []
    refresh = totals.refresh_library_artists

    def note(library_id: int, artists: Collection[str] | None = None) -> None:
        found.append(artists)
        refresh(library_id, artists)

    monkeypatch.setattr(totals, "refresh_library_artists", note)
    return found


def counts(library: Library) -> dict[str, tuple[int, int]]:
    rows = LibraryArtist.objects.filter(library=library).values_list("artist__name", "song_count", "album_count")
    return {name: (songs, albums) for name, songs, albums in rows}


def counted_anew(library: Library) -> dict[str, tuple[int, int]]:
    tracks: dict[str, set[str]] = {}
    albums: dict[str, set[str]] = {}
    rows = MediaFile.objects.in_catalog().filter(library=library)
    for pk, missing, album, artist in rows.values_list("pk", "missing", "album_ref", "participants__artist__name"):
        # who takes part in missing tracks alone is kept without a count
        tracks.setdefault(artist, set()).update(() if missing else (pk,))
        albums.setdefault(artist, set()).update(() if missing else (album,))
    return {artist: (len(tracks[artist]), len(albums[artist])) for artist in tracks}


def names(artists: Iterable[str] | None) -> list[str]:
    rows = LibraryArtist.objects.filter(artist__in=artists or [])
    return sorted(rows.values_list("artist__name", flat=True))


def test_only_whose_tracks_changed_is_counted(library: Library, counted: list[Collection[str] | None]) -> None:
    place = Path(library.path) / "1.mp3"
    put(place, song("One", TPE1="Ann", TPE2="Ann", TCOM="Bob"))
    put(Path(library.path) / "2.mp3", song("Two", mark=2, TPE1="Cyd", TPE2="Cyd", TALB="Second"))
    scan(library)
    assert counts(library) == {"Ann": (1, 1), "Bob": (1, 1), "Cyd": (1, 1)}
    # another title, and one more role of somebody who takes part already
    put(place, song("Another", TPE1="Ann", TPE2="Ann", TCOM="Bob", TEXT="Bob"))
    assert scan(library).updated == 1
    assert counted.pop() == set()
    put(place, song("Another", TPE1="Ann", TPE2="Ann", TCOM="Dee"))
    assert scan(library).updated == 1
    assert names(counted.pop()) == ["Dee"]
    assert counts(library) == {"Ann": (1, 1), "Cyd": (1, 1), "Dee": (1, 1)}
    put(place, song("Another", TPE1="Ann", TPE2="Ann", TCOM="Dee", TALB="Third"))
    assert scan(library).updated == 1
    # the row of the album follows, and its artists have as many albums as before
    assert names(counted.pop()) == []
    assert counts(library) == {"Ann": (1, 1), "Cyd": (1, 1), "Dee": (1, 1)}
    place.unlink()
    assert scan(library, accept_empty=True).missing == 1
    assert counts(library) == {"Ann": (0, 0), "Cyd": (1, 1), "Dee": (0, 0)}


def test_counts_follow_any_changes(library: Library) -> None:
    dice = random.Random(SEED)
    places = [Path(library.path) / f"{number}.mp3" for number in range(8)]
    for turn in range(at_most(30, 150)):
        for place in dice.sample(places, dice.randrange(1, 4)):
            if place.exists() and dice.random() < 0.3:
                place.unlink()
            else:
                roles = [frame for frame in ("TPE1", "TPE2", "TCOM") if dice.random() < 0.8]
                people: dict[str, Any] = {frame: dice.choice(PEOPLE) for frame in roles}
                mark = int(place.stem) if dice.random() < 0.7 else turn * 100
                put(place, song(f"Song {place.stem}", mark=mark, TALB=dice.choice("AB"), **people))
        done = scan(library, full=dice.random() < 0.2, accept_empty=True)
        assert done.state == "finished"
        assert counts(library) == counted_anew(library), turn
