"""What services outside have told, as clients are told of it: of what they can see, and without waiting."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from libraries.models import MediaFile
from media.choices import CoverKind
from media.external.wishes import wishes
from navidrome_lib.celery import app
from tests.conftest import Configure
from tests.media.external.conftest import LINK, MBZ, Outside, fetch, outside, sent
from tests.subsonic.conftest import Call, code, names
from tests.support.catalog import make_artist
from tests.support.listening_service import hangs
from users.models import User

__all__ = ["outside", "sent"]
pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]


@pytest.fixture
def known(outside: Outside, songs: Songs) -> Outside:
    """Services that have told of Ada and her first album."""
    fetch(CoverKind.ARTIST, make_artist("Ada").pk)
    album = songs["Opening"].album_ref_id
    assert album is not None
    fetch(CoverKind.ALBUM, album)
    return outside


def test_artists(call: Call, caller: User, sees_all: bool, songs: Songs, known: Outside, sent: list[Any]) -> None:
    for method, element in (("getArtistInfo", "artistInfo"), ("getArtistInfo2", "artistInfo2")):
        found = call(method, caller, id=make_artist("Ada").pk)[element]
        assert found["biography"] == "Ada & friends. ‹i› Read more on Last.fm."
        assert (found["lastFmUrl"], found["musicBrainzId"]) == (LINK, MBZ(1))
        first = ["Bob", "Eve"] if sees_all else ["Bob"]
        assert names(found["similarArtist"])[: len(first)] == first
        assert ("Eve" in names(found["similarArtist"])) is sees_all
        assert "Zoë Elsewhere" not in names(found["similarArtist"])
        assert names(call(method, caller, id=make_artist("Ada").pk, count=1)[element]["similarArtist"]) == ["Bob"]


def test_artists_that_are_not_here(
    call: Call, caller: User, sees_all: bool, songs: Songs, known: Outside, sent: list[Any]
) -> None:
    query = {"id": make_artist("Ada").pk, "includeNotPresent": "true"}
    for method, element in (("getArtistInfo", "artistInfo"), ("getArtistInfo2", "artistInfo2")):
        alike = call(method, caller, **query)[element]["similarArtist"]
        assert names(alike)[:3] == ["Zoë Elsewhere", "Bob", "Eve"]
        # to who cannot see her library she is one of those that are not here
        assert [each["id"] == "-1" for each in alike[:3]] == [True, False, not sees_all]
        assert all(each["id"] != "-1" for each in alike[3:])


def test_albums(call: Call, member: User, songs: Songs, known: Outside, sent: list[Any]) -> None:
    for pk in (songs["Opening"].pk, songs["Opening"].album_ref_id):
        assert call("getAlbumInfo2", member, id=pk)["albumInfo"] == {
            "notes": "The first.", "lastFmUrl": f"{LINK}/First", "musicBrainzId": MBZ(2),
        }  # fmt: skip


def test_top_songs(call: Call, caller: User, songs: Songs, known: Outside, sent: list[Any]) -> None:
    found = names(call("getTopSongs", caller, artist="Ada")["topSongs"]["song"])
    assert found[0] == "Dawn"
    assert sorted(found) == ["Dawn", "Opening", "Overture"], "the songs of the artist, and each once"
    assert names(call("getTopSongs", caller, artist="Ada", count=1)["topSongs"]["song"]) == ["Dawn"]


def test_only_what_a_person_sees_is_asked_for(
    call: Call, member: User, admin: User, songs: Songs, outside: Outside, sent: list[Any]
) -> None:
    eve, hidden = make_artist("Eve").pk, songs["Opening too"].album_ref_id
    for method, pk in (("getArtistInfo2", eve), ("getAlbumInfo2", hidden), ("getArtistInfo2", hidden)):
        assert code(call(method, member, id=pk)) == 70
    assert call("getTopSongs", member, artist="Eve")["topSongs"]["song"] == []
    wishes.join()
    assert sent == []
    call("getArtistInfo2", admin, id=eve)
    wishes.join()
    assert sent[0] == ("ask_outside", "ar", eve, ["lastfm", "listenbrainz", "musicbrainz"])
    assert outside.paths == [], "no answer asks by itself"


def test_an_album_of_another_library_tells_nothing(
    call: Call, member: User, songs: Songs, outside: Outside, sent: list[Any]
) -> None:
    hidden = songs["Opening too"].album_ref_id
    assert hidden is not None
    outside.answers["album.getInfo"] = outside.answers["artist.getInfo"]
    assert fetch(CoverKind.ALBUM, hidden) > 0
    for method in ("getAlbumInfo", "getAlbumInfo2", "getArtistInfo2"):
        answer = call(method, member, id=hidden)
        assert code(answer) == 70
        assert LINK not in str(answer)


def test_nothing_is_asked_and_nothing_shown_while_it_is_off(
    call: Call, member: User, songs: Songs, known: Outside, sent: list[Any], configure: Configure, settings: Settings
) -> None:
    configure(external=dataclasses.replace(settings.CONF.external, enabled=False))
    found = call("getArtistInfo2", member, id=make_artist("Ada").pk)["artistInfo2"]
    assert set(found) == {"similarArtist"}
    assert call("getAlbumInfo2", member, id=songs["Opening"].pk)["albumInfo"] == {}
    call("getArtistInfo2", member, id=make_artist("Bob").pk)
    assert sent == []


def test_no_answer_waits(
    call: Call, member: User, songs: Songs, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for a service that hangs nor for a broker that does."""
    for part in outside.answers:
        outside.answers[part] = hangs
    monkeypatch.setattr(app, "send_task", lambda *_, **__: time.sleep(1.5))
    began = time.monotonic()
    assert call("getArtistInfo2", member, id=make_artist("Ada").pk)["status"] == "ok"
    assert time.monotonic() - began < 1.4
