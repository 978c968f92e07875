"""Several files under way in one reader process: each ends as it would alone, and the one in hand is known."""

from __future__ import annotations

import contextlib
import io
import marshal
import mmap
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from libraries.audio import inspect
from libraries.audio.file import NO_PAUSE, Pause
from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import COUNT, READ, Answer, Conversion, Flights
from libraries.audio.pool.reads import Reads
from libraries.audio.pool.worker import Answers, Converter, Messages, serve
from libraries.audio.types import RawAudio
from libraries.in_flight import InFlight
from synth import ALL_FORMATS, make_library
from tests.libraries.audio.test_pool import outcomes, put, songs
from tests.support import audio
from tests.support.waiting import eventually

pytestmark = pytest.mark.alike

AT_ONCE: Final = 8
SECONDS: Final = 30
CONVERSION = Conversion("tests.support.conversions:by_name", str)
NAMED = ("deadly", "endless", "odd")


def ahead() -> Flights:
    """So many files under way in each process, however fast this disk is."""
    return Flights(AT_ONCE, AT_ONCE)


def test_all_formats_read_the_same(tmp_path: Path) -> None:
    make_library(tmp_path / "music", tracks=60, seed=3, formats=ALL_FORMATS)
    paths = [bytes(path) for path in sorted((tmp_path / "music").rglob("*")) if path.is_file()]
    with ReaderPool(1) as alone, ReaderPool(1, flights=ahead) as pool:
        expected = {result.path: result for result in alone.read_many(paths)}
        assert {result.path: result for result in pool.read_many(paths)} == expected
        assert set(pool.read_fingerprints(paths)) == set(alone.read_fingerprints(paths))
    assert all(result.audio for result in expected.values())


def test_files_that_hang_break_or_end_their_process_are_the_only_problems(tmp_path: Path) -> None:
    paths = songs(tmp_path, 90)
    kinds = {"deadly": "memory", "endless": "timeout", "odd": "corrupt"}
    expected = dict.fromkeys(paths, "")
    for at, name in zip((70, 40, 10), NAMED, strict=True):
        del expected[paths[at]]
        place = tmp_path / f"{name}.mp3"
        os.rename(paths[at], place)
        paths[at] = bytes(place)
        expected[paths[at]] = kinds[name]
    parser = put(tmp_path, "endless.mpc", audio.musepack_endless())
    paths.insert(25, parser)
    expected[parser] = "timeout"
    with ReaderPool(1, timeout=1.0, conversion=CONVERSION, flights=ahead) as pool:
        assert outcomes(pool, paths) == expected


@pytest.mark.parametrize(("flights", "kind"), [(Flights(1), "timeout"), (Flights(AT_ONCE), "")])
def test_a_file_that_hangs_beside_others_is_read_again_alone(tmp_path: Path, flights: Flights, kind: str) -> None:
    """Many files at once may be slow together; one at a time has had its time."""
    paths = songs(tmp_path, 20)
    hesitant = tmp_path / "hesitant.mp3"
    os.rename(paths[10], hesitant)
    paths[10] = bytes(hesitant)
    with ReaderPool(1, timeout=1.0, conversion=CONVERSION, flights=lambda: flights) as pool:
        assert outcomes(pool, paths) == dict.fromkeys(paths, "") | {bytes(hesitant): kind}


def test_killed_process_costs_nothing(tmp_path: Path) -> None:
    paths = songs(tmp_path, 200)
    with ReaderPool(1, conversion=CONVERSION, flights=ahead) as pool:
        found = []
        for result in pool.read_many(paths):
            found.append(result)
            if len(found) == 20:
                os.kill(pool.pids[0], signal.SIGKILL)
    assert sorted(result.path for result in found) == paths
    assert not [result for result in found if result.problem]


@pytest.fixture
def counter() -> Iterator[mmap.mmap]:
    with mmap.mmap(-1, COUNT.size) as shared:
        yield shared


def in_hand(counter: mmap.mmap) -> int:
    return int(COUNT.unpack_from(counter)[0])


class Storage:
    """Work on files that wait for a storage: those of one name hang, the others come when so many wait."""

    def __init__(self, at_once: int) -> None:
        self._barrier = threading.Barrier(at_once)
        self.go_on = threading.Event()
        self.hung = threading.Event()

    def work(self, path: bytes, encoding: str, pause: Pause) -> Answer:
        with pause:
            if b"hanging" in path:
                self.hung.set()
                self.go_on.wait(SECONDS)
            else:
                self._barrier.wait(SECONDS)
        return True, path


