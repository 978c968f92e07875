"""Storage that fails in every way while it is listed: nothing is wrongly missing, and healed it is as it was."""

from __future__ import annotations

import ctypes
import errno
import os
import random
import shutil
import subprocess
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from libraries.models import Library, MediaFile, ScanProblem
from libraries.scanner.walk import walker
from libraries.scanner.walk.walker import Entry
from tests.hazards import at_most
from tests.hazards.files import RememberingPool, plant
from tests.support.scans import counts, ids, picture, scan
from tests.support.trees import FailingEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

FILES = 2000
SEED = 1906
DEAD = 0.0
CODES = (errno.EIO, errno.ESTALE, errno.EACCES, errno.ENOTCONN, errno.ETIMEDOUT, errno.ENOENT, errno.ENODEV)


class Weather:
    """How listings go wrong: a share of all folders, each in its own way, or (DEAD) all from some folder on."""

    def __init__(self, dice: random.Random, share: float) -> None:
        self.dice = dice
        self.share = share
        self.struck = 0

    def __call__(self, path: bytes) -> Iterator[Entry]:
        if self.share == DEAD and (self.struck or self.dice.random() < 0.02):
            self.struck += 1
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        if self.dice.random() >= self.share:
            yield from real_lister(path)
            return
        self.struck += 1
        yield from self.dice.choice((self.refuse, self.break_off, self.blind, self.slow))(path)

    def error(self, path: bytes) -> OSError:
        code = self.dice.choice(CODES)
        return OSError(code, os.strerror(code), path)

    def refuse(self, path: bytes) -> Iterator[Entry]:
        raise self.error(path)
        yield

    def break_off(self, path: bytes) -> Iterator[Entry]:
        entries = list(real_lister(path))
        yield from entries[: self.dice.randrange(len(entries) + 1)]
        raise self.error(path)

    def blind(self, path: bytes) -> Iterator[Entry]:
        """Names are told, but a look at some of the files fails: with an error that is not absence."""
        for entry in real_lister(path):
            if self.dice.random() < 0.3:
                code = self.dice.choice([code for code in CODES if code != errno.ENOENT])
                yield FailingEntry(entry, code, kind_known=self.dice.random() < 0.5)
            else:
                yield entry

    def slow(self, path: bytes) -> Iterator[Entry]:
        time.sleep(0.02)
        yield from real_lister(path)


real_lister = walker.os_lister


@pytest.fixture
def library(tmp_path: Path, quick_reading: RememberingPool) -> Library:
    plant(tmp_path / "music", FILES)
    library = Library.objects.create(name="Music", path=str(tmp_path / "music"))
    assert counts(scan(library)) == {"added": FILES}
    return library


def test_no_weather_makes_a_file_missing(library: Library) -> None:
    reference, known = picture(library), ids(library)
    struck = aborted = 0
    for round_ in range(at_most(10, 300)):
        dice = random.Random(SEED + round_)
        weather = Weather(dice, (0.01, 0.1, 0.3, 0.9, DEAD)[round_ % 5])
        done = scan(library, lister=weather, full=dice.random() < 0.2)
        struck += weather.struck
        aborted += done.state == "offline"
        assert done.state in ("finished", "offline"), (round_, done.error)
        assert not MediaFile.objects.missing().exists(), round_
        assert (done.added, done.moved, done.missing) == (0, 0, 0), round_
        assert ids(library) == known, round_
    assert struck > 100
    assert aborted
    assert not counts(scan(library)).keys() & {"added", "moved", "restored", "missing"}
    assert picture(library) == reference
    assert not ScanProblem.objects.unresolved().exists()


def test_what_really_went_is_found_when_the_weather_clears(library: Library) -> None:
    """Removals and moves during bad weather wait for the first listing that proves them."""
    root = Path(library.path)
    known = ids(library)
    albums = sorted(root.glob("*/*"))
    shutil.rmtree(albums[7])
    for path in sorted(albums[40].iterdir())[:3]:
        path.unlink()
    gone = {path for path in known if not (root / path).exists()}
    assert len(gone) == 13
    old = str(albums[20].relative_to(root))
    albums[20].rename(root / "renamed")
    for round_ in range(3):
        scan(library, lister=Weather(random.Random(round_), 0.2))
        missing = set(MediaFile.objects.missing().values_list("path", flat=True))
        assert missing <= gone | {path for path in known if path.startswith(old)}
    scan(library)
    assert set(MediaFile.objects.missing().values_list("path", flat=True)) == gone
    expected = {path.replace(old, "renamed"): pk for path, pk in known.items() if path not in gone}
    assert ids(library) == expected


