"""Albums in real files: what holds their tracks together, and what of the tracks is shown of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from libraries.models import Album, Library, MediaFile
from tests.hazards.files import put, song
from tests.support.scans import scan, write_track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


def test_an_album_holds_together_as_people_mean_it(root: Path, library: Library) -> None:
    """Best-ofs with the year of each song, versions of tracks, flags on some tracks, guests, bands."""
    for number, year in enumerate(("1971", "1975", "1982", ""), 1):
        dated: dict[str, Any] = {"TYER": year} if year else {}
        put(root / f"hits {number}.mp3", song(f"Hit {number}", number=number, mark=number, TALB="Best Of", **dated))
    write_track(root / "hits 5.flac", "Hit 5", number=5, album="Best Of", date="1990-05-06")
    for number, version in enumerate(("VERSION\0Full", "VERSION\0Sting", "ENSEMBLE\0Some", "BAND\0Other"), 1):
        put(root / f"theme {number}.mp3", song("Theme", number=number, mark=10 + number, TALB="Themes", TXXX=version))
    put(root / "flag 1.mp3", song("Flag 1", mark=21, TALB="Partly Flagged", TCMP="1"))
    put(root / "flag 2.mp3", song("Flag 2", mark=22, TALB="Partly Flagged"))
    for number, artists in enumerate((("Main",), ("Main feat. Guest",), ("Main", "Guest")), 1):
        write_track(
            root / f"guest {number}.flac", "Guest", number=number, album="Guests", artists=artists, album_artists=()
        )
    scan(library)
    found = Album.objects.order_by("name").values_list("name", "album_artist", "version", "song_count")
    assert list(found) == [
        ("Best Of", "Ann", "", 5),
        ("Guests", "Main", "", 3),
        ("Partly Flagged", "Ann", "", 2),
        ("Themes", "Ann", "", 4),
    ]
    tags = MediaFile.objects.get(path="theme 1.mp3").tags
    assert tags["version"] == ["Full"]
    assert "albumversion" not in tags


def test_editions_are_albums_of_their_own(root: Path, library: Library) -> None:
    editions: list[dict[str, Any]] = [{}, {"TXXX": "ALBUMVERSION\0Deluxe"}, {"TDRL": "2011-01-24"}]
    for number, frames in enumerate(editions, 1):
        put(root / f"{number}.mp3", song("One", mark=number, **frames))
    scan(library)
    found = Album.objects.order_by("version", "release_date").values_list("version", "release_date", "song_count")
    assert list(found) == [("", "", 1), ("", "2011-01-24", 1), ("Deluxe", "", 1)]
