"""What needs the disk is looked at before a transaction: storage that is slow or silent holds no lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.choices import ScanState, ScanTrigger
from libraries.models import Library, Scan
from libraries.services import libraries
from libraries.services.library_rules import prepare_library
from navidrome_lib.db.locks import lock_libraries, lock_library
from navidrome_lib.errors import InvalidInput, NotFound
from tests.conftest import MakeLibrary
from tests.support import audio
from tests.support.limits import limit_storage
from tests.support.scans import scan
from users import app_passwords
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS = ("stat", "lstat", "scandir", "listdir", "access", "open", "readlink", "statvfs")


class Disk:
    """What the program looks at below a folder; `look` is called on each path, before the look itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.look: Callable[[str], None] = lambda path: None
        self.on = False

    def asked(self, path: object) -> None:
        if not self.on or not isinstance(path, (str, bytes, os.PathLike)):
            return
        text = os.fsdecode(path)
        if text == self.folder or text.startswith(f"{self.folder}/"):
            self.look(text)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """The kernel's calls about paths, each by way of `Disk.asked`; they do what they always do."""
    found = Disk(tmp_path)

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            found.asked(path)
            return real(path, *arguments, **options)

        return call

    for name in LOOKS:
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    yield found
    found.on = False


@contextmanager
def looking(disk: Disk) -> Iterator[None]:
    disk.on = True
    try:
        yield
    finally:
        disk.on = False


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with two songs' worth of folders and an anchor file, in no library yet."""
    (tmp_path / "music" / "a").mkdir(parents=True)
    (tmp_path / "music" / ".mounted").touch()
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / ".mounted").touch()
    return tmp_path / "music"


@pytest.fixture
def calls(
    as_admin: APIClient, admin: User, site: Client, music: Path, make_library: MakeLibrary
) -> dict[str, Callable[[], object]]:
    """Every call that changes a library or asks for a scan, by name."""
    rock, jazz = make_library("Rock"), make_library("Jazz")
    (Path(rock.path) / "a").mkdir()
    page, moved = "/admin/libraries/library/", str(music.with_name("moved"))
    subsonic = {"u": "admin", "p": app_passwords.app_password(admin), "v": "1.16.1", "c": "test", "f": "json"}
    fields = {"name": "Page", "path": str(music), "held_percent": "50", "held_count": "20", "recursive": "on"}

    def held() -> int:
        scan = Scan.objects.create(library=rock, trigger=ScanTrigger.API, state=ScanState.HELD, targets=["a"])
        return int(scan.pk)

    return {
        "create": lambda: as_admin.post(
            "/api/library", {"name": "New", "path": str(music), "anchorFile": ".mounted"}
        ).status_code == 201,
        "update": lambda: as_admin.put(
            f"/api/library/{rock.pk}", {"path": moved, "anchorFile": ".mounted"}
        ).status_code == 200,
        "delete": lambda: as_admin.delete(f"/api/library/{jazz.pk}").status_code == 200,
        "scan": lambda: as_admin.post("/api/scan", {"libraryId": rock.pk, "paths": ["a"]}).status_code == 201,
        "approve": lambda: as_admin.post(f"/api/scan/{held()}/approve").status_code == 200,
        "startScan": lambda: Client().get("/rest/startScan", {**subsonic, "target": f"{rock.pk}:a"}).json()[
            "subsonic-response"
        ]["status"] == "ok",
        "admin create": lambda: site.post(f"{page}add/", fields).status_code == 302,
        "admin update": lambda: site.post(
            f"{page}{rock.pk}/change/", {**fields, "name": "Rock", "path": moved}
        ).status_code == 302,
        "admin delete": lambda: site.post(
            f"{page}{jazz.pk}/delete/", {"post": "yes", "confirm": "Jazz"}
        ).status_code == 302,
        "admin relocate": lambda: site.post(f"{page}{rock.pk}/relocate/", {"path": moved}).status_code == 302,
        "admin scan": lambda: site.post(f"{page}{rock.pk}/scan/", {"folder": "a"}).status_code == 302,
        "command": lambda: call_command("ensure_library", str(music)) is None,
    }  # fmt: skip


CALLS = (
    "create", "update", "delete", "scan", "approve", "startScan", "admin create", "admin update", "admin delete",
    "admin relocate", "admin scan", "command",
)  # fmt: skip
# those that need no look at the disk at all
BLIND = ("delete", "approve", "admin delete")


def state() -> tuple[Any, ...]:
    rows = Library.objects.active().order_by("pk").values_list("name", "path", "anchor_file")
    return tuple(rows), Scan.objects.active().count()


@pytest.mark.parametrize("name", CALLS)
def test_no_transaction_looks_at_the_disk(calls: dict[str, Callable[[], object]], disk: Disk, name: str) -> None:
    """What the caller's connection is in while anything below a root is looked at, by whichever thread."""
    caller = connections["default"]
    before, looked, wrong = state(), list[str](), list[str]()

    def look(path: str) -> None:
        (wrong if caller.in_atomic_block else looked).append(path)

    disk.look = look
    with looking(disk):
        assert calls[name]()
    assert not wrong
    assert bool(looked) is (name not in BLIND)  # the recorder would have seen one
    assert state() != before


