"""`/api/queue`: what was played, as far as its owner can access it."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries.models import Library, MediaFile
from listening.models import PlayQueue
from tests.support.catalog import make_track
from users.models import LibraryAccess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

NEVER = "0001-01-01T00:00:00Z"
NOTHING = {
    "id": "", "userId": "", "current": 0, "position": 0, "changedBy": "", "createdAt": NEVER, "updatedAt": NEVER,
}  # fmt: skip


@pytest.fixture
def songs(library: Library) -> list[MediaFile]:
    return [make_track(library, f"A/{n}.mp3", title=f"Song {n}", missing=False) for n in range(3)]


def saved(client: APIClient) -> tuple[list[str], int, int]:
    """The songs, the place of the present one, and the position in it."""
    queue = client.get("/api/queue").json()
    return [song["id"] for song in queue.get("items", [])], queue["current"], queue["position"]


def test_life(as_member: APIClient, as_admin: APIClient, songs: list[MediaFile]) -> None:
    ids = [song.pk for song in songs]
    assert as_member.get("/api/queue").json() == NOTHING
    assert as_member.post("/api/queue", {"ids": ids, "current": 2, "position": 5000}).status_code == 204
    queue = as_member.get("/api/queue").json()
    assert set(queue) == {*NOTHING, "items"}
    assert queue["items"] == [as_member.get(f"/api/song/{pk}").json() for pk in ids]
    assert saved(as_member) == (ids, 2, 5000)
    assert as_admin.get("/api/queue").json() == NOTHING
    for body in ({"current": 0}, {"position": 42}, {}):
        assert as_member.put("/api/queue", body).status_code == 204
    assert saved(as_member) == (ids, 0, 42)
    assert as_member.put("/api/queue", {"ids": ids[:1]}).status_code == 204
    assert saved(as_member) == (ids[:1], 0, 42)
    assert as_member.post("/api/queue", {"ids": []}).status_code == 204
    assert as_member.get("/api/queue").json() == NOTHING
    assert as_member.put("/api/queue", {"position": 1}).status_code == 204
    assert saved(as_member) == ([], 0, 1)
    for _ in range(2):
        assert as_member.delete("/api/queue").status_code == 204
    assert not PlayQueue.objects.exists()


def test_mistakes(as_member: APIClient, songs: list[MediaFile]) -> None:
    body = {"ids": [songs[0].pk], "current": 1}
    assert set(as_member.post("/api/queue", body).json()["errors"]) == {"current"}
    as_member.post("/api/queue", {"ids": [songs[0].pk]})
    assert set(as_member.put("/api/queue", {"current": 7}).json()["errors"]) == {"current"}
    mistakes: list[dict[str, Any]] = [{"ids": "x"}, {"ids": [1]}, {"current": "1"}, {"position": 0.5}]
    for mistake in mistakes:
        assert as_member.post("/api/queue", mistake).status_code == 400, mistake
    assert as_member.post("/api/queue", {"ids": [songs[0].pk], "position": -5}).status_code == 204
    assert saved(as_member) == ([songs[0].pk], 0, 0)


def test_songs_that_are_not_theirs(
    as_member: APIClient, songs: list[MediaFile], library: Library, other_library: Library
) -> None:
    """They are left out, and the present song stays the present one."""
    hidden = make_track(other_library, "B/h.mp3", missing=False).pk
    one, two = songs[0].pk, songs[1].pk
    as_member.post("/api/queue", {"ids": [hidden, "nope", one, two], "current": 3})
    assert saved(as_member) == ([one, two], 1, 0)
    as_member.post("/api/queue", {"ids": [one, hidden], "current": 1})
    assert saved(as_member) == ([one], 0, 0)
    as_member.post("/api/queue", {"ids": [one, two, one], "current": 2})
    MediaFile.objects.filter(pk=two).update(missing=True, purge_id="x")
    assert saved(as_member) == ([one, one], 1, 0)
    LibraryAccess.objects.all().delete()
    assert saved(as_member) == ([], 0, 0)
    LibraryAccess.objects.create(user=PlayQueue.objects.get().user, library=library)
    MediaFile.objects.filter(pk=two).update(purge_id=None)
    assert saved(as_member) == ([one, two, one], 2, 0)
