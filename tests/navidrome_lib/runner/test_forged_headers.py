"""What a client writes into its headers moves nothing: the web server with our configuration, on real sockets."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from navidrome_lib.runner.services import NO_ANNOUNCEMENT, REPOSITORY
from tests.support.waiting import eventually

APPLICATION = """
import json

KEYS = ("SCRIPT_NAME", "PATH_INFO", "wsgi.url_scheme", "HTTP_REMOTE_USER", "REMOTE_ADDR")

def application(environ, start_response):
    body = json.dumps({key: environ.get(key) for key in KEYS}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
FORGED = (
    "SCRIPT_NAME: /music",
    "PATH_INFO: /admin/",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Protocol: ssl",
    "X-Forwarded-Ssl: on",
    "Remote_User: admin",
)


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server at a socket in the file system, whose clients gunicorn trusts most, with a generous umask."""
    folder = tmp_path_factory.mktemp("forged")
    (folder / "echo.py").write_text(APPLICATION)
    path = folder / "web.sock"
    arguments = ["-c", str(REPOSITORY / "gunicorn.conf.py"), "--pythonpath", str(folder), "--no-control-socket"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "echo", f"--bind=unix:{path}", *arguments],
            cwd=folder,
            env={
                "PYTHONPATH": str(REPOSITORY),
                "ND_DATAFOLDER": str(folder),
                "FORWARDED_ALLOW_IPS": "*",
                NO_ANNOUNCEMENT: "1",
            },
            stdout=log,
            stderr=log,
            umask=0,
        )
    try:
        assert eventually(lambda: listens(path)), (folder / "log").read_text()
        yield path
    finally:
        process.terminate()
        process.wait(30)


def listens(path: Path) -> bool:
    """Whether connections are taken: the path is there a moment before."""
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.connect(str(path))
        return True
    return False


def ask(path: Path, *headers: str) -> dict[str, str | None]:
    """What the application is told of a request for `/rest/ping`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        head = "\r\n".join(["GET /rest/ping HTTP/1.1", "Host: x", "Connection: close", *headers])
        client.sendall(f"{head}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    found: dict[str, str | None] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def test_no_header_of_a_client_becomes_path_scheme_or_user(listening: Path) -> None:
    plain = ask(listening)
    assert (plain["PATH_INFO"], plain["SCRIPT_NAME"], plain["wsgi.url_scheme"]) == ("/rest/ping", "", "http")
    for header in FORGED:
        assert ask(listening, header) == plain, header
    assert ask(listening, *FORGED) == plain
    assert ask(listening, "Remote-User: ada")["HTTP_REMOTE_USER"] == "ada"


def test_a_socket_is_for_the_owner_and_the_group(listening: Path) -> None:
    assert stat.S_IMODE(listening.stat().st_mode) == 0o660
