"""The real server while its database is away, and while its disk is full: it says so, survives, and goes on."""

from __future__ import annotations

import ctypes
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devtools.postgres import PrivatePostgres, private_server
from navidrome_lib.outages import BROKER_AWAY, DATABASE_FULL
from navidrome_lib.runner.processes import Sentinel
from tests.support import processes
from tests.support.scans import write_album, write_track
from tests.support.server import Server
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers

ADMIN = {"ND_ADMIN_USER": "ann", "ND_ADMIN_PASSWORD": "correct horse battery"}
Answer = tuple[int, str, dict[str, str]]
SMALL, SONGS, REMOUNT = 12, 1000, 32
LONG = "A long comment. " * 1000  # so that few songs fill the disk
FULL, BROKER = DATABASE_FULL.sentence, BROKER_AWAY.sentence
AWAY = "The database does not answer."


@pytest.fixture
def database() -> Iterator[PrivatePostgres]:
    with Sentinel() as sentinel, private_server({}, sentinel, lambda line: None) as running:
        yield running


class Visitor:
    """Somebody who asks the server."""

    def __init__(self, server: Server) -> None:
        self._home = f"http://localhost:{server.port}"
        self._token = ""
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def ask(self, path: str, body: Any = None) -> Answer:
        """Status, text and headers of an answer."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            self._home + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        return self._answer(urllib.request.build_opener(), request)

    def _answer(self, opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> Answer:
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)

    def sign_in(self) -> None:
        status, text, _ = self.ask("/auth/login", {"username": "ann", "password": ADMIN["ND_ADMIN_PASSWORD"]})
        assert status == 200, text
        self._token = json.loads(text)["token"]
        page = self.look("/admin/login/")[1]
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = {"username": "ann", "password": ADMIN["ND_ADMIN_PASSWORD"], "csrfmiddlewaretoken": token}
        status, text, _ = self.look("/admin/login/?next=/admin/", form)
        assert (status, "Needs attention" in text or "libraries" in text) == (200, True), text

    def look(self, path: str, form: dict[str, str] | None = None) -> Answer:
        """The same as a browser asks."""
        body = None if form is None else urllib.parse.urlencode(form).encode()
        return self._answer(self._browser, urllib.request.Request(self._home + path, data=body))  # noqa: S310 - ours


def serve(
    folder: Path, environ: dict[str, str], servers: list[Server], database: Path | None = None
) -> tuple[Server, Visitor]:
    """A server that runs, which the fixture `servers` ends, and an admin who is signed in."""
    server = Server(folder, environ=environ, database=database)
    servers.append(server)
    server.wait_until_it_says("Press Ctrl-C to stop.")
    visitor = Visitor(server)
    visitor.sign_in()
    return server, visitor


def songs(visitor: Visitor) -> int:
    """The songs of the first library, a second later."""
    time.sleep(1)
    return int(json.loads(visitor.ask("/api/library")[1])[0]["songCount"])


def processes_of(server: Server) -> list[str]:
    """What the supervisor says of services that ended by themselves."""
    return [line for line in server.output().splitlines() if " ended with " in line]


def says(server: Server, service: str, text: str) -> bool:
    lines = server.output().splitlines()
    return any(line.startswith(f"{service} ") and text in line for line in lines)


def test_the_database_is_away_for_a_while(tmp_path: Path, servers: list[Server], database: PrivatePostgres) -> None:
    write_album(tmp_path / "music", 3)
    environ = {**ADMIN, "DATABASE_URL": database.url, "ND_MUSICFOLDER": str(tmp_path / "music")}
    server, visitor = serve(tmp_path, environ, servers)
    assert eventually(lambda: songs(visitor) == 3, seconds=180), server.output()
    database.stop()
    for path, body in (("/api/library", None), ("/api/user", None), ("/auth/login", {"username": "a", "password": "b"}),
                       ("/api/scan", {"libraryId": "1"})):  # fmt: skip
        status, text, headers = visitor.ask(path, body)
        assert (status, json.loads(text), headers.get("Retry-After")) == (503, {"error": AWAY}, "10")
    status, text, _ = visitor.ask("/rest/getScanStatus?u=ann&p=x&c=test&v=1.16.1&f=json")
    failure = json.loads(text)["subsonic-response"]
    assert (status, failure["status"], failure["error"]["code"], failure["error"]["message"]) == (
        200,
        "failed",
        0,
        AWAY,
    )
    status, text, headers = visitor.look("/admin/")
    assert (status, headers["Content-Type"][:9], headers.get("Retry-After")) == (503, "text/html", "10")
    assert AWAY in text
    status, text, _ = visitor.ask("/api/health")
    assert (status, json.loads(text)) == (503, {"status": "fail", "error": AWAY})
    assert visitor.ask("/api/health/live")[0] == 200
    # the worker meets it, too, and so does its watcher
    met = (f"the scans cannot be looked after: {AWAY}", f"changes of libraries wait: {AWAY}")
    assert eventually(lambda: all(says(server, "worker", text) for text in met), seconds=120), server.output()
    write_album(tmp_path / "music" / "more", 2)
    database.start()
    assert eventually(lambda: visitor.ask("/api/library")[0] == 200, seconds=120), server.output()
    assert visitor.ask("/api/scan", {"libraryId": "1"})[0] in (200, 201, 202), server.output()
    assert eventually(lambda: songs(visitor) == 5, seconds=180), server.output()
    assert processes_of(server) == []
    assert "Traceback" not in server.output()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for a server and little more; only root may make one."""
    folder = tmp_path / "a data folder"
    folder.mkdir()
    if not mount(folder, SMALL):
        pytest.skip("no file system can be mounted here")
    yield folder
    ctypes.CDLL(None).umount2(os.fsencode(folder), 2)


