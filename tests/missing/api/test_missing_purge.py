"""`GET /api/missing/purge`, `POST /api/missing/purge/{id}/undo`."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.models import Folder, Library, MediaFile
from missing.models import KEPT, Purge
from missing.tasks import expire_purges
from tests.support.catalog import LONG_AGO, dump, make_many, make_track

pytestmark = pytest.mark.django_db

KEYS = {
    "id", "createdAt", "createdBy", "reason", "fileCount", "size", "expiresAt", "undoneAt", "restoredCount",
    "restorable",
}  # fmt: skip


def purge(client: APIClient, query: str = "") -> str:
    answer = client.delete(f"/api/missing?{query}").json()
    assert answer["removed"], answer
    return str(answer["purgeId"])


def undo(client: APIClient, purge_id: str) -> Any:
    return client.post(f"/api/missing/purge/{purge_id}/undo")


@pytest.mark.parametrize(("who", "status"), [("as_anonymous", 401), ("as_member", 403), ("as_outsider", 403)])
def test_only_admins(
    request: pytest.FixtureRequest, as_admin: APIClient, library: Library, who: str, status: int
) -> None:
    make_track(library, "a.mp3")
    purge_id = purge(as_admin)
    client = request.getfixturevalue(who)
    before = dump()
    for path in ("", f"/{purge_id}", "/unknown"):
        assert client.get(f"/api/missing/purge{path}").status_code == status
    for one in (purge_id, "unknown"):
        assert undo(client, one).status_code == status
    assert dump() == before


def test_list(as_admin: APIClient, library: Library) -> None:
    make_track(library, "a.mp3")
    first = purge(as_admin)
    make_many(library, 3)
    second = purge(as_admin)
    response = as_admin.get("/api/missing/purge")
    assert response["X-Total-Count"] == "2"
    newest, oldest = response.json()
    assert (newest["id"], oldest["id"]) == (second, first)
    assert set(newest) == KEYS
    assert {key: newest[key] for key in ("createdBy", "reason", "fileCount", "size", "restorable")} == {
        "createdBy": "admin", "reason": "request", "fileCount": 3, "size": 3000, "restorable": 3,
    }  # fmt: skip
    assert (newest["undoneAt"], newest["restoredCount"]) == (None, 0)
    assert as_admin.get(f"/api/missing/purge/{first}").json() == oldest
    assert [row["id"] for row in as_admin.get("/api/missing/purge?_sort=fileCount&_end=1").json()] == [first]


def test_undo_restores_everything(as_admin: APIClient, library: Library, other_library: Library) -> None:
    make_track(library, "Ada/First/\udcff 1.mp3", audio_hash="f" * 64, bpm=120, comment="“ü” 🎵")
    make_track(library, "Bob/2.mp3", artist="Bob", album="Second", genre="Jazz")
    make_track(library, "Bob/3.mp3", artist="Bob", album="Second", missing=False)
    make_track(other_library, "Ada/4.mp3")
    Folder.objects.update(missing=True)
    before = dump()
    purge_id = purge(as_admin)
    assert dump(without=("purge_id",)) == {
        name: [{key: value for key, value in row.items() if key != "purge_id"} for row in rows]
        for name, rows in before.items()
    }
    answer = undo(as_admin, purge_id)
    assert answer.status_code == 200
    assert answer.json()["restored"] == 3
    assert answer.json()["occupied"] == answer.json()["notRestored"] == []
    assert dump() == before
    library.refresh_from_db()
    assert library.total_missing_files == 2
    shown = as_admin.get(f"/api/missing/purge/{purge_id}").json()
    assert (shown["fileCount"], shown["restoredCount"], shown["restorable"]) == (3, 3, 0)
    assert shown["undoneAt"]


def test_a_second_undo_is_a_conflict(as_admin: APIClient, library: Library) -> None:
    make_track(library, "a.mp3")
    purge_id = purge(as_admin)
    assert undo(as_admin, purge_id).status_code == 200
    before = dump()
    assert undo(as_admin, purge_id).status_code == 409
    assert dump() == before


@pytest.mark.parametrize("purge_id", ["unknown", "9" * 400, "0000000000000000000000", "%00"])
def test_unknown(as_admin: APIClient, purge_id: str) -> None:
    assert undo(as_admin, purge_id).status_code == 404
    assert as_admin.get(f"/api/missing/purge/{purge_id}").status_code == 404


def test_what_has_expired_is_gone(as_admin: APIClient, library: Library) -> None:
    make_track(library, "a.mp3")
    purge_id = purge(as_admin)
    Purge.objects.update(counted_from=-KEPT.total_seconds())
    assert expire_purges() == 1
    assert undo(as_admin, purge_id).status_code == 404
    assert as_admin.get("/api/missing/purge").json() == []


def test_another_file_took_the_place(as_admin: APIClient, library: Library) -> None:
    gone = make_track(library, "a/b.mp3")
    purge_id = purge(as_admin)
    new = make_track(library, "a/b.mp3", missing=False)
    answer = undo(as_admin, purge_id).json()
    assert answer["restored"] == 1
    assert answer["occupied"] == [{"id": gone.pk, "path": "a/b.mp3", "songId": new.pk}]
    assert set(MediaFile.objects.values_list("pk", "missing")) == {(gone.pk, True), (new.pk, False)}


def test_a_removed_library_takes_its_files_with_it(
    as_admin: APIClient, library: Library, other_library: Library
) -> None:
    make_track(library, "1.mp3")
    kept = make_track(other_library, "2.mp3")
    purge_id = purge(as_admin)
    Library.objects.filter(pk=library.pk).update(deleted_at=timezone.now())
    assert as_admin.get(f"/api/missing/purge/{purge_id}").json()["restorable"] == 1
    assert undo(as_admin, purge_id).json()["ids"] == [kept.pk]
    assert undo(as_admin, purge_id).status_code == 409


class TestExport:
    def test_a_line_for_each_file(self, as_admin: APIClient, library: Library) -> None:
        first, second = make_track(library, "Ada/1.mp3", bpm=7), make_track(library, "Ada/\udcff.mp3", artist="Bob")
        purge_id = purge(as_admin)
        response: Any = as_admin.get(f"/api/missing/purge/{purge_id}/export")
        assert response.status_code == 200
        assert response["Content-Type"] == "application/x-ndjson"
        assert purge_id in response["Content-Disposition"]
        body = b"".join(response.streaming_content)
        assert body.endswith(b"\n")
        lines = [json.loads(line) for line in body.splitlines()]
        assert {line["id"] for line in lines} == {first.pk, second.pk}
        one, two = sorted(lines, key=lambda line: str(line["path"]))
        assert (one["purgeId"], one["path"], one["library"]) == (purge_id, "Ada/1.mp3", "Rock")
        assert (one["track"]["bpm"], one["track"]["created_at"]) == (7, LONG_AGO.isoformat())
        assert [part["artist"]["name"] for part in two["participants"]] == ["Bob", "Bob"]
        assert base64.b64decode(two["track"]["name_bytes"]) == b"\xff.mp3"

    def test_what_was_restored_is_not_in_it(self, as_admin: APIClient, library: Library) -> None:
        make_track(library, "a.mp3")
        purge_id = purge(as_admin)
        undo(as_admin, purge_id)
        response: Any = as_admin.get(f"/api/missing/purge/{purge_id}/export")
        assert b"".join(response.streaming_content) == b""

    def test_errors(self, as_admin: APIClient, as_member: APIClient, library: Library) -> None:
        make_track(library, "a.mp3")
        purge_id = purge(as_admin)
        assert as_member.get(f"/api/missing/purge/{purge_id}/export").status_code == 403
        assert as_admin.get("/api/missing/purge/unknown/export").status_code == 404
        assert as_admin.post(f"/api/missing/purge/{purge_id}/export").status_code == 405
