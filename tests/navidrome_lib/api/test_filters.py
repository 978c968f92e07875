"""What every list has in common: `id`, ranges and sorts, found by going through all of them."""

from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.models import Library, Scan, ScanProblem
from libraries.models.change import ScanChange
from missing.models import Purge
from navidrome_lib.audit.models import SignIn
from navidrome_lib.audit.services import record
from tests.conftest import MakeLibrary, MakeScan
from tests.support.catalog import make_track
from users import api_keys
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def lists(make_library: MakeLibrary, make_scan: MakeScan, admin: User, member: User, outsider: User) -> list[str]:
    """The address of each list; all of them have three rows or more."""
    now = timezone.now()
    library = make_library("Blues")
    scan = make_scan(library)
    for number in range(3):
        Purge.objects.create(expires_at="2999-01-01T00:00:00Z")
        SignIn.objects.create(username=f"x{number}", at=now)
        record("test", kind="test", name=str(number))
        make_track(library, f"{number}.mp3")
        make_scan(library, error=str(number))
        api_keys.create_key(admin, name=f"key {number}", scope="read")
        ScanChange.objects.create(
            scan=scan, kind="added", library_number=library.pk, folder=str(number), folder_key=str(number), count=1
        )
        ScanProblem.objects.create(
            library=library, scan=scan, path=f"{number}.mp3", path_bytes=b"x", path_key=f"{number}" * 32,
            kind="corrupt", message="Bad.", first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
    assert Library.objects.count() == Scan.objects.count() - 1 == 3
    return [
        "/api/library", "/api/user", "/api/scan", "/api/apikey", "/api/missing", "/api/missing/purge", "/api/audit",
        "/api/audit/signin", f"/api/scan/{scan.pk}/changes", f"/api/scan/{scan.pk}/problem",
    ]  # fmt: skip


def ids_of(client: APIClient, url: str) -> list[str]:
    response = client.get(url)
    assert response.status_code == 200, f"{url}: {response.content!r}"
    rows = [row["id"] for row in response.json()]
    assert int(response["X-Total-Count"]) >= len(rows)
    return rows


def test_every_list_gives_the_rows_that_are_named(as_admin: APIClient, lists: list[str]) -> None:
    for url in lists:
        every = ids_of(as_admin, url)
        assert len(every) >= 3, url
        first, _, last = every[:3]
        named = ids_of(as_admin, f"{url}?id={first}&id={last}")
        assert set(named) == {first, last}, url
        assert ids_of(as_admin, f"{url}?id={first},{last}&_start=1") == named[1:]
        assert ids_of(as_admin, f"{url}?id=918273918273918273&id={last}") == [last], url


def test_every_list_is_whole_with_an_empty_range(as_admin: APIClient, lists: list[str]) -> None:
    for url in lists:
        every = ids_of(as_admin, url)
        for query in ("_start=0&_end=0", "_start=-100&_end=0", "_start=0&_end=-1", "_end=0", "_end=NaN"):
            assert ids_of(as_admin, f"{url}?{query}&_sort=&_order=") == every, f"{url} {query}"
        assert ids_of(as_admin, f"{url}?_start=0&_end=1") == every[:1]


@pytest.mark.parametrize("text", ["%00", "a b", "é", "'", "-1", "1e9"])
def test_impossible_ids_never_fail(as_admin: APIClient, lists: list[str], text: str) -> None:
    for url in lists:
        response = as_admin.get(f"{url}?id={text}")
        if response.status_code == 200:
            assert response.json() == [], url
        else:
            assert (response.status_code, set(response.json()["errors"])) == (400, {"id"}), url
