"""Fingerprints of tracks, digests of their audio: each tells a file that moved and was retagged from any other file.

The digests are filled in behind the scans, a few seconds at a time, so that they are known when a file is gone. Where
a file is gone and new ones turn up, only those new ones are read that may be it.
"""

from __future__ import annotations

import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from libraries.audio.pool.protocol import FingerprintResult
from libraries.clock import SKEW
from libraries.models import Library, MediaFile, Scan
from libraries.scanner.lease import committed
from libraries.scanner.limits import ScanLimits
from libraries.scanner.paths import join
from libraries.scanner.read import background
from libraries.scanner.read.readers import make_pool
from libraries.scanner.types import LASTING_PROBLEMS
from navidrome_lib import stopping
from navidrome_lib.db.bulk import chunks, table
from navidrome_lib.limits import limits_of

logger = logging.getLogger(__name__)

SLICE_SECONDS: Final = 20.0
_PAGE: Final = 5000
_CLAIM: Final = timedelta(seconds=60)
_REST: Final = timedelta(minutes=10)
_LOOK_SECONDS: Final = 1.0
_MANY_PROBLEMS: Final = 50

_PLACE: Final = (
    "id", "library__path", "folder__path_bytes", "name_bytes", "size", "mtime_ns", "ctime_ns", "inode",
)  # fmt: skip


class FingerprintFile(NamedTuple):
    """A file to be read for its fingerprint: the id of its track, its absolute path, and its change key."""

    id: str
    path: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class _GiveWay(Exception):
    """Something else needs the storage, or the work is not ours any more."""


def read_fingerprints(
    files: Sequence[FingerprintFile], beat: Callable[[], None], workers: int | None = None
) -> Generator[tuple[str, str], None, None]:
    """(track id, digest) of the files, in any order; files that cannot be read now, or have changed, are left out.

    A file that has no audio to take a digest of gets one that nothing else has: it is not tried again.
    """
    by_path: dict[bytes, list[FingerprintFile]] = defaultdict(list)
    for file in files:
        by_path[file.path].append(file)
    for found in background.iterate(_read_fingerprints(by_path, workers), beat):
        yield from found


def _read_fingerprints(
    by_path: Mapping[bytes, list[FingerprintFile]], workers: int | None
) -> Iterator[list[tuple[str, str]]]:
    with make_pool(workers) as pool:
        for result in pool.read_fingerprints(by_path):
            # looked at behind the reading: the same change key as before proves that the file was not written meanwhile
            yield [(file.id, digest) for file in by_path[result.path] if (digest := _digest(result, file))]


def _digest(result: FingerprintResult, file: FingerprintFile) -> str:
    if result.problem is not None:
        return f"!{file.id}" if result.problem.kind in LASTING_PROBLEMS else ""
    try:
        now = os.stat(file.path)
    except OSError:
        return ""
    same = (now.st_size, now.st_mtime_ns, now.st_ctime_ns) == (file.size, file.mtime_ns, file.ctime_ns)
    return (result.fingerprint or "") if same else ""


def stored_files(ids: Iterable[str]) -> Iterator[FingerprintFile]:
    """The files of some tracks."""
    for piece in chunks(ids):
        yield from _files(MediaFile.objects.filter(pk__in=piece))


def _files(rows: QuerySet[MediaFile]) -> Iterator[FingerprintFile]:
    for pk, root, folder, name, *key in rows.values_list(*_PLACE):
        path = os.path.join(root.encode("utf-8", "surrogateescape"), join(bytes(folder), bytes(name)))
        yield FingerprintFile(pk, path, *key)


def save_fingerprints(found: Sequence[tuple[FingerprintFile, str]]) -> None:
    """Write digests down, each only as long as the row is of the very file that was read."""
    # conditional: a scan may have read the file again, or moved the track to another file, since we looked
    sql = f"""UPDATE {table(MediaFile)} SET audio_hash = %s
        WHERE id = %s AND size = %s AND mtime_ns = %s AND ctime_ns = %s AND inode = %s"""  # noqa: S608 - own names
    ordered = sorted(found, key=lambda one: one[0].id)  # two writers that lock rows in one order never deadlock
    rows = [(digest, file.id, file.size, file.mtime_ns, file.ctime_ns, file.inode) for file, digest in ordered]
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def _without_fingerprint() -> QuerySet[MediaFile]:
    # a literal, because SQLite only takes a partial index whose condition it finds in the text of the query
    return MediaFile.objects.present().filter(audio_hash=RawSQL("''", ()))


