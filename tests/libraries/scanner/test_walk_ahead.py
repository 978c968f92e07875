"""The walk with many folders listed at once: it tells the same, in the same order, as one that lists them in turn."""

from __future__ import annotations

import errno
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libraries.in_flight import InFlight
from libraries.scanner.types import FolderListing, ScanOptions
from libraries.scanner.walk.walker import Entry, StorageProblem, WalkStopped, os_lister, walk
from tests.support.sharing import THOROUGH
from tests.support.trees import FailingEntry, FailingStorage, plant
from tests.support.waiting import eventually

pytestmark = pytest.mark.alike

AT_ONCE: Final = 8
SECONDS: Final = 30

names = st.sampled_from(["a", "b", "b c", "c.mp3", "d", ".hidden"])
places = st.lists(st.lists(names, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12, unique=True)
# what becomes of some folders, by the share of them
errors = st.sampled_from([(0.0, errno.EIO), (0.2, errno.EIO), (0.5, errno.ESTALE), (0.3, errno.EACCES)])


def always(limit: int) -> InFlight:
    """So many in flight, whatever they take."""
    return InFlight(limit, least=limit)


class Unsteady:
    """A lister: each folder fails, shows a file that fails, or is listed, always the same; it takes a random time."""

    def __init__(self, seed: int, share: float, code: int, *, pauses: bool) -> None:
        self._seed, self._share, self._code, self._pauses = seed, share, code, pauses

    def __call__(self, path: bytes) -> Iterable[Entry]:
        dice = random.Random(repr((self._seed, path)))
        if self._pauses:
            time.sleep(random.uniform(0, 0.002))
        if dice.random() < self._share:
            raise OSError(self._code, os.strerror(self._code), path)
        entries: list[Entry] = list(os_lister(path))
        if entries and dice.random() < self._share:
            entries[0] = FailingEntry(entries[0], self._code, kind_known=dice.random() < 0.5)
        return entries


def outcome(
    options: ScanOptions, lister: Unsteady, in_flight: InFlight
) -> tuple[list[FolderListing], str, dict[bytes, bytes]]:
    """What a walk tells, the words of the problem that it ended with, and the links that it followed."""
    told: list[FolderListing] = []
    followed: dict[bytes, bytes] = {}
    try:
        for listing in walk(options, lister=lister, errors_in_a_row=3, followed=followed, in_flight=in_flight):
            told.append(listing)
    except StorageProblem as problem:
        return told, str(problem), followed
    return told, "", followed


@settings(max_examples=200 if THOROUGH else 30, deadline=None)
@given(places=places, links=st.lists(st.tuples(names, names), max_size=3), failing=errors, seed=st.integers(0, 99))
def test_it_tells_what_a_walk_in_turn_tells(
    places: list[str], links: list[tuple[str, str]], failing: tuple[float, int], seed: int
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        root = plant(folder / "music", *(f"{place}/song.mp3" for place in places))
        plant(folder / "outside", "x/1.mp3", "y/2.mp3")
        plant(folder / "music", "a/.ndignore", content=b"b\n")
        for above, name in links:
            (folder / "music" / above).mkdir(exist_ok=True)
            for target, link in ((folder / "outside", "out"), (folder / "music", "up"), (folder / "music/a/b", "in")):
                place = folder / "music" / above / (link + name)
                if not place.is_symlink():
                    place.symlink_to(target)
        options = ScanOptions(root, follow_symlinks=True)
        in_turn = outcome(options, Unsteady(seed, *failing, pauses=False), InFlight(1))
        at_once = outcome(options, Unsteady(seed, *failing, pauses=True), always(AT_ONCE))
        assert at_once == in_turn
    finally:
        shutil.rmtree(folder)


class Together:
    """A lister that lists no folder below the root before so many are being listed."""

    def __init__(self, root: bytes, at_once: int) -> None:
        self._root = root
        self._barrier = threading.Barrier(at_once)

    def __call__(self, path: bytes) -> Iterable[Entry]:
        if path != self._root:
            self._barrier.wait(SECONDS)
        return os_lister(path)


def test_as_many_folders_are_listed_at_once_as_may_be(tmp_path: Path) -> None:
    """Also those below folders that the walk has not come to: there are only two in the root."""
    root = plant(tmp_path, *(f"{side}/{number}/1.mp3" for side in "ab" for number in range(AT_ONCE // 2)))
    lister = Together(root, 2)
    found = list(walk(ScanOptions(root), lister=lister, in_flight=always(AT_ONCE)))
    assert len(found) == 1 + 2 + AT_ONCE

    broad = plant(tmp_path / "broad", *(f"{number}/1.mp3" for number in range(2 * AT_ONCE)))
    found = list(walk(ScanOptions(broad), lister=Together(broad, AT_ONCE), in_flight=always(AT_ONCE)))
    assert len(found) == 1 + 2 * AT_ONCE


class Counting:
    """A slow lister that counts how many folders are being listed."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __call__(self, path: bytes) -> Iterable[Entry]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self._seconds)
        with self._lock:
            self._now -= 1
        return os_lister(path)


def test_slow_storage_is_found_out(tmp_path: Path) -> None:
    root = plant(tmp_path, *(f"{number}/1.mp3" for number in range(60)))
    lister = Counting(0.005)
    found = list(walk(ScanOptions(root), lister=lister, in_flight=InFlight(AT_ONCE)))
    assert [len(listing.files) for listing in found] == [0] + [1] * 60
    assert 2 <= lister.most <= AT_ONCE


def test_a_ceiling_of_one_starts_no_thread(tmp_path: Path) -> None:
    root = plant(tmp_path, *(f"{number}/1.mp3" for number in range(10)))
    lister = Counting(0.005)
    list(walk(ScanOptions(root), lister=lister, in_flight=InFlight(1)))
    assert lister.most == 1


class Hanging:
    """A lister that hangs in one folder until it is let go."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self.hangs = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, path: bytes) -> Iterable[Entry]:
        if path.endswith(self._name):
            self.hangs.set()
            self.go_on.wait(SECONDS)
        return os_lister(path)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    lister = Hanging(b"/5")
    yield lister
    lister.go_on.set()


def test_a_folder_that_hangs_keeps_none_before_it_and_can_be_cancelled(tmp_path: Path, hanging: Hanging) -> None:
    root = plant(tmp_path, *(f"{number}/1.mp3" for number in range(10)))
    told: list[bytes] = []

    def stop() -> bool:
        """Whether the walk has told all that comes before the folder, so that it waits for that one."""
        return len(told) == 6 and hanging.hangs.wait(SECONDS)

    def tell() -> None:
        for listing in walk(ScanOptions(root), lister=hanging, in_flight=always(AT_ONCE), stop=stop):
            told.append(listing.path)

    with pytest.raises(WalkStopped):
        tell()
    assert told == [b"", b"0", b"1", b"2", b"3", b"4"]
    assert not hanging.go_on.is_set()


def listers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "scan-lister"]


def test_threads_end_with_the_walk_however_it_ends(tmp_path: Path) -> None:
    root = plant(tmp_path, *(f"{number}/1.mp3" for number in range(20)))
    dying = FailingStorage({b"/%d" % number: errno.EIO for number in range(10, 20)})
    assert eventually(lambda: not listers())
    list(walk(ScanOptions(root), in_flight=always(AT_ONCE)))
    with closing(walk(ScanOptions(root), in_flight=always(AT_ONCE))) as listings:
        next(listings)
    with pytest.raises(StorageProblem):
        list(walk(ScanOptions(root), lister=dying, errors_in_a_row=5, in_flight=always(AT_ONCE)))
    assert eventually(lambda: not listers())


def test_folders_ahead_are_bounded(tmp_path: Path) -> None:
    """A walk that nobody draws from lists no whole library into memory."""
    root = plant(tmp_path, *(f"{number:02}/{song}.mp3" for number in range(20) for song in range(50)))
    lister = Counting(0)
    listed: list[bytes] = []

    def listing(path: bytes) -> Iterable[Entry]:
        listed.append(path)
        return lister(path)

    in_flight = always(4)
    with closing(walk(ScanOptions(root), lister=listing, in_flight=in_flight, most_ahead=200)) as listings:
        first = [next(listings).path for _ in range(3)]
        assert eventually(lambda: len(listed) >= 5)
        assert first == [b"", b"00", b"01"]
        assert len(listed) < 15
        assert len(list(listings)) == 18
