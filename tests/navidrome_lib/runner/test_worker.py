"""The event loop of the worker: it sleeps while nothing happens, and wakes up for what counts."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import beat
from celery.signals import task_postrun
from kombu.asynchronous.hub import Hub
from kombu.asynchronous.timer import Timer

from navidrome_lib.celery import app
from navidrome_lib.runner import worker
from navidrome_lib.scheduler import SteadyScheduler

LONG_SECONDS = 10.0


@pytest.fixture
def hub() -> Iterator[Any]:
    """An event loop as a worker has it, with something to do much later."""
    before = signal.set_wakeup_fd(-1)
    found = Hub(timer=Timer(max_interval=LONG_SECONDS))
    found.call_later(60, lambda: None)
    yield found
    found.close()
    signal.set_wakeup_fd(before)


def wait_of(hub: Any) -> float:
    """The seconds of one wait."""
    loop, began = hub.create_loop(), time.monotonic()
    next(loop)
    return time.monotonic() - began


def test_the_end_of_a_task_ends_a_wait(hub: Any) -> None:
    worker.wake_when_needed(hub)
    threading.Timer(0.1, lambda: task_postrun.send(sender=None)).start()
    assert 0.05 < wait_of(hub) < LONG_SECONDS / 2


def test_a_signal_ends_a_wait(hub: Any) -> None:
    worker.wake_when_needed(hub)
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        threading.Timer(0.1, signal.raise_signal, (signal.SIGUSR1,)).start()
        assert 0.05 < wait_of(hub) < LONG_SECONDS / 2
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_connection_is_not_looked_after_each_second(hub: Any) -> None:
    worker.look_rarely(hub)
    began = time.monotonic()
    looks = [hub.call_repeatedly(seconds, lambda: None) for seconds in (1, 25)]
    due = {id(entry): eta for eta, _, entry in hub.timer.queue}
    assert [round(due[id(look)] - began) for look in looks] == [worker.POLL_SECONDS, 25]


def test_the_schedule_takes_its_class_without_a_look_at_all_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(namespace: str) -> Iterator[Any]:
        raise AssertionError(f"looked at all packages for {namespace}")

    monkeypatch.setattr(beat, "load_extension_class_names", look)
    scheduling: Any = app
    assert isinstance(worker.Schedule(scheduling).scheduler, SteadyScheduler)
