"""`GET|DELETE /api/missing`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from libraries.models import Library, MediaFile
from missing.models import Purge
from tests.support.catalog import GONE, dump, make_many, make_track

pytestmark = pytest.mark.django_db

KEYS = {
    "id", "path", "title", "album", "artist", "albumArtist", "missingFileCount", "lastSeen", "missingSince",
    "updatedAt", "libraryId", "libraryName", "size", "suffix", "duration",
}  # fmt: skip


def ids_of(client: APIClient, query: str = "") -> list[str]:
    response = client.get(f"/api/missing?{query}")
    assert response.status_code == 200, response.content
    assert response["X-Total-Count"]
    return [row["id"] for row in response.json()]


class TestAccess:
    @pytest.mark.parametrize("method", ["get", "delete"])
    @pytest.mark.parametrize(("who", "status"), [("as_anonymous", 401), ("as_member", 403), ("as_outsider", 403)])
    def test_only_admins(
        self, request: pytest.FixtureRequest, library: Library, method: str, who: str, status: int
    ) -> None:
        make_track(library, "a.mp3")
        before = dump()
        client: APIClient = request.getfixturevalue(who)
        for query in ("", "?id=nonsense", "?id=", "?library_id=abc"):
            response = getattr(client, method)("/api/missing" + query)
            assert response.status_code == status
            assert set(response.json()) == {"error"}
        assert dump() == before
        assert not Purge.objects.exists()

    @pytest.mark.parametrize("method", ["post", "put", "patch"])
    def test_other_methods(self, as_admin: APIClient, method: str) -> None:
        assert getattr(as_admin, method)("/api/missing").status_code == 405


class TestList:
    def test_keys_and_values(self, as_admin: APIClient, library: Library) -> None:
        track = make_track(library, "Ada/First/01 One.mp3")
        make_track(library, "Ada/First/02 Two.mp3")
        make_track(library, "Ada/First/03 Three.mp3", missing=False)
        response = as_admin.get("/api/missing")
        assert response["X-Total-Count"] == "2"
        row = response.json()[0]
        assert row == {
            "id": track.pk,
            "path": "Ada/First/01 One.mp3",
            "title": "01 One",
            "album": "First",
            "artist": "Ada",
            "albumArtist": "Ada",
            "missingFileCount": 2,
            "lastSeen": "2026-02-02T03:04:05.000Z",
            "missingSince": "2026-03-02T03:04:05.000Z",
            "updatedAt": "2026-03-02T03:04:05.000Z",
            "libraryId": str(library.pk),
            "libraryName": "Rock",
            "size": 1000,
            "suffix": "mp3",
            "duration": 2.5,
        }
        assert set(row) == KEYS

    def test_a_slash_at_the_end_is_optional(self, as_admin: APIClient, library: Library) -> None:
        make_track(library, "a.mp3")
        assert as_admin.get("/api/missing/").json() == as_admin.get("/api/missing").json() != []

    def test_nothing_missing(self, as_admin: APIClient, library: Library) -> None:
        make_track(library, "a.mp3", missing=False)
        response = as_admin.get("/api/missing")
        assert (response.json(), response["X-Total-Count"]) == ([], "0")

    def test_the_count_of_an_album_ignores_filters_and_other_libraries(
        self, as_admin: APIClient, library: Library, other_library: Library
    ) -> None:
        for number in range(3):
            make_track(library, f"{number}.mp3")
        make_track(other_library, "x.mp3")
        (row,) = as_admin.get("/api/missing?title=1").json()
        assert row["missingFileCount"] == 3
        (row,) = as_admin.get(f"/api/missing?library_id={other_library.pk}").json()
        assert row["missingFileCount"] == 1

    def test_last_seen_is_always_an_instant(self, as_admin: APIClient, library: Library) -> None:
        make_track(library, "a.mp3", last_seen_at=None)
        (row,) = as_admin.get("/api/missing").json()
        assert row["lastSeen"] == "2026-01-02T03:04:05.678Z"

    def test_a_removed_library_shows_nothing(self, as_admin: APIClient, make_library: Any) -> None:
        make_track(make_library("Gone", deleted_at=datetime.now(UTC)), "a.mp3")
        assert ids_of(as_admin) == []

    def test_filters(self, as_admin: APIClient, library: Library, other_library: Library) -> None:
        one = make_track(library, "A/One.mp3", album="Red", artist="Ada")
        two = make_track(library, "a/Two.mp3", album="Blue", artist="Bob", missing_since=GONE + timedelta(days=1))
        far = make_track(other_library, "A/Three.mp3", album="Green", artist="Cid")
        expected = {
            "": {one, two, far},
            f"library_id={library.pk}": {one, two},
            f"library_id={library.pk}&library_id={other_library.pk}": {one, two, far},
            "library_id=999999": set(),
            "path=A/": {one, far},
            "path=A/O": {one},
            "path=/One": set(),
            "path=%25": set(),
            "album=e": {one, two, far},
            "album=lu": {two},
            "artist=BOB": {two},
            "title=thr": {far},
            "missingSince=2026-03-03T00:00:00Z": {two},
            "missingSince=2026-03-02": {one, two, far},
            f"id={one.pk}": {one},
            f"id={one.pk},{far.pk}": {one, far},
            f"id[]={one.pk}&id[]={two.pk}&library_id={other_library.pk}": set(),
            "unknown=x": {one, two, far},
        }
        for query, tracks in expected.items():
            assert set(ids_of(as_admin, query)) == {track.pk for track in tracks}, query

    @pytest.mark.parametrize(
        "query",
        ["library_id=abc", "library_id=-1", "missingSince=yesterday", "missingSince=9999-12-31T23:59:59-12:00",
         "path=%00", "album=%00", "id=", "id=,"],
    )  # fmt: skip
    def test_an_impossible_filter_is_refused(self, as_admin: APIClient, query: str) -> None:
        response = as_admin.get(f"/api/missing?{query}")
        assert response.status_code == 400
        assert response.json()["errors"].keys() == {query.partition("=")[0]}

    @pytest.mark.parametrize("key", sorted(KEYS))
    def test_every_key_sorts_totally_in_both_directions(
        self, as_admin: APIClient, library: Library, other_library: Library, key: str
    ) -> None:
        make_track(library, "b/1.mp3", album="Red", artist="Bob", size=3, duration=1.0, suffix="flac")
        make_track(library, "a/2.mp3", album="Red", artist="Bob", size=1, missing_since=GONE + timedelta(days=1))
        make_track(other_library, "c/3.mp3", album="Blue", artist="Ada", size=2, last_seen_at=GONE)
        up = as_admin.get(f"/api/missing?_sort={key}&_order=ASC").json()
        down = as_admin.get(f"/api/missing?_sort={key}&_order=DESC").json()
        assert len(up) == 3
        assert up == down[::-1]
        wire = "libraryName" if key == "libraryId" else key
        assert [row[wire] for row in up] == sorted(row[wire] for row in up) or key in ("libraryId", "libraryName")

    @pytest.mark.parametrize(
        "query", ["_sort=", "_sort=nope", "_sort=password&_order=up", "_end=NaN", "_start=-5&_end=0", "_start=0&_end=0"]
    )
    def test_what_clients_send_by_mistake_is_ignored(self, as_admin: APIClient, library: Library, query: str) -> None:
        make_many(library, 5)
        assert ids_of(as_admin, query) == ids_of(as_admin)

    @pytest.mark.parametrize("key", ["updatedAt", "missingFileCount"])
    def test_keys_are_read_in_snake_case_too(self, as_admin: APIClient, library: Library, key: str) -> None:
        make_track(library, "a.mp3", missing_since=GONE + timedelta(days=1))
        make_track(library, "b.mp3", missing_since=GONE)
        make_track(library, "c.mp3", album="Alone", missing_since=GONE + timedelta(days=2))
        snake = {"updatedAt": "updated_at", "missingFileCount": "missing_file_count"}[key]
        assert ids_of(as_admin, f"_sort={snake}") == ids_of(as_admin, f"_sort={key}") != ids_of(as_admin)

    @pytest.mark.parametrize("sort", ["path", "missingFileCount"])
    def test_pages_are_parts_of_the_whole(self, as_admin: APIClient, library: Library, sort: str) -> None:
        make_many(library, 25, per_album=7)
        whole = ids_of(as_admin, f"_sort={sort}")
        pages = [ids_of(as_admin, f"_sort={sort}&_start={at}&_end={at + 10}") for at in (0, 10, 20, 30)]
        assert [len(page) for page in pages] == [10, 10, 5, 0]
        assert [pk for page in pages for pk in page] == whole
        assert as_admin.get(f"/api/missing?_sort={sort}&_start=20&_end=30")["X-Total-Count"] == "25"

    def test_the_number_of_queries_does_not_grow(self, as_admin: APIClient, library: Library) -> None:
        ids_of(as_admin)  # the first request notes when the account was used
        counts = []
        for number in (1, 10, 100):
            MediaFile.objects.all().delete()
            make_many(library, number)
            with CaptureQueriesContext(
                connection,
            ) as found:
                assert len(ids_of(as_admin, "_start=0&_end=1000")) == number
            counts.append(len(found))
        assert counts[0] == counts[1] == counts[2] <= 6

    def test_names_that_are_not_utf8(self, as_admin: APIClient, library: Library) -> None:
        make_track(library, "a/\udcff.mp3")
        (row,) = as_admin.get("/api/missing").json()
        assert row["path"] == "a/?.mp3"


class TestPurge:
    def test_all(self, as_admin: APIClient, admin: Any, library: Library, other_library: Library) -> None:
        gone = [make_track(library, "a.mp3").pk, make_track(other_library, "b.mp3").pk]
        here = make_track(library, "c.mp3", missing=False)
        answer = as_admin.delete("/api/missing")
        assert answer.status_code == 200
        body = answer.json()
        assert body["removed"] == 2
        assert sorted(body["ids"]) == sorted(gone)
        purge = Purge.objects.get()
        assert body["purgeId"] == purge.pk
        assert (purge.created_by, purge.reason, purge.file_count) == (str(admin), "request", 2)
        assert list(MediaFile.objects.in_catalog().values_list("pk", flat=True)) == [here.pk]
        for one in (library, other_library):
            one.refresh_from_db()
            assert one.total_missing_files == 0

    @pytest.mark.parametrize("form", ["id={0}&id={1}", "id={0},{1}", "id[]={0}&id[]={1}", "id={0}, {1},,{0}",
                                      "id[0]={0}&id[1]={1}"])  # fmt: skip
    def test_named(self, as_admin: APIClient, library: Library, form: str) -> None:
        first, second, third = (make_track(library, f"{n}.mp3") for n in range(3))
        answer = as_admin.delete("/api/missing?" + form.format(first.pk, second.pk)).json()
        assert answer["removed"] == 2
        assert answer["ids"] == sorted([first.pk, second.pk])
        assert list(MediaFile.objects.in_catalog().values_list("pk", flat=True)) == [third.pk]

    def test_present_and_unknown_ids_are_skipped(self, as_admin: APIClient, library: Library) -> None:
        here, gone = make_track(library, "a.mp3", missing=False), make_track(library, "b.mp3")
        answer = as_admin.delete(f"/api/missing?id={here.pk}&id={gone.pk}&id=unknown&id={'9' * 400}&id=%00").json()
        assert (answer["removed"], answer["ids"]) == (1, [gone.pk])
        assert MediaFile.objects.in_catalog().get().pk == here.pk

    @pytest.mark.parametrize("query", ["id=unknown", "id=" + "9" * 400, "id=%00", "id=0000000000000000000000",
                                       "id=unknown&dryRun=true"])  # fmt: skip
    def test_one_unknown_id(self, as_admin: APIClient, library: Library, query: str) -> None:
        make_track(library, "a.mp3")
        before = dump()
        response = as_admin.delete(f"/api/missing?{query}")
        assert (response.status_code, response.json()) == (404, {"error": "Not found."})
        assert dump() == before

    def test_one_present_file_is_not_removed(self, as_admin: APIClient, library: Library) -> None:
        here = make_track(library, "a.mp3", missing=False)
        response = as_admin.delete(f"/api/missing?id={here.pk}")
        assert response.status_code == 200
        assert response.json() == {"removed": 0, "ids": [], "purgeId": ""}
        assert not Purge.objects.exists()

    @pytest.mark.parametrize("query", ["id=", "id=,", "id[]=", "id=%20", "ids=x", "Id=x", "dryRun=perhaps", "dryRun=",
                                       "_start=0&_end=1", "library_id=x"])  # fmt: skip
    def test_what_may_be_a_slip_removes_nothing(self, as_admin: APIClient, library: Library, query: str) -> None:
        make_track(library, "a.mp3")
        before = dump()
        response = as_admin.delete(f"/api/missing?{query}")
        assert response.status_code == 400
        assert set(response.json()) == {"error", "errors"}
        assert dump() == before
        assert not Purge.objects.exists()

    def test_filters_choose_as_in_the_list(self, as_admin: APIClient, library: Library, other_library: Library) -> None:
        gone = make_track(library, "a/b.mp3")
        make_track(library, "b.mp3")
        make_track(other_library, "a/b.mp3")
        query = f"library_id={library.pk}&path=a/"
        assert as_admin.delete(f"/api/missing?{query}").json()["ids"] == [gone.pk] != ids_of(as_admin, query)

    def test_nothing_missing(self, as_admin: APIClient, library: Library) -> None:
        make_track(library, "a.mp3", missing=False)
        assert as_admin.delete("/api/missing").json() == {"removed": 0, "ids": [], "purgeId": ""}

    def test_the_number_of_queries_does_not_grow(self, as_admin: APIClient, library: Library) -> None:
        ids_of(as_admin)
        counts = []
        for number in (1, 10, 100):
            make_many(library, number)
            with CaptureQueriesContext(connection) as found:
                assert as_admin.delete("/api/missing").json()["removed"] == number
            counts.append(len(found))
        assert max(counts) - min(counts) <= 4  # pruned rows go in one statement more than none
        assert max(counts) < 60


class TestBody:
    """`{"ids": [...]}`: more ids than an address can hold."""

    def test_thousands(self, as_admin: APIClient, library: Library) -> None:
        ids = make_many(library, 3000)
        kept = make_track(library, "kept.mp3")
        answer = as_admin.delete("/api/missing", {"ids": ids}, format="json").json()
        assert answer["removed"] == 3000
        assert answer["ids"] == sorted(ids)
        assert [row["id"] for row in as_admin.get("/api/missing").json()] == [kept.pk]
        assert as_admin.post(f"/api/missing/purge/{answer['purgeId']}/undo").json()["restored"] == 3000

    def test_a_body_of_unknown_length_is_not_taken_for_none(self, as_admin: APIClient, library: Library) -> None:
        ids = make_many(library, 3)
        chunked: dict[str, Any] = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
        answer = as_admin.delete("/api/missing", {"ids": ids[:1]}, format="json", **chunked)
        assert answer.status_code == 411
        assert "Content-Length" in answer.json()["error"]
        assert MediaFile.objects.missing().count() == 3

    def test_like_ids_in_the_address(self, as_admin: APIClient, library: Library, other_library: Library) -> None:
        here, gone = make_track(library, "a.mp3", missing=False), make_track(library, "b.mp3")
        far = make_track(other_library, "c.mp3")
        body = {"ids": [here.pk, gone.pk, gone.pk, "unknown", "\0", "9" * 400, far.pk]}
        answer = as_admin.delete("/api/missing?dryRun=true", body, format="json").json()
        assert (answer["wouldRemove"], answer["ids"]) == (2, sorted([gone.pk, far.pk]))
        answer = as_admin.delete(f"/api/missing?library_id={library.pk}", body, format="json").json()
        assert (answer["removed"], answer["ids"]) == (1, [gone.pk])
        one = as_admin.delete("/api/missing", {"ids": ["unknown"]}, format="json")
        assert (one.status_code, one.json()) == (404, {"error": "Not found."})

    def test_an_empty_body_names_nothing(self, as_admin: APIClient, library: Library) -> None:
        for body in ("", "{}", "null"):
            track = make_track(library, "a.mp3")
            answer = as_admin.delete("/api/missing", body, content_type="application/json").json()
            assert answer["ids"] == [track.pk], body

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ('{"ids": []}', "ids"), ('{"ids": [""]}', "ids"), ('{"ids": null}', "ids"), ('{"ids": "ID"}', "ids"),
            ('{"ids": [1]}', "ids"), ('{"ids": [["ID"]]}', "ids"), ('{"ids": {"a": "ID"}}', "ids"),
            ('{"id": ["ID"]}', "id"), ('{"ids": ["ID"], "dryRun": true}', "dryRun"), ('["ID"]', "body"),
            ('"ID"', "body"), ("0", "body"), ("[]", "body"), ("false", "body"), ('{"ids": ["ID"]', None),
        ],
    )  # fmt: skip
    def test_what_may_be_a_slip_removes_nothing(
        self, as_admin: APIClient, library: Library, body: str, field: str | None
    ) -> None:
        track = make_track(library, "a.mp3")
        before = dump()
        answer = as_admin.delete(
            "/api/missing", body.replace("ID", track.pk), content_type="application/json"
        )  # fmt: skip
        assert answer.status_code == 400
        assert answer.json().get("errors", {}).keys() == ({field} if field else set())
        assert dump() == before
        assert not Purge.objects.exists()

    def test_ids_are_in_one_place(self, as_admin: APIClient, library: Library) -> None:
        one, two = make_track(library, "a.mp3"), make_track(library, "b.mp3")
        answer = as_admin.delete(f"/api/missing?id={one.pk}", {"ids": [two.pk]}, format="json")
        assert (answer.status_code, answer.json()["errors"].keys()) == (400, {"ids"})
        assert MediaFile.objects.missing().count() == 2

    def test_too_many(self, as_admin: APIClient, library: Library) -> None:
        make_track(library, "a.mp3")
        body = {"ids": [f"{number:022}" for number in range(30_001)]}
        answer = as_admin.delete("/api/missing", body, format="json")
        assert (answer.status_code, answer.json()["errors"].keys()) == (400, {"ids"})
        body["ids"].pop()
        assert as_admin.delete("/api/missing", body, format="json").json()["removed"] == 0

    def test_other_types_are_refused(self, as_admin: APIClient, library: Library) -> None:
        track = make_track(library, "a.mp3")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            body = f'{{"ids": ["{track.pk}"]}}'
            assert as_admin.delete("/api/missing", body, content_type=kind).status_code == 415, kind
        assert MediaFile.objects.missing().count() == 1

    def test_who_may_not_is_told_so_before_the_body_is_read(self, as_member: APIClient, library: Library) -> None:
        track = make_track(library, "a.mp3")
        for body in ('{"ids": ["' + track.pk + '"]}', "{", '{"x": 1}'):
            answer = as_member.delete("/api/missing", body, content_type="application/json")
            assert answer.status_code == 403, body
        assert MediaFile.objects.missing().count() == 1
