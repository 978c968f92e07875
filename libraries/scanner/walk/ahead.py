"""Visits to folders that the walk will come to, made by threads as long as that is quicker than one after the other.

The walk takes visits in its own order. While the storage answers at once it makes each of them itself, when it comes to
the folder. As soon as they wait for the storage, threads go ahead of it: through the folders that are known already,
the next ones first, and through the folders that these visits find. What links lead to is visited ahead as well, but
nothing below it before the walk has entered it, since it may be a loop.

The threads touch nothing but the storage. One that hangs in it is left behind; it dies with the process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from libraries.in_flight import InFlight, Stopwatch
from libraries.scanner.walk.visit import PendingFolder, Visit, Visitor, WalkStopped

# files of visits that the walk has not come to, above which no thread goes on: a bound for memory
MOST_AHEAD: Final = 30_000
# as many files is a folder
_HELD_OF_FOLDER: Final = 8
# how often a walk that waits for a visit asks whether it is to stop
_TICK: Final = 0.1


@dataclass(slots=True)
class _Made:
    """A visit that was made ahead, or what it ended in, and the identity of a folder behind a link."""

    visit: Visit | None = None
    identity: tuple[int, int] | None = None
    error: BaseException | None = None

    @property
    def held(self) -> int:
        return _HELD_OF_FOLDER + (len(self.visit.listing.files) if self.visit is not None else 0)


class Visits:
    """The folders that one walk will come to, and the visits to them. One thread takes them; `close` ends the rest."""

    def __init__(self, visitor: Visitor, in_flight: InFlight, *, most_ahead: int = MOST_AHEAD) -> None:
        """Visit as many folders at once as `in_flight` says, and not many more than `most_ahead` files ahead."""
        self._visitor = visitor
        self._most_ahead = most_ahead
        self._in_flight = in_flight
        self._stop = visitor.stop
        # what the walk will come to, the next one last
        self._stack: list[PendingFolder] = []
        # whether threads have ever been worth it: until then there is nothing to share with them
        self._is_shared = in_flight.limit > 1
        self._lock = threading.Lock()
        self._to_do = threading.Condition(self._lock)
        self._done = threading.Condition(self._lock)
        # what threads may visit, and its order; the order may hold what is no longer pending
        self._pending: dict[bytes, PendingFolder] = {}
        self._order: list[tuple[list[bytes], bytes]] = []
        self._made: dict[bytes, _Made] = {}
        self._under_way: set[bytes] = set()
        self._held = 0
        self._needed: bytes | None = None
        self._threads = 0
        self._idle = 0
        self._closed = False

    def push(self, folders: Sequence[PendingFolder]) -> None:
        """Have the walk come to these folders next, in this order."""
        self._stack += reversed(folders)
        if self._is_shared:
            with self._lock:
                self._add(folders)
                self._set_to_work()

    def pop(self) -> PendingFolder | None:
        """The folder that the walk comes to now; None when there is none left."""
        return self._stack.pop() if self._stack else None

    def identity(self, folder: PendingFolder) -> tuple[int, int]:
        """The device and the inode of a folder behind a link. Raises OSError and WalkStopped."""
        made = self._wait_for(folder.path) if self._is_shared else None
        if made is None:
            return self._visitor.identity(folder)
        if made.identity is None:
            assert made.error is not None
            raise made.error
        return made.identity

    def take(self, folder: PendingFolder) -> Visit:
        """The visit to a folder. Raises WalkStopped, and no error of storage."""
        made = self._wait_for(folder.path) if self._is_shared else None
        self.drop(folder)
        if folder.error is not None:
            return self._visitor.visit(folder)
        if made is None:
            return self._visit_here(folder)
        if made.visit is None:
            assert made.error is not None
            raise made.error
        return made.visit

    def drop(self, folder: PendingFolder) -> None:
        """Forget what was visited ahead of a folder, which the walk will not come to again."""
        if not self._is_shared:
            return
        with self._lock:
            self._pending.pop(folder.path, None)
            made = self._made.pop(folder.path, None)
            if made is not None:
                was_full = self._held >= self._most_ahead
                self._held -= made.held
                if was_full:
                    self._to_do.notify_all()

    def close(self) -> None:
        """Have the threads end, without waiting for those that the storage keeps."""
        with self._lock:
            self._closed = True
            self._to_do.notify_all()

    def _wait_for(self, path: bytes) -> _Made | None:
        """What a thread made of a folder; None when the walk had better visit it itself."""
        with self._lock:
            self._needed = path
            while path in self._pending or path in self._under_way:
                if path in self._pending and self._in_flight.limit == 1:
                    return None
                self._set_to_work()
                if not self._done.wait(_TICK) and self._stop():
                    raise WalkStopped
            return self._made.get(path)

    def _visit_here(self, folder: PendingFolder) -> Visit:
        watch = Stopwatch()
        visit = self._visitor.visit(folder)
        seconds, waited = watch.read()
        with self._lock:
            self._in_flight.add(seconds, waited, 1 + len(self._under_way))
            if not self._is_shared and self._in_flight.limit > 1:
                self._is_shared = True
                self._add(self._stack)
        return visit

    def _add(self, folders: Iterable[PendingFolder]) -> None:
        for folder in folders:
            path = folder.path
            # a thread that visited the folder above has added it already
            is_known = path in self._pending or path in self._under_way or path in self._made
            if folder.error is None and not is_known:
                self._pending[path] = folder
                # the order of the walk: parents first, siblings by name
                heappush(self._order, (path.split(b"/"), path))

    def _set_to_work(self) -> None:
        """Wake up or start threads for what is to be done."""
        limit = self._in_flight.limit
        wanted = min(limit - len(self._under_way), len(self._pending)) if limit > 1 and not self._closed else 0
        if wanted <= 0:
            return
        self._to_do.notify(wanted)
        for _ in range(min(wanted - self._idle, limit - self._threads)):
            try:
                threading.Thread(target=self._work, name="scan-lister", daemon=True).start()
            except RuntimeError:  # the system gives no more of them
                self._in_flight.bound(self._threads)
                return
            self._threads += 1

    def _work(self) -> None:
        while (folder := self._next()) is not None:
            made = _Made()
            watch = Stopwatch()
            try:
                if folder.linked:
                    made.identity = self._visitor.identity(folder)
                made.visit = self._visitor.visit(folder)
            except BaseException as error:  # it is raised again by the walk
                made.error = error
            self._finish(folder, made, *watch.read())

    def _next(self) -> PendingFolder | None:
        """The next folder for a thread, which waits for one; None when there is nothing to do any more."""
        with self._lock:
            while not self._closed:
                if self._has_room() and (folder := self._first()) is not None:
                    self._under_way.add(folder.path)
                    return folder
                self._idle += 1
                self._to_do.wait()
                self._idle -= 1
            return None

    def _has_room(self) -> bool:
        limit = self._in_flight.limit
        if limit == 1 or len(self._under_way) >= limit:
            return False
        return self._held < self._most_ahead or self._needed in self._pending

    def _first(self) -> PendingFolder | None:
        while self._order:
            _, path = heappop(self._order)
            folder = self._pending.pop(path, None)
            if folder is not None:
                return folder
        return None

    def _finish(self, folder: PendingFolder, made: _Made, seconds: float, waited: float) -> None:
        with self._lock:
            self._in_flight.add(seconds, waited, len(self._under_way))
            self._under_way.discard(folder.path)
            self._made[folder.path] = made
            self._held += made.held
            if made.visit is not None and not folder.linked:
                self._add(made.visit.children)
            self._set_to_work()
            # with one at a time no thread begins what is needed
            if folder.path == self._needed or self._in_flight.limit == 1:
                self._done.notify()
