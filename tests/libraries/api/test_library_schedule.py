"""`schedule`, `nextScanTime` and `watch` of `/api/library`."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries import tasks
from libraries.choices import ScanTrigger, WatchState
from libraries.models import Library, Scan, WatchStatus
from navidrome_lib import heartbeat
from navidrome_lib.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def shown(client: APIClient, library: Library) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/library/{library.pk}").json()
    return found


def set_server_schedule(settings: Settings, schedule: str) -> None:
    scanner = dataclasses.replace(settings.CONF.scanner, schedule=schedule)
    settings.CONF = dataclasses.replace(settings.CONF, scanner=scanner)


class TestSchedule:
    def test_nothing_is_scheduled_unless_asked_for(self, as_admin: APIClient, library: Library) -> None:
        row = shown(as_admin, library)
        assert (row["schedule"], row["nextScanTime"]) == ("", None)

    def test_created_with_one(self, as_admin: APIClient, tmp_path: Path) -> None:
        body = {"name": "Jazz", "path": str(tmp_path), "schedule": " @daily ", "watch": True}
        created = as_admin.post("/api/library", body).json()
        assert (created["schedule"], created["watch"]) == ("@daily", True)
        assert created["nextScanTime"].endswith("T00:00:00.000Z")
        assert created["nextScanTime"] > created["createdAt"]

    def test_changed_counts_from_the_change_and_is_audited(self, as_admin: APIClient, library: Library) -> None:
        Library.objects.update(created_at=timezone.now() - timedelta(days=300))
        response = as_admin.put(f"/api/library/{library.pk}", {"schedule": "@every 6h"})
        assert response.status_code == 200
        due = datetime.fromisoformat(response.json()["nextScanTime"])
        assert timedelta(hours=5.9) < due - timezone.now() <= timedelta(hours=6)
        assert not Scan.objects.exists()
        tasks.start_due_scans()
        assert not Scan.objects.exists()
        assert AuditEntry.objects.latest("pk").changes == {"schedule": ["", "@every 6h"]}

    def test_the_servers_holds_unless_the_library_has_its_own(
        self, as_admin: APIClient, library: Library, other_library: Library, settings: Settings
    ) -> None:
        set_server_schedule(settings, "@hourly")
        as_admin.put(f"/api/library/{library.pk}", {"schedule": "never"})
        assert shown(as_admin, library)["nextScanTime"] is None
        assert shown(as_admin, other_library)["nextScanTime"] is not None
        Library.objects.update(created_at=timezone.now() - timedelta(days=1))
        tasks.start_due_scans()
        assert [(scan.library_id, scan.trigger) for scan in Scan.objects.all()] == [(other_library.pk, "schedule")]

    def test_overlap_is_quiet_and_what_was_missed_is_made_up_for_once(self, library: Library) -> None:
        past = timezone.now() - timedelta(days=3)
        Library.objects.update(schedule="@hourly", schedule_since=past)
        waiting = Scan.objects.create(library=library, trigger=ScanTrigger.API)
        tasks.start_due_scans()
        assert Scan.objects.get() == waiting
        Scan.objects.update(state="finished")
        tasks.start_due_scans()
        Scan.objects.update(state="finished")
        tasks.start_due_scans()
        assert Scan.objects.filter(trigger="schedule").count() == 1

    def test_a_servers_schedule_that_makes_no_sense_breaks_nothing(
        self, as_admin: APIClient, library: Library, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        set_server_schedule(settings, "every now and then")
        assert shown(as_admin, library)["nextScanTime"] is None
        tasks.start_due_scans()
        assert "ND_SCANNER_SCHEDULE: “every now and then” is not a schedule" in caplog.text

    @pytest.mark.parametrize(
        "schedule", ["soon", "0 0 30 2 *", "99 * * * *", "* * * * * *", "9999999d", "x" * 121, 5, None, "a\u0000b"]
    )
    def test_refused_with_a_sentence(self, as_admin: APIClient, library: Library, schedule: object) -> None:
        response = as_admin.put(f"/api/library/{library.pk}", {"schedule": schedule, "watch": True})
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"schedule"}
        library.refresh_from_db()
        assert (library.schedule, library.watch) == ("", False)

    @pytest.mark.parametrize("schedule", ["0 3 * * MON-FRI", "*/15 * * * *", "@weekly", "@every 90m", "6h", "off", ""])
    def test_taken(self, as_admin: APIClient, library: Library, schedule: str) -> None:
        assert as_admin.put(f"/api/library/{library.pk}", {"schedule": schedule}).json()["schedule"] == schedule


class TestWatch:
    def test_off_at_first(self, as_admin: APIClient, library: Library) -> None:
        row = shown(as_admin, library)
        assert (row["watch"], row["watcher"], row["watcherReason"]) == (False, "off", "")

    def test_what_the_watcher_said_is_shown_while_it_lives(
        self, as_admin: APIClient, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        as_admin.put(f"/api/library/{library.pk}", {"watch": True})
        assert not Scan.objects.exists()
        assert "not running" in shown(as_admin, library)["watcherReason"]
        long_ago = timezone.now() - timedelta(days=2)
        WatchStatus.objects.create(
            library=library, state=WatchState.POLLING, reason="A network disk.", heartbeat_at=long_ago
        )
        seen: list[datetime | None] = [timezone.now()]
        monkeypatch.setattr(heartbeat, "watcher_seen", lambda: seen[0])
        row = shown(as_admin, library)
        assert (row["watcher"], row["watcherReason"]) == ("polling", "A network disk.")
        for silent in (timezone.now() - timedelta(minutes=2), None):
            seen[0] = silent
            assert shown(as_admin, library)["watcher"] == "off"

    def test_a_watcher_that_cannot_be_asked_for_is_taken_to_live(
        self, as_admin: APIClient, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away() -> None:
            raise heartbeat.Unknown

        as_admin.put(f"/api/library/{library.pk}", {"watch": True})
        WatchStatus.objects.create(library=library, state=WatchState.WATCHING, heartbeat_at=timezone.now())
        monkeypatch.setattr(heartbeat, "watcher_seen", away)
        assert shown(as_admin, library)["watcher"] == "watching"

    def test_must_be_true_or_false(self, as_admin: APIClient, library: Library) -> None:
        assert as_admin.put(f"/api/library/{library.pk}", {"watch": "yes"}).status_code == 400
