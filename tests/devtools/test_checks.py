"""What `./script/test` runs before the suite, and who else runs it."""

from __future__ import annotations

import re
import sys
import tomllib

import pytest

from devtools.checks import test as run_tests
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.services import REPOSITORY

GOOD = [sys.executable, "-c", "print('quiet')"]
BAD = [sys.executable, "-c", "raise SystemExit('line 7 is wrong')"]


def test_the_static_checks_alone_run_no_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests(["--only-checks"], Console(), checks={"one": GOOD, "two": GOOD}) == 0
    assert re.fullmatch(r"ok      one \([\d.]+ s\)\nok      two \([\d.]+ s\)\n", capsys.readouterr().out)


def test_a_static_check_that_fails_is_shown_and_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests(["--only-checks"], Console(), checks={"one": BAD, "two": GOOD}) == 1
    shown = capsys.readouterr().out
    assert "FAILED  one" in shown
    assert "line 7 is wrong" in shown
    assert "ok      two" in shown


def test_the_suite_runs_beside_the_checks_and_has_the_last_word(capsys: pytest.CaptureFixture[str]) -> None:
    slow = [sys.executable, "-c", "import time; time.sleep(0.5); raise SystemExit('line 8 is wrong')"]
    here = ["--sqlite", "tests/devtools/test_checks.py", "-k", "hook"]
    assert run_tests(here, Console(), checks={"one": GOOD, "two": slow}) == 1
    shown = capsys.readouterr().out
    assert shown.index("Running the suite") < shown.index("FAILED: two (see above)")
    assert "line 8 is wrong" in shown
    assert re.search(r"1 passed.* in [\d.]+s", shown.splitlines()[-1])


def test_the_hook_before_a_commit_runs_the_same_checks() -> None:
    text = (REPOSITORY / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"entry: (.*)", text) == ["./script/test --only-checks"]
    assert re.findall(r"repo: (.*)", text) == ["local"]


def test_continuous_integration_covers_every_supported_python_on_both_databases() -> None:
    text = (REPOSITORY / ".github" / "workflows" / "test.yml").read_text()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    supported = [found[1] for line in project["classifiers"] if (found := re.search(r":: (3\.\d+)$", line))]
    assert len(supported) == 3
    assert re.findall(r'"(3\.\d+)"', text) == supported
    assert "database: [sqlite, postgres]" in text
    assert "./script/test --${{ matrix.database }}" in text
    assert project["requires-python"] == f">={supported[0]}"
