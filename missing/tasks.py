"""Celery tasks."""

from __future__ import annotations

from celery import shared_task

from missing import services


@shared_task
def expire_purges() -> int:
    """Forget the purges that can no longer be undone. It may run twice, and at any time."""
    return services.expire_purges()
