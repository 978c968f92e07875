"""`/api/share` and `/api/scrobble`: what people show to others, and what they heard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.models import Library, LibraryArtist, MediaFile
from listening.models import Playlist, PlaylistTrack, Scrobble, Share
from listening.services.plays import Play, record_plays
from listening.services.shares import find_open_share, note_visit, shared_tracks
from tests.conftest import Configure
from tests.support.catalog import LONG_AGO, SEEN, make_artist, make_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

ALWAYS = {
    "id", "userId", "username", "downloadable", "expiresAt", "resourceIds", "resourceType", "contents", "createdAt",
    "updatedAt",
}  # fmt: skip


@pytest.fixture(autouse=True)
def sharing(configure: Configure) -> None:
    configure(enable_sharing=True)


@pytest.fixture
def track(library: Library) -> MediaFile:
    return make_track(library, "A/1.mp3", title="One", missing=False)


def test_made_changed_and_ended(as_member: APIClient, as_admin: APIClient, member: User, track: MediaFile) -> None:
    made = as_member.post("/api/share", {"resourceIds": track.album_ref_id, "resourceType": "album"})
    assert (made.status_code, set(made.json())) == (200, {"id"})
    pk = made.json()["id"]
    assert len(pk) == 10
    row = as_member.get(f"/api/share/{pk}").json()
    assert set(row) == ALWAYS
    assert (row["contents"], row["resourceIds"], row["username"]) == ("First", track.album_ref_id, "member")
    assert timedelta(days=364) < Share.objects.get().expires_at - timezone.now() < timedelta(days=366)
    changes = {"description": "d", "expiresAt": "2030-01-02T03:04:05Z", "format": "opus", "maxBitRate": 96}
    changed = as_member.put(f"/api/share/{pk}", {**changes, "downloadable": True}).json()
    assert set(changed) == {*ALWAYS, "description", "format", "maxBitRate"}
    kept = as_member.put(f"/api/share/{pk}", {"expiresAt": None}).json()
    assert {**kept, "updatedAt": ""} == {**changed, "updatedAt": ""}
    assert changed["expiresAt"] == "2030-01-02T03:04:05.000Z"
    assert [row["id"] for row in as_admin.get("/api/share?resource_type=album&description=D").json()] == [pk]
    assert as_member.delete(f"/api/share/{pk}").json() == {}
    assert as_member.delete(f"/api/share/{pk}").status_code == 404


def test_others_are_not_told(as_member: APIClient, as_admin: APIClient, track: MediaFile) -> None:
    pk = as_admin.post("/api/share", {"resourceIds": track.pk}).json()["id"]
    assert as_member.get("/api/share").json() == []
    for verb in ("get", "put", "delete"):
        assert getattr(as_member, verb)(f"/api/share/{pk}", {}).status_code == 404


def test_what_cannot_be_shared(as_member: APIClient, other_library: Library, track: MediaFile) -> None:
    hidden = make_track(other_library, "A/1.mp3", missing=False)
    wrong = ["", "nope", hidden.pk, f"{track.pk},{hidden.pk}", hidden.album_ref_id, "a" * 23]
    for ids in wrong:
        assert set(as_member.post("/api/share", {"resourceIds": ids}).json()["errors"]) == {"resourceIds"}, ids
    body = {"resourceIds": track.pk, "resourceType": "album"}
    assert set(as_member.post("/api/share", body).json()["errors"]) == {"resourceIds"}
    assert as_member.post("/api/share", {"description": "x"}).status_code == 400
    mixed = as_member.post("/api/share", {"resourceIds": f"{track.pk},{track.album_ref_id}"})
    assert mixed.status_code == 200
    assert Share.objects.get().resource_type == "media_file"


def test_switched_off(as_member: APIClient, track: MediaFile, configure: Configure) -> None:
    pk = as_member.post("/api/share", {"resourceIds": track.pk}).json()["id"]
    assert find_open_share(pk) is not None
    configure(enable_sharing=False)
    assert as_member.post("/api/share", {"resourceIds": track.pk}).status_code == 403
    assert find_open_share(pk) is None


def test_it_shows_what_its_owner_can_access(
    as_member: APIClient, member: User, library: Library, track: MediaFile
) -> None:
    second = make_track(library, "A/2.mp3", missing=False, album="Second")
    playlist = Playlist.objects.create(owner=member, updated_at=SEEN)
    for position, each in enumerate((second, track), 1):
        PlaylistTrack.objects.create(playlist=playlist, position=position, media_file=each)
    LibraryArtist.objects.create(library=library, artist=make_artist("Ada"), song_count=2)
    ids = f"{playlist.pk},{second.album_ref_id},{make_artist('Ada').pk}"
    share = Share.objects.get(pk=as_member.post("/api/share", {"resourceIds": ids}).json()["id"])
    assert shared_tracks(share) == [second.pk, track.pk]
    MediaFile.objects.filter(pk=track.pk).update(missing=True, purge_id="x")
    assert shared_tracks(share) == [second.pk]
    LibraryAccess.objects.all().delete()
    assert shared_tracks(share) == []
    note_visit(share)
    row = as_member.get(f"/api/share/{share.pk}").json()
    assert row["visitCount"] == 1
    assert row["lastVisitedAt"] > row["createdAt"]


def test_it_ends(as_member: APIClient, member: User, track: MediaFile) -> None:
    pk = as_member.post("/api/share", {"resourceIds": track.pk}).json()["id"]
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert find_open_share(pk) is None
    User.objects.filter(pk=member.pk).update(is_active=True)
    assert find_open_share(pk) is not None
    Share.objects.update(expires_at=LONG_AGO)
    assert find_open_share(pk) is None
    assert find_open_share("nope") is None


class TestScrobbles:
    def test_keys_filters_and_order(self, as_member: APIClient, member: User, track: MediaFile) -> None:
        record_plays(member.as_viewer(), [Play(track.pk, SEEN), Play(track.pk, LONG_AGO)])
        listed = as_member.get("/api/scrobble?_sort=submission_time&_order=DESC")
        first = int(SEEN.timestamp())
        assert listed["X-Total-Count"] == "2"
        rows = listed.json()
        assert [row["submissionTime"] for row in rows] == [first, int(LONG_AGO.timestamp())]
        assert set(rows[0]) == {"id", "mediaFileId", "submissionTime"}
        assert as_member.get(f"/api/scrobble?from={first}").json() == rows[:1]
        assert as_member.get(f"/api/scrobble?to={first - 1}").json() == rows[1:]
        assert as_member.get(f"/api/scrobble?media_file_id={track.pk}&id={rows[0]['id']}").json() == rows[:1]
        assert as_member.get("/api/scrobble?from=soon").status_code == 400
        assert as_member.get(f"/api/scrobble/{rows[0]['id']}").json() == rows[0]

    def test_nobody_sees_those_of_others(self, as_admin: APIClient, member: User, track: MediaFile) -> None:
        record_plays(member.as_viewer(), [Play(track.pk, SEEN)])
        assert as_admin.get("/api/scrobble").json() == []
        assert as_admin.get(f"/api/scrobble/{Scrobble.objects.get().pk}").status_code == 404

    def test_a_library_that_is_not_theirs_any_more(self, as_member: APIClient, member: User, track: MediaFile) -> None:
        record_plays(member.as_viewer(), [Play(track.pk, SEEN)])
        LibraryAccess.objects.all().delete()
        assert as_member.get("/api/scrobble").json() == []
        assert Scrobble.objects.count() == 1
