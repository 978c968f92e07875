"""Celery tasks."""

from __future__ import annotations

from media.covers import background
from media.external import fetching
from navidrome_lib.celery import app


@app.task(isolated=True)
def find_covers() -> int:
    """Look for the pictures of albums that are new or have changed. It may run twice, and at any time."""
    return background.find_covers()


@app.task
def prune_covers() -> int:
    """Forget the pictures of what is in the catalog no more. It may run twice, and at any time."""
    return background.prune_covers()


@app.task
def ask_outside(kind: str, item: str, sources: list[str]) -> int:
    """Note that services outside are to be asked about a thing, and ask them. It may run twice, and at any time."""
    return fetching.ask_outside(kind, item, sources)


@app.task
def ask_again() -> int:
    """Ask services outside what they could not answer before. It may run twice, and at any time."""
    return fetching.ask_waiting()
