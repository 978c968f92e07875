"""Celery tasks."""

from __future__ import annotations

from listening.forwarding import playing_now
from listening.forwarding.sending import forward_plays as send_waiting
from navidrome_lib.celery import app


@app.task
def forward_plays() -> int:
    """Send plays on to the services of people. It may run twice, and at any time."""
    return send_waiting()


@app.task
def tell_playing(player_id: str, track_id: str) -> int:
    """Tell services what a player plays, if it plays that still. Nothing depends on it."""
    return playing_now.tell_playing(player_id, track_id)
