"""`/api/scan`: list, start, watch, cancel, approve, problems. The scans here run in the test's own process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.models import HeldMark, Library, MediaFile, Scan
from libraries.scanner import pipeline
from synth import make_library as write_library
from tests.conftest import MakeLibrary

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = {
    "id", "library", "libraryId", "libraryName", "type", "full", "targets", "trigger", "requestedBy", "approves",
    "state", "phase", "error", "currentFolder", "filesTotal", "folderCount", "seen", "added", "updated", "moved",
    "restored", "missing", "skipped", "failed", "requested", "started", "finished", "heartbeat", "elapsed", "rate",
    "eta", "progress",
}  # fmt: skip


def start(client: APIClient, library: Library, **body: Any) -> dict[str, Any]:
    response = client.post("/api/scan", {"libraryId": library.pk, **body})
    assert response.status_code == 201, response.content
    found: dict[str, Any] = response.json()
    return found


def run(client: APIClient, library: Library, **body: Any) -> dict[str, Any]:
    """Start a scan, carry it out, and show it."""
    scan = start(client, library, **body)
    pipeline.run(int(scan["id"]))
    found: dict[str, Any] = client.get(f"/api/scan/{scan['id']}").json()
    return found


class TestStart:
    def test_answers_the_queued_scan(self, as_admin: APIClient, library: Library) -> None:
        scan = start(as_admin, library)
        assert set(scan) == KEYS
        assert (scan["state"], scan["type"], scan["trigger"], scan["requestedBy"]) == (
            "queued",
            "quick",
            "api",
            "admin",
        )
        assert as_admin.get(f"/api/scan/{scan['id']}").json() == scan
        assert as_admin.get("/api/scan").json() == [scan]
        assert as_admin.get("/api/library").json()[0]["scanActive"] is True

    def test_a_second_request_joins_the_first(self, as_admin: APIClient, library: Library) -> None:
        (Path(library.path) / "A").mkdir()
        first = start(as_admin, library, paths=["A"])
        assert first["type"] == "quick-selective"
        second = start(as_admin, library, full=True)
        assert (second["id"], second["type"]) == (first["id"], "full")

    @pytest.mark.parametrize(
        ("body", "status"),
        [({"libraryId": "999"}, 404), ({"libraryId": "x"}, 400), ({}, 400), ({"libraryId": None}, 400),
         ({"libraryId": "{id}", "paths": ["../x"]}, 400), ({"libraryId": "{id}", "paths": ["nothing"]}, 400),
         ({"libraryId": "{id}", "paths": "A"}, 400), ({"libraryId": "{id}", "full": "yes"}, 400)],
    )  # fmt: skip
    def test_refusals_start_nothing(
        self, as_admin: APIClient, library: Library, body: dict[str, Any], status: int
    ) -> None:
        sent = {**body, "libraryId": str(library.pk)} if body.get("libraryId") == "{id}" else body
        response = as_admin.post("/api/scan", sent)
        assert response.status_code == status
        if status == 400:
            (field,) = {key.partition(".")[0] for key in response.json()["errors"]}
            assert field in (*body, "libraryId")
        assert not Scan.objects.exists()

    @pytest.mark.parametrize("verb", ["get", "post"])
    def test_rights(self, as_member: APIClient, as_anonymous: APIClient, library: Library, verb: str) -> None:
        body = {"libraryId": library.pk}
        assert getattr(as_member, verb)("/api/scan", body).status_code == 403
        assert getattr(as_anonymous, verb)("/api/scan", body).status_code == 401
        assert not Scan.objects.exists()


class TestCancel:
    def test_a_waiting_scan_ends_at_once(self, as_admin: APIClient, library: Library) -> None:
        scan = start(as_admin, library)
        assert as_admin.delete(f"/api/scan/{scan['id']}").json()["state"] == "cancelled"
        assert as_admin.get("/api/audit").json()[0]["action"] == "scan.cancel"
        assert as_admin.delete(f"/api/scan/{scan['id']}").status_code == 409
        assert as_admin.get("/api/library").json()[0]["scanActive"] is False

    def test_a_running_scan_is_asked_to_stop(self, as_admin: APIClient, library: Library) -> None:
        scan = Scan.objects.create(library=library, trigger="api", state="running", started_at=timezone.now())
        assert as_admin.delete(f"/api/scan/{scan.pk}").status_code == 200
        scan.refresh_from_db()
        assert scan.cancel_requested

    def test_unknown(self, as_admin: APIClient) -> None:
        assert as_admin.delete("/api/scan/1").status_code == 404
        assert as_admin.delete("/api/scan/x").status_code == 404


def test_the_figures_of_a_run(as_admin: APIClient, library: Library) -> None:
    root = Path(library.path)
    manifest = write_library(root, tracks=30, seed=1, pictures=False)
    (root / "broken.flac").write_bytes(b"fLaC nothing more")
    (root / "empty.mp3").write_bytes(b"")
    scan = run(as_admin, library)
    assert (scan["state"], scan["added"], scan["failed"], scan["seen"]) == ("finished", 30, 2, 32)
    assert scan["filesTotal"] == 32
    problems = as_admin.get(f"/api/scan/{scan['id']}/problem")
    assert problems["X-Total-Count"] == "2"
    assert [(row["path"], row["kind"]) for row in problems.json()] == [
        ("broken.flac", "corrupt"),
        ("empty.mp3", "empty"),
    ]
    shown = as_admin.get("/api/library").json()[0]
    assert (shown["songCount"], shown["size"]) == (30, manifest.totals.size)
    assert shown["status"] == "attention"


class TestHeld:
    @pytest.fixture
    def held(self, as_admin: APIClient, make_library: MakeLibrary) -> dict[str, Any]:
        library = make_library("Big")
        self.fill(Path(library.path))
        run(as_admin, library)
        for folder in sorted(Path(library.path).iterdir())[1:]:
            shutil.rmtree(folder)
        return run(as_admin, library)

    def fill(self, root: Path) -> None:
        write_library(root, tracks=60, seed=2, pictures=False)

    def test_nothing_is_marked(self, as_admin: APIClient, held: dict[str, Any]) -> None:
        assert (held["state"], held["missing"]) == ("held", 0)
        assert "approve" in held["error"]
        assert MediaFile.objects.present().count() == 60
        shown = next(row for row in as_admin.get("/api/library").json() if row["id"] == held["library"])
        assert (shown["status"], shown["songCount"]) == ("attention", 60)

    def test_approve_marks(self, as_admin: APIClient, held: dict[str, Any]) -> None:
        response = as_admin.post(f"/api/scan/{held['id']}/approve")
        assert response.status_code == 200
        approving = response.json()
        assert (approving["state"], approving["approves"], approving["trigger"]) == ("queued", held["id"], "approval")
        files = HeldMark.objects.count()
        assert files > 30
        entry = as_admin.get("/api/audit").json()[0]
        assert (entry["action"], entry["changes"]) == ("scan.approve", {"files": files, "scan": int(approving["id"])})
        assert as_admin.post(f"/api/scan/{held['id']}/approve").json()["id"] == approving["id"]
        assert not MediaFile.objects.missing().exists()
        pipeline.run(int(approving["id"]))
        done = as_admin.get(f"/api/scan/{approving['id']}").json()
        assert (done["state"], done["missing"]) == ("finished", MediaFile.objects.missing().count())
        assert done["missing"] == files
        assert as_admin.post(f"/api/scan/{held['id']}/approve").status_code == 409

    def test_discard_forgets(self, as_admin: APIClient, held: dict[str, Any]) -> None:
        assert as_admin.post(f"/api/scan/{held['id']}/discard").json()["state"] == "finished"
        assert not MediaFile.objects.missing().exists()
        assert as_admin.get("/api/audit").json()[0]["action"] == "scan.discard"
        assert as_admin.post(f"/api/scan/{held['id']}/approve").status_code == 409

    def test_rights(self, as_member: APIClient, held: dict[str, Any]) -> None:
        for what in ("approve", "discard"):
            assert as_member.post(f"/api/scan/{held['id']}/{what}").status_code == 403
        assert Scan.objects.get(pk=held["id"]).state == "held"
