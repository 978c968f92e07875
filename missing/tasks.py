"""Celery tasks."""

from __future__ import annotations

from missing import purges, retention
from navidrome_lib.celery import app


@app.task(isolated=True)
def expire_purges() -> int:
    """Forget the purges that can no longer be undone. It may run twice, and at any time."""
    return purges.expire_purges()


@app.task(isolated=True)
def apply_retention() -> None:
    """Count how long each library was online, and purge what an admin's retention allows. It may run twice."""
    retention.apply_retention()
