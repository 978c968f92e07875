"""The worker of the web server on real sockets, with few threads and little patience."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gunicorn.config import Config

from navidrome_lib.giving_way import sign_of
from navidrome_lib.web.worker import EventedWorker
from tests.navidrome_lib.web.conftest import THREADS, body_of, closed_sources, environ_of, serving, threads_answer
from tests.support.waiting import eventually
from tests.support.web import Web, read_all, web_server
from tests.support.web_application import COUNTED, LARGE, PIECE, HastyPlainWorker

HEAD = b"GET /x HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /count HTTP/1.1\r\nHost: a\r\n"
STREAMS = 500


def test_the_loop_is_that_of_libuv() -> None:
    worker = EventedWorker(0, 0, [], None, 0, Config(), None)
    for loop, package in ((worker.new_loop(), "uvloop"), (HastyPlainWorker.new_loop(worker), "asyncio")):
        with contextlib.closing(loop):
            assert type(loop).__module__.partition(".")[0] == package


def test_requests_are_lines_of_the_log_where_that_is_asked_for(web: Web, tmp_path: Path) -> None:
    with serving(tmp_path, "--access-logfile=-") as asked_for:
        for each in (web, asked_for):
            assert b"200 OK" in each.ask("/logged?secret=1")
    assert '"GET /logged" 200' in asked_for.log.read_text()
    assert "/logged" not in web.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only there processes share such a clock")
def test_each_request_is_told_to_scans_on_the_same_machine(tmp_path: Path) -> None:
    with serving(tmp_path) as web:
        sign = sign_of(tmp_path)
        before = sign.until()
        assert b"200 OK" in web.ask("/logged")
        assert sign.until() > before


def test_without_our_configuration_nothing_starts() -> None:
    """Its defaults believe what a client on the same machine says of the scheme and of the path."""
    with pytest.raises(RuntimeError, match=r"--config python:navidrome_lib\.web\.gunicorn_conf"):
        EventedWorker.check_config(Config(), None)


def unchunked(body: bytes) -> bytes:
    found, begin = [], 0
    while begin < len(body):
        end = body.index(b"\r\n", begin)
        size = int(body[begin:end], 16)
        found.append(body[end + 2 : end + 2 + size])
        begin = end + 2 + size + 2
    return b"".join(found)


@pytest.mark.parametrize("beginning", [HEAD, HEAD + b"X-Y: ", POST + b"Content-Length: 9\r\n\r\n1234"])
def test_half_a_request_has_a_deadline(web: Web, beginning: bytes) -> None:
    begun = time.monotonic()
    with web.connect(beginning) as client:
        time.sleep(0.5)
        client.sendall(b"x")  # a byte now and then gives no more time
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body_of(answer)) == {"error": "The request did not arrive in time."}
    assert 0.6 < time.monotonic() - begun < 10


def test_who_says_nothing_is_left_without_an_answer(web: Web) -> None:
    with web.connect() as client:
        assert read_all(client) == b""


def test_an_address_has_a_bounded_number_of_unfinished_requests(web: Web) -> None:
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(30):
            clients.append(stack.enter_context(web.connect(HEAD)))
            time.sleep(0.01)  # a request has begun when its first byte is read
        first = read_all(clients[0])
        assert first.startswith(b"HTTP/1.1 408 ")
        assert b"Too many requests of this address are unfinished." in first
        # who comes now is served, and the newest may still finish
        assert b"200 OK" in web.ask("/x")
        clients[-1].sendall(b"Connection: close\r\n\r\n")
        assert b"200 OK" in read_all(clients[-1])


def test_a_burst_of_whole_requests_is_answered(web: Web) -> None:
    request = HEAD + b"Connection: close\r\n\r\n"
    os.kill(web.worker(), signal.SIGSTOP)  # as a busy one that has not come to read
    try:
        clients = [web.connect(request) for _ in range(12 * 4)]
    finally:
        os.kill(web.worker(), signal.SIGCONT)
    for client in clients:
        with client:
            assert b"200 OK" in read_all(client)


def test_half_requests_hold_no_thread(web: Web) -> None:
    with contextlib.ExitStack() as stack:
        for beginning in (HEAD, POST + b"Content-Length: 9\r\n\r\n"):
            for _ in range(THREADS + 1):
                stack.enter_context(web.connect(beginning))
        assert threads_answer(web)


@pytest.mark.parametrize("path", ["/file", "/large", "/pieces", "/drawn"])
def test_slow_readers_hold_no_thread_that_others_need(web: Web, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(web.connect(request, room=64 * 1024)) for _ in range(THREADS * 3)]
        time.sleep(0.2)
        assert threads_answer(web)
        whole = 0
        for client in clients:
            with contextlib.suppress(ConnectionResetError):
                whole += len(read_all(client)) > LARGE
    # a thread waits for one of the streams that belong to it, and the others are cut off; what needs no thread is whole
    assert whole == THREADS * 3 if path != "/pieces" else 1 <= whole < THREADS * 3


@pytest.mark.parametrize("path", ["/file", "/large", "/pieces", "/drawn", "/drawn-chunked", "/drawn-late"])
def test_a_reader_that_makes_pauses_gets_everything(web: Web, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    with web.connect(request, room=64 * 1024) as client:
        time.sleep(0.3)
        beginning = client.recv(4096)
        time.sleep(0.3)
        body = body_of(beginning + read_all(client))
    is_chunked = path in ("/pieces", "/drawn-chunked", "/drawn-late")
    assert (unchunked(body) if is_chunked else body) == PIECE * (LARGE // len(PIECE))


def test_a_reader_that_takes_nothing_is_dropped(web: Web) -> None:
    requests = [f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in ("/file", "/large", "/pieces")]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(web.connect(request, room=4096)) for request in requests]
        time.sleep(2.7)
        for client in clients:
            with contextlib.suppress(ConnectionResetError):
                assert len(read_all(client)) < LARGE


def test_a_body_that_is_drawn_keeps_its_connection(web: Web) -> None:
    before = closed_sources(web)
    request = b"GET /drawn HTTP/1.1\r\nHost: a\r\n\r\n"
    with web.connect(request + request + HEAD + b"Connection: close\r\n\r\n") as client:
        answers = read_all(client)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert len(answers) > 2 * LARGE
    assert closed_sources(web) == before + 2


@pytest.mark.parametrize("path", ["/drawn-short", "/drawn-broken"])
def test_a_body_that_cannot_be_completed_never_looks_whole(web: Web, path: str) -> None:
    answer = b""
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    with web.connect(request) as client, contextlib.suppress(ConnectionResetError):
        while piece := client.recv(1024 * 1024):
            answer += piece
    assert len(answer) < LARGE
    assert not answer.endswith(b"0\r\n\r\n")


def test_what_a_body_is_drawn_from_is_given_back_when_its_reader_goes(web: Web) -> None:
    before = closed_sources(web)
    for path in ("/drawn", "/drawn-late", "/drawn-chunked"):
        with web.connect(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), room=4096) as client:
            client.recv(512)
    assert eventually(lambda: closed_sources(web) == before + 3, seconds=10)


def test_storage_that_hangs_stops_neither_requests_nor_other_storage(web: Web) -> None:
    before = closed_sources(web)
    with contextlib.ExitStack() as stack:
        for _ in range(40):  # more than there are threads for storage
            stack.enter_context(web.connect(b"GET /hung HTTP/1.1\r\nHost: a\r\n\r\n"))
        assert threads_answer(web)
        assert len(body_of(web.ask("/drawn"))) == LARGE
    # the threads that read still have what the readers who went have left
    web.ask("/release")
    assert eventually(lambda: closed_sources(web) == before + 41, seconds=10)


def test_requests_follow_each_other_on_one_connection(web: Web) -> None:
    requests = POST + b"Content-Length: 3\r\n\r\nabc" + POST + b"Content-Length: 2\r\n\r\nde" + HEAD
    with web.connect(requests) as client:
        time.sleep(0.2)
        client.sendall(b"Connection: close\r\n\r\n")
        answers = read_all(client)
    assert re.findall(rb"/\w+ \d+", answers.replace(b"HTTP/1.1 200", b"")) == [b"/count 3", b"/count 2", b"/x 0"]


def test_a_body_is_asked_for_when_the_client_waits_to_be(web: Web) -> None:
    with web.connect(POST + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n") as client:
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"data")
        assert b"/count 4" in read_all(client)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"NO SENSE\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nContent-Length: nine\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\n\r\n", 431),
        (HEAD + b"X-Y: " + b"z" * 40_000, 431),
        (b"GET /raise HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 500),
    ],
)
def test_what_is_no_request_is_answered_and_ended(web: Web, request_: bytes, status: int) -> None:
    with web.connect(request_) as client:
        assert read_all(client).startswith(f"HTTP/1.1 {status} ".encode())


def test_an_address_may_name_a_thousand_songs(web: Web) -> None:
    """As that of a player which keeps its queue by GET."""
    address = b"/x?" + b"&".join(b"id=%022d" % number for number in range(1_000))
    with web.connect(b"GET " + address + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as client:
        assert read_all(client).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_is_too_long_is_answered_before_it_comes(web: Web) -> None:
    with web.connect(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n") as client:
        assert b"200 OK" in client.recv(4096)  # the application has refused, or not, by the head alone
        with contextlib.suppress(OSError):
            for _ in range(64):
                client.sendall(bytes(64 * 1024))
        with contextlib.suppress(ConnectionResetError):
            assert read_all(client) == b""


def test_a_picture_may_be_longer_than_any_other_body(web: Web) -> None:
    size = 3 * 512 * 1024
    head = f"POST {COUNTED[1]} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    with web.connect(head.encode() + bytes(size)) as client:
        assert f"{COUNTED[1]} {size} ".encode() in read_all(client)


def test_bodies_that_do_not_end_have_bounded_memory(web: Web) -> None:
    half = POST + b"Content-Length: 1000000\r\n\r\n" + bytes(700_000)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(web.connect(half)) for _ in range(5)]
        answers = [read_all(client) for client in clients]
    refused = [b"Too many requests of this address" in answer for answer in answers]
    assert (refused[0], refused[-1]) == (True, False), "the oldest have to go, the newest may go on until its deadline"
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


def test_bodies_that_wait_for_their_answers_have_bounded_memory(web: Web) -> None:
    request = b"POST /sleep HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 900000\r\n\r\n" + bytes(900_000)
    with contextlib.ExitStack() as stack:
        answers = [read_all(client) for client in [stack.enter_context(web.connect(request)) for _ in range(3)]]
    assert sorted(answer.split()[1] for answer in answers) == [b"200", b"200", b"503"]
    with web.connect(request) as client:
        assert read_all(client).startswith(b"HTTP/1.1 200 ")


def test_a_head_alone_is_answered_without_a_body(web: Web) -> None:
    for path in ("/large", "/file", "/pieces", "/drawn", "/drawn-chunked"):
        with web.connect(f"HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()) as client:
            answer = read_all(client)
        assert (answer.startswith(b"HTTP/1.1 200 OK"), body_of(answer)) == (True, b"")


def test_an_answer_that_breaks_off_is_seen_to(web: Web) -> None:
    request = b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n"
    with web.connect(request) as client, contextlib.suppress(ConnectionResetError):
        assert not read_all(client).endswith(b"0\r\n\r\n")
    assert threads_answer(web)


def test_many_streams_hold_no_thread(web: Web) -> None:
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(STREAMS):
            clients.append(stack.enter_context(web.connect(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n")))
            clients[-1].recv(4096)
        assert threads_answer(web)
        assert f" 0 {STREAMS} 0 ".encode() in web.ask("/tell")
        for client in clients:
            assert eventually(lambda client=client: b"news" in client.recv(4096), seconds=5)  # type: ignore[misc]
        for client in clients[:100]:
            client.close()
        assert eventually(lambda: f" 0 {STREAMS} 100 ".encode() in web.ask("/x"), seconds=10)
        web.ask("/end")
        for client in clients[100:]:
            assert read_all(client).endswith(b"0\r\n\r\n")
    assert eventually(lambda: f" 0 {STREAMS} {STREAMS} ".encode() in web.ask("/x"), seconds=10)


def test_a_stop_lets_answers_end_and_nobody_else_wait(tmp_path: Path) -> None:
    with serving(tmp_path) as web, contextlib.ExitStack() as stack:
        running = stack.enter_context(web.connect(b"GET /sleep HTTP/1.1\r\nHost: a\r\n\r\n"))
        idle = stack.enter_context(web.connect(HEAD + b"\r\n"))
        live = stack.enter_context(web.connect(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n"))
        assert b"200 OK" in idle.recv(4096)
        while b"hello" not in live.recv(4096):
            pass
        begun = time.monotonic()
        web.process.send_signal(signal.SIGTERM)
        assert (idle.recv(4096), live.recv(4096)) == (b"", b"")
        assert b"/sleep" in read_all(running)
        assert web.process.wait(20) == 0
        assert time.monotonic() - begun < 9


def test_it_ends_when_its_parent_has_died(tmp_path: Path) -> None:
    with serving(tmp_path) as web:
        children = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(web.process.pid)], text=True).split()
        web.process.kill()
        web.process.wait()
        assert eventually(lambda: not any(alive(int(child)) for child in children), seconds=20)


def alive(process: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def test_connections_are_bounded_and_the_one_that_waits_makes_room(tmp_path: Path) -> None:
    name = "tests.support.web_application"
    options = ("--threads=2", "--worker-connections=20", "--graceful-timeout=2")
    environ = environ_of(tmp_path)
    with (
        web_server(tmp_path, f"{name}:application", f"{name}.HastyWorker", *options, environ=environ) as web,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(60):
            client = stack.enter_context(web.connect(HEAD + b"\r\n"))
            assert b"200 OK" in client.recv(4096), "kept for another request"
        assert isinstance(client, socket.socket)
        assert b"200 OK" in web.ask("/x")
