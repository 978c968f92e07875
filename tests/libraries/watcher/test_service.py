"""The watcher with real folders, the kernel's own events, and real scans of what it asks for."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings
from watchdog.observers import Observer

from libraries.choices import WatchState
from libraries.models import Library, MediaFile, Scan, WatchStatus
from libraries.scanner import pipeline
from libraries.scanner.limits import ScanLimits
from libraries.services import libraries, scans
from libraries.services.library_rules import prepare_library
from libraries.watcher import library_watch, service
from libraries.watcher.service import Watcher
from navidrome_lib import heartbeat
from tests.support.limits import limit_watches
from tests.support.processes import environment, process
from tests.support.scans import scan, write_album, write_track
from tests.support.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


@pytest.fixture(autouse=True)
def hurry(settings: Settings) -> None:
    limit_watches(settings, tick_seconds=0.05, refresh_seconds=0.1, beat_seconds=0.2, check_seconds=0.2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_album(tmp_path / "music" / "a", 2)
    write_album(tmp_path / "music" / "b", 1, album="B")
    return tmp_path / "music"


@pytest.fixture
def library(root: Path) -> Library:
    library = Library.objects.create(name="Music", path=str(root), watch=True)
    scan(library)
    return library


@pytest.fixture
def start() -> Iterator[Callable[..., Watcher]]:
    """Starts the watcher in a thread."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def begin(*, settle: float = 0.3, poll: float = 600.0) -> Watcher:
        watcher = Watcher(stop, settle=settle, poll=poll)

        def run() -> None:
            try:
                watcher.run()
            finally:
                connection.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return watcher

    yield begin
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()


def octal(path: Path) -> str:
    """A path as the table of mounts writes it."""
    return str(path.resolve()).replace(" ", r"\040")


def says(library: Library, state: WatchState) -> bool:
    return eventually(lambda: WatchStatus.objects.filter(library=library, state=state).exists(), seconds=20)


def next_scan(*, settle_ns: int = 0) -> Scan:
    """Wait for a request, and carry it out; files that were written `settle_ns` ago or earlier are not left out."""
    assert eventually(lambda: Scan.objects.queued().exists(), seconds=10)
    limits = replace(ScanLimits(), settle_ns=settle_ns)
    done = pipeline.run(Scan.objects.queued().get().pk, limits=limits)
    assert done is not None
    assert (done.trigger, done.state) == ("watcher", "finished")
    return done


