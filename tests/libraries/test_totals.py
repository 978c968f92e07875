"""A database knows how much it holds before anybody asks it for something."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from libraries import totals
from libraries.models import Library, MediaFile, Participant
from navidrome_lib.db.bulk import table
from tests.support.limits import limit_scans
from tests.support.scans import scan, write_album

pytestmark = pytest.mark.django_db(transaction=True)


def known_rows(model: type[MediaFile | Participant]) -> float:
    """How many rows PostgreSQL believes to be in a table; -1 where it has never looked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table(model)])
        return float(cursor.fetchone()[0])


def test_a_scan_that_adds_much_tells_the_database(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    learn = totals.analyze_tables

    def note() -> None:
        calls.append(MediaFile.objects.count())
        learn()

    monkeypatch.setattr(totals, "analyze_tables", note)
    limit_scans(settings, many_files=4)
    write_album(tmp_path / "one", 4)
    library = Library.objects.create(name="Music", path=str(tmp_path))
    assert scan(library).added == 4
    assert calls == []
    write_album(tmp_path / "two", 5, album="Second")
    assert scan(library).added == 5
    assert calls == [9]
    if connection.vendor == "postgresql":
        assert known_rows(MediaFile) >= 9
        assert known_rows(Participant) >= 9