def libraries_without_fingerprints(*, now: datetime | None = None) -> list[int]:
    """The libraries with fingerprints that can be read now: online, not claimed or at rest, and nothing is scanned."""
    if not settings.CONF.scanner.fingerprints or Scan.objects.active().exists():
        return []
    without_fingerprint = _without_fingerprint().filter(library=OuterRef("pk"))
    found = Library.objects.active().filter(
        _is_due(now or timezone.now()), Exists(without_fingerprint), offline_since=None
    )
    return list(found.order_by("pk").values_list("pk", flat=True))


def _is_due(now: datetime) -> Q:
    # further ahead than any rest: written while the clock was wrong
    ahead = Q(fingerprints_due_at__gt=now + max(_CLAIM, _REST) + SKEW)
    return Q(fingerprints_due_at=None) | Q(fingerprints_due_at__lte=now) | ahead


def fill_in_fingerprints(library_id: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Read the fingerprints of tracks for some seconds; True when there is more to be done at once.

    It gives way to every scan, may be ended at any time, and goes on where it was. Of two calls at once, one does
    nothing.
    """
    claim = _Claim(library_id)
    if not claim.take():
        return False
    end, last, problems = time.monotonic() + seconds, "", 0
    try:
        while problems < _MANY_PROBLEMS:
            rows = _without_fingerprint().filter(library=library_id, pk__gt=last).order_by("pk")
            files = list(_files(rows[:_PAGE]))
            if not files:
                return False
            done = 0
            for count in _fill_in(files, claim):
                done += count
                if time.monotonic() >= end:
                    return True
            problems += len(files) - done
            last = files[-1].id
        return False
    except _GiveWay:
        return False
    finally:
        claim.give_back(rest=bool(problems))


def _fill_in(files: Sequence[FingerprintFile], claim: _Claim) -> Iterator[int]:
    """Save what is read, batch by batch; each time how many files that were."""
    by_id = {file.id: file for file in files}
    # closed at once when no more is needed: the reader process is not left to the garbage collector
    with closing(read_fingerprints(files, claim.renew, workers=1)) as found:
        for piece in chunks(found, limits_of(ScanLimits).fingerprints):
            with transaction.atomic():
                save_fingerprints([(by_id[pk], digest) for pk, digest in piece])
            committed()
            claim.renew()
            yield len(piece)


class _Claim:
    """The right to read the fingerprints of a library: a time on its row that has to be renewed."""

    def __init__(self, library_id: int) -> None:
        self._library_id = library_id
        self._library = Library.objects.active().filter(pk=library_id, offline_since=None)
        self._until: datetime | None = None
        self._next_look = 0.0

    def take(self) -> bool:
        # conditional: two workers may be told of the same library at once
        now = timezone.now()
        self._until = now + _CLAIM
        return bool(self._library.filter(_is_due(now)).update(fingerprints_due_at=self._until))

    def renew(self) -> None:
        """Every second; raises _GiveWay for a scan or a stop, or when the library is away or was taken by another."""
        if stopping.is_asked():
            raise _GiveWay
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_SECONDS
        ours, self._until = self._library.filter(fingerprints_due_at=self._until), timezone.now() + _CLAIM
        if not ours.update(fingerprints_due_at=self._until) or Scan.objects.active().exists():
            raise _GiveWay

    def give_back(self, *, rest: bool) -> None:
        """Others may go on; after problem with the storage only in a while."""
        ours = Library.objects.filter(pk=self._library_id, fingerprints_due_at=self._until)
        ours.update(fingerprints_due_at=timezone.now() + _REST if rest else None)
