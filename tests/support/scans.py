"""Small real libraries on disk, scans of them, and a picture of the catalog in which no id and no clock shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from libraries.choices import ScanTrigger
from libraries.models import (
    Folder,
    Library,
    LibraryArtist,
    MediaFile,
    Participant,
    Scan,
    ScanChange,
    ScanProblem,
    TrackGenre,
)
from libraries.scanner import lease, pipeline
from libraries.scanner.walk.walker import Lister
from synth.files import track_bytes
from synth.tones import Tone
from synth.track import Track

_IDS = {"id", "library_id", "folder_id", "album_ref_id"}
_UNSTABLE = {
    *_IDS, "left_album", "split_from", "audio_hash", "created_at", "updated_at", "missing_since", "last_seen_at",
}  # fmt: skip


def write_track(
    path: Path, title: str, *, number: int = 1, fmt: str = "flac", mark: int | None = None, **tags: Any
) -> Path:
    """Write one track; `mark` makes its sound its own."""
    track = Track(
        title=title, artists=("Ann",), album="First", album_artists=("Ann",), track_number=number, genres=("Rock",),
        date="2001", tone=Tone(0.5 + number / 10, 200 + 10 * number, 8000 if fmt == "flac" else 48000, 1, 32),
        mark=number if mark is None else mark,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(track_bytes(replace(track, **tags), fmt))
    return path


def write_album(folder: Path, count: int = 3, **tags: Any) -> list[Path]:
    """Write tracks 1 to `count` of one album."""
    return [write_track(folder / f"{n:02}.flac", f"Song {n}", number=n, **tags) for n in range(1, count + 1)]


def request(library: Library, **fields: Any) -> Scan:
    return Scan.objects.create(library=library, trigger=ScanTrigger.API, **fields)


def scan(
    library: Library,
    *,
    lister: Lister | None = None,
    on_progress: Callable[[Scan], None] | None = None,
    **fields: Any,
) -> Scan:
    """Request one scan and run it here; what it says of folders must add up to its figures."""
    done = pipeline.run(request(library, **fields).pk, lister=lister, on_progress=on_progress)
    assert done is not None
    told = Counter[str]()
    for (kind, *_), count in changes(done).items():
        told[kind] += count
    assert told == {kind: count for kind, count in counts(done).items() if kind not in ("skipped", "failed")}
    assert adds_up(done)
    library.refresh_from_db()
    return done


def adds_up(done: Scan) -> bool:
    """Whether every file that the scan has seen has one outcome."""
    return done.seen == done.skipped + done.added + done.updated + done.moved + done.restored + done.failed


def redo(scan_id: int) -> Scan:
    """What happens when the worker of a scan was killed: its lease runs out, it is taken back, another one runs it."""
    Scan.objects.filter(pk=scan_id).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert lease.reap_stale() == 1
    done = pipeline.run(scan_id)
    assert done is not None
    return done


def counts(done: Scan) -> dict[str, int]:
    """The figures of a scan that are not zero."""
    names = ("added", "updated", "moved", "restored", "missing", "skipped", "failed")
    return {name: value for name in names if (value := getattr(done, name))}


def ids(library: Library) -> dict[str, str]:
    """The ids of the present tracks by path."""
    return dict(MediaFile.objects.present().filter(library=library).values_list("path", "id"))


def changes(*scans: Scan | int) -> dict[tuple[str, ...], int]:
    """What scans changed, by kind, folder and (of moved files) former folder; without an argument: all scans."""
    rows = ScanChange.objects.filter(scan__in=scans) if scans else ScanChange.objects.all()
    found: Counter[tuple[str, ...]] = Counter()
    for kind, folder, from_folder, count in rows.values_list("kind", "folder", "from_folder", "count"):
        found[(kind, folder, from_folder) if kind == "moved" else (kind, folder)] += count
    return dict(sorted(found.items()))


def picture(library: Library) -> dict[str, Any]:
    """Everything that a scan writes, in order, with names in place of ids."""
    library.refresh_from_db()
    tracks = MediaFile.objects.filter(library=library).order_by("path", "missing", "pid")
    own = {"media_file__library": library}
    return {
        "library": {
            field.attname: _plain(getattr(library, field.attname))
            for field in Library._meta.concrete_fields
            if field.attname.startswith("total")
        },
        "tracks": [
            {key: _plain(value) for key, value in row.items() if key not in _UNSTABLE}
            | {"folder": bytes(track.folder.path_bytes), "album_pid": track.album_ref and track.album_ref.pid}
            for track in tracks.select_related("folder", "album_ref")
            for row in [{field.attname: getattr(track, field.attname) for field in MediaFile._meta.concrete_fields}]
        ],
        "albums": [
            {key: _plain(value) for key, value in row.items() if key not in _UNSTABLE | {"artist_id"}}
            for row in library.albums.order_by("pid").values()
        ],
        "people": sorted(
            Participant.objects.filter(**own).values_list(
                "media_file__path", "role", "position", "artist__pid", "artist__name", "artist__sort_name", "sub_role"
            )
        ),
        "genres": sorted(
            TrackGenre.objects.filter(**own).values_list("media_file__path", "position", "genre__pid", "genre__name")
        ),
        "artists": sorted(
            LibraryArtist.objects.filter(library=library).values_list("artist__pid", "song_count", "album_count")
        ),
        "folders": sorted(
            (path, digest, missing)
            for path, digest, missing in Folder.objects.filter(library=library).values_list("path", "digest", "missing")
        ),
        "problems": sorted(
            ScanProblem.objects.filter(library=library).unresolved().values_list("path", "kind", "message", "size")
        ),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    return bytes(value) if isinstance(value, memoryview) else value
