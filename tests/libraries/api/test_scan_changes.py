"""`GET /api/scan/{id}/changes`: what a scan changed, by folder and kind."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries.models import Library, Scan
from tests.conftest import Configure
from tests.support.scans import scan, write_album, write_track

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

KEYS = {"id", "kind", "libraryId", "folder", "fromLibraryId", "fromFolder", "count"}


@pytest.fixture
def done(library: Library) -> Scan:
    """A scan that found one of each."""
    root = Path(library.path)
    for name, count in (("A", 3), ("A/B", 4), ("a", 1), ("C", 2)):
        write_album(root / name, count, album=name)
    scan(library)
    (root / "A/B").rename(root / "D")
    (root / "a/01.flac").unlink()
    shutil.rmtree(root / "C")
    write_track(root / "A/04.flac", "New", number=14, mark=14)
    return scan(library)


def facts(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["kind"], row["folder"], row["fromFolder"], row["count"]) for row in rows]


def test_rows(as_admin: APIClient, library: Library, done: Scan) -> None:
    response = as_admin.get(f"/api/scan/{done.pk}/changes")
    rows = response.json()
    assert response["X-Total-Count"] == "4"
    assert all(set(row) == KEYS for row in rows)
    assert sorted(facts(rows)) == sorted([
        ("added", "A", None, 1), ("missing", "C", None, 2), ("moved", "D", "A/B", 4), ("missing", "a", None, 1),
    ])  # fmt: skip
    moved = next(row for row in rows if row["kind"] == "moved")
    assert (moved["libraryId"], moved["fromLibraryId"]) == (str(library.pk), str(library.pk))
    assert {row["fromLibraryId"] for row in rows if row is not moved} == {None}


def test_ids_as_numbers(as_admin: APIClient, library: Library, done: Scan, configure: Configure) -> None:
    configure(numeric_library_ids=True)
    row = as_admin.get(f"/api/scan/{done.pk}/changes", {"kind": "moved"}).json()[0]
    assert (row["libraryId"], row["fromLibraryId"]) == (library.pk, library.pk)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "added"}, [("added", "A", None, 1)]),
        ({"kind": ["added", "moved"]}, [("added", "A", None, 1), ("moved", "D", "A/B", 4)]),
        ({"folder": "A"}, [("added", "A", None, 1), ("moved", "D", "A/B", 4)]),
        ({"folder": "/A/"}, [("added", "A", None, 1), ("moved", "D", "A/B", 4)]),
        ({"folder": "D"}, [("moved", "D", "A/B", 4)]),
        ({"folder": "A", "kind": "missing"}, []),
        ({"folder": "%"}, []),
        ({"_sort": "count", "_order": "DESC", "_start": 0, "_end": 2},
         [("moved", "D", "A/B", 4), ("missing", "C", None, 2)]),
    ],
)  # fmt: skip
def test_filters_sorting_and_pages(
    as_admin: APIClient, done: Scan, query: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    assert facts(as_admin.get(f"/api/scan/{done.pk}/changes", query).json()) == expected


def test_an_impossible_kind_is_refused(as_admin: APIClient, done: Scan) -> None:
    response = as_admin.get(f"/api/scan/{done.pk}/changes", {"kind": "eaten"})
    assert response.status_code == 400
    assert "kind" in response.json()["errors"]


def test_an_unknown_scan(as_admin: APIClient, done: Scan) -> None:
    for unknown in ("0", "999999", "x"):
        assert as_admin.get(f"/api/scan/{unknown}/changes").status_code == 404


def test_rights(as_member: APIClient, as_anonymous: APIClient, done: Scan) -> None:
    assert as_member.get(f"/api/scan/{done.pk}/changes").status_code == 403
    assert as_anonymous.get(f"/api/scan/{done.pk}/changes").status_code == 401