def test_as_many_files_are_under_way_as_may_be(counter: mmap.mmap) -> None:
    storage = Storage(AT_ONCE)
    reads = Reads(counter, InFlight(AT_ONCE, least=AT_ONCE))
    jobs = [*reads.ask([b"%d" % n for n in range(AT_ONCE // 2)], "", storage.work)]
    jobs += reads.ask([b"%d" % n for n in range(AT_ONCE // 2, 2 * AT_ONCE)], "", storage.work)
    assert [reads.result(job) for job in jobs] == [(True, b"%d" % n) for n in range(2 * AT_ONCE)]
    assert {job.answer for job in jobs} == {None}, "what was asked for once takes no memory any more"


def test_a_file_that_hangs_is_in_hand_and_keeps_no_other_from_being_read(counter: mmap.mmap) -> None:
    storage = Storage(1)
    reads = Reads(counter, InFlight(AT_ONCE, least=AT_ONCE))
    jobs = reads.ask([b"0", b"1", b"hanging", b"3", b"4"], "", storage.work)
    assert [reads.result(job) for job in jobs[:2]] == [(True, b"0"), (True, b"1")]
    answers: list[Answer] = []
    waiting = threading.Thread(target=lambda: answers.append(reads.result(jobs[2])))
    waiting.start()
    assert storage.hung.wait(SECONDS)
    assert eventually(lambda: all(job.answer for job in jobs[3:]))
    assert eventually(lambda: in_hand(counter) == 3)
    storage.go_on.set()
    waiting.join(SECONDS)
    answers += [reads.result(job) for job in jobs[3:]]
    assert answers == [(True, b"hanging"), (True, b"3"), (True, b"4")]


def test_only_one_file_is_parsed_at_a_time_and_that_one_is_in_hand(counter: mmap.mmap) -> None:
    seen: list[tuple[bytes, int, int]] = []
    parsing = 0

    def work(path: bytes, encoding: str, pause: Pause) -> Answer:
        nonlocal parsing
        with pause:
            pass  # the file is opened
        for _ in range(3):
            parsing += 1
            seen.append((path, in_hand(counter), parsing))
            parsing -= 1
            with pause:
                pass
        return True, path

    reads = Reads(counter, InFlight(AT_ONCE, least=AT_ONCE))
    jobs = reads.ask([b"%d" % number for number in range(1, 101)], "", work)
    for job in jobs:
        reads.result(job)
    assert len(seen) == 300
    assert {(int(path) == number, at_once) for path, number, at_once in seen} == {(True, 1)}


def test_files_are_closed_when_their_reading_has_ended(tmp_path: Path, counter: mmap.mmap) -> None:
    """No other file waits until one is closed: that asks the storage once more."""
    closed: list[bool] = []

    def work(path: bytes, encoding: str, pause: Pause) -> Answer:
        with pause:
            fd = os.open(path, os.O_RDONLY)
        pause.close(fd)
        closed.append(fd not in map(int, os.listdir("/dev/fd")))
        return True, fd

    reads = Reads(counter, InFlight(AT_ONCE, least=AT_ONCE))
    for job in reads.ask(songs(tmp_path, 20), "", work):
        assert reads.result(job)[0]
    assert closed == [False] * 20
    # by their names: another file has the number of one that was closed
    assert [path for path in open_files() if path.startswith(str(tmp_path))] == []


def open_files() -> list[str]:
    """The paths of what this process has open."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing itself
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return found


def test_memory_that_others_took_is_no_problem_of_a_file(tmp_path: Path, counter: mmap.mmap) -> None:
    """What finds no memory beside others is read again alone."""
    paths = songs(tmp_path, 40)
    sink = io.BytesIO()
    under_way = 0

    def read_file(path: bytes, encoding: str, pause: Pause) -> RawAudio:
        nonlocal under_way
        under_way += 1
        try:
            found = inspect.read_file(path, encoding, pause)
            if path in paths[10:14] and (under_way > 1 or pause is not NO_PAUSE):
                raise MemoryError
            return found
        finally:
            under_way -= 1

    answers = Answers(sink, counter, Converter(CONVERSION.function), read=read_file)
    source, target = os.pipe()
    message = marshal.dumps((READ, "auto", tuple(ahead()), paths))
    os.write(target, len(message).to_bytes(4, "little") + message)
    os.close(target)
    serve(Messages(source), answers)
    os.close(source)
    assert [answer[0] for answer in sent(sink.getvalue())] == [True] * 40


def sent(data: bytes) -> list[Any]:
    found: list[Any] = []
    while data:
        size = int.from_bytes(data[:4], "little")
        found += marshal.loads(data[4 : 4 + size])  # noqa: S302 - our own
        data = data[4 + size :]
    return found


def test_every_batch_gives_way_first(tmp_path: Path) -> None:
    waits: list[int] = []
    with ReaderPool(1, give_way=lambda: waits.append(1)) as pool:
        assert len(list(pool.read_many(songs(tmp_path, 3)))) == 3
    assert waits
