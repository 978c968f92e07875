"""The test command never looks like a success when somebody stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from devtools.checks import Checking
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.services import REPOSITORY


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_has_not_passed(number: signal.Signals) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ND_", "PYTEST_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "devtools", "--no-checks", "--sqlite", "tests/libraries/audio"],
        cwd=REPOSITORY,
        env={name: value for name, value in environ.items() if "_URL" not in name},
        stdout=subprocess.PIPE,
        text=True,
        # a shell starts what runs in its background with Ctrl-C ignored, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    while "Running the suite" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == 130


def test_the_checks_of_a_run_that_is_stopped_end() -> None:
    slow = {"slow": [sys.executable, "-c", "import time; time.sleep(600)"]}
    started = time.monotonic()
    with Checking(slow, Console()):
        time.sleep(0.2)
    assert time.monotonic() - started < 60
