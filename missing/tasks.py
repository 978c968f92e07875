"""Celery tasks."""

from __future__ import annotations

from celery import shared_task

from missing import retention, services


@shared_task
def expire_purges() -> int:
    """Forget the purges that can no longer be undone. It may run twice, and at any time."""
    return services.expire_purges()


@shared_task
def apply_retention() -> None:
    """Note which libraries are away, and purge what an admin's retention allows. It may run twice."""
    retention.apply_retention()
