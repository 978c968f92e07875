"""SQLite and PostgreSQL hold the same after the same scan, to the last column."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from devtools.postgres import private_postgres
from navidrome_lib.runner.processes import Sentinel
from navidrome_lib.runner.services import REPOSITORY
from synth import make_library
from tests.support.server import put_database


def dump(root: Path, data: Path, database_url: str) -> str:
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if database_url:
        environ["DATABASE_URL"] = database_url
    return subprocess.check_output(
        [sys.executable, "-m", "tests.e2e.dump", str(root)],
        cwd=REPOSITORY,
        env={**environ, "ND_DATAFOLDER": str(data)},
        text=True,
    )


def test_both_databases_hold_the_same(tmp_path: Path, new_database: Path) -> None:
    root = tmp_path / "Music"
    make_library(root, tracks=150, seed=11, pictures=False)
    (root / "broken.flac").write_bytes(b"fLaC and then nothing")
    os.close(os.open(os.fsencode(root) + b"/not \xff utf-8.mp3", os.O_CREAT | os.O_WRONLY))
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    lines: list[str] = []
    with Sentinel() as sentinel, private_postgres(environ, sentinel, lines.append) as url:
        on_postgresql = dump(root, tmp_path / "postgresql", url)
    put_database(new_database, tmp_path / "sqlite")
    on_sqlite = dump(root, tmp_path / "sqlite", "")
    assert "'total_songs': 150" in on_sqlite
    assert "broken.flac" in on_sqlite
    assert on_sqlite.splitlines() == on_postgresql.splitlines()
