"""Celery tasks."""

from __future__ import annotations

from navidrome_lib.celery import app
from users import login_secrets


@app.task
def forget_login_passwords() -> int:
    """Remove kept login passwords once the option is off; at the start of the scheduler, and every hour."""
    return login_secrets.forget_login_passwords()
