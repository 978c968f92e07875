"""A catalog of the first release, whose albums were told apart by years too: what its first full scan keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from libraries.models import Album, Library, MediaFile
from tests.hazards.files import put, song
from tests.support.scans import counts, ids, scan

pytestmark = pytest.mark.django_db(transaction=True)


def digest(kind: bytes, parts: Iterable[str]) -> str:
    """An identity as the first release wrote it."""
    whole = b"".join(b"%d:%b" % (len(part.encode()), part.encode()) for part in parts)
    return hashlib.blake2b(whole, digest_size=16, person=kind).hexdigest()


def as_of_old(library: Library) -> None:
    """Rewrite a catalog as the first release had it: an album for each year, identities with the year in them."""
    Album.objects.update(pid=F("id"))
    rows: dict[tuple[str, Any], Album] = {}
    for track in MediaFile.objects.filter(library=library).order_by("path"):
        year = track.year
        row = rows.get((track.album, year))
        if row is None:
            shown = "" if year is None else f"{year:04}"
            pid = digest(b"album", ("1", "ann", track.album.lower(), "", shown))
            values = {"name": track.album, "album_artist": "Ann", "max_year": year, "described_by": track.path}
            at = track.created_at - timedelta(days=30 + len(rows))
            row = Album.objects.create(library=library, pid=pid, created_at=at, updated_at=at, **values)
            rows[track.album, year] = row
        parts = (row.pid, "", str(track.track_number), track.title.lower())
        MediaFile.objects.filter(pk=track.pk).update(
            album_ref=row, pid=digest(b"track", parts), created_at=F("created_at") - timedelta(days=90)
        )
    Album.objects.exclude(pk__in=[row.pk for row in rows.values()]).delete()
    Library.objects.update(totals_stale=True)


def test_songs_and_albums_survive_the_first_full_scan(tmp_path: Path) -> None:
    for number, year in enumerate(("1971", "1975", "1982"), 1):
        put(tmp_path / f"hits/{number}.mp3", song(f"Hit {number}", number=number, mark=number, TALB="Hits", TYER=year))
    for number in range(1, 5):
        data = song(f"Song {number}", number=number, mark=10 + number, TALB="Studio", TYER="1999")
        put(tmp_path / f"studio/{number}.mp3", data)
    put(tmp_path / "undated/1.mp3", song("Undated", mark=20, TALB="Undated"))
    library = Library.objects.create(name="Music", path=str(tmp_path))
    scan(library)
    as_of_old(library)
    (tmp_path / "studio/4.mp3").rename(tmp_path / "studio/4.away")
    assert counts(scan(library))["missing"] == 1
    # its file is back, unchanged, when the full scan runs
    (tmp_path / "studio/4.away").rename(tmp_path / "studio/4.mp3")
    songs = dict(MediaFile.objects.values_list("path", "pk"))
    dates = dict(MediaFile.objects.values_list("pk", "created_at"))
    albums = {album.pk: album for album in Album.objects.all()}
    assert sorted(album.name for album in albums.values()) == ["Hits", "Hits", "Hits", "Studio", "Undated"]

    done = scan(library, full=True)
    assert (done.state, done.added, done.missing) == ("finished", 0, 0)
    assert ids(library) == songs
    assert dict(MediaFile.objects.values_list("pk", "created_at")) == dates
    after = {album.name: album for album in Album.objects.all()}
    assert {name: (album.song_count, album.years) for name, album in after.items()} == {
        "Hits": (3, "1971–1982"), "Studio": (4, "1999"), "Undated": (1, ""),
    }  # fmt: skip
    for album in after.values():
        assert album.created_at == min(old.created_at for old in albums.values() if old.name == album.name)
        assert albums[album.pk].created_at == album.created_at
    assert albums[after["Undated"].pk].pid == after["Undated"].pid
    assert albums[after["Studio"].pk].pid != after["Studio"].pid
    assert counts(scan(library, full=True)) == {"updated": 8}
    assert {album.name: album.pk for album in Album.objects.all()} == {name: row.pk for name, row in after.items()}
