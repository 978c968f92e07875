"""What a process loads: commands and workers do without the pages of the server, commands without the task queue."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.server import put_database

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = {
    "libraries.admin",
    "users.admin.accounts",
    "navidrome_lib.urls",
    "rest_framework.serializers",
    "drf_spectacular.views",
}
QUEUE = {"celery"}


def loaded(tmp_path: Path, *lines: str) -> set[str]:
    """Those of the modules that are there when a program has run."""
    show = f"import sys; print([name for name in {PAGES | QUEUE!r} if name in sys.modules])"
    program = "\n".join(["import django", "django.setup()", *lines, show])
    env = {**os.environ, "ND_DATAFOLDER": str(tmp_path), "DJANGO_SETTINGS_MODULE": "navidrome_lib.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=True
    )
    return {name for name in PAGES | QUEUE if repr(name) in done.stdout}


def test_a_scan_needs_neither_pages_nor_the_queue(tmp_path: Path, new_database: Path) -> None:
    put_database(new_database, tmp_path)
    commands = "from django.core.management import call_command, execute_from_command_line"
    scan = 'call_command("migrate", verbosity=0); execute_from_command_line(["manage.py", "scan"])'
    assert loaded(tmp_path, commands, scan) == set()


def test_a_worker_needs_no_pages(tmp_path: Path) -> None:
    assert loaded(tmp_path, "import libraries.tasks, missing.tasks, system.tasks") == QUEUE


def test_the_pages_are_checked_nevertheless(tmp_path: Path) -> None:
    checks = "from django.core import checks; assert not checks.run_checks(tags=['admin'])"
    assert {"libraries.admin", "users.admin.accounts"} <= loaded(tmp_path, checks)


def test_whoever_serves_has_all(tmp_path: Path) -> None:
    assert loaded(tmp_path, "import navidrome_lib.urls") == PAGES


def test_the_collector_leaves_what_a_start_made_alone(tmp_path: Path) -> None:
    rare = "gc.isenabled() and gc.get_threshold()[0] > 25_000"
    loaded(tmp_path, f"import gc; assert {rare} and gc.get_freeze_count() > 50_000")
    env = {**os.environ, "ND_DATAFOLDER": str(tmp_path)}
    code = "import gc; print(gc.isenabled(), gc.get_freeze_count() > 50_000)"
    said = subprocess.check_output([sys.executable, "manage.py", "shell", "-c", code], cwd=REPOSITORY, env=env)
    assert said.split()[-2:] == [b"True", b"True"]
