"""The private PostgreSQL of the test command, from each place where its programs can be."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dj_database_url
import psycopg
import pytest

from devtools import postgres
from devtools.postgres import Programs, find_postgres, private_postgres
from navidrome_lib.runner.errors import Failed
from navidrome_lib.runner.processes import Sentinel

SERVER_VERSION = "SELECT current_setting('server_version_num')::int / 10000"


def fake_programs(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_newest_system_version_is_found(tmp_path: Path) -> None:
    older = fake_programs(tmp_path / "15" / "bin", "15.2 (Debian 15.2-1)")
    newer = fake_programs(tmp_path / "17" / "bin", "17.0")
    found = find_postgres(path=str(older), system_folders=(f"{tmp_path}/*/bin",))
    assert found == Programs(newer, 17)


def test_a_version_that_is_too_old_does_not_count(tmp_path: Path) -> None:
    old = fake_programs(tmp_path / "bin", "13.9")
    assert find_postgres(path=str(old), system_folders=()).version >= postgres.OLDEST_VERSION


def test_without_any_postgres_the_sentence_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="install it, set DATABASE_URL"):
        find_postgres(path=str(tmp_path), system_folders=(), package="no_such_package")


def test_the_packaged_programs_run_even_when_their_folder_is_closed_to_the_user(tmp_path: Path) -> None:
    packaged = find_postgres(path=str(tmp_path), system_folders=())
    package = packaged.folder.parent.parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, closed / folder.name, symlinks=True)
    programs = Programs(closed / packaged.folder.relative_to(package.parent), packaged.version)
    lines: list[str] = []
    with Sentinel() as sentinel, private_postgres(os.environ, sentinel, lines.append, programs=programs) as address:
        assert ask(address, SERVER_VERSION) == packaged.version, lines
        home = Path(dj_database_url.parse(address)["HOST"])
        assert home.is_dir()
    assert not home.exists()


def ask(address: str, query: str) -> object:
    """The one value that the server answers, over the address as Django reads it."""
    parsed = dj_database_url.parse(address)
    with psycopg.connect(host=parsed["HOST"], user=parsed["USER"], dbname=parsed["NAME"]) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]
