"""`GET /api/insights/`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.models import Album, Library, LibraryArtist
from system import insights, tasks
from system.models import InsightsRun
from tests.conftest import Configure
from tests.support.catalog import make_artist, make_track

pytestmark = pytest.mark.django_db

STATISTICS = {"libraries", "songs", "albums", "artists", "size", "duration", "missing", "bySuffix"}


def test_it_needs_a_sign_in(as_anonymous: APIClient) -> None:
    response = as_anonymous.get("/api/insights/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"]
    assert not InsightsRun.objects.exists()


@pytest.mark.parametrize(
    "path", ["/api/insights/", "/api/insights", "/api/insights/insights_status", "/api/insights/a/b/"]
)
def test_regular_users_see_the_documented_keys(as_member: APIClient, path: str) -> None:
    InsightsRun.objects.create(started_at=datetime(2024, 1, 1, 12, 0, 0, 999999, tzinfo=UTC))
    answer = as_member.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"id": "insights_status", "lastRun": "2024-01-01 12:00:00", "success": True}


def test_every_tail_needs_a_sign_in(as_anonymous: APIClient) -> None:
    assert as_anonymous.get("/api/insights/insights_status").status_code == 401


def test_other_addresses_are_not_insights(as_admin: APIClient) -> None:
    assert as_admin.get("/api/insightsful").status_code == 404


def test_admins_see_the_figures(as_admin: APIClient, library: Library, other_library: Library) -> None:
    make_track(library, "a.mp3", missing=False, artist="Ada", size=10, duration=1.5)
    make_track(library, "b.flac", missing=False, artist="Ada", suffix="flac", size=20, duration=2.0)
    make_track(other_library, "c.mp3", artist="Bob")
    Album.objects.filter(library=library).update(song_count=2)
    LibraryArtist.objects.create(library=library, artist=make_artist("Ada"), song_count=2, album_count=1)
    answer = as_admin.get("/api/insights/").json()
    assert set(answer) == {"id", "lastRun", "success", "statistics"}
    assert answer["statistics"] == {
        "libraries": 2, "songs": 2, "albums": 1, "artists": 1, "size": 30, "duration": 3.5, "missing": 1,
        "bySuffix": {"flac": 1, "mp3": 1},
    }  # fmt: skip
    make_track(library, "d.mp3", missing=False)
    assert as_admin.get("/api/insights/").json()["statistics"]["songs"] == 3


def test_removed_libraries_do_not_count(as_admin: APIClient, make_library: Any) -> None:
    make_track(make_library("Gone", deleted_at=timezone.now()), "a.mp3", missing=False)
    figures = as_admin.get("/api/insights/").json()["statistics"]
    assert set(figures) == STATISTICS
    assert not any(figures.values())


def test_the_first_question_makes_the_first_run(as_member: APIClient) -> None:
    before = timezone.now().replace(microsecond=0)
    answer = as_member.get("/api/insights/").json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", answer["lastRun"])
    assert before <= datetime.fromisoformat(answer["lastRun"]).replace(tzinfo=UTC) <= timezone.now()
    assert answer["success"] is True
    assert as_member.get("/api/insights/").json() == answer
    assert InsightsRun.objects.count() == 1


def test_the_task_makes_a_newer_run(as_member: APIClient) -> None:
    old = InsightsRun.objects.create(started_at=timezone.now() - timedelta(days=2), success=False)
    assert as_member.get("/api/insights/").json()["success"] is False
    tasks.collect_insights()
    assert InsightsRun.objects.count() == 2
    answer = as_member.get("/api/insights/").json()
    assert answer["lastRun"] > f"{old.started_at:%Y-%m-%d %H:%M:%S}"
    assert answer["success"] is True
    assert set(InsightsRun.objects.latest("started_at").statistics) == STATISTICS


@pytest.mark.parametrize(("ago", "runs"), [(timedelta(hours=23), 1), (timedelta(days=-365), 2)])
def test_the_task_makes_one_run_a_day_and_none_from_the_future_is_the_last(
    as_member: APIClient, ago: timedelta, runs: int
) -> None:
    InsightsRun.objects.create(started_at=timezone.now() - ago)
    tasks.collect_insights()
    assert InsightsRun.objects.count() == runs
    shown = datetime.fromisoformat(as_member.get("/api/insights/").json()["lastRun"]).replace(tzinfo=UTC)
    assert shown <= timezone.now()


def test_a_failed_run_says_so(as_member: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[str, Any]:
        raise DatabaseError("no room")

    monkeypatch.setattr(insights, "statistics", fail)
    assert as_member.get("/api/insights/").json()["success"] is False
    assert InsightsRun.objects.get().error == "no room"


def test_disabled(as_member: APIClient, as_admin: APIClient, configure: Configure) -> None:
    configure(enable_insights_collector=False)
    for client in (as_member, as_admin):
        assert client.get("/api/insights/").json() == {
            "id": "insights_status", "lastRun": "disabled", "success": False,
        }  # fmt: skip
    tasks.collect_insights()
    assert not InsightsRun.objects.exists()


def test_old_runs_are_dropped(db: None) -> None:
    start = timezone.now() - timedelta(days=200)
    InsightsRun.objects.bulk_create(InsightsRun(started_at=start + timedelta(days=n)) for n in range(120))
    tasks.collect_insights()
    assert InsightsRun.objects.count() == insights.RUNS_KEPT
    assert InsightsRun.objects.earliest("started_at").started_at == start + timedelta(days=21)
