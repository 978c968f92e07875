"""Image processes from the side of the server: bounded in number, in memory, and in time for each picture."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

from libraries.audio.pool.isolation import clean_environment
from media.images.jobs import MAX_PICTURE_BYTES, Job, Made

MEMORY: Final = 768 * 1024 * 1024
_START_SECONDS: Final = 60.0
# a process that had nothing to do for so long ends: it has 30 MB
REST_SECONDS: Final = 60.0


class ImageProblem(Exception):
    """No picture could be made; the message is for the log."""


class ImageProcess:
    """One image process; one job at a time. A job that takes too long or too much costs the process its life."""

    def __init__(self, memory: int) -> None:
        ours, theirs = socket.socketpair()
        number = str(theirs.fileno())
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "media.images.worker", str(os.getpid()), str(memory), number],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=clean_environment(),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._channel = ours
        self._is_ready = False
        self.used_at = time.monotonic()

    def run(self, job: Job, files: Sequence[int], seconds: float) -> Made:
        """The picture of a job; `ImageProblem` when there is none, and then the process may have ended."""
        try:
            if not self._is_ready:
                self._take(1, time.monotonic() + _START_SECONDS)
                self._is_ready = True
            socket.send_fds(self._channel, [job.pack()], list(files))
            end = time.monotonic() + seconds
            sizes = self._take(8, end)
            head = int.from_bytes(sizes[:4], "little")
            size = int.from_bytes(sizes[4:], "little")
            if max(head, size) > 2 * MAX_PICTURE_BYTES:
                raise ImageProblem("the image process answers nonsense")
            facts = json.loads(self._take(head, end))
            data = self._take(size, end)
        except (OSError, ValueError, ImageProblem) as error:
            self.kill()
            raise ImageProblem(str(error)) from error
        if "error" in facts:
            raise ImageProblem(str(facts["error"]))
        return Made(data=data, **facts)

    def _take(self, size: int, end: float) -> bytes:
        found = bytearray()
        while len(found) < size:
            ready, _, _ = select.select([self._channel], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise ImageProblem("it took too long")
            more = self._channel.recv(min(size - len(found), 1 << 18))
            if not more:
                raise ImageProblem("the picture ended its process")
            found += more
        return bytes(found)

    @property
    def is_alive(self) -> bool:
        return self._channel.fileno() >= 0 and self.process.poll() is None

    def kill(self) -> None:
        self._channel.close()
        self.process.kill()
        self.process.wait()


class ImagePool:
    """Makes pictures for any thread, in at most `most` processes, which start when they are needed, and end unused.

    At most `waiting` threads wait for one: requests that need no picture keep theirs.
    """

    def __init__(
        self, most: int, *, seconds: float, waiting: int, memory: int = MEMORY, rest: float = REST_SECONDS
    ) -> None:
        self._turns = threading.BoundedSemaphore(most)
        self._places = threading.BoundedSemaphore(most + waiting)
        self._seconds = seconds
        self._memory = memory
        self._lock = threading.Lock()
        self._idle: list[ImageProcess] = []
        self._rest = rest
        self._timer: threading.Timer | None = None

    @property
    def pids(self) -> list[int]:
        """The processes that have nothing to do."""
        with self._lock:
            return [process.process.pid for process in self._idle]

    def make(self, job: Job, files: Sequence[int] = ()) -> Made:
        """The picture of a job; its files stay open. `ImageProblem` when there is none, `ImagesBusy` without a turn."""
        with self.turn():
            return self._run(job, files)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """The right to use one of the processes; `ImagesBusy` when others want it for too long."""
        if not self._places.acquire(blocking=False):
            raise ImagesBusy("too many requests wait for pictures")
        try:
            if not self._turns.acquire(timeout=self._seconds):
                raise ImagesBusy("other pictures take too long")
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()

    def _run(self, job: Job, files: Sequence[int]) -> Made:
        with self._lock:
            process = self._idle.pop() if self._idle else None
        if process is None or not process.is_alive:
            if process is not None:
                process.kill()
            process = ImageProcess(self._memory)
        try:
            return process.run(job, files, self._seconds)
        finally:
            if process.is_alive:
                process.used_at = time.monotonic()
                with self._lock:
                    self._idle.append(process)
                    self._look_later()

    def _look_later(self) -> None:
        """Look for unused processes when the first of them may be one."""
        if self._timer is None:
            self._timer = threading.Timer(self._rest, self._end_unused)
            self._timer.daemon = True
            self._timer.start()

    def _end_unused(self) -> None:
        with self._lock:
            before = time.monotonic() - self._rest
            unused = [process for process in self._idle if process.used_at <= before]
            self._idle = [process for process in self._idle if process.used_at > before]
            self._timer = None
            if self._idle:
                self._look_later()
        for process in unused:
            process.kill()

    def close(self) -> None:
        """End the processes that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            with contextlib.suppress(OSError):
                process.kill()


class ImagesBusy(ImageProblem):
    """As many pictures are being made as may be at once; a moment later it may work."""


images = ImagePool(2, seconds=10.0, waiting=12)
atexit.register(images.close)
