"""The wheel of `pip install .` has everything that a server runs, and works away from the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from navidrome_lib.version import VERSION

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
PACKAGES = [pattern.rstrip("*") for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]

_PROGRAM = """
import sys
from pathlib import Path
import django
import navidrome_lib
wheel = Path(sys.argv[1])
assert Path(navidrome_lib.__file__).is_relative_to(wheel), navidrome_lib.__file__
django.setup()
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import get_template
call_command("check")
for path in wheel.glob("*/templates/**/*.html"):
    found = get_template(path.as_posix().rpartition("/templates/")[2])
    assert Path(found.origin.name) == path, (found.origin.name, path)
from gunicorn.config import Config
from navidrome_lib.web import gunicorn_conf
from navidrome_lib.web.worker import EventedWorker
configuration = Config()
for name in configuration.settings.keys() & vars(gunicorn_conf).keys():
    configuration.set(name, getattr(gunicorn_conf, name))
EventedWorker.check_config(configuration, None)
for path in wheel.glob("*/static/*/*"):
    assert Path(finders.find(path.as_posix().rpartition("/static/")[2])) == path
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a wheel is made of, in a folder that a build may write to."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, folder)
    for package in filter(lambda name: (REPOSITORY / name).is_dir(), PACKAGES):
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built by the backend that `pip install .` uses."""
    built = tmp_path_factory.mktemp("built")
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(built)], cwd=source, capture_output=True, check=True)
    (found,) = built.glob("*.whl")
    return found


def metadata(wheel: Path, folder: Path) -> Distribution:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    (found,) = folder.glob("*.dist-info")
    return Distribution.at(found)


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "navidrome_lib.version.VERSION"}


def test_a_wheel_has_every_module_template_and_static_file(source: Path, wheel: Path) -> None:
    expected = {
        path.relative_to(source).as_posix()
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file() and path.suffix != ".md"
    }
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {"libraries/static/libraries/admin.css", "navidrome_lib/templates/admin/index.html"} <= found
    assert found == expected


def test_a_wheel_works_away_from_the_repository(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    about = metadata(wheel, folder)
    assert (about.version, about.metadata["License-Expression"]) == (VERSION, "GPL-3.0-or-later")
    environ = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "ND_DATAFOLDER": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "navidrome_lib.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder)], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_license_is_complete_and_in_the_wheel(wheel: Path, tmp_path: Path) -> None:
    text = (REPOSITORY / "LICENSE").read_text()
    assert text.startswith(
        "                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007"
    )
    assert "END OF TERMS AND CONDITIONS" in text
    assert all(f"\n  {number}. " in text for number in range(18))
    assert "LICENSE" in metadata(wheel, tmp_path).metadata.get_all("License-File", [])
