"""The number of queries of a method does not depend on how much there is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from libraries.models import Library, MediaFile
from listening.models import TrackAnnotation
from tests.subsonic.conftest import credentials
from tests.subsonic.music import add_song, settle
from tests.support.catalog import SEEN, make_artist
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]
# what is asked for: `song`, `album` and `artist` are ids
CALLS: dict[str, dict[str, Any]] = {
    "getArtists": {}, "getIndexes": {}, "getGenres": {}, "getArtist": {"id": "artist"}, "getAlbum": {"id": "album"},
    "getMusicDirectory": {"id": "artist"}, "getAlbumList2": {"type": "newest", "size": 500},
    "getAlbumList": {"type": "byGenre", "genre": "Folk", "size": 500}, "getRandomSongs": {"size": 500},
    "getSongsByGenre": {"genre": "Folk", "count": 500}, "getStarred2": {}, "getStarred": {},
    "search3": {"query": "", "songCount": 500, "albumCount": 500, "artistCount": 500}, "search2": {"query": "folk"},
    "getTopSongs": {"artist": "Ada"}, "getSimilarSongs2": {"id": "song"}, "getArtistInfo2": {"id": "artist"},
}  # fmt: skip


@pytest.mark.parametrize("method", CALLS)
def test_more_music_takes_no_more_queries(member: User, songs: Songs, library: Library, method: str) -> None:
    ids = {"song": songs["Dawn"].pk, "album": songs["Dawn"].album_ref_id, "artist": make_artist("Ada").pk}
    query = {key: ids.get(value, value) for key, value in CALLS[method].items()}
    query |= credentials(member)
    for number, (artist, album) in enumerate((("Ada", "Early"), ("Folk 0", "Folk"), ("Ada", "Folk"))):
        add_song(library, (f"F/{number}.mp3", artist, album, "Folk", {"title": f"Folk {number}", "year": 1980}))
    settle(library)

    def queries() -> int:
        Client().get(f"/rest/{method}", query)
        # what is kept would hide what it costs
        TrackAnnotation.objects.create(user=member, media_file=MediaFile.objects.latest("pk"), starred_at=SEEN)
        library.library_artists.update(size=library.library_artists.count())
        Library.objects.update(revision=F("revision") + 1)
        with CaptureQueriesContext(connection) as captured:
            answer = Client().get(f"/rest/{method}", query).json()["subsonic-response"]
        assert answer["status"] == "ok"
        return len(captured)

    before = queries()
    for number in range(30):
        artist, album = f"Folk {number % 7}", f"Folk {number % 10}"
        for who, on in ((artist, album), ("Ada", "Early"), ("Ada", album)):
            place = f"F/{on}/{who} {number}.mp3"
            add_song(library, (place, who, on, "Folk", {"title": f"Folk {number}", "year": 1980}))
    settle(library)
    assert queries() <= before
