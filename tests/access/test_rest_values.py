"""Hostile values in the parameters of `/rest`: each is answered by the protocol, never by an accident in the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest
from rest_framework.test import APIClient

from libraries.gathering import gather
from libraries.models import Library, MediaFile
from listening.models import Playlist
from tests.conftest import PASSWORD, Configure
from tests.support.catalog import SEEN, make_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

# the parameters of each method that come to the database or to a clock
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "star": ("id", "albumId", "artistId"), "unstar": ("id", "albumId", "artistId"), "setRating": ("id", "rating"),
    "scrobble": ("id", "time", "c"), "reportPlayback": ("mediaId", "positionMs", "c"),
    "createBookmark": ("id", "position", "comment", "c"), "deleteBookmark": ("id",),
    "savePlayQueue": ("id", "current", "position", "c"), "savePlayQueueByIndex": ("id", "currentIndex", "position"),
    "createPlaylist": ("name", "songId", "playlistId"),
    "updatePlaylist": ("playlistId", "name", "comment", "songIdToAdd", "songIndexToRemove"),
    "deletePlaylist": ("id",), "getPlaylist": ("id",), "getPlaylists": ("username",),
    "createShare": ("id", "description", "expires"), "updateShare": ("id", "description", "expires"),
    "getAlbumList2": ("genre", "fromYear", "size", "offset", "musicFolderId"), "getRandomSongs": ("genre", "fromYear"),
    "getSongsByGenre": ("genre", "offset", "count"), "search3": ("query", "songOffset", "songCount"),
    "getTopSongs": ("artist", "id", "count"), "getSimilarSongs2": ("id", "count"), "getArtistInfo2": ("id",),
    "getAlbumInfo2": ("id",), "getArtist": ("id",), "getAlbum": ("id",), "getSong": ("id",),
    "getMusicDirectory": ("id",), "getIndexes": ("ifModifiedSince", "musicFolderId"), "getLyrics": ("artist", "title"),
    "getLyricsBySongId": ("id",), "getCoverArt": ("id", "size"), "getUser": ("username",),
    "createUser": ("username", "email", "musicFolderId"), "updateUser": ("username", "email"),
    "changePassword": ("username",), "createInternetRadioStation": ("name", "streamUrl", "homepageUrl"),
    "updateInternetRadioStation": ("id",),
}  # fmt: skip
HOSTILE: Final = ("a\x00b", "9" * 15)


@pytest.fixture
def song(library: Library) -> MediaFile:
    found = make_track(library, "A/1.mp3", missing=False)
    gather([library.pk])
    return found


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_value_is_an_accident(admin: User, song: MediaFile, configure: Configure, hostile: str) -> None:
    configure(enable_sharing=True)
    playlist = Playlist.objects.create(owner=admin, name="P", updated_at=SEEN)
    good = {
        "id": song.pk, "mediaId": song.pk, "mediaType": "song", "playlistId": playlist.pk, "name": "N",
        "position": "1", "positionMs": "1", "state": "playing", "rating": "3", "username": "other", "password": "p",
        "email": "a@example.org", "type": "byGenre", "genre": "Rock", "artist": "A", "streamUrl": "http://a.example/",
        "u": admin.username, "p": PASSWORD, "v": "1.16.1", "c": "test", "f": "json",
    }  # fmt: skip
    client, wrong = APIClient(), list[tuple[str, str]]()
    for method, names in VALUES.items():
        for name in names:
            values = {**good, name: hostile}
            if (method, name) in (("createPlaylist", "name"), ("createPlaylist", "songId")):
                del values["playlistId"]
            response = client.get(f"/rest/{method}", values)
            if response.status_code != 200 or b"went wrong" in response.content:
                wrong.append((method, name))
    assert wrong == []
