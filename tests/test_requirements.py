"""Who only serves has only what serving needs: no module of ours may want a package of the tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

_PROGRAM = """
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import django
django.setup()
for package in ("navidrome_lib", "libraries", "users", "listening", "missing", "subsonic", "system"):
    for module in pkgutil.walk_packages([package], f"{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            print(module.name)
from django.core.checks import run_checks
assert not run_checks()
"""


def _pinned(name: str) -> set[str]:
    """The distributions that a file of requirements pins."""
    lines = (REPOSITORY / "requirements" / name).read_text().splitlines()
    return {_normal(line.partition("==")[0]) for line in lines if re.match(r"[\w.-]+==", line)}


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_no_module_of_ours_wants_a_package_of_the_tests(tmp_path: Path) -> None:
    serving = _pinned("serve.txt")
    hidden = {
        module for module, names in packages_distributions().items() if serving.isdisjoint(map(_normal, names))
    } - {"pip", "setuptools"}
    assert {"pytest", "mypy", "django_stubs_ext"} <= hidden
    env = {**os.environ, "ND_DATAFOLDER": str(tmp_path), "DJANGO_SETTINGS_MODULE": "navidrome_lib.settings"}
    done = subprocess.run(
        [sys.executable, "-c", f"HIDDEN = {hidden!r}{_PROGRAM}"],
        cwd=REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert {"navidrome_lib.urls", "libraries.tasks", "users.admin.accounts", "navidrome_lib.runner.serve"} <= set(
        done.stdout.split()
    )
