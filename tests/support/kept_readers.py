"""Reader processes that outlive the scans of tests: to start one costs more than most of these scans."""

from __future__ import annotations

import os
import selectors
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, NamedTuple

import pytest

from libraries.audio.pool.handle import PathAnswer, ReaderProcess
from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import Conversion
from libraries.scanner.read import readers

# as many as one scan has of each of some kinds
MOST: Final = 6


class Kind(NamedTuple):
    """What a reader is told when it starts."""

    timeout: float
    memory: int
    conversion: Conversion | None


class KeptReader(ReaderProcess):
    """A reader that goes back to the others when a pool drops it, if it owes nothing and is well."""

    def __init__(self, kind: Kind, home: Kept) -> None:
        super().__init__(*kind)
        self.kind = kind
        self._home = home
        self._is_gone = False

    def receive(self) -> list[PathAnswer] | None:
        answers = super().receive()
        self._is_gone = answers is None
        return answers

    def kill(self) -> int:
        is_well = self.is_ready and not self.owed and not self._is_gone and self.process.poll() is None
        return 0 if is_well and self._home.take_back(self) else super().kill()


class Kept:
    """The readers that no scan has at the moment."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._idle: list[KeptReader] = []
        # a reader ends with the thread that has started it, and those of scans come and go
        self._starter = ThreadPoolExecutor(1)

    def give(self, kind: Kind) -> ReaderProcess:
        """A reader of this kind; another process than the tests' own has its own."""
        if os.getpid() != self._process:
            return ReaderProcess(*kind)
        for reader in self._idle:
            if reader.kind == kind and reader.process.poll() is None:
                self._idle.remove(reader)
                return reader
        return self._starter.submit(KeptReader, kind, self).result()

    def take_back(self, reader: KeptReader) -> bool:
        """Whether it is kept; when there are too many, the one that has been idle longest ends."""
        if os.getpid() != self._process:
            return False
        self._idle.append(reader)
        if len(self._idle) > MOST:
            self._end(self._idle.pop(0))
        return True

    def close(self) -> None:
        while self._idle:
            self._end(self._idle.pop())
        self._starter.shutdown()

    def _end(self, reader: KeptReader) -> None:
        ReaderProcess.kill(reader)


@contextmanager
def kept_readers() -> Iterator[None]:
    """Have all scans of this process read by the same readers, which read each file as always."""
    kept = Kept()

    class KeptPool(ReaderPool):
        def spawn(self) -> ReaderProcess:
            reader = kept.give(Kind(self._timeout, self._memory, self._conversion))
            self.readers.append(reader)
            if self._selector is not None:
                self._selector.register(reader.fd, selectors.EVENT_READ, reader)
            return reader

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "ReaderPool", KeptPool)
        yield
    kept.close()
