"""The demo as a person starts it: it prints a password that signs in, and has music to show."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


def ask(address: str, *, body: object = None, token: str = "") -> Any:
    """The answer of the API as JSON."""
    headers = {"Content-Type": "application/json", **({"X-ND-Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, headers=headers)  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def test_the_demo_has_an_admin_and_music(tmp_path: Path, new_database: Path) -> None:
    server = Server(tmp_path, command="demo", database=new_database)
    try:
        server.wait_until_it_says("Press Ctrl-C to stop.")
        assert eventually(lambda: "Sign in as" in server.output())
        signed = re.search(r"Sign in as (\S+) with the password (\S+)", server.output())
        assert signed is not None
        home = f"http://localhost:{server.port}"
        token = ask(f"{home}/auth/login", body={"username": signed[1], "password": signed[2]})["token"]
        (library,) = ask(f"{home}/api/library", token=token)
        assert library["path"] == str(tmp_path / "a data folder" / "music")

        def songs() -> int:
            return int(ask(f"{home}/api/library/{library['id']}", token=token)["totalSongs"])

        assert eventually(songs, seconds=90)
    finally:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(60)
