"""Readers that are shared by all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from libraries.scanner import pipeline
from tests.hazards.files import RememberingPool


@pytest.fixture(scope="session")
def shared_readers() -> Iterator[RememberingPool]:
    pool = RememberingPool()
    pool.start()
    yield pool
    pool.end()


@pytest.fixture
def quick_reading(shared_readers: RememberingPool, monkeypatch: pytest.MonkeyPatch) -> RememberingPool:
    """Scans read each content once; everything else of them is as always."""
    monkeypatch.setattr(pipeline, "make_pool", lambda **_: shared_readers)
    return shared_readers
