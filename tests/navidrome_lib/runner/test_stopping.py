"""A server that is stopped in the middle of a scan goes on with it when it starts again: nobody has to ask."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.scans import write_track
from tests.support.server import Server
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers

FOLDERS, EACH = 160, 50
SONGS = FOLDERS * EACH
# a stop asks the scan to end; before that existed, a worker was cut off after ten seconds
STOP_SECONDS = 9


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Some thousand songs, a copy each: how a scan goes on does not depend on what they say."""
    song = write_track(tmp_path / "song.flac", "Song").read_bytes()
    for folder in range(FOLDERS):
        (tmp_path / "music" / f"{folder:02}").mkdir(parents=True)
        for number in range(EACH):
            (tmp_path / "music" / f"{folder:02}" / f"{number:02}.flac").write_bytes(song)
    return tmp_path / "music"


def rows(tmp_path: Path, query: str) -> list[Any]:
    """What the database of the server says, none before it has its tables."""
    file = tmp_path / "a data folder" / "navidrome-lib.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)) as database:
        try:
            return database.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []


def stop_readers(server: Server) -> None:
    """From now on the files of the library do not answer: without it, this scan would end before the server."""
    look = ["ps", "-o", "pid=,args=", "-p", ",".join(map(str, server.family()))]
    lines = subprocess.run(look, capture_output=True, text=True, check=False).stdout.splitlines()
    for line in lines:
        if "audio.pool.worker" in line:
            os.kill(int(line.split()[0]), signal.SIGSTOP)


def test_a_scan_goes_on_after_the_server_was_stopped(
    tmp_path: Path, music: Path, servers: list[Server], new_database: Path
) -> None:
    environ = {"ND_MUSICFOLDER": str(music), "ND_SCANNER_READERS": "1", "ND_SCANNER_FINGERPRINTS": "false"}
    first = Server(tmp_path, environ=environ, database=new_database)
    servers.append(first)
    first.wait_until_it_says("Press Ctrl-C to stop.")
    present = "SELECT count(*) FROM libraries_mediafile WHERE NOT missing"
    query = "SELECT state, added, attempts, error FROM libraries_scan"
    assert eventually(lambda: [row for row in rows(tmp_path, query) if row[1]], seconds=60), first.output()
    stop_readers(first)
    began = time.monotonic()
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(timeout=30) == 0, first.output()
    took = time.monotonic() - began
    ((state, _, attempts, error),), ((before,),) = rows(tmp_path, query), rows(tmp_path, present)
    assert (state, attempts, error, 0 < before < SONGS) == ("queued", 1, "", True), (before, first.output())
    assert took < STOP_SECONDS, first.output()
    assert "Traceback" not in first.output()

    second = Server(tmp_path, environ=environ)
    servers.append(second)
    assert eventually(lambda: rows(tmp_path, query)[0][0] not in ("queued", "running"), seconds=90), second.output()
    assert rows(tmp_path, query) == [("finished", SONGS - before, 2, "")]
    assert rows(tmp_path, present) == [(SONGS,)]
    assert "Traceback" not in second.output()
