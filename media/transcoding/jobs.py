"""Songs that are being converted: each by one ffmpeg, for as long as a player listens, read while it grows."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from media.opening import OpenMedia
from media.transcoding.ffmpeg import Recipe, complaint, start_ffmpeg
from media.transcoding.slots import Slot
from navidrome_lib.file_cache import PARTIAL, FileCache

logger = logging.getLogger(__name__)

# how often a growing file is looked at: often until it begins, then as often as a player needs
_FIRST_LOOKS: Final = 0.005
_LOOKS: Final = 0.05


class TranscodeFailed(OSError):
    """The song could not be converted to its end."""


class Transcode:
    """One song on its way through ffmpeg, and who waits for more of it. It is killed when no player listens."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        partial: Path,
        slot: Slot,
        ended: Callable[[Transcode, bool], None],
    ) -> None:
        """The first listener is who starts it. `ended` is told whether the file is whole, and disposes of it."""
        self._process = process
        self._partial = partial
        self._slot = slot
        self._tell_end = ended
        self._lock = threading.Lock()
        self._listeners = 1
        self._waiting: list[Callable[[], None]] = []
        self._size = 0
        self._is_over = False
        self._is_whole = False
        threading.Thread(target=self._watch, name=f"transcode {process.pid}", daemon=True).start()

    def join(self) -> int | None:
        """Listen along: a descriptor of the growing file; None when it has just ended."""
        with self._lock:
            if not self._listeners or self._is_over:
                return None
            try:
                fd = os.open(self._partial, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return None
            self._listeners += 1
            return fd

    def leave(self) -> None:
        """Listen no more."""
        with self._lock:
            self._listeners -= 1
            if not self._listeners and not self._is_over:
                self._process.kill()

    def when_more(self, size: int, callback: Callable[[], None]) -> None:
        """Call `callback` when there are more bytes than `size`, or no more will come."""
        with self._lock:
            if not self._is_over and self._size <= size:
                self._waiting.append(callback)
                return
        callback()

    @property
    def state(self) -> tuple[bool, bool]:
        """Whether it has ended, and whether the file is whole."""
        return self._is_over, self._is_whole

    def _watch(self) -> None:
        pause = _FIRST_LOOKS
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(pause)
                break
            self._look()
            if self._size:
                pause = _LOOKS
        said = complaint(self._process.stderr)
        if self._process.stderr is not None:
            self._process.stderr.close()
        code = self._process.returncode
        with self._lock:
            wanted = self._listeners > 0
        if code and wanted:
            logger.warning("A song could not be converted (ffmpeg ended with %d): %s", code, said)
        self._slot.release()
        self._end(is_whole=code == 0)

    def _look(self) -> None:
        with contextlib.suppress(OSError):
            size = self._partial.stat().st_size
            if size > self._size:
                with self._lock:
                    self._size = size
                self._wake()

    def _end(self, *, is_whole: bool) -> None:
        with contextlib.suppress(OSError):
            self._size = self._partial.stat().st_size
        with self._lock:
            self._is_over = True
            self._is_whole = is_whole
        self._tell_end(self, is_whole)
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()


class GrowingSource:
    """The file of a transcode, read while it grows, as a `navidrome_lib.api.streams.Source`.

    With `length` as many bytes are sent as were announced: what is missing is filled with silence to decoders, zeros.
    """

    storage = "transcodes"

    def __init__(self, transcode: Transcode, fd: int, length: int | None = None) -> None:
        self._transcode = transcode
        self._fd = fd
        self._at = 0
        self._length = length
        self._is_open = True

    def read(self, size: int) -> bytes | None:
        """The next bytes, None while ffmpeg has not made them yet."""
        is_over, is_whole = self._transcode.state
        data = os.pread(self._fd, size, self._at)
        if not data:
            if not is_over:
                return None
            if not is_whole:
                raise TranscodeFailed("the song could not be converted to its end")
            if self._length is not None and self._at < self._length:
                data = bytes(min(size, self._length - self._at))
        self._at += len(data)
        return data

    def when_ready(self, callback: Callable[[], None]) -> None:
        self._transcode.when_more(self._at, callback)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._fd)
            self._transcode.leave()


class Transcodes:
    """The songs that this process converts now: who asks for the same one listens along."""

    def __init__(self) -> None:
        self._running: dict[str, Transcode] = {}
        self._lock = threading.Lock()

    def join(self, name: str) -> tuple[Transcode, int] | None:
        """Listen along to a transcode of that name; None when there is none."""
        with self._lock:
            running = self._running.get(name)
            fd = running.join() if running is not None else None
            return (running, fd) if running is not None and fd is not None else None

    def start(
        self, cache: FileCache, name: str, *, program: str, recipe: Recipe, demuxer: str, media: OpenMedia, slot: Slot
    ) -> tuple[Transcode, int]:
        """Convert an open file, which stays the caller's; the slot is given back at the end, or with an error."""
        path = cache.path(name)
        partial = path.with_name(f"{name}.{os.getpid()}-{time.monotonic_ns()}{PARTIAL}")
        fd = output = -1
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            output = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fd = os.open(partial, os.O_RDONLY | os.O_CLOEXEC)
            process = start_ffmpeg(program, recipe, demuxer, media.fd, output)
        except BaseException:
            slot.release()
            partial.unlink(missing_ok=True)
            if fd >= 0:
                os.close(fd)
            raise
        finally:
            if output >= 0:
                os.close(output)

        def ended(transcode: Transcode, is_whole: bool) -> None:
            with self._lock:
                if self._running.get(name) is transcode:
                    del self._running[name]
            _dispose(cache, partial, path, is_whole=is_whole)

        with self._lock:
            started = self._running[name] = Transcode(process, partial, slot, ended)
        return started, fd


def _dispose(cache: FileCache, partial: Path, path: Path, *, is_whole: bool) -> None:
    """Keep a whole file in the cache, and delete any other."""
    with contextlib.suppress(OSError):
        if is_whole and cache.limit:
            size = partial.stat().st_size
            partial.replace(path)
            cache.added(size)
        else:
            partial.unlink()


transcodes = Transcodes()
