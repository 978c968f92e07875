"""The orders of large lists, kept in files: a page of any order is read at once, however far down it is.

An index for each order would cost every scan more than it is worth to most people. A file holds the ids of the rows
that some libraries have, in one order, and which revision of the libraries they are of: it is made by the first who
asks for a page of it. While a scan changes the catalog all the time, a file counts for some seconds more.

What a viewer may see is asked of the database again, for each row of a page: a file says nothing but an order.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import orjson
from django.conf import settings

from libraries.gathering import late_libraries
from libraries.limits import ListLimits
from libraries.models import Library, Scan
from navidrome_lib.db.prepared import PreparedIn
from navidrome_lib.file_cache import FileCache, file_cache
from navidrome_lib.limits import limits_of

# of an id, in characters
_ID: Final = 22
# what is in front of the ids: JSON, filled up with spaces
_HEADER: Final = 4096
# of groups of a random order, in which rows are put by their ids: the seed says in which order they come
_GROUPS: Final = 256
# who makes a file of which name: two of them wait for each other, which does no harm
_MAKERS: Final = tuple(threading.Lock() for _ in range(16))


class KeptOrder(NamedTuple):
    """An open file."""

    fd: int
    length: int
    revision: str
    made_at: float
    # of a random order, how many ids each group has
    groups: list[int]

    def page(self, first: int, end: int, *, descending: bool) -> list[str]:
        """The ids from place `first` to before `end`, or so far as there are any."""
        first, end = min(first, self.length), min(end, self.length)
        return self._ids(self.length - end, self.length - first)[::-1] if descending else self._ids(first, end)

    def others(self, first: int, end: int, skipped: Sequence[str], *, descending: bool) -> list[str]:
        """The same of an order of ids, without some: `skipped`, in that order."""
        there = max(self.length - len(skipped), 0)
        first, end = min(first, there), min(end, there)
        if descending:
            first, end = there - end, there - first
        # where as many others are before as the page begins behind
        at = bisect_left(range(self.length), first + 1, key=lambda place: place + 1 - self._skipped(place, skipped))
        left_out, found = frozenset(skipped), list[str]()
        while len(found) < end - first and at < self.length:
            ids = self._ids(at, min(at + end - first, self.length))
            found += (pk for pk in ids if pk not in left_out)
            at += len(ids)
        del found[end - first :]
        return found[::-1] if descending else found

    def _skipped(self, place: int, skipped: Sequence[str]) -> int:
        """How many of some ids are not behind the one at a place."""
        return bisect_right(skipped, self._ids(place, place + 1)[0])

    def shuffled(self, first: int, end: int, *, seed: str, descending: bool) -> list[str]:
        """The same of a random order. The place of a row depends on the seed and the row alone."""
        if descending:
            first, end = self.length - min(end, self.length), self.length - min(first, self.length)
        key = hashlib.blake2b((seed or secrets.token_hex(8)).encode(), digest_size=32).digest()
        starts = [0]
        for size in self.groups:
            starts.append(starts[-1] + size)
        found: list[str] = []
        at = 0
        for group in sorted(range(len(self.groups)), key=lambda each: _mixed(key, str(each))):
            size = self.groups[group]
            if at + size > first and at < end:
                ids = self._ids(starts[group], starts[group] + size)
                ids.sort(key=lambda pk: _mixed(key, pk))
                found += ids[max(first - at, 0) : end - at]
            at += size
        return found[::-1] if descending else found

    def _ids(self, first: int, end: int) -> list[str]:
        text = os.pread(self.fd, (end - first) * _ID, _HEADER + first * _ID).decode("ascii")
        return [text[at : at + _ID] for at in range(0, len(text), _ID)]


class OrderKeeper:
    """One order of the rows of some libraries: `what` tells it from all others."""

    def __init__(self, what: Sequence[Any], library_ids: Collection[int], *, random: bool = False) -> None:
        text = orjson.dumps([*what, sorted(library_ids), random])
        self._name = hashlib.blake2b(text, digest_size=16).hexdigest()
        self._library_ids = sorted(library_ids)
        self._random = random

    @contextmanager
    def kept(self) -> Iterator[KeptOrder | None]:
        """The order as it is now, or in a scan was a few seconds ago; None where there is no such one."""
        with self._open() as order:
            yield order if order is not None and self._counts(order) else None

    @contextmanager
    def made(self, find_ids: Callable[[], list[str]]) -> Iterator[KeptOrder | None]:
        """The order; it is made of all ids, where that is due. None where it cannot be kept."""
        with _MAKERS[int(self._name[:2], 16) % len(_MAKERS)]:
            with self.kept() as order:
                known = order is not None
            if not known:
                # the revision first: what changes meanwhile makes the order an old one
                revision = revision_of(self._library_ids)
                if (data := self._as_file(find_ids(), revision)) is not None:
                    _cache().put(self._name, data)
        with self._open() as order:
            yield order

    @contextmanager
    def _open(self) -> Iterator[KeptOrder | None]:
        fd = _cache().open(self._name)
        if fd is None:
            yield None
            return
        try:
            yield _whole(fd)
        finally:
            os.close(fd)

    def _counts(self, order: KeptOrder) -> bool:
        """Whether it is that of now, or young while a scan changes the catalog all the time."""
        if order.revision == revision_of(self._library_ids):
            return True
        is_young = 0 <= time.time() - order.made_at < limits_of(ListLimits).old_order_seconds
        return is_young and Scan.objects.running().filter(library__in=self._library_ids).exists()

    def _as_file(self, ids: list[str], revision: str) -> bytes | None:
        if not set(map(len, ids)) <= {_ID}:
            return None
        groups = [0] * _GROUPS if self._random else []
        if self._random:
            numbers = {pk: zlib.crc32(pk.encode()) % _GROUPS for pk in ids}
            ids = sorted(ids, key=numbers.__getitem__)
            for number in numbers.values():
                groups[number] += 1
        header = {"length": len(ids), "revision": revision, "made_at": time.time(), "groups": groups}
        return orjson.dumps(header).ljust(_HEADER) + "".join(ids).encode("ascii")


def _whole(fd: int) -> KeptOrder | None:
    """The order in an open file; None for one that was not written whole, as after a power failure."""
    try:
        order = KeptOrder(fd, **orjson.loads(os.pread(fd, _HEADER, 0)))
        return order if os.fstat(fd).st_size == _HEADER + order.length * _ID else None
    except (TypeError, ValueError):
        return None


_revisions: Final = PreparedIn[tuple[int, int]](
    lambda ids: Library.objects.filter(pk__in=ids).order_by().values_list("pk", "revision"), kind=int
)


def revision_of(library_ids: Sequence[int]) -> str:
    """What changes with the catalog of some libraries; what is not the same twice, while something is not gathered."""
    # before that look: what a scan changes between the two is gathered later, and has no other revision then
    rows = sorted(_revisions.rows(library_ids))
    if late_libraries(library_ids):
        return secrets.token_hex(8)
    # of any number of libraries as long: it has to find room in a header
    return hashlib.blake2b(orjson.dumps(rows), digest_size=16).hexdigest()


def _mixed(key: bytes, text: str) -> bytes:
    return hashlib.blake2b(text.encode(), key=key, digest_size=8).digest()


def _cache() -> FileCache:
    return file_cache(settings.CACHE_FOLDER / "orders", limits_of(ListLimits).kept_bytes)
