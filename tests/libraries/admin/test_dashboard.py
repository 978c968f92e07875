"""The first page of the admin site, and what it asks for while a scan runs."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from libraries import clock
from libraries.models import Library, Scan, ScanProblem
from libraries.scanner.paths import key_of
from system import health
from system.dashboard import TITLES
from tests.conftest import Configure, MakeLibrary, MakeScan
from tests.support.clocks import Machine
from users.models import User

pytestmark = pytest.mark.alike

HOME, LIVE = "/admin/", "/admin/libraries/library/live/"


def make_problem(library: Library, path: str = "bad.mp3") -> ScanProblem:
    now, exact = timezone.now(), path.encode()
    problem: ScanProblem = ScanProblem.objects.create(
        library=library, path=path, path_bytes=exact, path_key=key_of(exact), kind="corrupt", message="It is damaged.",
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    return problem


def test_without_a_library_it_shows_the_way_to_the_first(site: Client) -> None:
    page = site.get(HOME).content.decode()
    assert "Add the first library" in page
    assert 'href="/admin/libraries/library/add/"' in page


def test_every_library_has_a_card(site: Client, library: Library) -> None:
    Library.objects.filter(pk=library.pk).update(total_songs=1234, total_size=5 * 1024**3, total_duration=90_061)
    page = site.get(HOME).content.decode()
    assert f'data-nd-library="{library.pk}"' in page
    for text in ("1,234", "5.0 GB", "1 d 1 h", library.path, "No complete scan yet."):
        assert text in page, text


def test_files_of_kinds_that_are_not_read_are_named(site: Client, library: Library, make_scan: MakeScan) -> None:
    of_scan = f"/admin/libraries/scan/{make_scan(library).pk}/change/"
    for address in (HOME, f"/admin/libraries/library/{library.pk}/change/", of_scan):
        Library.objects.filter(pk=library.pk).update(unread_files={})
        assert "not read" not in site.get(address).content.decode()
        Library.objects.filter(pk=library.pk).update(unread_files={"shn": 12})
        assert "12 files of kinds that are not read: .shn" in site.get(address).content.decode()


def test_the_next_scan_comes_from_the_schedule(site: Client, library: Library, configure: Configure) -> None:
    assert "No scan is scheduled." in site.get(HOME).content.decode()
    configure(scanner=dataclasses.replace(settings.CONF.scanner, schedule="@every 2h"))
    assert "Next scan in 1\xa0hour" in site.get(HOME).content.decode()


def test_what_needs_attention_is_named_with_its_action(
    site: Client, library: Library, other_library: Library, make_scan: MakeScan
) -> None:
    Library.objects.filter(pk=library.pk).update(
        offline_since=timezone.now(), status_reason="The folder is gone.", total_missing_files=3
    )
    make_problem(other_library)
    held = make_scan(other_library, "held", error="40 of 60 files are gone.")
    page = site.get(HOME).content.decode()
    texts = ("“Rock” is offline", "The folder is gone.", "3 files in “Rock” are missing", "40 of 60 files are gone.")
    for text in texts:
        assert text in page, text
    assert f'href="/admin/libraries/scan/{held.pk}/change/"' in page
    assert f"/admin/libraries/scanproblem/?library__id__exact={other_library.pk}&amp;open=yes" in page
    assert f"/admin/missing/missingfile/?library__id__exact={library.pk}" in page
    assert f'action="/admin/libraries/library/{library.pk}/scan/"' in page


def test_a_running_scan_is_followed(site: Client, library: Library, make_scan: MakeScan) -> None:
    scan = make_scan(library, "running", phase="reading", seen=250, files_total=1000, current_folder="Ann/<b>First</b>")
    page = site.get(HOME).content.decode()
    assert "Ann/&lt;b&gt;First" in page
    assert "<b>First" not in page
    (found,) = site.get(LIVE).json()["libraries"]
    assert (found["active"], found["scan"], found["percent"]) == (True, scan.pk, 25)
    assert found["title"] == "Reading files"
    assert found["detail"].startswith("250 of 1,000 files · 2")
    assert found["detail"].endswith("s left")
    assert found["folder"] == "Ann/<b>First</b>"  # the page shows it as text
    Scan.objects.update(state="finished", finished_at=timezone.now())
    (found,) = site.get(LIVE).json()["libraries"]
    assert (found["active"], found["percent"]) == (False, None)


def test_only_what_one_may_see_is_there(as_staff: Client, library: Library, other_library: Library) -> None:
    page = as_staff.get(HOME).content.decode()
    assert f'data-nd-library="{library.pk}"' in page
    assert f'data-nd-library="{other_library.pk}"' not in page
    assert "Scan now" not in page
    assert "Add a library" not in page
    assert [found["id"] for found in as_staff.get(LIVE).json()["libraries"]] == [library.pk]


def test_who_may_scan_is_offered_to(as_staff: Client, staff: User, library: Library, other_library: Library) -> None:
    User.objects.filter(pk=staff.pk).update(may_scan=True)
    assert "Scan now" in as_staff.get(HOME).content.decode()
    assert as_staff.post(f"/admin/libraries/library/{library.pk}/scan/").status_code == 302
    assert as_staff.post(f"/admin/libraries/library/{other_library.pk}/scan/").status_code == 404
    assert Scan.objects.get().library == library


def test_nobody_else_gets_in(db: None) -> None:
    assert Client().get(LIVE).status_code == 302
    assert Client().get(HOME).status_code == 302


@pytest.mark.parametrize("count", [1, 10])
def test_queries_do_not_grow_with_the_libraries(
    site: Client, make_library: MakeLibrary, make_scan: MakeScan, count: int
) -> None:
    for number in range(count):
        found = make_library(f"Library {number}")
        make_scan(found, "running")
        make_scan(found)
        make_problem(found)
    site.get(HOME)
    with CaptureQueriesContext(connection) as home:
        site.get(HOME)
    with CaptureQueriesContext(connection) as live:
        site.get(LIVE)
    assert len(home) <= 13
    assert len(live) <= 8


def test_a_clock_that_jumped_needs_attention(site: Client, as_staff: Client, library: Library) -> None:
    machine = Machine(wall=timezone.now() - timedelta(days=366))
    clock.advance(machine.read())
    clock.advance(machine.set_clock(timedelta(days=365)))
    said = "The clock of the server jumped ahead by"
    assert site.get(HOME).content.decode().count(said) == 1
    assert said not in as_staff.get(HOME).content.decode()


def test_every_part_of_the_server_has_a_sentence(db: None) -> None:
    assert set(health.check_all()) == set(TITLES)
