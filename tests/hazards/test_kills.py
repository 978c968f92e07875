"""kill -9 at any moment, of the process that scans or of its readers: the scan is redone, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import traceback
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from libraries.choices import ScanState
from libraries.models import Library, Scan, ScanProblem
from libraries.scanner import lease, pipeline
from tests.hazards import at_most
from tests.hazards.files import plant
from tests.support.limits import limit_scans
from tests.support.scans import counts, picture, request, scan
from tests.support.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

FILES = 400
SEED = 9


@pytest.fixture
def root(tmp_path: Path) -> Path:
    plant(tmp_path / "music", FILES)
    return tmp_path / "music"


def readers_of(pid: int) -> list[int]:
    """The reader processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if b"libraries.audio.pool.worker" in words and b"%d" % pid in words:
            found.append(int(entry.name))
    return found


def are_gone(pid: int, readers: list[int]) -> bool:
    return not {*readers} & {*readers_of(pid)}


def start_scanning(scan_id: int) -> int:
    """Scan in a process of its own."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            pipeline.run(scan_id)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return pid


def test_the_scanning_process_is_killed(root: Path, settings: Settings) -> None:
    limit_scans(settings, batch_files=50)
    reference_library = Library.objects.create(name="Reference", path=str(root))
    started = time.monotonic()
    assert counts(scan(reference_library)) == {"added": FILES}
    took = time.monotonic() - started
    reference = picture(reference_library)
    limit_scans(settings, lease=timedelta(seconds=1))
    dice = random.Random(SEED)
    kills = at_most(5, 60)
    redone = 0
    for number in range(kills):
        library = Library.objects.create(name=f"Killed {number}", path=str(root))
        waiting = request(library)
        pid = start_scanning(waiting.pk)
        time.sleep(took * (number + dice.random()) / kills)
        readers = readers_of(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert eventually(partial(are_gone, pid, readers)), "readers outlive their scan"
        waiting.refresh_from_db()
        if waiting.state == ScanState.RUNNING:
            assert eventually(lease.reap_stale)
            redone += 1
        for again in Scan.objects.queued():
            assert pipeline.run(again.pk) is not None
        waiting.refresh_from_db()
        assert waiting.state == ScanState.FINISHED
        assert picture(library) == reference, number
        assert counts(scan(library)) == {"skipped": FILES}
    assert redone


def test_readers_are_killed(root: Path) -> None:
    """Each is replaced; what it had in hand is read by the next."""
    killed: set[int] = set()
    ended = threading.Event()
    dice = random.Random(SEED)

    def kill() -> None:
        # a file that is in hand twice when its reader dies is taken for its murderer: leave time between the kills
        while len(killed) < 3 and not ended.wait(0.02):
            for pid in readers_of(os.getpid())[:1]:
                if pid not in killed:
                    ended.wait(dice.random() * 0.15)  # while it starts, or while it reads
                    with suppress(ProcessLookupError):  # it may have come to its end by itself
                        os.kill(pid, signal.SIGKILL)
                        killed.add(pid)
                        ended.wait(0.3)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        # a quick machine may be through before anybody is killed
        for number in range(50):
            library = Library.objects.create(name=f"Music {number}", path=str(root))
            done = scan(library)
            assert (done.state, counts(done)) == ("finished", {"added": FILES})
            assert counts(scan(library)) == {"skipped": FILES}
            if killed:
                break
    finally:
        ended.set()
        killer.join()
    assert killed
    assert not ScanProblem.objects.unresolved().exists()
