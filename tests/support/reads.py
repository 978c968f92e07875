"""What is read of a file, in bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The bytes of each read of a file."""
    reads: list[int] = []
    pread = os.pread

    def count(fd: int, length: int, at: int) -> bytes:
        data = pread(fd, length, at)
        reads.append(len(data))
        return data

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", count)
        yield reads
