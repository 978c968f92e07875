"""Celery tasks."""

from __future__ import annotations

from celery import shared_task

from navidrome_lib.system import health, insights


@shared_task
def collect_insights() -> None:
    """Count the catalog, for the page and the log of this server only."""
    insights.collect()


@shared_task
def note_worker() -> None:
    """Show that scheduler, broker and a worker work together."""
    health.note_worker()
