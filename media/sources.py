"""Bodies that are read from an open file."""

from __future__ import annotations

import os
from collections.abc import Callable

from media.opening import OpenMedia


class FileSource:
    """`length` bytes of an open file from `offset` on, as a `navidrome_lib.api.streams.Source`."""

    def __init__(self, media: OpenMedia, offset: int, length: int) -> None:
        self._media = media
        self._at = offset
        self._left = length
        self._is_open = True
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(media.fd, offset, length, os.POSIX_FADV_SEQUENTIAL)

    @property
    def storage(self) -> str:
        return self._media.storage

    def read(self, size: int) -> bytes:
        """The next bytes; an error when the file has become shorter meanwhile."""
        if not self._left:
            return b""
        data = os.pread(self._media.fd, min(size, self._left), self._at)
        if not data:
            raise EOFError(f"the file has {self._left} bytes fewer than when it was opened")
        self._at += len(data)
        self._left -= len(data)
        return data

    def when_ready(self, callback: Callable[[], None]) -> None:
        callback()

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._media.close()
