"""The server as production starts it, while hundreds of slow clients hold it up: the others do not notice.

The full measurement of `docs/decisions/web-worker.md`; it takes some seconds.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import time
from collections.abc import Iterator

import pytest

from navidrome_lib.runner.services import WEB_THREADS, WEB_WORKER
from tests.support.slow_clients import slow_clients
from tests.support.web import Web, read_all, web_server

SLOW = 200
REQUESTS = 150
# what a machine that is busy with other tests adds to any request
NOISE_MS = 100.0


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("held up")
    options = (f"--threads={WEB_THREADS}", "--graceful-timeout=2")
    environ = {"ND_DATAFOLDER": str(folder / "data")}
    with web_server(folder, "navidrome_lib.wsgi:application", WEB_WORKER, *options, environ=environ) as found:
        yield found


def p99(web: Web) -> float:
    """Of requests one after the other, half of them on connections of their own, in milliseconds."""
    taken = []
    kept = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    with contextlib.closing(kept):
        for number in range(REQUESTS):
            own = kept if number % 2 else http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
            begun = time.perf_counter()
            own.request("GET", "/api/keepalive/")
            answer = own.getresponse()
            assert (answer.status, b"keepalive" in answer.read()) == (200, True)
            taken.append((time.perf_counter() - begun) * 1000)
            if own is not kept:
                own.close()
    return sorted(taken)[int(len(taken) * 0.99)]


@pytest.mark.parametrize("mode", ["head", "body"])
def test_slow_senders_and_slow_readers_slow_nobody_else(web: Web, mode: str) -> None:
    p99(web)
    idle = p99(web)
    with slow_clients(web.port, mode, SLOW) as senders, slow_clients(web.port, "read", SLOW) as readers:
        held_up = min(p99(web) for _ in range(2))
    assert held_up < 2 * idle + NOISE_MS, f"{held_up:.0f} ms beside slow clients, {idle:.0f} ms without"
    assert readers.cut == 0, "a reader that takes something is not cut off"
    assert senders.cut <= SLOW, "before its deadline no sender is cut off"


def test_of_one_address_only_some_are_unfinished(web: Web) -> None:
    with slow_clients(web.port, "head", SLOW, alike=True) as senders:
        assert p99(web) < 5000
        time.sleep(4)  # so that each has been looked at a few times
    assert senders.cut >= SLOW - 64


JSON = b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
FORM = b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (JSON + b"Content-Length: 1048577\r\n\r\n", [413]),
        (FORM + b"Content-Length: 99999999999999\r\n\r\n--b\r\n", [413]),
        (JSON + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{", [411]),
        (FORM + b"Transfer-Encoding: chunked\r\n\r\n5\r\n--b\r\n\r\n", [411]),
        # what goes on behind the declared end is another request, and makes no sense as such
        (JSON + b"Content-Length: 2\r\n\r\n{}" + b"x" * 100_000, [422, 431]),
    ],
)
def test_no_body_is_longer_than_it_may_be(web: Web, request_: bytes, statuses: list[int]) -> None:
    with web.connect(request_) as client:
        answer = read_all(client)
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answer)] == statuses
