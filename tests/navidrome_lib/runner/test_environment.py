"""What the scripts decide about the Python environment, with real folders and real environments without packages."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from navidrome_lib.runner.services import REPOSITORY
from script import environment as subject
from script.environment import Environment, SetupError

pytestmark = pytest.mark.servers

PINS = "one==1 \\\n    --hash=sha256:aa\ntwo==2 ; sys_platform == 'linux' \\\n    --hash=sha256:bb\n"


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """Requirements that need no download."""
    folder = tmp_path / "requirements"
    folder.mkdir()
    (folder / "serve.txt").write_text("# nothing\n")
    (folder / "test.txt").write_text("# nothing at all\n")
    return folder / "serve.txt"


class Installs:
    """Installs into real environments, but without the minute that packages take; `names` are what was installed."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, environment: Environment, requirements: Path, *, create: bool) -> bool:
        if create:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment.folder)], check=True)
        self.names.append(requirements.name)
        return True

    def ensure(self, environment: Environment, requirements: Path) -> None:
        subject.ensure(environment, requirements, installers=[self])


@pytest.fixture
def installs() -> Installs:
    return Installs()


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "an environment")


def test_the_second_time_nothing_is_installed(environment: Environment, requirements: Path, installs: Installs) -> None:
    installs.ensure(environment, requirements)
    installs.ensure(environment, requirements)
    assert installs.names == ["serve.txt"]


def test_changed_requirements_are_installed_over_what_is_there(
    environment: Environment, requirements: Path, installs: Installs
) -> None:
    installs.ensure(environment, requirements)
    (environment.folder / "kept").touch()
    requirements.write_text("# other\n")
    installs.ensure(environment, requirements)
    assert installs.names == ["serve.txt", "serve.txt"]
    assert (environment.folder / "kept").exists()


def test_an_interrupted_installation_starts_over(
    environment: Environment, requirements: Path, installs: Installs
) -> None:
    def interrupted(*_: object, **__: object) -> bool:
        (environment.folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        subject.ensure(environment, requirements, installers=[interrupted])
    assert (environment.folder / "half").exists()
    installs.ensure(environment, requirements)
    assert installs.names == ["serve.txt"]
    assert not (environment.folder / "half").exists()


def test_an_environment_that_moved_is_made_anew(
    environment: Environment, requirements: Path, installs: Installs, tmp_path: Path
) -> None:
    installs.ensure(environment, requirements)
    moved = Environment(environment.folder.rename(tmp_path / "elsewhere"))
    (moved.folder / "stale").touch()
    installs.ensure(moved, requirements)
    assert installs.names == ["serve.txt", "serve.txt"]
    assert not (moved.folder / "stale").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(
    environment: Environment, requirements: Path, installs: Installs
) -> None:
    installs.ensure(environment, requirements)
    environment.python.unlink()
    installs.ensure(environment, requirements)
    assert installs.names == ["serve.txt", "serve.txt"]
    assert subject.runs([str(environment.python), "-c", ""])


def test_a_folder_of_somebody_else_is_never_emptied(
    environment: Environment, requirements: Path, installs: Installs
) -> None:
    environment.folder.mkdir()
    (environment.folder / "letter.txt").write_text("dear")
    with pytest.raises(SetupError, match="not empty and not a Python environment"):
        installs.ensure(environment, requirements)
    assert (environment.folder / "letter.txt").read_text() == "dear"
    assert installs.names == []


def test_processes_that_start_together_install_once(
    environment: Environment, requirements: Path, installs: Installs
) -> None:
    together = [threading.Thread(target=installs.ensure, args=(environment, requirements)) for _ in range(6)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert installs.names == ["serve.txt"]


def test_the_larger_requirements_cover_the_smaller(tmp_path: Path) -> None:
    smaller, larger, other = (tmp_path / name for name in ("serve.txt", "test.txt", "other.txt"))
    smaller.write_text(PINS)
    larger.write_text(PINS + "three==3 \\\n    --hash=sha256:cc\n")
    other.write_text("one==2 \\\n    --hash=sha256:dd\n")
    digest = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (smaller, larger, other)}
    assert subject.covered(larger, digest[larger]) == {"test.txt": digest[larger], "serve.txt": digest[smaller]}
    assert subject.covered(smaller, digest[smaller]) == {"serve.txt": digest[smaller]}


def test_the_requirements_of_the_tests_cover_those_of_the_server() -> None:
    folder = REPOSITORY / "requirements"
    assert subject.read_pins(folder / "serve.txt") <= subject.read_pins(folder / "test.txt")


def test_when_no_installer_works_the_stamp_says_so_and_the_sentence_helps(
    environment: Environment, requirements: Path
) -> None:
    with pytest.raises(SetupError, match="could not be installed"):
        subject.ensure(environment, requirements, installers=[])
    assert json.loads((environment.folder / subject.STAMP).read_text())["complete"] is False


def test_the_standard_library_alone_makes_an_environment(environment: Environment, requirements: Path) -> None:
    subject.ensure(environment, requirements, installers=[subject.with_venv])
    subprocess.run([environment.python, "-m", "pip", "--version"], check=True, capture_output=True)


def test_without_uv_and_ensurepip_the_sentence_names_the_package_to_install(
    environment: Environment, requirements: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python3"  # as Debian's without python3-venv
    python.write_text('#!/bin/sh\ncase "$2" in venv|ensurepip) exit 1;; esac\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="apt install python3-venv"):
        subject.ensure(environment, requirements)
    assert json.loads((environment.folder / subject.STAMP).read_text())["complete"] is False


def other_python(folder: Path, name: str, *, usable: bool) -> None:
    """A program that answers like a new enough Python, or like an old or absent one; it says when it is started."""
    program = folder / name
    program.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit {int(not usable)}\necho "{name} runs $*"\n')
    program.chmod(0o755)


def bootstrap(path: Path, *, version: str) -> subprocess.CompletedProcess[str]:
    """Run bootstrap.py as if this Python had the version."""
    program = REPOSITORY / "script" / "bootstrap.py"
    code = f"import runpy, sys; sys.version_info = {version}; runpy.run_path({str(program)!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code, "serve"],
        env={**os.environ, "PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_says_what_is_needed(tmp_path: Path) -> None:
    other_python(tmp_path, "python3.12", usable=False)  # as a version manager's name for what is not installed
    result = bootstrap(tmp_path, version="(3, 9, 2)")
    assert result.returncode == 1
    assert result.stderr == "navidrome-lib needs Python 3.11 or newer, and python3 here is 3.9: install a newer one.\n"


def test_an_old_python_hands_over_to_a_newer_one(tmp_path: Path) -> None:
    other_python(tmp_path, "python3.13", usable=False)
    other_python(tmp_path, "python3.12", usable=True)
    result = bootstrap(tmp_path, version="(3, 9, 2)")
    assert result.returncode == 0
    assert result.stdout == f"python3.12 runs {REPOSITORY / 'script' / 'environment.py'} serve\n"
