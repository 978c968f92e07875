"""Clients that have gone before the server comes to them, with both event loops."""

from __future__ import annotations

import socket
import struct
import time

from tests.navidrome_lib.web.conftest import body_of, closed_sources, threads_answer
from tests.support.waiting import eventually
from tests.support.web import Web


def test_what_a_body_is_drawn_from_is_given_back_when_its_reader_was_gone_before(web: Web) -> None:
    before = closed_sources(web)
    for _ in range(3):
        reset(web, b"GET /drawn-slow HTTP/1.1\r\nHost: a\r\n\r\n", seconds=0.2)
    assert eventually(lambda: closed_sources(web) == before + 3, seconds=10)


def test_a_client_that_is_gone_at_once_is_none_without_an_address(web: Web) -> None:
    """An empty address is that of a socket in the file system, which a proxy may be trusted by."""
    for _ in range(200):
        reset(web, b"GET /lost HTTP/1.1\r\nHost: a\r\n\r\n")
    assert threads_answer(web)
    assert body_of(web.ask("/lost-from")).split()[0] in (b"lost", b"lost/127.0.0.1")


def reset(web: Web, request: bytes, seconds: float = 0.0) -> None:
    """Send a request, then end the connection without a word."""
    with web.connect(request) as client:
        time.sleep(seconds)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
