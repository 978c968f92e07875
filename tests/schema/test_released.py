"""Data of every released schema is migrated, whole, and goes on living."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries import queue
from libraries.choices import ScanState
from libraries.models import HeldMark, Library, MediaFile, Scan, ScanProblem
from libraries.scanner import pipeline
from libraries.services import libraries, scans
from libraries.services.library_rules import prepare_library
from listening.models import Transcoding
from missing.models import Purge
from missing.purges import undo_purge
from navidrome_lib.audit.models import AuditEntry
from tests.schema import catalog
from tests.schema.describe import describe
from tests.schema.dumps import HERE, in_its_place, load, made_database
from tests.schema.make import digests, released
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

VERSIONS = sorted(path.parent.name for path in HERE.glob("*/found.json"))


@pytest.fixture(scope="module")
def once(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The database of each release as it is migrated, made once for all tests, which get copies."""
    folder, made = tmp_path_factory.mktemp("released"), {}
    with django_db_blocker.unblock(), ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(queue, "deliver", lambda _: None)
        for version in VERSIONS:
            made[version] = stack.enter_context(made_database(folder, f"released_{version}"))
            with in_its_place(made[version]):
                load(version)
                call_command("migrate", verbosity=0)
        yield made


@pytest.fixture(params=VERSIONS)
def migrated(
    request: pytest.FixtureRequest, once: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """A database as a release left it, migrated; what must be found in it."""
    monkeypatch.setattr(queue, "deliver", lambda _: None)
    found = json.loads((HERE / request.param / "found.json").read_text("utf-8"))
    with made_database(tmp_path, "copy", like=once[request.param]) as name, in_its_place(name):
        yield found[connection.vendor]


def test_a_released_migration_never_changes() -> None:
    now = digests()
    assert released()
    assert {name: now.get(name) for name in released()} == released()


def test_the_schema_is_that_of_a_new_database(once: dict[str, str]) -> None:
    new = describe()
    assert len(new) > 300
    for version in VERSIONS:
        with in_its_place(once[version]):
            assert describe() ^ new == set()
            executor = MigrationExecutor(connection)
            assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_a_new_database_begins_with_the_same_rows(once: dict[str, str], new_database: Path) -> None:
    """It takes each app in one step, in the place of all steps since the first release."""
    with closing(sqlite3.connect(new_database)) as database:
        fields = "name, target_format, default_bit_rate, command"
        new = database.execute(f"SELECT {fields} FROM listening_transcoding").fetchall()  # noqa: S608 - own names
        steps = {name for (name,) in database.execute("SELECT name FROM django_migrations WHERE app = 'libraries'")}
    assert {"0001_squashed_0021", "0021_library_revision"} <= steps
    assert len(new) == 4
    for version in VERSIONS:
        with in_its_place(once[version]):
            assert sorted(Transcoding.objects.values_list(*fields.split(", "))) == sorted(new)


def test_tracks_and_people_are_there(migrated: dict[str, Any], settings: Settings) -> None:
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    assert catalog.tracks() == migrated["tracks"]
    rock, jazz = Library.objects.order_by("-name")
    assert (rock.total_songs, rock.total_missing_files, jazz.total_songs) == (4, 2, 6)
    assert ScanProblem.objects.unresolved().get().path == "broken.mp3"
    assert HeldMark.objects.filter(scan__state=ScanState.HELD, scan__library=jazz).count() == len(catalog.HELD)
    admin, member = User.objects.order_by("username")
    assert admin.as_viewer().is_admin
    assert admin.check_password(catalog.PASSWORD)
    assert set(member.as_viewer().granted_library_ids()) == {rock.pk, jazz.pk}
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {migrated['key']}")
    assert [row["name"] for row in client.get("/api/library").json()] == ["Jazz", "Rock"]
    assert client.get("/api/missing").headers["X-Total-Count"] == "2"


def test_audit_entries_keep_their_channel(migrated: dict[str, Any]) -> None:
    entries = AuditEntry.objects.filter(channel="command").order_by("pk")
    assert list(entries.values_list("action", "object_name")) == [
        ("missing.purge", ""),
        ("user.create", "admin"),
        ("user.create", "member"),
        ("key.create", "script"),
    ]
    assert entries.count() == AuditEntry.objects.count()


def test_a_purge_is_undone(migrated: dict[str, Any]) -> None:
    assert sorted(undo_purge(Purge.objects.get()).ids) == migrated["purged"]
    back = MediaFile.objects.missing().filter(pk__in=migrated["purged"])
    assert sorted(back.values_list("path", flat=True)) == catalog.PURGED


def test_scans_go_on(migrated: dict[str, Any], tmp_path: Path) -> None:
    """The files are found where they were, what is lost and what is held back stays so."""
    catalog.plant_rock(tmp_path / "rock")
    catalog.plant_jazz(tmp_path / "jazz")
    gone = [f"rock/{path}" for path in catalog.LOST + catalog.PURGED] + [f"jazz/{path}" for path in catalog.HELD]
    for path in gone:
        (tmp_path / path).unlink()
    for library in Library.objects.all():
        libraries.update_library(
            library, prepare_library({"path": str(tmp_path / library.name.lower())}, library=library)
        )
    assert run_queued() == {"Rock": ScanState.FINISHED, "Jazz": ScanState.HELD}
    assert catalog.tracks() == migrated["tracks"]
    held = Scan.objects.filter(state=ScanState.HELD).latest("pk")
    scans.approve_scan(held)
    assert run_queued() == {"Jazz": ScanState.FINISHED}
    missing = MediaFile.objects.missing().filter(library__name="Jazz")
    assert sorted(missing.values_list("path", flat=True)) == catalog.HELD


def run_queued() -> dict[str, str]:
    """Run the scans that wait; how each ended, by library."""
    ended = {}
    for waiting in Scan.objects.queued().order_by("pk"):
        done = pipeline.run(waiting.pk)
        assert done is not None
        ended[done.library.name] = done.state
    return ended
