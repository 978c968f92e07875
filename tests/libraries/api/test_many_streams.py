"""`/api/events` on real sockets, from the server as production starts it: 500 streams beside four threads."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from libraries.models import Library, Scan
from navidrome_lib.runner.services import WEB_WORKER
from navidrome_lib.version import SERVER_VERSION
from tests.support.processes import database_url
from tests.support.web import Web, read_all, web_server
from users import api_keys
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

STREAMS = 500


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    options = ("--threads=4", "--graceful-timeout=2")
    environ = {"ND_DATAFOLDER": str(tmp_path / "data"), "DATABASE_URL": database_url()}
    with web_server(tmp_path, "navidrome_lib.wsgi:application", WEB_WORKER, *options, environ=environ) as found:
        yield found


@pytest.fixture
def request_(admin: User) -> bytes:
    """What a tab of an admin asks."""
    key = api_keys.create_key(admin, name="tab", scope="read")[1]
    return f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


class Tab:
    """A client that listens."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.text = b""

    def hears(self, text: bytes) -> bool:
        """Whether that comes before the stream ends."""
        while text not in self.text:
            more = self.client.recv(65536)
            if not more:
                return False
            self.text += more
        return True


def test_all_are_told_and_none_holds_a_thread(web: Web, request_: bytes, library: Library) -> None:
    with contextlib.ExitStack() as stack:
        tabs = [Tab(stack.enter_context(web.connect(request_))) for _ in range(STREAMS)]
        for tab in tabs:
            assert tab.hears(b"event: scanStatus")
            assert tab.text.startswith(b"HTTP/1.1 200 OK\r\n")
            first = tab.text[tab.text.index(b"event: ") :]
            assert first.startswith(b'event: serverStart\ndata: {"startTime":"')
            assert f'"version":"{SERVER_VERSION}"'.encode() in first
        assert all(b" 200 OK" in web.ask("/api/keepalive/") for _ in range(20))
        now = timezone.now()
        Scan.objects.create(
            library=library, trigger="api", state="finished", added=1, started_at=now, finished_at=now
        )  # fmt: skip
        begun = time.monotonic()
        for tab in tabs:
            assert tab.hears(b'event: refreshResource\ndata: {"*":"*"}\n\n')
        assert time.monotonic() - begun < 20
        web.process.send_signal(signal.SIGTERM)
        for tab in tabs:
            read_all(tab.client)
    assert web.process.wait(20) == 0
