"""What the catalog knows of a library, read in few queries: two for all folders, one for all problems, and the tracks
of changed folders in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F

from libraries.bulk import chunks
from libraries.models import Folder, Library, MediaFile, ScanProblem
from libraries.scanner.context import ScanOptions, parent
from libraries.scanner.diff import KnownFolder, KnownProblem, KnownTrack

Problems = dict[bytes, dict[bytes, KnownProblem]]
Tracks = dict[bytes, KnownTrack]

_COLUMNS = (
    "folder_id", "id", "name_bytes", "size", "mtime_ns", "ctime_ns", "inode", "missing", "pid", "mbz_track_id",
    "album_ref_id", "duration", "audio_hash",
)  # fmt: skip


def scan_options(library: Library, targets: Iterable[str] = ()) -> ScanOptions:
    """The options of a library as the stages take them."""
    return ScanOptions(
        root=library.path.encode("utf-8", "surrogateescape"),
        recursive=library.recursive,
        follow_symlinks=library.follow_symlinks,
        exclude_patterns=tuple(library.exclude_patterns),
        targets=tuple(target.encode("utf-8", "surrogateescape") for target in targets),
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
    rows = ScanProblem.objects.filter(library=library_id).unresolved()
    for path, kind, size, mtime_ns in rows.values_list("path_bytes", "kind", "size", "mtime_ns").iterator(5000):
        path = bytes(path)
        found[parent(path)][path.rpartition(b"/")[2]] = KnownProblem(kind, size, mtime_ns)
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
