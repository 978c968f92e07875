"""Rows for files and folders that could not be read; they resolve themselves."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from libraries.models import Scan, ScanProblem
from libraries.scanner.paths import display, key_of
from libraries.scanner.types import FileProblem
from navidrome_lib.db.bulk import chunks

_KEY = ("size", "mtime_ns", "ctime_ns", "inode")


def open_problems(scan: Scan, problems: Iterable[FileProblem]) -> None:
    """Open or renew the problems of one scan."""
    now = timezone.now()
    unique = {problem.path: problem for problem in problems}
    rows = [
        ScanProblem(
            library_id=scan.library_id,
            scan=scan,
            path=display(problem.path),
            path_bytes=problem.path,
            path_key=key_of(problem.path),
            kind=problem.kind,
            message=problem.message,
            size=problem.size,
            mtime_ns=problem.mtime_ns,
            ctime_ns=problem.ctime_ns,
            inode=problem.inode,
            attempts=problem.attempts,
            first_seen_at=now,
            last_seen_at=now,
        )
        for problem in sorted(unique.values())
    ]
    ScanProblem.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["library", "path_key"],
        update_fields=["scan", "kind", "message", *_KEY, "attempts", "last_seen_at", "resolved_at"],
    )


def resolve_problems(library_id: int, paths: Iterable[bytes]) -> None:
    """Close the open problems of these paths."""
    for piece in chunks(sorted(map(key_of, paths))):
        rows = ScanProblem.objects.filter(library=library_id, path_key__in=piece).unresolved()
        rows.update(resolved_at=timezone.now())
