"""`python -m navidrome_lib.runner.worker`: scans, schedule and watcher of the one-command server in one process.

It is Celery's worker, without its command line, which loads a toolkit for terminals. Short tasks run in threads, long
ones in processes that a fork server makes for them; scheduler and watcher are threads, too.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")

import django
from celery.beat import Service
from celery.signals import task_postrun, worker_shutting_down
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from kombu.transport.redis import Transport

django.setup()

from navidrome_lib import stopping  # noqa: E402
from navidrome_lib.celery import app, isolate_tasks, run_task  # noqa: E402
from navidrome_lib.fork_server import ForkServer  # noqa: E402

logger = logging.getLogger(__name__)

# how long an idle worker waits for a message before it asks the broker again, and until it looks after the connection
POLL_SECONDS = 10
# before a part that failed is started again
PAUSE_SECONDS = 10.0
STOP_SECONDS = 5.0


class Schedule(Service):
    """Celery's scheduling of the app, by the class of its configuration.

    Celery's own looks for other names of schedulers in what every installed package says of itself, which leaves 10 MB
    of memory in use.
    """

    def get_scheduler(self, lazy: bool = False, extension_namespace: str = "") -> Any:
        """The scheduler."""
        made: Any = import_string(self.app.conf.beat_scheduler.replace(":", "."))
        return made(app=self.app, max_interval=self.max_interval, lazy=lazy)


def main() -> int:
    """Work until a signal; the exit code."""
    # the one that was stopped before may come from the same parent
    stopping.renew()
    start_fork_server()
    # by its class: no option of a transport reaches it
    Transport.brpop_timeout = POLL_SECONDS
    stop = threading.Event()
    worker_shutting_down.connect(lambda **_: stop.set(), weak=False)
    worker = app.Worker(
        pool_cls="threads",
        concurrency=settings.CONF.scanner.workers,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        loglevel=settings.CONF.log_level.upper(),
    )
    scheduling: Any = app
    keep_running("scheduler", lambda: Schedule(scheduling).start(), stop)
    beside = run_beside(stop)
    wake_when_needed(worker.hub)
    look_rarely(worker.hub)
    held = hold_database()
    worker.start()
    if held is not None:
        held.close()
    for thread in beside:
        thread.join(STOP_SECONDS)
    return int(worker.exitcode or 0)


def start_fork_server() -> None:
    """Have long tasks run in processes of their own; without the server this process is of no use, and ends."""
    server = ForkServer(run_task, on_end=give_up)
    isolate_tasks(server)
    server.watch()


def give_up() -> None:
    """End this process: the supervisor starts it again, and scans are taken back."""
    logger.critical("the fork server was ended: the worker ends, too")
    os._exit(1)


def wake_when_needed(hub: Any) -> None:
    """Have a signal and the end of a task end a wait of Celery's event loop.

    It would notice the signal with the next message only, and take no other message before it knows that a thread is
    free.
    """
    wake, waker = os.pipe()
    for descriptor in (wake, waker):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    hub.add_reader(wake, os.read, wake, 4096)

    def ended(**_: Any) -> None:
        with contextlib.suppress(BlockingIOError):  # it is awake
            os.write(waker, b"\0")

    task_postrun.connect(ended, weak=False)


def look_rarely(hub: Any) -> None:
    """Have Celery's transport look after its connection every ten seconds: it would wake up each second."""
    usual = hub.call_repeatedly
    hub.call_repeatedly = lambda seconds, *call: usual(max(seconds, POLL_SECONDS), *call)


def hold_database() -> sqlite3.Connection | None:
    """A connection to SQLite that stays open, or None with another database or one that is away.

    Where tasks are all that uses a database, each would close the last connection, which removes the write-ahead log,
    and the next would make that again: the disk would never sleep.
    """
    if connection.vendor != "sqlite":
        return None
    held = None
    with contextlib.suppress(sqlite3.Error):
        held = sqlite3.connect(settings.DATABASES["default"]["NAME"])
        held.execute("SELECT 1 FROM sqlite_master").close()
    return held


def run_beside(stop: threading.Event) -> list[threading.Thread]:
    """Run what apps have beside their tasks: the `beside_tasks` of an app name what gives it, or None, for a `stop`."""
    found = [item for config in apps.get_app_configs() for item in getattr(config, "beside_tasks", {}).items()]
    runs = {name: import_string(place)(stop) for name, place in found}
    return [keep_running(name, run, stop) for name, run in runs.items() if run is not None]


def keep_running(name: str, run: Callable[[], None], stop: threading.Event) -> threading.Thread:
    """Run a part of the worker in a thread until `stop`; what fails is logged and started again."""

    def loop() -> None:
        while not stop.is_set():
            try:
                run()
            except Exception:
                logger.exception("the %s failed, and is started again in %.0f s", name, PAUSE_SECONDS)
                time.sleep(PAUSE_SECONDS)

    thread = threading.Thread(target=loop, name=name, daemon=True)
    thread.start()
    return thread


if __name__ == "__main__":
    sys.exit(main())
