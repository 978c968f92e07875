"""A file behind the tags in front of it, as a stream for parsers that take every file to begin at zero."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from libraries.audio.file import Source

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class InnerStream(io.RawIOBase):
    """Stream of a file from an offset on, whose positions count from there."""

    def __init__(self, source: Source, begin: int) -> None:
        self._source = source
        self._begin = begin
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as there are bytes, and return their number."""
        view = memoryview(buffer).cast("B")
        data = self._source.pread(self._begin + self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._source.size - self._begin}[whence]
        if base + offset < 0:
            raise ValueError("a position in front of the stream")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at


def open_inner(source: Source, begin: int) -> io.BufferedReader:
    """Return the file from an offset on as a stream."""
    return io.BufferedReader(InnerStream(source, begin), buffer_size=32768)
