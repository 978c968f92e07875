"""The code that services share: what a supervisor loads before it forks them."""

from __future__ import annotations

from tests.support.waiting import run_module

LOADS = """
import logging, os, sys, threading
from navidrome_lib.runner import preload
preload.load_django(dict(os.environ), is_sqlite="DATABASE_URL" not in os.environ)
preload.load_services()
from navidrome_lib.celery import app
assert app.finalized
assert threading.active_count() == 1
"""


def said_by(*lines: str) -> tuple[int | None, str]:
    """Exit code and words of a program behind the loading."""
    process = run_module("\n".join([LOADS, *lines]))
    words, _ = process.communicate(timeout=120)
    return process.returncode, words


def test_no_thread_and_all_tasks_are_there_before_a_service_is_forked() -> None:
    assert said_by("assert 'libraries.tasks.scan_library' in app.tasks, sorted(app.tasks)")[0] == 0


def test_a_service_that_sets_django_up_again_leaves_the_log_as_it_is() -> None:
    """It would write to pages that all services share."""
    again = "handlers = logging.getLogger().handlers[:]; import django; django.setup()"
    code, words = said_by(again, "assert logging.getLogger().handlers == handlers and handlers")
    assert (code, words) == (0, "")