def mount(folder: Path, megabytes: int, flags: int = 0) -> bool:
    """Mount a file system in memory, or give it another size."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "mount", None)
    options = f"size={megabytes}m,mode=700".encode()
    return call is not None and call(b"small", os.fsencode(folder), b"tmpfs", flags, options) == 0


def test_a_disk_that_becomes_full_in_the_middle_of_a_scan(
    tmp_path: Path, servers: list[Server], small_disk: Path, new_database: Path
) -> None:
    song = write_track(tmp_path / "song.flac", "Song", comment=LONG).read_bytes()
    for folder in range(SONGS // 50):
        (tmp_path / "music" / f"{folder:03}").mkdir(parents=True)
        for number in range(50):
            (tmp_path / "music" / f"{folder:03}" / f"{number:02}.flac").write_bytes(song)
    server, visitor = serve(tmp_path, {**ADMIN, "ND_SCANNER_FINGERPRINTS": "false"}, servers, new_database)
    # behind the sign-in, which has to be written down: the first scan begins at once
    assert visitor.ask("/api/library", {"name": "Music", "path": str(tmp_path / "music")})[0] in (200, 201)

    def scan() -> dict[str, Any]:
        time.sleep(1)
        status, text, _ = visitor.ask("/api/scan")
        return dict(json.loads(text)[0]) if status == 200 else {}

    assert eventually(lambda: says(server, "worker", f"it will be redone: {FULL}"), seconds=180), server.output()
    status, text, _ = visitor.ask("/api/health")
    assert (status, json.loads(text)["status"], json.loads(text)["checks"]["disk"]["ok"]) == (200, "degraded", False)
    assert "The disk is full" in visitor.look("/admin/")[1]
    # the reason is in the row as far as there is room for it; else the worker waits until it can write it
    assert scan().get("error") in ("", FULL)
    assert mount(small_disk, 400, REMOUNT)
    # nobody asks for anything: the scan goes on by itself
    assert eventually(lambda: scan().get("state") == "finished", seconds=240), server.output()
    assert json.loads(visitor.ask("/api/library")[1])[0]["songCount"] == SONGS
    assert "Traceback" not in server.output()


def test_the_broker_is_away_for_a_while(tmp_path: Path, servers: list[Server], new_database: Path) -> None:
    write_album(tmp_path / "music", 3)
    with processes.restartable_broker(tmp_path / "broker") as broker:
        environ = {**ADMIN, "REDIS_URL": broker.url, "ND_MUSICFOLDER": str(tmp_path / "music")}
        server, visitor = serve(tmp_path, environ, servers, new_database)
        assert eventually(lambda: songs(visitor) == 3, seconds=180), server.output()
        broker.kill()
        write_album(tmp_path / "music" / "more", 2)
        visitor.sign_in()  # attempts are counted in the web server meanwhile
        status, text, _ = visitor.ask("/api/scan", {"libraryId": "1"})
        assert (status, json.loads(text)["state"]) == (201, "queued")
        checks = json.loads(visitor.ask("/api/health")[1])["checks"]
        assert (checks["broker"]["ok"], checks["broker"]["detail"]) == (False, BROKER)
        assert BROKER in visitor.look("/admin/")[1]
        time.sleep(20)  # so that worker and scheduler notice, and try again a few times
        broker.start()
        assert eventually(lambda: songs(visitor) == 5, seconds=180), server.output()
        assert processes_of(server) == []
        assert "Traceback" not in server.output(), server.output()
