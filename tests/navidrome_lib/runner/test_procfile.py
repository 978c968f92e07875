"""The commands of the Procfile, run by a shell as a process manager runs them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from navidrome_lib.runner.broker import free_port
from navidrome_lib.runner.services import REPOSITORY
from tests.support.server import put_database
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers

LINES = dict(line.split(": ", 1) for line in (REPOSITORY / "Procfile").read_text().splitlines())
ADMIN = {"ND_ADMIN_USER": "ada", "ND_ADMIN_PASSWORD": "a long password"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An empty data folder, no broker, and our Python as the one on PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ND_") and "_URL" not in name}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "ND_DATAFOLDER": str(tmp_path / "data")}


@pytest.fixture
def migrated(environ: dict[str, str], new_database: Path) -> dict[str, str]:
    """The same with the tables in the data folder, as a release leaves them."""
    put_database(new_database, Path(environ["ND_DATAFOLDER"]))
    return environ


def run(line: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line], cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=False, timeout=600
    )


def found(environ: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """The accounts and the libraries."""
    with closing(sqlite3.connect(Path(environ["ND_DATAFOLDER"]) / "navidrome-lib.db")) as database:
        return (
            database.execute("SELECT username, is_superuser FROM users_user").fetchall(),
            database.execute("SELECT name, path FROM libraries_library").fetchall(),
        )


def test_it_has_one_line_for_each_kind_of_process() -> None:
    assert set(LINES) == {"release", "web", "worker", "beat", "watcher"}


def test_a_release_migrates_and_creates_the_first_admin_and_library_once(
    environ: dict[str, str], tmp_path: Path
) -> None:
    done = run(LINES["release"], environ)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert found(environ) == ([], [])
    music = tmp_path / "Rock and Roll"
    music.mkdir()
    environ |= {**ADMIN, "ND_MUSICFOLDER": str(music)}
    first = run(LINES["release"], environ)
    assert first.returncode == 0, first.stderr
    assert "Created the admin ada." in first.stdout
    assert "Added the library “Rock and Roll” and queued its first scan." in first.stdout
    expected = ([("ada", True)], [("Rock and Roll", str(music))])
    assert found(environ) == expected
    second = run(LINES["release"], environ)
    assert second.returncode == 0, second.stderr
    assert "Created" not in second.stdout
    assert "Added" not in second.stdout
    assert found(environ) == expected


def test_the_web_server_says_where_the_first_admin_is_created(migrated: dict[str, str], tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "web.log"
    assert run(LINES["release"], migrated).returncode == 0
    with log.open("w") as output:
        web = subprocess.Popen(
            ["sh", "-c", f"exec {LINES['web']}"], cwd=REPOSITORY, stdout=output, stderr=output,
            env={**migrated, "PORT": str(port), "WEB_CONCURRENCY": "2", "ND_BASEURL": "/music"},
        )  # fmt: skip
    try:
        code = (tmp_path / "data" / "setup_code").read_text()
        said = f"http://localhost:{port}/music/setup?code={code}"
        assert eventually(lambda: said in log.read_text(), seconds=60), log.read_text()
        assert log.read_text().count(code) == 1
    finally:
        web.terminate()
        web.wait(timeout=30)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ND_ADMIN_USER": "ada"}, "ND_ADMIN_PASSWORD: must be set together with ND_ADMIN_USER."),
        ({"ND_MUSICFOLDER": "/no/such/folder"}, "ND_MUSICFOLDER: "),
        ({"ND_SCANNER_SCHEDULE": "foo"}, "ND_SCANNER_SCHEDULE: “foo” is not a schedule"),
    ],
)
def test_a_release_fails_with_the_name_of_what_is_wrong(
    migrated: dict[str, str], wrong: dict[str, str], sentence: str
) -> None:
    done = run(LINES["release"], migrated | wrong)
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]


def test_the_web_process_answers(migrated: dict[str, str]) -> None:
    port = free_port()
    process = subprocess.Popen(
        ["sh", "-c", f"exec {LINES['web']}"],
        cwd=REPOSITORY,
        env=migrated | {"PORT": str(port), "WEB_CONCURRENCY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/keepalive/", timeout=5) as answer:
                return bool(json.load(answer)["response"] == "ok")
        except OSError:
            return False

    try:
        assert eventually(answers, seconds=60)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
