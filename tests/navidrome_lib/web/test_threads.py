"""Threads of requests: bounded, the warm one first, and none that outlives its server."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest

from navidrome_lib.web.threads import RequestThreads
from tests.support.waiting import eventually

MOST = 3
NAME = "of-a-test"


@pytest.fixture
def threads() -> Iterator[RequestThreads]:
    found = RequestThreads(MOST, NAME)
    yield found
    found.close()
    assert eventually(lambda: not alive())


def alive() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(NAME)]


class Held:
    """Steps that go on when they are told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go = threading.Event()

    def __call__(self) -> None:
        self.begun.append(threading.current_thread().name)
        assert self.go.wait(10)


def test_what_more_than_all_threads_would_do_waits_for_one(threads: RequestThreads) -> None:
    held = Held()
    after: list[int] = []
    for _ in range(MOST):
        threads.submit(held)
    for number in range(4):
        threads.submit(partial(after.append, number))
    assert eventually(lambda: len(held.begun) == MOST)
    assert (len(alive()), after) == (MOST, [])
    held.go.set()
    assert eventually(lambda: sorted(after) == [0, 1, 2, 3])
    assert len(alive()) == MOST


def test_the_thread_that_was_busy_last_comes_first(threads: RequestThreads) -> None:
    held = Held()
    used: list[str] = []

    def has_rested(times: int) -> bool:
        return len(used) == times and len(threads._idle) == MOST

    for _ in range(MOST):
        threads.submit(held)
    held.go.set()
    assert eventually(lambda: len(threads._idle) == MOST)
    for number in range(20):
        threads.submit(lambda: used.append(threading.current_thread().name))
        assert eventually(partial(has_rested, number + 1))
    assert len(set(used)) == 1
    assert len(set(held.begun)) == MOST


def test_one_at_a_time_needs_one_thread(threads: RequestThreads) -> None:
    for _ in range(5):
        threads.submit(lambda: None)
        assert eventually(lambda: threads._idle)
    assert len(alive()) == 1


def test_an_error_ends_no_thread(threads: RequestThreads, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    for _ in range(MOST):
        threads.submit(lambda: 1 // 0)
        threads.submit(sys.exit)
    threads.submit(done.set)
    assert done.wait(10)
    assert eventually(lambda: "ZeroDivisionError" in caplog.text and "SystemExit" in caplog.text)
    assert eventually(lambda: len(threads._idle) == len(alive()))


def test_a_thread_that_cannot_begin_takes_no_place(threads: RequestThreads, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    held = Held()
    after: list[int] = []
    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", refuse)
        for _ in range(MOST + 1):
            with pytest.raises(RuntimeError, match="can't start"):
                threads.submit(held)
    threads.submit(held)
    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", refuse)
        threads.submit(partial(after.append, 1))
    held.go.set()
    assert eventually(lambda: after == [1])
    assert len(held.begun) == 1


def test_the_end_drops_what_waits_and_lets_go_what_runs() -> None:
    threads, held = RequestThreads(1, NAME), Held()
    after: list[int] = []
    threads.submit(held)
    threads.submit(lambda: after.append(1))
    assert eventually(lambda: held.begun)
    threads.close()
    with pytest.raises(RuntimeError):
        threads.submit(lambda: after.append(2))
    held.go.set()
    assert eventually(lambda: not alive())
    assert after == []


def test_everything_is_done_once_whatever_comes_at_once(threads: RequestThreads) -> None:
    done: list[int] = []

    def submit(first: int) -> None:
        for number in range(first, first + 500):
            with suppress(RuntimeError):
                threads.submit(partial(done.append, number))
            if number % 50 == 0:
                time.sleep(0.001)

    submitters = [threading.Thread(target=submit, args=(first * 500,)) for first in range(4)]
    for each in submitters:
        each.start()
    for each in submitters:
        each.join()
    assert eventually(lambda: len(done) == 2000)
    assert sorted(done) == list(range(2000))
