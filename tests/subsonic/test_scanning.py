"""`/rest/startScan` and `/rest/getScanStatus`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from libraries.models import Library, Scan
from tests.subsonic.conftest import Call
from users.models import LibraryAccess, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def jazz(tmp_path: Path) -> Library:
    (tmp_path / "jazz" / "Miles").mkdir(parents=True)
    return Library.objects.create(name="Jazz", path=str(tmp_path / "jazz"), total_songs=7, total_folders=2)


@pytest.fixture
def secret(tmp_path: Path) -> Library:
    (tmp_path / "secret").mkdir()
    return Library.objects.create(name="Secret", path=str(tmp_path / "secret"), total_songs=100, total_folders=50)


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("admin", "open sesame, please")


@pytest.fixture
def scanner(jazz: Library, secret: Library) -> User:
    """May scan, and can access Jazz only."""
    user = User.objects.create_user("scanner", "open sesame, please", may_scan=True)
    LibraryAccess.objects.create(user=user, library=jazz)
    return user


def scans() -> list[tuple[str, bool, list[str]]]:
    return [(scan.library.name, scan.full, scan.targets) for scan in Scan.objects.order_by("library__name")]


def test_an_admin_scans_every_library(admin: User, jazz: Library, secret: Library, call: Call) -> None:
    status = call("startScan", admin)["scanStatus"]
    assert status["scanning"] is True
    assert scans() == [("Jazz", False, []), ("Secret", False, [])]
    call("startScan", admin, fullScan="true")
    assert scans() == [("Jazz", True, []), ("Secret", True, [])]


@pytest.mark.parametrize("value", ["true", "on", "1", "True"])
def test_full_scans(admin: User, jazz: Library, call: Call, value: str) -> None:
    assert call("startScan", admin, fullScan=value)["scanStatus"]["scanType"] == "full"


def test_those_with_the_right_scan_what_they_can_access(scanner: User, call: Call) -> None:
    call("startScan", scanner)
    assert scans() == [("Jazz", False, [])]


def test_others_may_not(jazz: Library, call: Call) -> None:
    user = User.objects.create_user("member", "open sesame, please")
    LibraryAccess.objects.create(user=user, library=jazz)
    assert call("startScan", user)["error"]["code"] == 50
    assert scans() == []


def test_targets(admin: User, jazz: Library, secret: Library, call: Call) -> None:
    status = call("startScan", admin, target=[f"{jazz.pk}:Miles", f"{jazz.pk}:/Miles/"])["scanStatus"]
    assert status["scanType"] == "quick-selective"
    assert scans() == [("Jazz", False, ["Miles"])]
    call("startScan", admin, target=f"{jazz.pk}:", fullScan="1")
    assert scans() == [("Jazz", True, [])]


@pytest.mark.parametrize(
    ("target", "code"),
    [("x:Miles", 0), ("Miles", 0), ("{jazz}:nothing", 0), ("{jazz}:../secret", 0), ("{jazz}:a\0", 0),
     ("9" * 400 + ":x", 0), ("999:Miles", 70), ("{secret}:", 70)],
)  # fmt: skip
def test_a_bad_target_starts_nothing(
    scanner: User, jazz: Library, secret: Library, call: Call, target: str, code: int
) -> None:
    bad = target.format(jazz=jazz.pk, secret=secret.pk)
    answer = call("startScan", scanner, target=[f"{jazz.pk}:Miles", bad])
    assert answer["error"]["code"] == code
    assert scans() == []


class TestStatus:
    def status(self, call: Call, user: User) -> dict[str, Any]:
        shown: dict[str, Any] = call("getScanStatus", user)["scanStatus"]
        return shown

    def test_at_rest_it_counts_songs(self, admin: User, scanner: User, call: Call) -> None:
        assert self.status(call, admin) == {"scanning": False, "count": 107, "folderCount": 52, "elapsedTime": 0}

    def test_figures_are_of_the_callers_libraries(
        self, scanner: User, jazz: Library, secret: Library, call: Call
    ) -> None:
        assert self.status(call, scanner)["count"] == 7
        Scan.objects.create(library=secret, trigger="api", state="running", seen=55, started_at=timezone.now())
        assert self.status(call, scanner)["scanning"] is False
        Scan.objects.create(library=jazz, trigger="api", state="running", seen=5, started_at=timezone.now())
        status = self.status(call, scanner)
        assert (status["scanning"], status["count"], status["scanType"]) == (True, 5, "quick")
        assert status["elapsedTime"] > 0

    def test_the_end_and_the_error(self, admin: User, jazz: Library, call: Call) -> None:
        now = timezone.now()
        Library.objects.update(last_scan_at=now)
        Scan.objects.create(
            library=jazz, trigger="api", state="failed", started_at=now, finished_at=now, error="It broke."
        )
        status = self.status(call, admin)
        assert status["error"] == "It broke."
        assert status["lastScan"].endswith("Z")
