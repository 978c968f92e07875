"""`/api/playlist`: own and public ones, with figures of what the viewer can access."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from libraries.models import Library, MediaFile
from listening.models import Playlist, PlaylistAnnotation, PlaylistTrack
from listening.services.annotations import Things, star
from tests.conftest import MakeUser, SignIn
from tests.support.catalog import SEEN, make_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

KEYS = {
    "id", "name", "comment", "duration", "size", "songCount", "ownerName", "ownerId", "public", "path", "sync",
    "uploadedImage", "createdAt", "updatedAt", "rules", "evaluatedAt",
}  # fmt: skip
M3U = "audio/x-mpegurl"


def make_playlist(owner: User, name: str, *tracks: MediaFile, **fields: object) -> Playlist:
    playlist = Playlist.objects.create(owner=owner, name=name, **{"updated_at": SEEN, **fields})
    for position, track in enumerate(tracks, 1):
        PlaylistTrack.objects.create(playlist=playlist, position=position, media_file=track)
    return playlist


@pytest.fixture
def music(library: Library, other_library: Library) -> list[MediaFile]:
    """Two songs that the member can access, and one that only admins can."""
    return [
        make_track(library, "A/1.mp3", title="One", missing=False),
        make_track(library, "A/2.mp3", title="Two"),
        make_track(other_library, "B/3.mp3", title="Three", size=4711, duration=100.123, missing=False),
    ]


def names(client: APIClient, query: str = "") -> list[str]:
    return [row["name"] for row in client.get(f"/api/playlist?_sort=name&{query}").json()]


def test_keys(as_member: APIClient, member: User, music: list[MediaFile]) -> None:
    playlist = make_playlist(member, "Mine", *music[:2], comment="c")
    (row,) = as_member.get("/api/playlist").json()
    assert row == {
        "id": playlist.pk, "name": "Mine", "comment": "c", "duration": 5.0, "size": 2000, "songCount": 2,
        "ownerName": "member", "ownerId": member.pk, "public": False, "path": "", "sync": False, "uploadedImage": "",
        "createdAt": row["createdAt"], "updatedAt": "2026-02-02T03:04:05.000Z", "rules": None, "evaluatedAt": None,
    }  # fmt: skip
    assert set(row) == KEYS
    assert as_member.get(f"/api/playlist/{playlist.pk}").json() == row
    star(member.as_viewer(), [Things(PlaylistAnnotation, [playlist.pk])], at=SEEN)
    starred = as_member.get(f"/api/playlist/{playlist.pk}").json()
    assert starred == {**row, "starred": True, "starredAt": "2026-02-02T03:04:05.000Z"}


def test_who_sees_which(
    as_member: APIClient, as_admin: APIClient, member: User, admin: User, as_anonymous: APIClient
) -> None:
    make_playlist(member, "Mine")
    private, public = make_playlist(admin, "Private"), make_playlist(admin, "Public", public=True)
    assert names(as_member) == ["Mine", "Public"]
    assert names(as_admin) == ["Mine", "Private", "Public"]
    assert as_anonymous.get("/api/playlist").status_code == 401
    for verb in ("get", "put", "delete"):
        assert getattr(as_member, verb)(f"/api/playlist/{private.pk}", {"name": "x"}).status_code == 404
    assert as_member.get(f"/api/playlist/{public.pk}").status_code == 200
    for verb in ("put", "delete"):
        assert getattr(as_member, verb)(f"/api/playlist/{public.pk}", {"name": "x"}).status_code == 403
    assert Playlist.objects.get(pk=public.pk).name == "Public"


def test_figures_are_of_what_the_viewer_can_access(
    as_member: APIClient, as_admin: APIClient, admin: User, music: list[MediaFile]
) -> None:
    make_playlist(admin, "All", *music, music[0], public=True)
    make_playlist(admin, "Hidden", music[2], public=True)
    figures = [(row["songCount"], row["duration"], row["size"]) for row in as_member.get("/api/playlist").json()]
    assert figures == [(3, 7.5, 3000), (0, 0, 0)]
    assert as_admin.get("/api/playlist").json()[0]["songCount"] == 4
    for sort in ("songCount", "song_count", "duration", "size"):
        assert names(as_member, f"_sort={sort}&_order=DESC") == ["All", "Hidden"]
        assert names(as_member, f"_sort={sort}&_order=ASC") == ["Hidden", "All"]
    MediaFile.objects.filter(pk=music[0].pk).update(missing=True, purge_id="x")
    assert as_member.get("/api/playlist").json()[0]["songCount"] == 1


def test_filters(as_member: APIClient, as_admin: APIClient, member: User, admin: User) -> None:
    make_playlist(member, "Morning Mix", comment="slow and quiet")
    make_playlist(member, "evening", comment="Mix for later", rules={"all": []})
    loud = make_playlist(admin, "Loud", public=True)
    star(member.as_viewer(), [Things(PlaylistAnnotation, [loud.pk])])
    assert names(as_member) == ["evening", "Loud", "Morning Mix"]
    assert names(as_member, "q=mix") == ["evening", "Morning Mix"]
    assert names(as_member, "q=mix+morning") == ["Morning Mix"]
    assert names(as_member, "q=mix+quiet") == []
    assert names(as_member, "q=") == ["evening", "Loud", "Morning Mix"]
    assert names(as_member, "name=ou") == ["Loud"]
    assert names(as_member, "smart=true") == ["evening"]
    assert names(as_member, "smart=false") == ["Loud", "Morning Mix"]
    assert names(as_member, "public=true") == ["Loud"]
    assert names(as_member, "starred=true") == ["Loud"]
    assert names(as_member, "starred=false") == ["evening", "Morning Mix"]
    assert names(as_admin, "starred=true") == []
    assert names(as_member, f"owner_id={admin.pk}") == ["Loud"]
    assert names(as_member, f"id={loud.pk}&id=nope") == ["Loud"]
    assert names(as_member, "_sort=starred_at&_order=DESC")[0] == "Loud"
    assert len(names(as_member, "_start=-100&_end=0")) == 3


def test_made_changed_and_deleted(as_member: APIClient, member: User, admin: User) -> None:
    made = as_member.post("/api/playlist", {"name": "N", "foo": 1, "ownerId": admin.pk})
    assert (made.status_code, set(made.json())) == (200, {"id"})
    address = f"/api/playlist/{made.json()['id']}"
    changed = as_member.put(address, {"comment": "c", "public": True, "sync": True, "ownerId": admin.pk}).json()
    assert (changed["name"], changed["comment"], changed["public"], changed["sync"]) == ("N", "c", True, False)
    assert changed["ownerId"] == member.pk
    assert as_member.put(address, {"name": ""}).json()["name"] == ""
    assert as_member.put(address, {**changed, "name": "M"}).json()["comment"] == "c"
    assert set(as_member.put(address, {"public": "yes"}).json()["errors"]) == {"public"}
    assert as_member.post("/api/playlist", {}).status_code == 200
    assert as_member.delete(address).json() == {}
    assert as_member.delete(address).status_code == 404
    assert as_member.put("/api/playlist/nope", {"name": "x"}).status_code == 404


def test_an_admin_gives_a_playlist_to_somebody(as_admin: APIClient, member: User) -> None:
    pk = as_admin.post("/api/playlist", {"name": "x", "ownerId": member.pk}).json()["id"]
    assert Playlist.objects.get(pk=pk).owner == member
    assert set(as_admin.put(f"/api/playlist/{pk}", {"ownerId": "nobody"}).json()["errors"]) == {"ownerId"}
    assert as_admin.post("/api/playlist", {"name": "x", "ownerId": "nobody"}).status_code == 400


def test_import(as_member: APIClient, as_admin: APIClient, library: Library, music: list[MediaFile]) -> None:
    text = f"#EXTM3U\n#PLAYLIST:Imported\n#EXTINF:2,x\n{library.path}/A/1.mp3\nB/3.mp3\n/nowhere/x.mp3\n"
    made = as_member.post("/api/playlist", text, content_type=M3U)
    assert made.status_code == 201
    assert made["Content-Type"] == M3U
    assert made.content.decode() == "#EXTM3U\n#PLAYLIST:Imported\n#EXTINF:2,Ada - One\nA/1.mp3\n"
    assert [track.pk for track in Playlist.objects.get().tracks.all()] == [music[0].pk]
    everything = as_admin.post("/api/playlist", text, content_type="text/plain").content.decode()
    assert everything.endswith("A/1.mp3\n#EXTINF:100,Ada - Three\nB/3.mp3\n")
    unnamed = as_member.post("/api/playlist", "#", content_type=M3U).content.decode()
    assert unnamed.startswith("#EXTM3U\n#PLAYLIST:20")
    # it is JSON, whatever stands behind its name
    said = as_member.post("/api/playlist", '{"name": "C"}', content_type="application/json; charset=utf-8")
    assert Playlist.objects.get(pk=said.json()["id"]).name == "C"
    assert as_member.post("/api/playlist", "{", content_type="application/json").status_code == 400


def test_playlists_of_a_song(
    as_member: APIClient, as_admin: APIClient, member: User, admin: User, music: list[MediaFile]
) -> None:
    make_playlist(member, "Mine", music[0], music[0])
    make_playlist(admin, "Private", *music)
    make_playlist(admin, "Public", *music, public=True)
    address = "/api/song/{}/playlists"
    assert [row["name"] for row in as_member.get(address.format(music[0].pk)).json()] == ["Mine", "Public"]
    assert as_member.get(address.format(music[2].pk)).json() == []
    assert [row["name"] for row in as_admin.get(address.format(music[2].pk)).json()] == ["Private", "Public"]
    assert set(as_admin.get(address.format(music[2].pk)).json()[0]) == KEYS
    assert as_admin.get(address.format("nope")).json() == []


def test_the_queries_do_not_depend_on_the_number(
    make_user: MakeUser, sign_in: SignIn, library: Library, music: list[MediaFile]
) -> None:
    user = make_user("many")
    LibraryAccess.objects.create(user=user, library=library)
    client, asked = sign_in(user), list[int]()
    for _ in range(2):
        for number in range(5):
            make_playlist(user, str(number), *music)
        client.get("/api/playlist")
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/playlist")
        asked.append(len(captured))
    assert asked[0] == asked[1] < 8


def test_smart_playlists(as_member: APIClient, as_admin: APIClient, member: User, music: list[MediaFile]) -> None:
    rules = {"all": [{"contains": {"title": "o"}}], "sort": "title", "order": "desc", "limit": 50}
    made = as_member.post("/api/playlist", {"name": "Smart", "public": True, "rules": rules})
    address = f"/api/playlist/{made.json()['id']}"
    playlist = as_member.get(address).json()
    assert (playlist["rules"], playlist["songCount"]) == (rules, 1)
    assert playlist["evaluatedAt"] is not None
    assert [row["title"] for row in as_admin.get(f"{address}/tracks").json()] == ["One"]
    changed = as_member.put(address, {"rules": {"any": [{"is": {"title": "nothing"}}]}}).json()
    assert changed["songCount"] == 0
    for wrong in ({"all": [{"nope": {"x": 1}}]}, {"all": [{"is": {"nofield": 1}}]}, "x", {}):
        assert set(as_member.post("/api/playlist", {"rules": wrong}).json()["errors"]) == {"rules"}
    as_member.put(address, {"rules": rules})
    by_hand = as_member.put(address, {"rules": None}).json()
    assert (by_hand["rules"], by_hand["songCount"]) == (None, 1)
    assert as_member.post(f"{address}/tracks", {"ids": [music[0].pk]}).json() == {"added": 1}
