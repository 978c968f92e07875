"""`/api/library`: list, get, create, change, remove."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries import tasks
from libraries.choices import ScanTrigger
from libraries.models import Library, Scan
from libraries.services import libraries, scans
from libraries.services.library_rules import prepare_library
from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.errors import NotFound
from tests.conftest import Configure

pytestmark = pytest.mark.django_db

KEYS = {
    "createdAt", "defaultNewUsers", "duration", "fullScanInProgress", "id", "lastScanAt", "lastScanStartedAt",
    "lastScanTime", "missingRetentionDays", "name", "nextScanTime", "offlineSince", "path", "remotePath",
    "scanActive", "scanOptions", "schedule", "size", "songCount", "status", "statusReason", "totalAlbums",
    "totalArtists", "totalDuration", "totalFiles", "totalFolders", "totalMissingFiles", "totalSize", "totalSongs",
    "unreadFiles", "updatedAt", "watch", "watcher", "watcherReason",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "Music"
    path.mkdir()
    return path


@pytest.fixture
def library(folder: Path) -> Library:
    return Library.objects.create(name="Music", path=str(folder))


def state() -> list[dict[str, Any]]:
    """What must not change when a request is refused."""
    return [dict(row) for model in (Library, Scan) for row in model._default_manager.order_by("pk").values()]


class TestRead:
    def test_list_has_the_documented_keys_and_types(self, as_admin: APIClient, library: Library) -> None:
        response = as_admin.get("/api/library")
        assert response.status_code == 200
        assert response["X-Total-Count"] == "1"
        (row,) = response.json()
        assert set(row) >= KEYS
        assert row["id"] == str(library.pk)
        assert row["name"] == "Music"
        assert row["path"] == library.path
        assert row["scanActive"] is False
        assert row["lastScanTime"] is None
        assert (row["songCount"], row["duration"], row["size"]) == (0, 0, 0)
        assert row["createdAt"].endswith("Z")
        assert row["updatedAt"].endswith("Z")
        assert row["status"] == "online"
        assert row["scanOptions"] == {
            "recursive": True, "followSymlinks": False, "excludePatterns": [], "textEncoding": "auto",
        }  # fmt: skip

    def test_get_answers_the_same_object(self, as_admin: APIClient, library: Library) -> None:
        (row,) = as_admin.get("/api/library/").json()
        assert as_admin.get(f"/api/library/{library.pk}").json() == row
        assert as_admin.get(f"/api/library/{library.pk}/").json() == row

    @pytest.mark.parametrize("unknown", ["999", "0", "-1", "abc", "9" * 400, "1.0", "%00", "１"])
    def test_unknown_ids_are_404(self, as_admin: APIClient, library: Library, unknown: str) -> None:
        for method in ("get", "put", "patch", "delete"):
            response = getattr(as_admin, method)(f"/api/library/{unknown}")
            assert response.status_code == 404, method
            assert set(response.json()) == {"error"}
        assert Library.objects.active().count() == 1

    def test_ids_are_numbers_for_those_who_ask(
        self, as_admin: APIClient, library: Library, configure: Configure
    ) -> None:
        configure(numeric_library_ids=True)
        assert as_admin.get("/api/library").json()[0]["id"] == library.pk

    def test_range_sort_and_filter(self, as_admin: APIClient, tmp_path: Path) -> None:
        for name in ("b", "a", "C"):
            Library.objects.create(name=name, path=str(tmp_path / name))

        def names(query: str) -> list[str]:
            return [row["name"] for row in as_admin.get(f"/api/library?{query}").json()]

        assert names("") == ["a", "b", "C"]
        assert names("_sort=name&_order=DESC") == ["C", "b", "a"]
        assert names("_start=1&_end=2") == ["b"]
        assert as_admin.get("/api/library?_start=1&_end=2")["X-Total-Count"] == "3"
        assert names("_start=-100&_end=0") == ["a", "b", "C"]
        assert names("_end=NaN&_sort=&_order=") == ["a", "b", "C"]
        assert names("_sort=nothing'; DROP TABLE&_order=up") == ["a", "b", "C"]
        assert names("name=B") == ["b"]
        assert as_admin.get("/api/library?id=abc").status_code == 400

    def test_query_count_does_not_grow(
        self, as_admin: APIClient, tmp_path: Path, django_assert_max_num_queries: Any
    ) -> None:
        as_admin.get("/api/library")  # the first request of a minute also notes that the admin was here
        for number in range(30):
            Library.objects.create(name=f"Library {number}", path=str(tmp_path / str(number)))
        with django_assert_max_num_queries(2):
            assert len(as_admin.get("/api/library").json()) == 30


class TestRights:
    @pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
    def test_only_admins(self, method: str, as_member: APIClient, as_anonymous: APIClient, library: Library) -> None:
        before = state()
        for address in ("/api/library", f"/api/library/{library.pk}", "/api/library/999"):
            body = {"data": b"{", "content_type": "application/json"} if method != "get" else {}
            assert getattr(as_member, method)(address, **body).status_code == 403
            refused = getattr(as_anonymous, method)(address, **body)
            assert refused.status_code == 401
            assert "Bearer" in refused["WWW-Authenticate"]
            assert set(refused.json()) == {"error"}
        assert state() == before


class TestCreate:
    def test_creates_and_queues_one_scan(self, as_admin: APIClient, folder: Path) -> None:
        options = {
            "recursive": False,
            "followSymlinks": True,
            "excludePatterns": ["*.tmp", "/Podcasts/"],
            "textEncoding": "gbk",
        }
        response = as_admin.post(
            "/api/library", {"name": " Jazz ", "path": f"{folder}/../Music/", "scanOptions": options}
        )
        assert response.status_code == 201
        created = response.json()
        assert response["Location"] == f"/api/library/{created['id']}"
        assert (created["name"], created["path"], created["scanOptions"]) == ("Jazz", str(folder), options)
        assert created["scanActive"] is True
        assert [(scan.state, scan.full) for scan in Scan.objects.all()] == [("queued", False)]

    def test_ignores_what_the_server_owns(self, as_admin: APIClient, folder: Path) -> None:
        body = {"name": "Jazz", "path": str(folder), "id": "77", "songCount": 5, "lastScanTime": "x", "nonsense": {}}
        created = as_admin.post("/api/library", body).json()
        assert created["id"] != "77"
        assert created["songCount"] == 0
        assert created["lastScanTime"] is None

    def test_names_every_mistake_at_once(self, as_admin: APIClient) -> None:
        body = {"name": " ", "path": "relative", "scanOptions": {"recursive": "yes", "excludePatterns": ["a\nb"]}}
        response = as_admin.post("/api/library", body)
        assert response.status_code == 400
        answer = response.json()
        assert set(answer["errors"]) == {"name", "path", "scanOptions.recursive"}
        assert "absolute" in answer["errors"]["path"]
        assert state() == []

    @pytest.mark.parametrize(
        ("path", "word"),
        [
            ("/does/not/exist", "does not exist"),
            ("music", "absolute"),
            ("", "required"),
            ("   ", "required"),
            ("/tmp/a\0b", "characters"),
            ("/" + "x" * 5000, "too long"),
            ("/etc/passwd", "not a folder"),
        ],
    )
    def test_refuses_bad_paths(self, as_admin: APIClient, path: str, word: str) -> None:
        response = as_admin.post("/api/library", {"name": "Jazz", "path": path})
        assert response.status_code == 400
        assert word in response.json()["errors"]["path"] or "null" in response.json()["errors"]["path"].lower()
        assert state() == []

    def test_refuses_overlap_and_names_the_other(self, as_admin: APIClient, library: Library, folder: Path) -> None:
        inside = folder / "Rock"
        inside.mkdir()
        link = folder.parent / "link"
        link.symlink_to(folder)
        before = state()
        for path in (folder, inside, folder.parent, link):
            response = as_admin.post("/api/library", {"name": "Other", "path": str(path)})
            assert response.status_code == 400, path
            assert "“Music”" in response.json()["errors"]["path"]
        assert state() == before
        allowed = as_admin.post("/api/library", {"name": "Other", "path": str(inside), "allowOverlap": True})
        assert allowed.status_code == 201

    def test_a_sibling_with_the_same_beginning_is_no_overlap(
        self, as_admin: APIClient, library: Library, folder: Path
    ) -> None:
        (folder.parent / "Music2").mkdir()
        body = {"name": "Other", "path": str(folder.parent / "Music2")}
        assert as_admin.post("/api/library", body).status_code == 201

    @pytest.mark.parametrize("name", ["music", "MUSIC ", " Music"])
    def test_names_are_unique_without_case(
        self, as_admin: APIClient, library: Library, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "Other").mkdir()
        response = as_admin.post("/api/library", {"name": name, "path": str(tmp_path / "Other")})
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"name"}

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"{", b"[]", b"null", b'"text"', b"7", b"NaN", b'{"name": NaN}', b'{"name": "\\ud800"}', b"\xff\xfe",
            b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000,
            b'{"name": 7, "path": ["x"]}', b'{"name": null, "path": null}', b'{"name": {"a": 1}, "path": true}',
            b'{"name": "x", "path": "/tmp", "scanOptions": []}', b'{"name": "x", "path": "/tmp", "scanOptions": "x"}',
            b'{"name": "x", "path": "/tmp", "scanOptions": {"recursiv": true}}',
            b'{"name": "x", "path": "/tmp", "scanOptions": {"excludePatterns": "x"}}',
            b'{"name": "x", "path": "/tmp", "scanOptions": {"excludePatterns": [1]}}',
            b'{"name": "x", "path": "/tmp", "defaultNewUsers": 1}',
        ],
    )  # fmt: skip
    def test_bad_bodies_are_400(self, as_admin: APIClient, body: bytes) -> None:
        response = as_admin.post("/api/library", body, content_type="application/json")
        assert response.status_code == 400, response.content
        assert isinstance(response.json()["error"], str)
        assert state() == []

    def test_a_huge_body_is_413_and_another_type_415(self, as_admin: APIClient) -> None:
        huge = json.dumps({"name": "x" * 2_000_000}).encode()
        assert as_admin.post("/api/library", huge, content_type="application/json").status_code == 413
        assert as_admin.post("/api/library", b"{}", content_type="text/plain").status_code == 415
        assert state() == []


class TestUpdate:
    def change(self, client: APIClient, library: Library, body: dict[str, Any], method: str = "put") -> dict[str, Any]:
        response = getattr(client, method)(f"/api/library/{library.pk}", body)
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer

    @pytest.mark.parametrize("method", ["put", "patch"])
    def test_a_rename_keeps_the_rest_and_queues_no_scan(
        self, as_admin: APIClient, library: Library, method: str
    ) -> None:
        before = as_admin.get(f"/api/library/{library.pk}").json()
        answer = self.change(as_admin, library, {"name": "Jazz"}, method)
        assert {key for key in KEYS if answer[key] != before[key]} <= {"name", "updatedAt"}
        assert not Scan.objects.exists()

    def test_its_own_name_in_another_case(self, as_admin: APIClient, library: Library) -> None:
        assert self.change(as_admin, library, {"name": "MUSIC"})["name"] == "MUSIC"

    def test_changed_options_queue_one_scan(self, as_admin: APIClient, library: Library) -> None:
        answer = self.change(as_admin, library, {"scanOptions": {"recursive": False}})
        assert answer["scanOptions"] == {
            "recursive": False, "followSymlinks": False, "excludePatterns": [], "textEncoding": "auto",
        }  # fmt: skip
        self.change(as_admin, library, {"scanOptions": {"excludePatterns": ["x"]}})
        assert [scan.full for scan in Scan.objects.all()] == [False]

    def test_another_text_encoding_queues_one_full_scan(self, as_admin: APIClient, library: Library) -> None:
        answer = self.change(as_admin, library, {"scanOptions": {"textEncoding": "Shift_JIS"}})
        assert answer["scanOptions"]["textEncoding"] == "shift_jis"
        self.change(as_admin, library, {"scanOptions": {"textEncoding": "off"}})
        assert [scan.full for scan in Scan.objects.all()] == [True]

    def test_a_quick_scan_that_waits_becomes_full(self, as_admin: APIClient, library: Library) -> None:
        self.change(as_admin, library, {"scanOptions": {"recursive": False}})
        self.change(as_admin, library, {"scanOptions": {"textEncoding": "big5"}})
        assert [scan.full for scan in Scan.objects.all()] == [True]

    @pytest.mark.parametrize("wrong", ["", "latin", "utf-16", "rot13", 5, None, ["gbk"]])
    def test_an_unknown_text_encoding(self, as_admin: APIClient, library: Library, wrong: Any) -> None:
        response = as_admin.patch(f"/api/library/{library.pk}", {"scanOptions": {"textEncoding": wrong}}, format="json")
        assert (response.status_code, set(response.json()["errors"])) == (400, {"scanOptions.textEncoding"})
        library.refresh_from_db()
        assert (library.text_encoding, Scan.objects.exists()) == ("auto", False)

    def test_a_changed_path_queues_one_scan(self, as_admin: APIClient, library: Library, tmp_path: Path) -> None:
        other = tmp_path / "Other"
        other.mkdir()
        assert self.change(as_admin, library, {"path": str(other)})["path"] == str(other)
        assert Scan.objects.count() == 1

    def test_the_retention_of_missing_files(self, as_admin: APIClient, library: Library) -> None:
        address = f"/api/library/{library.pk}"
        assert as_admin.get(address).json()["missingRetentionDays"] is None
        assert as_admin.patch(address, {"missingRetentionDays": 30}).json()["missingRetentionDays"] == 30
        wrong: Any
        for wrong in (0, -1, 40_000, "soon", 1.5, True, []):
            response = as_admin.patch(address, {"missingRetentionDays": wrong})
            assert response.status_code == 400, wrong
            assert set(response.json()["errors"]) == {"missingRetentionDays"}
        library.refresh_from_db()
        assert library.missing_retention_days == 30
        assert as_admin.patch(address, {"missingRetentionDays": None}).json()["missingRetentionDays"] is None
        assert not Scan.objects.exists()

    def test_the_same_values_queue_none(self, as_admin: APIClient, library: Library) -> None:
        whole = as_admin.get(f"/api/library/{library.pk}").json()
        self.change(as_admin, library, whole)
        assert not Scan.objects.exists()

    def test_a_library_whose_folder_is_gone_can_be_renamed(self, as_admin: APIClient, library: Library) -> None:
        os.rmdir(library.path)
        assert self.change(as_admin, library, {"name": "Jazz", "path": library.path})["name"] == "Jazz"

    def test_nothing_changes_on_refusal(self, as_admin: APIClient, library: Library) -> None:
        before = state()
        response = as_admin.put(f"/api/library/{library.pk}", {"name": "Jazz", "path": "/does/not/exist"})
        assert response.status_code == 400
        assert state() == before


class TestDelete:
    def test_is_gone_at_once_and_touches_no_file(self, as_admin: APIClient, library: Library, folder: Path) -> None:
        (folder / "song.mp3").write_bytes(b"x")
        Scan.objects.create(library=library, trigger="api")
        response = as_admin.delete(f"/api/library/{library.pk}")
        told = {"id": str(library.pk), "dryRun": False, "songs": 0, "attached": {}}
        assert (response.status_code, response.json()) == (200, told)
        assert as_admin.get(f"/api/library/{library.pk}").status_code == 404
        assert as_admin.get("/api/library").json() == []
        assert (folder / "song.mp3").read_bytes() == b"x"
        assert not Scan.objects.active().exists()
        again = as_admin.post("/api/library", {"name": library.name, "path": library.path})
        assert again.status_code == 201


class TestDeletedMeanwhile:
    """What somebody else deletes between two looks at it is not found, whoever asks for what."""

    def test_services(self, library: Library) -> None:
        stale = Library.objects.get(pk=library.pk)
        libraries.delete_library(library)
        calls: list[Callable[[], object]] = [
            lambda: libraries.update_library(stale, prepare_library({"name": "Back"}, library=stale)),
            lambda: libraries.delete_library(stale),
            lambda: scans.request_scan(stale, trigger=ScanTrigger.API),
        ]
        for call in calls:
            with pytest.raises(NotFound):
                call()
        assert not Library.objects.active().exists()
        assert not Scan.objects.active().exists()
        assert AuditEntry.objects.filter(action="library.delete").count() == 1

    def test_a_scheduled_scan_is_not_queued(self, library: Library) -> None:
        stale = Library.objects.get(pk=library.pk)
        libraries.delete_library(library)
        tasks.start_scheduled(stale)
        assert not Scan.objects.exists()

    def test_a_scan_that_was_cleared_away(self, library: Library) -> None:
        scan = scans.request_scan(library, trigger=ScanTrigger.API)
        Scan.objects.filter(pk=scan.pk).delete()
        with pytest.raises(NotFound):
            scans.cancel_scan(scan)
