"""Storage that does not answer: whoever sets up a library is told so in seconds, and nothing else waits for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries import timeouts
from libraries.limits import StorageLimits
from libraries.models import Library
from libraries.storage.relocation import match_root
from libraries.timeouts import call_with_timeout
from tests.support.catalog import make_track
from tests.support.hanging_storage import hanging_mount
from tests.support.limits import limit_storage

pytestmark = pytest.mark.alike

PAGE = "/admin/libraries/library/"
BROWSE, CHECK, PREVIEW = f"{PAGE}browse/", f"{PAGE}check/", f"{PAGE}preview/"
DATA = {"Accept": "application/json"}
PATIENCE = 0.3


@pytest.fixture(autouse=True)
def short_patience(settings: Settings) -> None:
    """The patience of a user lasts for seconds, that of these tests does not."""
    limit_storage(settings, seconds=PATIENCE)


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patched, hanging_mount(tmp_path / "silent", patched) as folder:
        yield folder


@pytest.fixture
def quickly() -> Iterator[None]:
    """All that a test does takes less time than would be a nuisance."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 5


def test_the_picker_says_so(site: Client, silent: Path, quickly: None) -> None:
    answer = site.get(BROWSE, {"path": str(silent)}, headers=DATA).json()
    assert answer["folders"] == []
    assert "its storage did not answer within 0.3 seconds" in answer["error"]
    assert "still does not answer" in site.get(BROWSE, {"path": str(silent)}).content.decode()


def test_the_folder_above_can_be_looked_at(site: Client, silent: Path, quickly: None) -> None:
    (silent.parent / "link").symlink_to(silent)
    (silent.parent / "good").mkdir()
    (silent.parent / "way").symlink_to(silent.parent / "good")
    answer = site.get(BROWSE, {"path": str(silent.parent)}, headers=DATA).json()
    assert answer["error"] == ""
    assert {"good", "silent", "way"} <= {folder["name"] for folder in answer["folders"]}
    assert "link" not in {folder["name"] for folder in answer["folders"]}
    assert "1 link leads to storage that does not answer" in answer["note"]


def test_the_check_and_the_preview_say_so(site: Client, silent: Path, quickly: None) -> None:
    answer = site.get(CHECK, {"path": str(silent)}).json()
    assert answer["ok"] is False
    assert "did not answer" in answer["text"]
    page = site.post(PREVIEW, {"path": f"{silent}/below", "patterns": "*.mp3"}).content.decode()
    assert "did not answer" in page


def test_no_library_can_be_made_of_it(as_admin: APIClient, silent: Path, quickly: None) -> None:
    response = as_admin.post("/api/library", {"name": "Silent", "path": str(silent)})
    assert response.status_code == 400
    assert "answer" in response.json()["errors"]["path"]
    assert not Library.objects.exists()


def test_a_silent_library_keeps_nobody_from_adding_another(
    site: Client, silent: Path, tmp_path: Path, quickly: None
) -> None:
    Library.objects.create(name="Silent", path=str(silent))
    (tmp_path / "good").mkdir()
    for _ in range(2):
        assert site.get(CHECK, {"path": str(tmp_path / "good")}).json()["ok"] is True
    # told by its path alone
    assert "Silent" in site.get(CHECK, {"path": str(tmp_path)}).json()["text"]


@pytest.fixture
def half_silent(db: None, tmp_path: Path, silent: Path) -> Library:
    """A library of which one folder is on storage that does not answer, and two songs."""
    library = Library.objects.create(name="Half", path=str(tmp_path))
    make_track(library, "a.mp3", missing=False)
    make_track(library, f"{silent.name}/b.mp3", missing=False)
    (tmp_path / "a.mp3").write_bytes(b"a")
    return library


def test_an_explanation_says_so(as_admin: APIClient, half_silent: Library, silent: Path, quickly: None) -> None:
    address = f"/api/library/{half_silent.pk}/explain"
    for _ in range(2):
        found = as_admin.get(address, {"path": f"{silent.name}/b.mp3"}).json()
        assert found["status"] == "offline"
        assert "answer" in found["reason"]
        assert found["songId"]
    assert as_admin.get(address, {"path": "a.mp3"}).json()["status"] == "indexed"


def test_a_report_for_another_root_ends(half_silent: Library, silent: Path, quickly: None) -> None:
    """What was seen until then counts; what the storage never told does not."""
    match = match_root(half_silent, str(silent.parent), seconds=PATIENCE)
    assert (match.looked, match.found, match.absent, match.complete) == (1, 1, [], False)


class TestPatience:
    """The question itself, put to a pipe that nobody writes to."""

    @pytest.fixture
    def pipe(self, tmp_path: Path) -> Iterator[Path]:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        before = set(threading.enumerate())
        yield path
        writer = os.open(path, os.O_RDWR)
        for thread in set(threading.enumerate()) - before:
            thread.join(5)
        os.close(writer)
        assert not timeouts.pending_calls()  # what hung has ended, and is forgotten

    def ask(self, pipe: Path, *, seconds: float = PATIENCE) -> None:
        limits = StorageLimits(seconds=seconds)
        call_with_timeout(lambda: os.close(os.open(pipe, os.O_RDONLY)), about=str(pipe), limits=limits)

    def test_the_same_question_hangs_once(self, pipe: Path) -> None:
        before = threading.active_count()
        with pytest.raises(TimeoutError, match="did not answer"):
            self.ask(pipe)
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(TimeoutError, match="still does not answer"):
                self.ask(pipe)
            assert time.monotonic() - began < PATIENCE
        assert threading.active_count() == before + 1

    def test_what_was_waited_for_once_is_known_to_hang(self, pipe: Path) -> None:
        """However short the time since it began: that is a moment after its caller has begun to wait."""
        with pytest.raises(TimeoutError, match="did not answer"):
            self.ask(pipe)
        with pytest.raises(TimeoutError, match="still does not answer"):
            self.ask(pipe, seconds=PATIENCE * 3)

    def test_only_so_many_threads_are_left_behind(self, pipe: Path) -> None:
        limits = StorageLimits(seconds=0.05, calls=2)
        before = threading.active_count()
        for number in range(4):
            with pytest.raises(TimeoutError):
                call_with_timeout(lambda: os.close(os.open(pipe, os.O_RDONLY)), about=str(number), limits=limits)
        assert threading.active_count() == before + 2

    def test_answers_and_errors_come_through(self, tmp_path: Path) -> None:
        assert call_with_timeout(lambda: 5, about="x") == 5
        with pytest.raises(FileNotFoundError):
            call_with_timeout(lambda: os.stat(tmp_path / "nothing"), about="x")
        assert not timeouts.pending_calls()
