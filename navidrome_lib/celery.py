"""The Celery application: queues deliver ids, the database keeps the requests themselves."""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Celery, Task
from celery.signals import worker_init, worker_shutting_down
from django.conf import settings

from navidrome_lib import stopping
from navidrome_lib.audit.actor import Actor, acting
from navidrome_lib.config.private import mask_new_files
from navidrome_lib.config.redis_urls import OPEN_BROKER, is_open

mask_new_files()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")
# Django's checks of the code: they load every page of the site into processes that show none
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


class AuditedTask(Task[Any, Any]):
    """What a task changes is recorded as done by the task."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        with acting(Actor(channel="task", name=str(self.name))):
            return self.run(*args, **options)


logger = logging.getLogger(__name__)


@worker_init.connect
def warn_of_open_broker(**_: Any) -> None:
    """A worker does what a message says: who may write one must be known."""
    if is_open(settings.CELERY_BROKER_URL):
        logger.warning(OPEN_BROKER)


@worker_init.connect
def renew_wish_to_stop(**_: Any) -> None:
    """A worker that is started again may come from the same parent as the one that was stopped."""
    stopping.renew()


@worker_shutting_down.connect
def ask_to_stop(**_: Any) -> None:
    """A worker waits for its tasks before it stops: scans among them end soon, and are queued again."""
    stopping.ask()


app = Celery("navidrome_lib", task_cls=AuditedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_scheduler = "navidrome_lib.scheduler:SteadyScheduler"
app.conf.beat_schedule = {
    "reap-stale-scans": {"task": "libraries.tasks.reap_stale_scans", "schedule": 15.0},
    "fingerprint-tracks": {"task": "libraries.tasks.fingerprint_tracks", "schedule": 60.0, "options": {"expires": 60}},
    "start-due-scans": {"task": "libraries.tasks.start_due_scans", "schedule": 30.0},
    "note-worker": {"task": "navidrome_lib.system.tasks.note_worker", "schedule": 30.0, "options": {"expires": 30}},
    "collect-insights": {"task": "navidrome_lib.system.tasks.collect_insights", "schedule": 3_600.0},
    "forget-login-passwords": {
        "task": "users.tasks.forget_login_passwords",
        "schedule": 3_600.0,
        "options": {"expires": 3_600},
    },
    "expire-purges": {"task": "missing.tasks.expire_purges", "schedule": 3_600.0, "options": {"expires": 3_600}},
    "apply-retention": {"task": "missing.tasks.apply_retention", "schedule": 3_600.0, "options": {"expires": 3_600}},
}
