"""Keys that are confined to some libraries, and shares, which show what their owner can access."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from libraries.gathering import gather
from libraries.models import Album, Library, MediaFile
from libraries.totals import refresh_library_artists
from listening.models import Playlist, PlaylistTrack, Share
from listening.services.shares import create_share
from tests.conftest import Configure
from tests.subsonic.conftest import Call, code
from tests.support.catalog import SEEN, make_artist, make_track
from users import api_keys
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture(autouse=True)
def sharing(configure: Configure) -> None:
    configure(enable_sharing=True)


@pytest.fixture(params=["member", "admin"])
def owner(request: pytest.FixtureRequest, other_library: Library) -> User:
    """An account that can access two libraries."""
    user: User = request.getfixturevalue(request.param)
    LibraryAccess.objects.get_or_create(user=user, library=other_library)
    return user


@pytest.fixture
def key(owner: User, library: Library) -> str:
    """A key of it for the first library."""
    return api_keys.create_key(owner, name="car", scope="listen", library_ids=[library.pk])[1]


@pytest.fixture
def songs(library: Library, other_library: Library) -> list[MediaFile]:
    """A song of the same artist in each library."""
    found = [make_track(each, "A/1.mp3", missing=False, title=each.name) for each in (library, other_library)]
    Album.objects.update(song_count=1)
    refresh_library_artists(library.pk)
    refresh_library_artists(other_library.pk)
    gather([library.pk, other_library.pk])
    return found


def ask(call: Call, key: str, method: str, **params: Any) -> dict[str, Any]:
    return call(method, apiKey=key, **params)


def test_it_shares_nothing_that_reaches_into_other_libraries(
    call: Call, owner: User, key: str, songs: list[MediaFile]
) -> None:
    """The page of an artist or a playlist would show guests, and so whoever has the key, all that its owner has."""
    artist = make_artist("Ada").pk
    playlist = Playlist.objects.create(owner=owner, name="P", updated_at=SEEN)
    for place, song in enumerate(songs):
        PlaylistTrack.objects.create(playlist=playlist, position=place, media_file=song)
    for pk in (artist, playlist.pk):
        assert code(ask(call, key, "createShare", id=pk)) == 50
    assert code(ask(call, key, "createShare", id=songs[1].pk)) == 70
    assert not Share.objects.exists()


def test_it_shares_what_is_in_its_libraries(call: Call, key: str, songs: list[MediaFile]) -> None:
    for pk in (songs[0].pk, str(songs[0].album_ref_id)):
        (share,) = ask(call, key, "createShare", id=pk)["shares"]["share"]
        page = Client().get(f"/share/{share['id']}").content.decode()
        assert (songs[0].pk in page, songs[1].pk in page) == (True, False)
    assert len(ask(call, key, "getShares")["shares"]["share"]) == 2


def test_it_sees_no_address_that_leads_into_other_libraries(
    call: Call, owner: User, key: str, songs: list[MediaFile]
) -> None:
    viewer = owner.as_viewer()
    artist = make_artist("Ada").pk
    beyond = [
        create_share(viewer, ids, None, {}).pk
        for ids in ([songs[1].pk], [str(songs[1].album_ref_id)], [artist], [songs[0].pk, songs[1].pk])
    ]
    within = create_share(viewer, [songs[0].pk], None, {}).pk
    assert [share["id"] for share in ask(call, key, "getShares")["shares"]["share"]] == [within]
    client = APIClient(headers={"Authorization": f"Bearer {key}"})
    assert [share["id"] for share in client.get("/api/share").json()] == [within]
    for pk in beyond:
        assert client.get(f"/api/share/{pk}").status_code == 404
        assert code(ask(call, key, "updateShare", id=pk, description="x")) == 70
        assert code(ask(call, key, "deleteShare", id=pk)) == 70
    assert len(call("getShares", owner)["shares"]["share"]) == 5
