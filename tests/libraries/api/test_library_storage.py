"""`/api/library` and storage that is away: every cause is a state with a reason, never a loss."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rest_framework.test import APIClient

from libraries.models import Library, Scan
from libraries.scanner import pipeline
from libraries.scanner.approval import is_too_much
from libraries.scanner.walk.walker import Entry, Lister, os_lister
from navidrome_lib.audit.models import AuditEntry
from tests.support.scans import picture, write_album

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every user of the system may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - that is what it is for
        yield Path(folder)


@pytest.fixture
def library(home: Path) -> Library:
    """Four songs, not scanned yet."""
    for name in ("a", "b"):
        write_album(home / "music" / name, 2, album=name)
    return Library.objects.create(name="Music", path=str(home / "music"))


@pytest.fixture
def scanned(as_admin: APIClient, library: Library) -> Library:
    assert run(as_admin, library)["state"] == "finished"
    return library


def run(client: APIClient, library: Library, *, root_lister: Lister = os_lister, **body: Any) -> dict[str, Any]:
    """Ask for a scan, carry it out, and show it."""
    response = client.post("/api/scan", {"libraryId": library.pk, **body})
    assert response.status_code == 201, response.content
    pipeline.run(int(response.json()["id"]), root_lister=root_lister)
    found: dict[str, Any] = client.get(f"/api/scan/{response.json()['id']}").json()
    return found


def show(client: APIClient, library: Library) -> dict[str, Any]:
    (row,) = (row for row in client.get("/api/library").json() if row["id"] == str(library.pk))
    return dict(row)


Undo = Callable[[], object]


class Outage(NamedTuple):
    """What ends it, and how the root can be listed meanwhile."""

    undo: Undo
    root_lister: Lister = os_lister


def go_absent(path: Path) -> Outage:
    away = path.rename(path.with_name("away"))
    return Outage(lambda: away.rename(path))


def become_a_file(path: Path) -> Outage:
    away = path.rename(path.with_name("away"))
    path.write_text("no folder")

    def undo() -> None:
        path.unlink()
        away.rename(path)

    return Outage(undo)


def become_unreadable(path: Path) -> Outage:
    """Take the rights away. The administrator of the system has them all the same: the check runs as somebody else."""

    def as_nobody(folder: bytes) -> Iterable[Entry]:
        user = os.geteuid()
        os.seteuid(65534 if user == 0 else user)
        try:
            return os_lister(folder)
        finally:
            os.seteuid(user)

    path.chmod(0o311)
    return Outage(lambda: path.chmod(0o755), as_nobody)


def fail_with(code: int) -> Callable[[Path], Outage]:
    def fail(path: Path) -> Outage:
        def lister(folder: bytes) -> Iterable[Entry]:
            raise OSError(code, os.strerror(code), folder)

        return Outage(lambda: None, lister)

    return fail


def hang(path: Path) -> Outage:
    def lister(folder: bytes) -> Iterable[Entry]:
        time.sleep(2)
        return os_lister(folder)

    return Outage(lambda: time.sleep(1), lister)  # the question that hangs is answered at last


def become_empty(path: Path) -> Outage:
    away = path.rename(path.with_name("away"))
    (path / "lost+found").mkdir(parents=True)
    # the same folder as before, as far as the catalog can know: what is left when the disk below it is unmounted
    Library.objects.update(root_device=path.stat().st_dev)

    def undo() -> None:
        shutil.rmtree(path)
        away.rename(path)

    return Outage(undo)


def move_to_another_device(path: Path) -> Outage:
    device, inode = path.stat().st_dev, path.stat().st_ino
    Library.objects.update(root_device=device + 1, root_inode=inode + 1)
    return Outage(lambda: Library.objects.update(root_device=device, root_inode=inode))


def lose_the_anchor(path: Path) -> Outage:
    (path / ".mounted").touch()
    Library.objects.update(anchor_file=".mounted")
    (path / ".mounted").unlink()
    return Outage(lambda: (path / ".mounted").touch())


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (go_absent, "does not exist"),
        (become_a_file, "is not a folder"),
        (become_unreadable, "Permission denied"),
        (fail_with(errno.EIO), os.strerror(errno.EIO)),
        (fail_with(errno.ESTALE), os.strerror(errno.ESTALE)),
        (fail_with(errno.ENOTCONN), os.strerror(errno.ENOTCONN)),
        (fail_with(errno.EACCES), os.strerror(errno.EACCES)),
        (hang, "did not answer within"),
        (become_empty, "is empty, but the catalog is not"),
        (move_to_another_device, "on another device"),
        (lose_the_anchor, "anchor file"),
    ],
    ids=["absent", "file", "unreadable", "EIO", "ESTALE", "ENOTCONN", "EACCES", "hanging", "empty", "device", "anchor"],
)
def test_storage_that_is_away_is_offline_at_once_and_changes_nothing(
    as_admin: APIClient,
    scanned: Library,
    cause: Callable[[Path], Outage],
    words: str,
) -> None:
    before = picture(scanned)
    outage = cause(Path(scanned.path))
    begin = time.monotonic()
    scan = run(as_admin, scanned, root_lister=outage.root_lister)
    assert time.monotonic() - begin < 2.5  # two seconds for the scan, the rest for the requests around it
    assert (scan["state"], scan["elapsed"] < 2) == ("offline", True)
    shown = show(as_admin, scanned)
    assert shown["status"] == "offline"
    assert words in shown["statusReason"]
    assert shown["statusReason"] == scan["error"]
    assert shown["offlineSince"]
    assert (shown["songCount"], shown["totalMissingFiles"]) == (4, 0)
    assert picture(scanned) == before
    outage.undo()
    assert run(as_admin, scanned)["state"] == "finished"
    shown = show(as_admin, scanned)
    assert (shown["status"], shown["statusReason"], shown["offlineSince"]) == ("online", "", None)
    assert picture(scanned) == before


def test_the_first_scan_of_an_empty_folder_is_fine(as_admin: APIClient, home: Path) -> None:
    (home / "nothing").mkdir()
    library = Library.objects.create(name="Nothing yet", path=str(home / "nothing"))
    assert run(as_admin, library)["state"] == "finished"
    shown = show(as_admin, library)
    assert (shown["status"], shown["songCount"]) == ("online", 0)
    assert shown["lastScanTime"]


def test_an_emptying_on_purpose_is_accepted_and_audited(as_admin: APIClient, scanned: Library) -> None:
    for folder in Path(scanned.path).iterdir():
        shutil.rmtree(folder)
    assert run(as_admin, scanned)["state"] == "offline"
    assert not AuditEntry.objects.filter(action__startswith="library.accept").exists()
    scan = run(as_admin, scanned, acceptEmpty=True)
    assert (scan["state"], scan["missing"]) == ("finished", 4)
    shown = show(as_admin, scanned)
    assert (shown["status"], shown["songCount"], shown["totalMissingFiles"]) == ("online", 0, 4)
    entry = AuditEntry.objects.get(action="library.accept_empty")
    assert (entry.object_id, entry.actor, entry.changes["songs"]) == (str(scanned.pk), "admin", 4)


def test_another_device_is_accepted_and_audited(as_admin: APIClient, scanned: Library) -> None:
    before = picture(scanned)
    move_to_another_device(Path(scanned.path))
    assert run(as_admin, scanned, acceptEmpty=True)["state"] == "offline"
    assert run(as_admin, scanned, acceptDevice=True)["state"] == "finished"
    assert AuditEntry.objects.get(action="library.accept_device").object_id == str(scanned.pk)
    assert run(as_admin, scanned)["state"] == "finished"
    assert picture(scanned) == before


def test_accepting_is_for_admins_and_a_flag_is_a_flag(
    as_admin: APIClient, as_member: APIClient, library: Library
) -> None:
    scans = Scan.objects.count()
    for key in ("acceptEmpty", "acceptDevice"):
        assert as_member.post("/api/scan", {"libraryId": library.pk, key: True}).status_code == 403
        assert set(as_admin.post("/api/scan", {"libraryId": library.pk, key: "yes"}).json()["errors"]) == {key}
    assert Scan.objects.count() == scans


class TestAnchor:
    def test_is_kept_in_a_normal_form_and_cleared(self, as_admin: APIClient, library: Library) -> None:
        address = f"/api/library/{library.pk}"
        assert show(as_admin, library)["anchorFile"] == ""
        scans = Scan.objects.count()
        assert as_admin.put(address, {"anchorFile": "./a//01.flac"}).json()["anchorFile"] == "a/01.flac"
        assert as_admin.put(address, {"anchorFile": ""}).json()["anchorFile"] == ""
        assert Scan.objects.count() == scans

    @pytest.mark.parametrize(
        ("anchor", "words"),
        [("/a/01.flac", "relative"), ("../music/a", "below"), (".", "below"), ("none", "no “none”"),
         ("a/01.flac/x", "There is no"), ("x" * 5000, "name"), (None, "null"), (7, "string")],
    )  # fmt: skip
    def test_refusals(self, as_admin: APIClient, library: Library, anchor: object, words: str) -> None:
        response = as_admin.put(f"/api/library/{library.pk}", {"anchorFile": anchor, "name": "Other"})
        assert response.status_code == 400
        assert words in response.json()["errors"]["anchorFile"]
        library.refresh_from_db()
        assert (library.anchor_file, library.name) == ("", "Music")

    def test_must_be_in_a_new_place_too(self, as_admin: APIClient, library: Library, home: Path) -> None:
        address = f"/api/library/{library.pk}"
        as_admin.put(address, {"anchorFile": "a/01.flac"})
        (home / "other").mkdir()
        response = as_admin.put(address, {"path": str(home / "other")})
        assert (response.status_code, set(response.json()["errors"])) == (400, {"anchorFile"})
        assert as_admin.put(address, {"path": str(home / "other"), "anchorFile": ""}).status_code == 200

    def test_is_set_with_a_new_library(self, as_admin: APIClient, home: Path) -> None:
        (home / "new/.here").mkdir(parents=True)
        body = {"name": "New", "path": str(home / "new"), "anchorFile": ".here"}
        assert as_admin.post("/api/library", body).json()["anchorFile"] == ".here"


class TestHeldThreshold:
    def test_the_default_and_a_part(self, as_admin: APIClient, library: Library) -> None:
        assert show(as_admin, library)["heldThreshold"] == {"percent": 50, "files": 20}
        address = f"/api/library/{library.pk}"
        changed = as_admin.put(address, {"heldThreshold": {"percent": 10}}).json()
        assert changed["heldThreshold"] == {"percent": 10, "files": 20}
        assert AuditEntry.objects.latest("pk").changes == {"held_percent": [50, 10]}

    @pytest.mark.parametrize(
        ("threshold", "field"),
        [({"percent": 101}, "percent"), ({"percent": -1}, "percent"), ({"files": -1}, "files"),
         ({"files": 2**40}, "files"), ({"percent": "5"}, "percent"), ({"percent": 5.5}, "percent"),
         ({"files": True}, "files"), ({"files": None}, "files"), ({"percentage": 5}, "percentage"), (50, "")],
    )  # fmt: skip
    def test_refusals(self, as_admin: APIClient, library: Library, threshold: object, field: str) -> None:
        response = as_admin.put(f"/api/library/{library.pk}", {"heldThreshold": threshold, "name": "Other"})
        assert response.status_code == 400
        assert any(key.startswith(f"heldThreshold{'.' * bool(field)}{field}") for key in response.json()["errors"])
        library.refresh_from_db()
        assert (library.held_percent, library.held_count, library.name) == (50, 20, "Music")

    @pytest.mark.parametrize(
        ("percent", "files", "held"),
        [(50, 20, False), (50, 2, True), (75, 2, False), (74, 2, True), (0, 0, True), (100, 0, False), (0, 3, False)],
    )
    def test_three_of_four_files_gone(self, percent: int, files: int, held: bool) -> None:
        assert is_too_much(Library(held_percent=percent, held_count=files), 3, 4) is held

    def test_the_scan_obeys(self, as_admin: APIClient, scanned: Library) -> None:
        address = f"/api/library/{scanned.pk}"
        shutil.rmtree(Path(scanned.path) / "a")
        (Path(scanned.path) / "b/01.flac").unlink()
        as_admin.put(address, {"heldThreshold": {"percent": 74, "files": 2}})
        scan = run(as_admin, scanned)
        assert (scan["state"], scan["missing"]) == ("held", 0)
        assert "more than 74 %" in scan["error"]
        assert show(as_admin, scanned)["status"] == "attention"
        as_admin.put(address, {"heldThreshold": {"percent": 75}})
        scan = run(as_admin, scanned)
        assert (scan["state"], scan["missing"]) == ("finished", 3)
        assert show(as_admin, scanned)["status"] == "online"
