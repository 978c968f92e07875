"""What Subsonic clients ask of the catalog, as addresses with credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from libraries.models import Album, Genre, Library, LibraryArtist, MediaFile
from users import api_keys
from users.models import User

# the pages of a client that copies everything
COPIED = 500


def subsonic_calls(user: User, word: str) -> Iterator[tuple[str, str]]:
    """Each method that reads with what it is asked for, and its address."""
    _, key = api_keys.create_key(user, name="bench", scope="read")
    signed = {"apiKey": key, "v": "1.16.1", "c": "bench"}
    for method, query in calls(user, word):
        told = " ".join(str(value) for value in query.values())
        for notation in ("json", "xml"):
            yield f"{method} {told} {notation}", f"/rest/{method}?{urlencode({**query, **signed, 'f': notation})}"


def calls(user: User, word: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The methods and their parameters, with ids of what the user can see."""
    viewer = user.as_viewer()
    seen = Library.objects.visible_to(viewer)
    genre = Genre.objects.order_by("pk").values_list("name", flat=True)[0]
    artist = (
        LibraryArtist.objects.filter(library__in=seen)
        .order_by("-album_count", "pk")
        .values_list("artist", flat=True)[0]
    )
    album = Album.objects.visible_to(viewer).order_by("-song_count", "pk").values_list("pk", flat=True)[0]
    song = MediaFile.objects.visible_to(viewer).present().order_by("pk").values_list("pk", flat=True)[0]
    for kind in ("newest", "alphabeticalByName", "alphabeticalByArtist", "random", "frequent", "recent", "starred"):
        yield "getAlbumList2", {"type": kind, "size": 500}
    yield "getAlbumList2", {"type": "byYear", "fromYear": 1990, "toYear": 1999, "size": 500}
    yield "getAlbumList2", {"type": "byGenre", "genre": genre, "size": 500}
    yield "getSongsByGenre", {"genre": genre, "count": 500}
    yield "getRandomSongs", {"size": 500}
    for method in ("getArtists", "getIndexes", "getGenres", "getStarred2"):
        yield method, {}
    for method in ("getArtist", "getMusicDirectory", "getArtistInfo2", "getTopSongs"):
        yield method, {"id": artist}
    yield "getAlbum", {"id": album}
    yield "getSong", {"id": song}
    yield "getSimilarSongs2", {"id": song}
    yield "search3", {"query": word}
    for first in range(0, 4 * COPIED, COPIED):
        yield "search3", {"query": "", "artistCount": 0, "albumCount": 0, "songCount": COPIED, "songOffset": first}
