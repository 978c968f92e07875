"""Servers that tests of the one command start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.server import Server


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """A list for those that a test starts: none of them outlives it."""
    started: list[Server] = []
    yield started
    for server in started:
        server.process.kill()
        server.process.wait()
