"""The Celery application: queues deliver ids, the database keeps the requests themselves."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")

app = Celery("navidrome_lib")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "reap-stale-scans": {"task": "libraries.tasks.reap_stale_scans", "schedule": 15.0},
    "fingerprint-tracks": {"task": "libraries.tasks.fingerprint_tracks", "schedule": 60.0, "options": {"expires": 60}},
    "start-due-scans": {"task": "libraries.tasks.start_due_scans", "schedule": 30.0},
    "note-worker": {"task": "navidrome_lib.system.tasks.note_worker", "schedule": 30.0, "options": {"expires": 30}},
    "collect-insights": {"task": "navidrome_lib.system.tasks.collect_insights", "schedule": 86_400.0},
    "expire-purges": {"task": "missing.tasks.expire_purges", "schedule": 86_400.0},
}