def test_only_what_changed_is_scanned(
    library: Library, root: Path, start: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    assert says(library, WatchState.WATCHING)
    assert next_scan().targets == []  # nobody knows what happened before
    write_track(root / "a" / "03.flac", "New", number=3)
    write_track(root / "c" / "deep" / "01.flac", "Deep")
    found = next_scan()
    assert (found.targets, found.added) == (["a", "c"], 2) or found.targets == ["a", "c", "c/deep"]
    (root / "b").rename(root / "renamed")
    found = next_scan()
    if found.targets == ["c/deep"]:  # the kernel may tell of the new folder only after the scan that found it
        found = next_scan()
    assert (found.targets, found.moved) == (["b", "renamed"], 1)
    (root / "a" / "01.flac").unlink()
    assert (next_scan().targets, MediaFile.objects.missing().get().path) == (["a"], "a/01.flac")
    os.replace(root / "a" / "02.flac", root / "a" / "zz.flac")
    assert next_scan().moved == 1
    # what a scan itself does, and what it does not care for, wakes nobody up
    (root / "a" / "cover.jpg").write_bytes(b"jpg")
    (root / "a" / "zz.flac").read_bytes()
    (root / "tmp").mkdir()
    (root / "tmp").rmdir()
    time.sleep(1)
    assert not Scan.objects.queued().exists()


def test_files_that_are_too_new_for_a_scan_have_another_one(
    library: Library, root: Path, start: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing happens in the folder any more: the watcher comes back by itself when the file has come to rest."""
    start()
    assert says(library, WatchState.WATCHING)
    next_scan()
    write_track(root / "a" / "03.flac", "New", number=3)
    first = next_scan(settle_ns=3600 * 10**9)
    assert (first.added, first.settling) == (0, ["a"])
    assert not MediaFile.objects.filter(path="a/03.flac").exists()
    second = next_scan()
    assert (second.targets, second.added, second.settling) == (["a"], 1, [])
    time.sleep(1)
    assert not Scan.objects.queued().exists()


def test_a_change_of_mode_right_before_the_scan_keeps_no_file_out(
    library: Library, root: Path, start: Callable[..., Watcher]
) -> None:
    start()
    assert says(library, WatchState.WATCHING)
    next_scan()
    new = write_track(root / "c" / "01.flac", "New", number=1)
    assert eventually(lambda: Scan.objects.queued().exists(), seconds=10)
    time.sleep(ScanLimits.settle_ns / 1e9)
    new.chmod(0o640)
    while not next_scan(settle_ns=ScanLimits.settle_ns).added:
        assert not MediaFile.objects.filter(path="c/01.flac").exists()


def test_a_change_of_mode_is_noticed(
    library: Library, root: Path, start: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be read for want of rights can be read at once when they are given."""
    start()
    assert says(library, WatchState.WATCHING)
    next_scan()
    (root / "a" / "01.flac").chmod(0o640)
    assert next_scan().targets == ["a"]
    (root / "b").chmod(0o750)
    assert next_scan().targets == ["b"]


def test_folders_that_cannot_be_named_are_found_from_above(library: Library, root: Path) -> None:
    os.mkdir(os.fsencode(root) + b"/a/\xff")
    assert service.targets_of(library, [b"a/\xff/x", b"b", b"nowhere", b"../x"]) == ["a", "b"]
    assert service.targets_of(library, [b"\xff"]) == [""]


def test_libraries_come_and_go_without_a_restart(
    library: Library, root: Path, tmp_path: Path, start: Callable[..., Watcher]
) -> None:
    watcher = start()
    assert says(library, WatchState.WATCHING)
    write_album(tmp_path / "more", 1)
    other = Library.objects.create(name="More", path=str(tmp_path / "more"))
    assert set(watcher.states()) == {library.pk}
    libraries.update_library(other, prepare_library({"watch": True}, library=other))
    assert says(other, WatchState.WATCHING)
    libraries.update_library(library, prepare_library({"watch": False}, library=library))
    assert eventually(lambda: set(watcher.states()) == {other.pk}, seconds=5)
    assert eventually(lambda: not WatchStatus.objects.filter(library=library).exists(), seconds=5)
    libraries.delete_library(other)
    assert eventually(lambda: watcher.states() == {}, seconds=5)


def test_a_root_that_goes_away_and_comes_back(
    library: Library, root: Path, tmp_path: Path, start: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(heartbeat, "note", noted.append)
    start()
    assert says(library, WatchState.WATCHING)
    next_scan()
    root.rename(tmp_path / "away")
    assert says(library, WatchState.OFF)
    assert "No such file" in WatchStatus.objects.get().reason
    shutil.copytree(tmp_path / "away", root)
    assert says(library, WatchState.WATCHING)
    assert eventually(lambda: Scan.objects.queued().filter(targets=[]).exists(), seconds=10)
    noted.clear()
    assert eventually(lambda: len(noted) > 1, seconds=5)
    assert set(noted) == {"watcher"}


def test_when_the_kernel_has_no_more_watches_it_polls(
    library: Library, root: Path, start: Callable[..., Watcher], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [True]

    def observer() -> Any:
        if full[0]:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        return Observer()

    monkeypatch.setattr(library_watch, "Observer", observer)
    limit_watches(settings, retry_seconds=1.0)
    start(poll=0.5)
    assert says(library, WatchState.POLLING)
    assert "max_user_watches" in WatchStatus.objects.get().reason
    next_scan()
    write_track(root / "a" / "03.flac", "New", number=3)
    found = next_scan()
    while not found.added:
        found = next_scan()
    assert found.targets == []
    full[0] = False
    assert says(library, WatchState.WATCHING)


def test_watches_that_run_out_half_way_are_noticed(
    library: Library, start: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watchdog leaves out the folders that it cannot watch, and says nothing."""
    monkeypatch.setattr(library_watch, "probe", lambda: OSError(errno.ENOSPC, "full"))
    start()
    assert says(library, WatchState.POLLING)


def test_network_storage_is_polled_and_never_two_scans_in_a_row(
    library: Library, root: Path, tmp_path: Path, start: Callable[..., Watcher], settings: Settings
) -> None:
    settings.MOUNT_TABLE = tmp_path / "mountinfo"
    settings.MOUNT_TABLE.write_text(f"30 22 0:40 / {octal(root)} rw,relatime - nfs4 nas:/export rw\n")
    start(poll=0.2)
    assert says(library, WatchState.POLLING)
    assert "network storage (nfs4)" in WatchStatus.objects.get().reason
    assert eventually(lambda: Scan.objects.queued().exists(), seconds=5)
    Scan.objects.queued().update(state="running", started_at=timezone.now())
    time.sleep(0.8)
    assert not Scan.objects.queued().exists()


def test_a_database_that_goes_away_loses_nothing(
    library: Library, root: Path, start: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    assert says(library, WatchState.WATCHING)
    next_scan()
    real, failures = scans.request_scan, [3]

    def request_scan(*args: Any, **options: Any) -> Scan:
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("gone")
        return real(*args, **options)

    monkeypatch.setattr(scans, "request_scan", request_scan)
    write_track(root / "a" / "03.flac", "New", number=3)
    assert next_scan().targets == ["a"]
    assert failures == [0]


def test_the_command_watches_and_ends_in_order(library: Library, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process(["manage.py", "watch"], environment(tmp_path / "data"), log) as running:
        assert says(library, WatchState.WATCHING), log.read_text()
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=10) == 0, log.read_text()
    assert "Traceback" not in log.read_text()
