"""What is known besides, and what is alike."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from libraries.models import Album, Artist, MediaFile, TrackGenre
from libraries.totals import refresh_library_artists
from listening.models import TrackAnnotation
from tests.subsonic.conftest import OK, Call, code, credentials, names
from tests.support.catalog import SEEN, make_artist
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]
MBZ = "00000000-0000-4000-8000-000000000001"


def test_albums(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    Album.objects.filter(name="First").update(mbz_album_id=MBZ)
    for method in ("getAlbumInfo", "getAlbumInfo2"):
        for pk in (songs["Opening"].pk, songs["Opening"].album_ref_id):
            assert call(method, caller, id=pk)["albumInfo"] == {"musicBrainzId": MBZ}
        assert call(method, caller, id=songs["Dawn"].pk)["albumInfo"] == {}
        for hidden in (songs["Opening too"].pk, songs["Opening too"].album_ref_id):
            assert code(call(method, caller, id=hidden)) == (OK if sees_all else 70)
        for wrong in ("nope", "\x00"):
            assert code(call(method, caller, id=wrong)) == 70
        assert code(call(method, caller)) == 10


def test_artists(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    Artist.objects.filter(name="Ada").update(mbz_artist_id=MBZ)
    for method, element in (("getArtistInfo", "artistInfo"), ("getArtistInfo2", "artistInfo2")):
        for pk in (make_artist("Ada").pk, songs["Opening"].pk, songs["Opening"].album_ref_id):
            found = call(method, caller, id=pk)[element]
            assert found["musicBrainzId"] == MBZ
            alike = names(found["similarArtist"])
            assert set(alike) == {"7 Seconds", "The Cure"} | ({"Eve"} if sees_all else set())
            assert names(call(method, caller, id=pk, count=1)[element]["similarArtist"]) == alike[:1]
        assert "similarArtist" not in call(method, caller, id=make_artist("Bob").pk)[element]
        assert code(call(method, caller, id=make_artist("Eve").pk)) == (OK if sees_all else 70)
        assert code(call(method, caller, id="nope")) == 70


def test_who_plays_together_is_alike(call: Call, member: User, songs: Songs) -> None:
    songs["Été"].participants.create(artist=make_artist("Ada"), role="performer")
    assert names(call("getArtistInfo2", member, id=make_artist("Bob").pk)["artistInfo2"]["similarArtist"]) == ["Ada"]


def test_who_plays_together_often_is_more_alike(call: Call, member: User, songs: Songs) -> None:
    for title, names_there in (("Dawn", "YX"), ("Opening", "X"), ("Overture", "X")):
        for name in names_there:
            songs[title].participants.create(artist=make_artist(name), role="performer")
            songs[title].participants.create(artist=make_artist(name), role="composer")
    TrackGenre.objects.all().delete()
    refresh_library_artists(songs["Dawn"].library_id)
    found = call("getArtistInfo2", member, id=make_artist("Ada").pk)["artistInfo2"]["similarArtist"]
    assert names(found) == ["X", "Y"]


def test_ids_are_elements_in_xml(member: User, songs: Songs) -> None:
    Album.objects.filter(name="First").update(mbz_album_id=MBZ)
    query = {**credentials(member), "f": "xml", "id": songs["Opening"].pk}
    (info,) = ElementTree.fromstring(Client().get("/rest/getAlbumInfo2", query).content)
    assert [(child.tag.rpartition("}")[2], child.text) for child in info] == [("musicBrainzId", MBZ)]


def test_top_songs(call: Call, caller: User, admin: User, songs: Songs) -> None:
    TrackAnnotation.objects.create(user=admin, media_file=songs["Dawn"], play_count=3)
    TrackAnnotation.objects.create(user=admin, media_file=songs["Opening"], starred_at=SEEN)

    def ask(**params: Any) -> list[str]:
        return names(call("getTopSongs", caller, **params)["topSongs"]["song"])

    for params in ({"artist": "ada"}, {"artist": "Ada"}, {"id": make_artist("Ada").pk, "artist": "Bob"}):
        assert ask(**params) == ["Opening", "Dawn", "Overture"]
    assert ask(artist="Ada", count=1) == ["Opening"]
    assert ask(artist="Nobody at all") == ask(id="nope") == ask(artist="Zoe") == []
    assert ask(artist="Eve") == (["Opening too"] if caller.is_superuser else [])
    assert code(call("getTopSongs", caller)) == 10


def test_similar_songs(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    rock = {"Opening", "Overture", "Rain & <Snow>", "Odd \x01 one"} | ({"Opening too"} if sees_all else set())
    for method, element in (("getSimilarSongs", "similarSongs"), ("getSimilarSongs2", "similarSongs2")):
        found = names(call(method, caller, id=songs["Opening"].pk)[element]["song"])
        assert set(found) == (rock | {"Dawn"}) - {"Opening"}
        of_album = names(call(method, caller, id=songs["Opening"].album_ref_id)[element]["song"])
        assert set(of_album) == (rock | {"Dawn"}) - {"Opening", "Overture"}
        assert set(names(call(method, caller, id=make_artist("Ada").pk)[element]["song"])) == rock | {"Dawn"}
        assert len(call(method, caller, id=songs["Opening"].pk, count=2)[element]["song"]) == 2
        assert code(call(method, caller, id=songs["Opening too"].pk)) == (OK if sees_all else 70)
        assert code(call(method, caller, id="nope")) == 70
        assert code(call(method, caller)) == 10