@pytest.mark.parametrize("name", [name for name in CALLS if name not in BLIND])
def test_storage_that_hangs_holds_no_lock(
    calls: dict[str, Callable[[], object]], disk: Disk, name: str, settings: Settings
) -> None:
    """While a call waits for the disk, another connection takes every lock and changes a library."""
    limit_storage(settings, seconds=60.0)
    hanging, answered, outcome = threading.Event(), threading.Event(), list[object]()

    def look(path: str) -> None:
        hanging.set()
        answered.wait(60)

    def run() -> None:
        try:
            outcome.append(calls[name]())
        finally:
            connections.close_all()

    disk.look = look
    thread = threading.Thread(target=run)
    with looking(disk):
        thread.start()
        try:
            assert hanging.wait(30)
            with transaction.atomic():
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        cursor.execute("SET LOCAL lock_timeout = '2s'")
                lock_libraries()
                lock_library(*Library.objects.values_list("pk", flat=True))
                assert Library.objects.filter(name="Jazz").update(held_count=7) == 1
            assert not outcome  # it still waits
        finally:
            answered.set()
            thread.join(60)
    assert outcome == [True]
    assert Library.objects.get(name="Jazz").held_count == 7


def test_no_transaction_of_a_scan_looks_at_the_disk(disk: Disk, library: Library) -> None:
    """Of a first scan, of one that follows moves and marks what is missing, of one that finds all again."""
    caller, root = connections["default"], Path(library.path)
    looked, wrong = list[str](), list[str]()

    def look(path: str) -> None:
        (wrong if caller.in_atomic_block else looked).append(path)

    for name in ("a/1.mp3", "a/2.mp3", "b/3.mp3"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(audio.id3_tag(audio.id3_frame(b"TIT2", b"\0" + name.encode())) + audio.mp3())
    disk.look = look
    with looking(disk):
        first = scan(library)
        disk.on = False
        (root / "a" / "1.mp3").rename(root / "b" / "moved.mp3")
        (root / "a" / "2.mp3").rename(disk.folder + "/kept.mp3")
        disk.on = True
        second = scan(library, full=True)
        disk.on = False
        os.rename(disk.folder + "/kept.mp3", root / "a" / "2.mp3")
        disk.on = True
        third = scan(library)
    assert (first.added, second.moved, second.missing, third.restored) == (3, 1, 1, 1)
    assert looked
    assert not wrong


class TestChangedMeanwhile:
    """What others change between the look at the disk and the transaction is looked at again."""

    def test_another_library_at_the_same_place(self, music: Path) -> None:
        prepared = prepare_library({"name": "New", "path": str(music)})
        (music.parent / "link").symlink_to(music)
        Library.objects.create(name="Quicker", path=str(music.parent / "link"))
        with pytest.raises(InvalidInput, match="already the root of the library “Quicker”"):
            libraries.create_library(prepared)
        assert Library.objects.count() == 1

    def test_a_name_that_was_given(self, music: Path) -> None:
        prepared = prepare_library({"name": "New", "path": str(music)})
        Library.objects.create(name="NEW", path="/nowhere")
        with pytest.raises(InvalidInput) as refusal:
            libraries.create_library(prepared)
        assert refusal.value.errors == {"name": "A library named “New” already exists."}

    def test_an_anchor_below_another_root(self, music: Path, library: Library) -> None:
        Library.objects.filter(pk=library.pk).update(path=str(music))
        library.refresh_from_db()
        prepared = prepare_library({"anchor_file": ".mounted"}, library=library)
        (music.parent / "bare").mkdir()
        Library.objects.filter(pk=library.pk).update(path=str(music.parent / "bare"))
        with pytest.raises(InvalidInput, match=r"There is no “\.mounted”"):
            libraries.update_library(library, prepared)
        Library.objects.filter(pk=library.pk).update(path=str(music.parent / "moved"))
        assert libraries.update_library(library, prepared).anchor_file == ".mounted"

    def test_a_field_that_was_as_asked(self, library: Library) -> None:
        prepared = prepare_library({"watch": False, "name": "Folk"}, library=library)
        Library.objects.filter(pk=library.pk).update(watch=True)
        assert libraries.update_library(library, prepared).watch is False

    def test_the_library_itself(self, library: Library) -> None:
        prepared = prepare_library({"name": "Folk"}, library=library)
        libraries.delete_library(library)
        with pytest.raises(NotFound):
            libraries.update_library(library, prepared)


class TestRefusals:
    """What is refused is said all at once, whichever of the two steps knows it."""

    def test_the_disk_and_the_database_together(self, as_admin: APIClient, library: Library, tmp_path: Path) -> None:
        body = {"name": library.name, "path": str(tmp_path / "nothing"), "schedule": "sometimes"}
        assert set(as_admin.post("/api/library", body).json()["errors"]) == {"name", "path", "schedule"}
        body = {"name": library.name, "path": library.path, "watch": "5"}
        assert set(as_admin.post("/api/library", body).json()["errors"]) == {"name", "path", "watch"}

    def test_what_only_the_database_knows_is_shown_at_the_fields(
        self, as_admin: APIClient, site: Client, library: Library, music: Path
    ) -> None:
        taken = "A library named “rock” already exists."
        answer = as_admin.post("/api/library", {"name": "rock", "path": str(music)})
        assert (answer.status_code, answer.json()) == (400, {"error": f"name: {taken}", "errors": {"name": taken}})
        fields = {"name": "rock", "path": library.path, "held_percent": "50", "held_count": "20"}
        page = site.post("/admin/libraries/library/add/", fields)
        assert page.status_code == 200
        form = page.context["adminform"].form
        assert form.errors == {
            "name": [taken],
            "path": ["The folder is already the root of the library “Rock”."],
        }
        assert form["name"].value() == "rock"
        assert Library.objects.count() == 1

    def test_a_path_with_nul_beside_an_anchor(self, as_admin: APIClient) -> None:
        body = {"name": "New", "path": "/a\0b", "anchorFile": "here"}
        assert set(as_admin.post("/api/library", body).json()["errors"]) == {"path"}
