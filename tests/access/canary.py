"""A library that somebody may not see, full of strings that must never reach them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone

from libraries.choices import ScanState, ScanTrigger
from libraries.gathering import gather
from libraries.models import Album, Artist, Folder, Genre, Library, MediaFile, Participant, Scan, ScanProblem
from media.choices import CoverKind, Source
from media.models import Cover, OutsideInfo
from missing.models import Purge

MARK = "CANARY"
LIBRARY_ID = 918273
SCAN_ID = 918274
PROBLEM_ID = 918275


def fill(root: Path) -> list[str]:
    """Fill the catalog; returns the ids, which count as canaries wherever they were not asked for."""
    now, folder_path = timezone.now(), f"{MARK}-folder"
    (root / MARK).mkdir()
    library = Library.objects.create(
        pk=LIBRARY_ID, name=f"{MARK}-library", path=str(root / MARK), status_reason=f"{MARK}-reason", offline_since=now,
        exclude_patterns=[f"{MARK}-pattern"], total_songs=4711, total_size=471147114711, anchor_file=f"{MARK}-anchor",
    )  # fmt: skip
    common: dict[str, Any] = {"library": library, "created_at": now}
    folder = Folder.objects.create(path=folder_path, path_bytes=folder_path.encode(), path_key="0" * 32, **common)
    artist = Artist.objects.create(pid="1" * 32, name=f"{MARK}-artist", created_at=now, updated_at=now)
    genre = Genre.objects.create(name=f"{MARK}-genre")
    album = Album.objects.create(
        pid="2" * 32, name=f"{MARK}-album", artist=artist, album_artist=f"{MARK}-artist", updated_at=now, **common
    )
    ids = [folder.pk, artist.pk, album.pk]
    purge = Purge.objects.create(created_by=f"{MARK}-purger", expires_at="2999-01-01T00:00:00Z", file_count=47114711)
    for number, (missing, purge_id) in enumerate(((True, purge.pk), (False, None), (True, None))):
        track = MediaFile.objects.create(
            folder=folder, album_ref=album, path=f"{folder_path}/{MARK}-{number}.mp3",
            name_bytes=f"{MARK}-{number}.mp3".encode(), suffix="mp3", size=47114711, mtime_ns=1, title=f"{MARK}-title",
            album=f"{MARK}-album", artist=f"{MARK}-artist", genre=f"{MARK}-genre", comment=f"{MARK}-comment",
            tags={"title": [f"{MARK}-tag"]}, missing=missing, missing_since=now if missing else None, updated_at=now,
            purge_id=purge_id, **common,
        )  # fmt: skip
        Participant.objects.create(media_file=track, artist=artist, role="artist")
        track.genres.add(genre)
        ids.append(track.pk)
    scan = Scan.objects.create(
        pk=SCAN_ID, library=library, state=ScanState.RUNNING, trigger=ScanTrigger.API, current_folder=folder_path,
        error=f"{MARK}-error", requested_by=f"{MARK}-somebody", targets=[folder_path], seen=47114711, worker=MARK,
        started_at=now,
    )  # fmt: skip
    ScanProblem.objects.create(
        pk=PROBLEM_ID, library=library, scan=scan, path=f"{MARK}-bad.mp3", path_bytes=b"x", path_key="3" * 32,
        kind="corrupt", message=f"{MARK}-message", first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    gather([library.pk])
    fill_outside(artist.pk, album.pk)
    return [*ids, purge.pk]


def fill_outside(artist: str, album: str) -> None:
    """What services outside have told, and the pictures that are known."""
    about = {"text": f"{MARK}-text", "url": f"https://{MARK}.example/", "mbz": f"{MARK}-mbz"}
    about |= {"similar": [{"name": f"{MARK}-alike"}], "top": [{"name": f"{MARK}-title"}]}  # type: ignore[dict-item]
    for kind, pk in ((CoverKind.ARTIST, artist), (CoverKind.ALBUM, album)):
        for source in Source:
            OutsideInfo.objects.create(
                kind=str(kind), item_id=pk, source=str(source), about=about, settled_at=timezone.now()
            )
        Cover.objects.create(
            kind=str(kind), item_id=pk, part=str(LIBRARY_ID) if kind is CoverKind.ARTIST else "",
            source_key=f"{MARK}-key", digest=f"{MARK}-digest", thumb_hash=f"{MARK}-hash", color="#c0ffee",
            width=47114711, height=1,
        )  # fmt: skip
