"""What a deletion costs is shown before it is done, and noted when it was."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from libraries.models import Library
from listening.models import AlbumAnnotation, Playlist, Scrobble, TrackAnnotation
from listening.services.annotations import Things, star
from listening.services.plays import Play, record_plays
from navidrome_lib.audit.models import AuditEntry
from tests.listening.api.test_playlists import make_playlist
from tests.support.catalog import LONG_AGO, SEEN, make_track
from users import api_keys
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

OF_LIBRARY = {
    "entries of playlists": 3,
    "favourites, ratings and plays of albums": 1,
    "favourites, ratings and plays of songs": 2,
    "plays": 2,
}


@pytest.fixture(autouse=True)
def added(member: User, library: Library, other_library: Library) -> None:
    """Plays, favourites and a playlist of songs of two libraries."""
    one = make_track(library, "A/1.mp3", missing=False)
    two, elsewhere = make_track(library, "A/2.mp3"), make_track(other_library, "A/1.mp3", missing=False)
    make_playlist(member, "Mine", one, one, two, elsewhere)
    record_plays(member.as_viewer(), [Play(one.pk, SEEN), Play(one.pk, LONG_AGO)])
    star(member.as_viewer(), [Things(TrackAnnotation, [two.pk])])


def test_of_a_library(as_admin: APIClient, site: Client, library: Library) -> None:
    address = f"/api/library/{library.pk}"
    Library.objects.filter(pk=library.pk).update(total_songs=1)
    cost = {"id": str(library.pk), "songs": 1, "attached": OF_LIBRARY}
    assert as_admin.delete(f"{address}?dryRun=true").json() == {**cost, "dryRun": True}
    assert set(as_admin.delete(f"{address}?dryRun=perhaps").json()["errors"]) == {"dryRun"}
    page = site.get(f"/admin/libraries/library/{library.pk}/delete/").content.decode()
    for what, count in OF_LIBRARY.items():
        assert f"{what}: {count}" in page
    assert Library.objects.active().filter(pk=library.pk).exists()
    assert as_admin.delete(address).json() == {**cost, "dryRun": False}
    assert AuditEntry.objects.get(action="library.delete").changes["attached"] == OF_LIBRARY


def test_of_an_account(as_admin: APIClient, site: Client, member: User) -> None:
    api_keys.create_key(member, name="k", scope="read")
    page = site.get(f"/admin/users/user/{member.pk}/delete/").content.decode()
    for said in ("API keys: 1", "plays: 2", "playlists: 1", "favourites, ratings and plays of songs: 2"):
        assert said in page
    assert as_admin.delete(f"/api/user/{member.pk}").status_code == 200
    for model in (Scrobble, Playlist, TrackAnnotation, AlbumAnnotation):
        assert not model._default_manager.exists()
    told = AuditEntry.objects.get(action="user.delete").changes["attached"]
    assert told["plays"] == 2
    assert told["playlists"] == 1


def test_of_a_purge(as_admin: APIClient, site: Client) -> None:
    preview = as_admin.delete("/api/missing?dryRun=true").json()
    assert preview["attached"]["entries of playlists"] == 1
    assert preview["attached"]["favourites, ratings and plays of songs"] == 1
    assert preview["attached"]["plays"] == 0
