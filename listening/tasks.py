"""Celery tasks."""

from __future__ import annotations

from listening.forwarding.sending import forward_plays as send_waiting
from navidrome_lib.celery import app


@app.task
def forward_plays() -> int:
    """Send plays on to the services of people. It may run twice, and at any time."""
    return send_waiting()
