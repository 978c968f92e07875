"""What a person decides about a scan that found too much of a library gone."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.utils import timezone

from libraries import maintenance
from libraries.bulk import chunks
from libraries.models import HeldMark, Library, Scan, ScanState
from libraries.scanner.changes import count_missing
from libraries.scanner.diff import FolderDiff
from libraries.scanner.known import known_folders, scan_options
from libraries.scanner.root import KnownRoot, check_root, recheck_root
from libraries.scanner.walker import StorageTrouble, walk
from navidrome_lib.errors import Conflict, Unavailable

_MARKS = 1000

Held = dict[bytes, dict[bytes, str]]


def approve_held(scan: Scan) -> int:
    """Mark what the scan held back, as far as it is still absent by the rules of a scan; says how many."""
    _check_held(scan)
    library = scan.library
    absent = _still_absent(library, _held(scan))
    now = timezone.now()
    artists: set[str] = set()
    count = 0
    for piece in chunks(absent, _MARKS):
        with transaction.atomic():
            marked = maintenance.mark_missing(library.pk, piece, at=now, last_seen=library.last_scan_at)
            count_missing(scan, marked)
        artists |= marked.artists
        count += marked.tracks
    with transaction.atomic():
        _end(scan, count)
        maintenance.refresh_library_artists(library.pk, artists)
        maintenance.refresh_library_totals(library.pk)
    return count


def discard_held(scan: Scan) -> None:
    """Forget what the scan held back. A later scan that finds it absent again holds it again."""
    _check_held(scan)
    with transaction.atomic():
        _end(scan, 0)


def _check_held(scan: Scan) -> None:
    if scan.state != ScanState.HELD:
        raise Conflict("The scan holds nothing back.")
    if Scan.objects.running().filter(library=scan.library_id).exists():
        raise Conflict("The library is being scanned; what is held back may change. Try again when the scan has ended.")


def _end(scan: Scan, count: int) -> None:
    # conditional: a scan that ended meanwhile may have settled this one
    if not Scan.objects.filter(pk=scan.pk, state=ScanState.HELD).update(
        state=ScanState.FINISHED, missing=scan.missing + count, error=""
    ):
        raise Conflict("What the scan held back has been settled meanwhile.")
    HeldMark.objects.filter(scan=scan).delete()
    scan.refresh_from_db()


def _held(scan: Scan) -> Held:
    held: Held = defaultdict(dict)
    rows = HeldMark.objects.filter(scan=scan, media_file__missing=False)
    columns = ("media_file__folder__path_bytes", "media_file__name_bytes", "media_file_id")
    for folder, name, pk in rows.values_list(*columns).iterator(5000):
        held[bytes(folder)][bytes(name)] = pk
    return held


def _still_absent(library: Library, held: Held) -> list[str]:
    """Those of the held tracks whose absence a complete walk proves now. Raises Unavailable."""
    options = scan_options(library)
    # a root that is empty is what may be approved here; that it is the right one is not
    known = KnownRoot(library.root_device, library.root_inode, anchor=library.anchor_file.encode())
    root = check_root(options, known=known)
    if not root.online:
        raise Unavailable(root.reason)
    folders = {path: folder for path, folder in known_folders(library.pk).items() if path in held}
    diff = FolderDiff(folders, {}, full=True)
    absent: list[str] = []
    try:
        for listing in walk(options):
            if not listing.complete or listing.path in folders:
                diff.add(listing)
    except StorageTrouble as error:
        raise Unavailable(str(error)) from error
    for listing in diff.changed:
        if listing.complete:
            there = {entry.name for entry in listing.files} | listing.protected
            absent += [pk for name, pk in held[listing.path].items() if name not in there]
    gone = {folder.id for folder in diff.gone()}
    for path, folder in folders.items():
        if folder.id in gone:
            absent += held[path].values()
    root = recheck_root(options, known=known, before=root)
    if not root.online:
        raise Unavailable(root.reason)
    return absent