def test_storage_that_vanishes_in_the_middle_of_a_walk(library: Library) -> None:
    """From some folder on, everything is gone: first as an unmounted disk shows it, then as a dead one."""
    before = picture(library)
    root = Path(library.path)
    for at, bare in ((1, False), (60, False), (150, True), (250, True)):
        count = 0

        def vanish(path: bytes, at: int = at, bare: bool = bare) -> Iterator[Entry]:
            nonlocal count
            count += 1
            if count == at:
                root.rename(root.with_name("away"))
                if bare:
                    root.mkdir()
            yield from real_lister(path)

        done = scan(library, lister=vanish)
        assert done.state == "offline", at
        if bare:
            root.rmdir()
        root.with_name("away").rename(root)
        after = picture(library)
        assert (after["tracks"], after["albums"]) == (before["tracks"], before["albums"])
    assert counts(scan(library)) == {"skipped": FILES}
    assert picture(library) == before


def mounting(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def test_a_real_mount_that_comes_and_goes(tmp_path: Path, quick_reading: RememberingPool) -> None:
    """The disk is unmounted before, between and while scans run; the bare mount point is no empty library."""
    point = tmp_path / "point"
    point.mkdir()
    if not mounting("-t", "tmpfs", "-o", "size=8m", "none", str(point)):
        assert not has_right_to_mount()
        warnings.warn("no right to mount here: only the folders of the test above stood for a disk", stacklevel=1)
        return
    try:
        plant(point, 100)
        library = Library.objects.create(name="Disk", path=str(point))
        scan(library)
        before = picture(library)
        backing = tmp_path / "backing"
        backing.mkdir()
        assert mounting("--move", str(point), str(backing)) or mounting("--bind", str(point), str(backing))
        subprocess.run(["umount", str(point)], capture_output=True, check=False)
        done = scan(library)
        assert (done.state, picture(library)) == ("offline", before), done.error
        (point / "left behind").mkdir()
        done = scan(library)
        assert (done.state, picture(library)) == ("offline", before), done.error
        (point / "left behind").rmdir()
        assert mounting("--bind", str(backing), str(point))
        assert counts(scan(library)) == {"skipped": 100}
        library.refresh_from_db()
        assert library.offline_since is None
    finally:
        for folder in (point, tmp_path / "backing"):
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def has_right_to_mount() -> bool:
    status = Path("/proc/self/status")
    rights = [line for line in status.read_text().splitlines() if line.startswith("CapEff")] if status.exists() else []
    return any(int(line.split()[1], 16) >> 21 & 1 for line in rights)


def test_folders_that_we_may_not_read(library: Library) -> None:
    """The scan runs in a process that permissions bind, as servers should."""
    root = Path(library.path)
    closed = sorted(root.glob("*/*"))[5]
    listable = sorted(root.glob("*/*"))[9]
    known = ids(library)
    closed.chmod(0)
    listable.chmod(0o444)
    try:
        connection.close()
        pid = os.fork()
        if pid == 0:
            try:
                connection.ensure_connection()  # the socket of a database may be out of reach afterwards
                drop_rights()
                done = scan(library)
                os._exit(0 if (done.state, done.missing, done.failed > 0) == ("finished", 0, True) else 3)
            except BaseException:
                traceback.print_exc()
                os._exit(4)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert ids(library) == known
        kinds = set(ScanProblem.objects.unresolved().values_list("kind", flat=True))
        assert kinds == {"permission"}
    finally:
        closed.chmod(0o755)
        listable.chmod(0o755)
    assert not counts(scan(library)).keys() & {"added", "moved", "restored", "missing"}
    assert not ScanProblem.objects.unresolved().exists()


def drop_rights() -> None:
    """Root reads everything: give up that right, and only that one (CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH)."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        rights = (ctypes.c_uint32 * 6)()
        assert libc.capget(header, rights) == 0
        for word in range(3):
            rights[word] &= ~0b110
        assert libc.capset(header, rights) == 0
