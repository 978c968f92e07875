"""Celery tasks."""

from __future__ import annotations

from navidrome_lib import heartbeat
from navidrome_lib.celery import app
from system import insights


@app.task(isolated=True)
def collect_insights() -> None:
    """Count the catalog once a day, for the page of this server only."""
    insights.collect_if_due()


@app.task
def note_worker() -> None:
    """Show that scheduler, broker and a worker work together."""
    heartbeat.note("worker")
