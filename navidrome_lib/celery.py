"""The Celery application: queues deliver ids, the database keeps the requests themselves."""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore
from celery.signals import worker_init, worker_shutting_down
from django.conf import settings

from navidrome_lib import stopping
from navidrome_lib.audit.actor import Actor, Channel, acting
from navidrome_lib.config.private import mask_new_files
from navidrome_lib.config.redis_urls import OPEN_BROKER, is_open
from navidrome_lib.fork_server import ForkServer, Job

mask_new_files()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")
# Django's checks of the code: they load every page of the site into processes that show none
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# that of a worker whose tasks run in threads; None where each process of a pool runs its tasks itself
_fork_server: ForkServer | None = None


class AuditedTask(Task[Any, Any]):
    """What a task changes is recorded as done by the task."""

    # whether a worker with threads runs it in a process of its own: it takes long, or much memory
    isolated = False

    def __call__(self, *args: Any, **options: Any) -> Any:
        if not self.isolated or _fork_server is None:
            return self.run_here(*args, **options)
        if not _fork_server.run(str(self.name), *args):
            raise Ignore(f"{self.name} did not end well")
        return None

    def run_here(self, *args: Any, **options: Any) -> Any:
        """Run it in this process."""
        with acting(Actor(channel=Channel.TASK, name=str(self.name))):
            return self.run(*args, **options)


logger = logging.getLogger(__name__)


def isolate_tasks(server: ForkServer) -> None:
    """Run isolated tasks of this process in processes that `server` forks."""
    global _fork_server
    _fork_server = server


def isolated_jobs() -> list[Job]:
    """The isolated tasks that run now, each with its process."""
    return [] if _fork_server is None else _fork_server.jobs()


def run_task(name: str, *arguments: Any) -> None:
    """Run a task in this process, by its name."""
    task: Any = app.tasks[name]
    task.run_here(*arguments)


@worker_init.connect
def warn_of_open_broker(**_: Any) -> None:
    """A worker does what a message says: who may write one must be known."""
    if is_open(settings.CELERY_BROKER_URL):
        logger.warning(OPEN_BROKER)


@worker_shutting_down.connect
def ask_to_stop(**_: Any) -> None:
    """A worker waits for its tasks before it stops: scans among them end soon, and are queued again."""
    stopping.ask()


app = Celery("navidrome_lib", task_cls=AuditedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_scheduler = "navidrome_lib.scheduler:SteadyScheduler"
app.conf.beat_schedule = {
    "reap-stale-scans": {"task": "libraries.tasks.reap_stale_scans", "schedule": 30.0},
    "fingerprint-tracks": {
        "task": "libraries.tasks.ask_for_fingerprints",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "start-due-scans": {"task": "libraries.tasks.start_due_scans", "schedule": 60.0},
    "note-worker": {"task": "system.tasks.note_worker", "schedule": 30.0, "options": {"expires": 30}},
    "collect-insights": {"task": "system.tasks.collect_insights", "schedule": 3_600.0},
    "forget-login-passwords": {
        "task": "users.tasks.forget_login_passwords",
        "schedule": 3_600.0,
        "options": {"expires": 3_600},
    },
    "expire-purges": {"task": "missing.tasks.expire_purges", "schedule": 3_600.0, "options": {"expires": 3_600}},
    "find-covers": {"task": "media.tasks.find_covers", "schedule": 60.0, "options": {"expires": 60}},
    "prune-covers": {"task": "media.tasks.prune_covers", "schedule": 86_400.0, "options": {"expires": 3_600}},
    "ask-outside": {"task": "media.tasks.ask_again", "schedule": 60.0, "options": {"expires": 60}},
    "forward-plays": {"task": "listening.tasks.forward_plays", "schedule": 30.0, "options": {"expires": 30}},
    "apply-retention": {"task": "missing.tasks.apply_retention", "schedule": 3_600.0, "options": {"expires": 3_600}},
}
# what mostly finds nothing to do: the scheduler asks before, and queues nothing where that is so
app.conf.asked_before = {
    "find-covers": "media.covers.background.is_due",
    "ask-outside": "media.external.fetching.is_due",
    "forward-plays": "listening.forwarding.sending.is_due",
}
