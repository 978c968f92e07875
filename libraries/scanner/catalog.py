"""What the catalog knows of a library, read in few queries: two for all folders, one for all problems, and the tracks
of changed folders in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db.models import F
from django.utils import timezone

from libraries.models import Folder, Library, MediaFile, ScanProblem
from libraries.scanner.paths import parent
from libraries.scanner.types import KnownFolder, KnownProblem, KnownTrack, ScanOptions
from navidrome_lib.db.bulk import chunks

RETRIES: Final = 3
"""How many scans in a row read a file again that failed for a reason that may pass."""

RETRY_AFTER: Final = timedelta(days=1)
"""How long such a file then waits for the next attempt."""

Problems = dict[bytes, dict[bytes, KnownProblem]]
Tracks = dict[bytes, KnownTrack]

_COLUMNS = (
    "folder_id", "id", "name_bytes", "size", "mtime_ns", "ctime_ns", "inode", "missing", "pid", "mbz_track_id",
    "album_ref_id", "duration", "audio_hash",
)  # fmt: skip
_PROBLEM_COLUMNS = ("path_bytes", "last_seen_at", "kind", "size", "mtime_ns", "ctime_ns", "inode", "attempts")


def scan_options(library: Library, targets: Iterable[str] = ()) -> ScanOptions:
    """The options of a library as the stages take them."""
    return ScanOptions(
        root=library.path.encode("utf-8", "surrogateescape"),
        recursive=library.recursive,
        follow_symlinks=library.follow_symlinks,
        exclude_patterns=tuple(library.exclude_patterns),
        targets=tuple(target.encode("utf-8", "surrogateescape") for target in targets),
        text_encoding=library.text_encoding,
    )


def known_folders(library_id: int) -> dict[bytes, KnownFolder]:
    """All folders of a library by their path."""
    found: dict[bytes, KnownFolder] = {}
    # asked for apart, so that no row has a truth value, which SQLite's need to be converted one by one
    for missing in (True, False):
        rows = Folder.objects.filter(library=library_id, missing=missing).values_list("path_bytes", "id", "digest")
        for path, pk, digest in rows.iterator(5000):
            found[bytes(path)] = KnownFolder(pk, digest, missing)
    return found


def known_problems(library_id: int) -> Problems:
    """All open problems of files, by folder and name."""
    found: Problems = defaultdict(dict)
    now = timezone.now()
    rows = ScanProblem.objects.filter(library=library_id).unresolved()
    for path, last_seen_at, *facts in rows.values_list(*_PROBLEM_COLUMNS).iterator(5000):
        path = bytes(path)
        problem = KnownProblem(*facts)
        # a time that lies ahead is one of a clock that was wrong: it puts nothing off
        waits = problem.attempts > RETRIES and timedelta(0) <= now - last_seen_at < RETRY_AFTER
        is_due = problem.has_no_key or (problem.may_pass and not waits)
        found[parent(path)][path.rpartition(b"/")[2]] = problem._replace(is_due=is_due)
    return dict(found)


def known_tracks(folder_ids: Iterable[str]) -> dict[str, Tracks]:
    """The tracks of some folders by folder and name; of several rows at one place the present one, else the latest
    missing one, else the one of the latest purge."""
    found: dict[str, Tracks] = defaultdict(dict)
    for piece in chunks(folder_ids):
        tracks = MediaFile.objects.filter(folder__in=piece)
        # two queries: each has an index of its own, and what is present must win
        absent = tracks.filter(missing=True).order_by(F("purge_id").asc(nulls_last=True), "missing_since", "id")
        for rows in (absent, tracks.present()):
            for folder_id, pk, name, *rest in rows.values_list(*_COLUMNS).iterator(5000):
                name = bytes(name)
                found[folder_id][name] = KnownTrack(pk, name, *rest)
    return found
