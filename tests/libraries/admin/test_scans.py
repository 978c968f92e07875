"""Scans and problems in the admin site."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from libraries.choices import ScanTrigger
from libraries.models import HeldMark, Library, MediaFile, Scan
from libraries.scanner import pipeline
from libraries.services.scans import request_scan
from tests.conftest import MakeScan, MakeUser
from tests.support.scans import request, scan, write_album
from users.models import User

pytestmark = pytest.mark.alike

SCANS = "/admin/libraries/scan/"


@pytest.fixture
def held(library: Library) -> Scan:
    """A scan that found 25 of 30 songs gone."""
    files = write_album(Path(library.path) / "First", 30)
    scan(library)
    for path in files[:25]:
        path.unlink()
    done = scan(library)
    assert done.state == "held"
    return done


def test_the_history_and_the_details(site: Client, library: Library, make_scan: MakeScan) -> None:
    done = make_scan(library, added=1234, full=True, requested_by="admin")
    assert "1234" in site.get(SCANS).content.decode()
    page = site.get(f"{SCANS}{done.pk}/change/").content.decode()
    for text in ("1,234", "Full rescan of “Rock”", "10 s"):
        assert text in page, text


def test_a_held_scan_shows_its_proposal(site: Client, held: Scan) -> None:
    page = site.get(f"{SCANS}{held.pk}/change/").content.decode()
    assert "This scan would mark 25 files as missing." in page
    assert "First/01.flac" in page
    assert "Approve: mark as missing" in page


def test_a_held_scan_is_approved(site: Client, held: Scan) -> None:
    response = site.post(f"{SCANS}{held.pk}/approve/")
    approving = Scan.objects.queued().get()
    assert (response.status_code, response["Location"]) == (302, f"{SCANS}{approving.pk}/change/")
    page = site.get(f"{SCANS}{held.pk}/change/").content.decode()
    assert "marks the files that are still gone" in page
    assert "Approve: mark as missing" not in page
    assert not MediaFile.objects.missing().exists()
    pipeline.run(approving.pk)
    held.refresh_from_db()
    assert held.state == "finished"
    assert MediaFile.objects.missing().count() == 25
    assert f"the files that scan {held.pk} found gone" in site.get(f"{SCANS}{approving.pk}/change/").content.decode()


def test_a_held_scan_is_discarded(site: Client, held: Scan) -> None:
    site.post(f"{SCANS}{held.pk}/discard/")
    held.refresh_from_db()
    assert held.state == "finished"
    assert not MediaFile.objects.missing().exists()
    assert not HeldMark.objects.exists()
    page = site.post(f"{SCANS}{held.pk}/approve/", follow=True).content.decode()
    assert "This scan does not need approval." in page


def test_only_admins_decide(as_staff: Client, staff: User, held: Scan) -> None:
    User.objects.filter(pk=staff.pk).update(may_scan=True)
    assert "Approve: mark" not in as_staff.get(f"{SCANS}{held.pk}/change/").content.decode()
    for word in ("approve", "discard"):
        assert as_staff.post(f"{SCANS}{held.pk}/{word}/").status_code == 403
    assert HeldMark.objects.count() == 25


def test_who_may_scan_cancels_what_they_alone_asked_for(
    as_staff: Client, staff: User, library: Library, make_scan: MakeScan
) -> None:
    User.objects.filter(pk=staff.pk).update(may_scan=True)
    button, refused = f'action="{SCANS}%s/cancel/"', []
    for trigger, name in (("admin", "admin"), ("admin", ""), ("admin", "staff, admin"), ("schedule", "staff")):
        scan = make_scan(library, "queued", requested_by=name)
        Scan.objects.update(trigger=trigger)
        assert button % scan.pk not in as_staff.get(f"{SCANS}{scan.pk}/change/").content.decode()
        assert button % scan.pk not in as_staff.get("/admin/").content.decode()
        refused.append(as_staff.post(f"{SCANS}{scan.pk}/cancel/").status_code)
        scan.refresh_from_db()
        assert scan.state == "queued"
        scan.delete()
    assert refused == [403] * 4
    own = make_scan(library, "queued", requested_by="staff")
    assert button % own.pk in as_staff.get(f"{SCANS}{own.pk}/change/").content.decode()
    assert button % own.pk in as_staff.get("/admin/").content.decode()
    assert as_staff.post(f"{SCANS}{own.pk}/cancel/").status_code == 302
    own.refresh_from_db()
    assert own.state == "cancelled"


def test_a_request_that_is_joined_belongs_to_all_who_asked(library: Library, make_user: MakeUser) -> None:
    ann = make_user("ann", may_scan=True).as_viewer()
    for trigger, name in (("admin", "ann"), ("admin", "ann"), ("api", "bob"), ("watcher", ""), ("watcher", "")):
        scan = request_scan(library, trigger=ScanTrigger(trigger), requested_by=name)
        assert scan.is_cancellable_by(ann) == (name == "ann")
    assert Scan.objects.get().requested_by == "ann, bob, watcher"


def test_others_scans_do_not_exist(as_staff: Client, staff: User, other_library: Library, make_scan: MakeScan) -> None:
    User.objects.filter(pk=staff.pk).update(may_scan=True)
    other = make_scan(other_library, "running")
    assert as_staff.get(f"{SCANS}{other.pk}/change/").status_code == 404
    assert as_staff.post(f"{SCANS}{other.pk}/cancel/").status_code == 404
    other.refresh_from_db()
    assert not other.cancel_requested


def test_problems_are_listed_and_filtered(site: Client, library: Library) -> None:
    Path(library.path, "<script>bad.mp3").write_bytes(b"nonsense" * 100)
    done = request(library)
    pipeline.run(done.pk)
    for address in ("/admin/libraries/scanproblem/?open=yes", f"{SCANS}{done.pk}/change/"):
        page = site.get(address).content.decode()
        assert "&lt;script&gt;bad.mp3" in page, address
        assert "<script>bad" not in page
    assert "&lt;script&gt;bad" not in site.get("/admin/libraries/scanproblem/?open=no").content.decode()
