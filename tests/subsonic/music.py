"""A small catalog in two libraries, as a scan leaves it."""

from __future__ import annotations

from typing import Any

from libraries.gathering import gather
from libraries.models import Album, Artist, Library, MediaFile
from libraries.order_names import order_name
from libraries.search.index import index_everything
from libraries.totals import refresh_albums, refresh_library_artists, refresh_library_totals
from tests.support.catalog import make_track

# where, who, which album, which genre, and what else
SONGS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("Ada/First/1.mp3", "Ada", "First", "Rock", {"title": "Opening", "track_number": 2, "year": 1990}),
    ("Ada/First/2.mp3", "Ada", "First", "Rock", {"title": "Overture", "track_number": 1, "year": 1990}),
    ("Ada/Early/1.mp3", "Ada", "Early", "Folk", {"title": "Dawn", "track_number": 1, "year": 1980}),
    ("Bob/Second/1.mp3", "Bob", "Second", "Jazz", {"title": "Été", "track_number": 1, "year": 2000}),
    ("Cure/Third/1.mp3", "The Cure", "Third", "Rock", {"title": "Rain & <Snow>", "track_number": 1, "year": 2010}),
    ("7/Odd/1.mp3", "7 Seconds", "Odd", "Rock", {"title": "Odd \x01 one", "year": 2011}),
)
HIDDEN = ("Eve/Away/1.mp3", "Eve", "Away", "Rock", {"title": "Opening too", "track_number": 1, "year": 1991})


def add_song(library: Library, song: tuple[str, str, str, str, dict[str, Any]], **more: Any) -> MediaFile:
    path, artist, album, genre, fields = song
    fields = {"order_title": order_name(fields["title"]), "missing": False, **fields, **more}
    return make_track(library, path, artist=artist, album=album, genre=genre, **fields)


def fill(library: Library, other: Library) -> dict[str, MediaFile]:
    """Add the songs; `Lost` is missing, and `Opening too` in the other library."""
    songs = [add_song(library, song) for song in SONGS]
    lost = ("Zoe/Lost/1.mp3", "Zoe", "Lost", "Rock", {"title": "Lost", "missing": True})
    songs += [add_song(library, lost), add_song(other, HIDDEN)]
    settle(library, other)
    return {song.title: song for song in songs}


def settle(*libraries: Library) -> None:
    """Bring up to date what scans keep."""
    for album in Album.objects.all():
        album.order_name, album.order_artist = order_name(album.name), order_name(album.album_artist, ("The",))
        album.save()
    for artist in Artist.objects.all():
        artist.order_name = order_name(artist.name, ("The",))
        artist.words = f" {artist.name.casefold()}"
        artist.save()
    for library in libraries:
        refresh_albums(library.pk)
        refresh_library_artists(library.pk)
        refresh_library_totals(library.pk)
    gather([library.pk for library in libraries])
    index_everything()
