"""Artists and genres that nothing refers to are deleted, and never one that somebody is about to refer to."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from libraries.cleanup import prune_artists, prune_genres
from libraries.models import Artist, Genre, Library, MediaFile, Participant, TrackGenre
from libraries.scanner.write.references import References
from navidrome_lib.db.bulk import lock_referenced_rows
from tests.hazards.files import put, song
from tests.support.catalog import make_artist, make_genre, make_track
from tests.support.scans import scan

pytestmark = pytest.mark.django_db(transaction=True)


def orphans() -> int:
    people = Participant.objects.exclude(artist__in=Artist.objects.all()).count()
    tracks = Participant.objects.exclude(media_file__in=MediaFile.objects.all()).count()
    return people + tracks + TrackGenre.objects.exclude(genre__in=Genre.objects.all()).count()


def test_what_nothing_refers_to_goes(library: Library) -> None:
    track = make_track(library, "A/1.mp3")
    make_artist("Nobody")
    make_genre("Nothing")
    assert (prune_artists(), prune_genres()) == (1, 1)
    assert {row.artist.name for row in track.participants.all()} <= set(Artist.objects.values_list("name", flat=True))
    assert orphans() == 0


def test_what_somebody_is_about_to_refer_to_stays(library: Library) -> None:
    track = make_track(library, "A/1.mp3")
    artist, genre = make_artist("Soon"), make_genre("Soon")
    held = threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                lock_referenced_rows(Artist, [artist.pk])
                lock_referenced_rows(Genre, [genre.pk])
                held.set()
                time.sleep(0.3)
                Participant.objects.create(media_file=track, artist=artist, role="composer")
                TrackGenre.objects.create(media_file=track, genre=genre)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert held.wait(10)
    prune_artists()
    prune_genres()
    thread.join()
    assert Artist.objects.filter(pk=artist.pk).exists()
    assert Genre.objects.filter(pk=genre.pk).exists()
    assert orphans() == 0


def test_what_is_gone_cannot_be_held(library: Library) -> None:
    kept, gone = make_artist("Kept"), make_artist("Gone")
    Artist.objects.filter(pk=gone.pk).delete()
    with transaction.atomic():
        lock_referenced_rows(Artist, [kept.pk, kept.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        lock_referenced_rows(Artist, [kept.pk, gone.pk])


def test_a_scan_makes_anew_what_it_remembered_and_others_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library.objects.create(name="Songs", path=str(tmp_path))
    put(tmp_path / "1.mp3", song("One", TPE1="Ann", TCON="Rock"))
    find = References.find_albums
    times: list[int] = []

    def pruned(self: References, albums: object) -> None:
        """Behind the looking up of artists and genres, once: as if it had been in an earlier transaction."""
        find(self, albums)  # type: ignore[arg-type]
        if not times:
            TrackGenre.objects.all().delete()
            Genre.objects.all().delete()
        times.append(1)

    monkeypatch.setattr(References, "find_albums", pruned)
    done = scan(library)
    assert (done.state, done.added, done.error) == ("finished", 1, "")
    assert len(times) == 2
    assert [row.genre.name for row in TrackGenre.objects.all()] == ["Rock"]
    assert orphans() == 0
