"""A server with few threads and little patience."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from navidrome_lib.runner.services import NO_ANNOUNCEMENT
from tests.support.web import Web, web_server

THREADS = 4


@contextlib.contextmanager
def serving(folder: Path, *more: str, worker: str = "HastyWorker") -> Iterator[Web]:
    name = "tests.support.web_application"
    options = (f"--threads={THREADS}", "--graceful-timeout=10", "--worker-connections=700", *more)
    with web_server(folder, f"{name}:application", f"{name}.{worker}", *options, environ=environ_of(folder)) as web:
        yield web


def environ_of(folder: Path) -> dict[str, str]:
    """The environment of a server whose application knows no accounts, and so has no first one to announce."""
    return {"ND_DATAFOLDER": str(folder), NO_ANNOUNCEMENT: "1"}


@pytest.fixture(scope="module", params=["HastyWorker", "HastyPlainWorker"])
def web(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), worker=request.param) as found:
        yield found


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def closed_sources(web: Web) -> int:
    return int(body_of(web.ask("/x")).split()[4])


def threads_answer(web: Web) -> bool:
    """Whether as many requests as there are threads are answered at once, soon."""
    begun = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(web.ask, ["/x"] * THREADS * 3))
    return all(b"200 OK" in answer for answer in answers) and time.monotonic() - begun < 5
