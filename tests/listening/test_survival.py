"""Nothing that a person added is lost without their word, whatever becomes of the files: real files, real scans."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from libraries.cleanup import clear_library, prune_albums, prune_artists
from libraries.models import Album, Artist, Library, MediaFile
from libraries.services.libraries import delete_library
from listening.models import (
    AlbumAnnotation,
    ArtistAnnotation,
    Bookmark,
    Playlist,
    PlaylistTrack,
    PlayQueue,
    PlayQueueTrack,
    Scrobble,
    Share,
    ShareItem,
    TrackAnnotation,
)
from listening.services.annotations import Things, set_rating, star
from listening.services.plays import Play, record_plays
from missing.models import KEPT, MissingFile, Purge
from missing.purges import expire_purges, purge_missing_files, undo_purge
from missing.relink import relink
from tests.support.catalog import LONG_AGO, SEEN
from tests.support.scans import counts, ids, scan, write_album, write_track
from users.models import User

pytestmark = pytest.mark.django_db

ON_TRACKS = (TrackAnnotation, Scrobble, Bookmark, PlaylistTrack, PlayQueueTrack, ShareItem)


@pytest.fixture
def music(library: Library) -> Path:
    """An album of three songs, and a song that stays where it is."""
    write_album(Path(library.path) / "Ann")
    write_track(Path(library.path) / "Zoe.flac", "Stays", number=8, artists=("Zoe",), album_artists=("Zoe",), album="Z")
    scan(library)
    return Path(library.path)


def add_everything(user: User, track: MediaFile) -> None:
    """All that a person can add to a track, with its album and its artist."""
    viewer, artist = user.as_viewer(), track.participants.get(role="artist").artist_id
    things = [
        Things(TrackAnnotation, [track.pk]),
        Things(AlbumAnnotation, [str(track.album_ref_id)]),
        Things(ArtistAnnotation, [artist]),
    ]
    assert star(viewer, things, at=SEEN) == 3
    set_rating(viewer, things[0], 4)
    assert record_plays(viewer, [Play(track.pk, SEEN)]) == 1
    Bookmark.objects.create(user=user, media_file=track, position=1500)
    playlist = Playlist.objects.create(owner=user, name="Mine", updated_at=SEEN)
    queue = PlayQueue.objects.create(user=user)
    share = Share.objects.create(user=user, resource_type="media_file", expires_at=timezone.now() + timedelta(days=1))
    PlaylistTrack.objects.create(playlist=playlist, position=1, media_file=track)
    PlayQueueTrack.objects.create(queue=queue, position=0, media_file=track)
    ShareItem.objects.create(share=share, position=0, media_file=track)


def added() -> dict[str, list[tuple[str, str]]]:
    """What is there of each kind: the path and the id of the track that it hangs on."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list("media_file__path", "media_file_id"))
        for model in ON_TRACKS
    }


def test_missing_purged_undone_and_back(library: Library, music: Path, member: User) -> None:
    add_everything(member, MediaFile.objects.get(path="Ann/01.flac"))
    before, of_album, of_artist = added(), AlbumAnnotation.objects.get(), ArtistAnnotation.objects.get()
    shutil.move(music / "Ann", music.parent / "away")
    scan(library)
    purge = purge_missing_files(MissingFile.objects.values_list("pk", flat=True)).purge
    assert purge is not None
    assert added() == before
    undo_purge(purge)
    shutil.move(music.parent / "away", music / "Ann")
    assert counts(scan(library)) == {"restored": 3, "skipped": 1}
    assert added() == before
    assert AlbumAnnotation.objects.get().album_id == of_album.album_id
    assert Album.objects.present().get(name="First").pk == of_album.album_id
    assert ArtistAnnotation.objects.get().artist_id == of_artist.artist_id


def test_a_purge_that_expires_takes_what_its_preview_named(library: Library, music: Path, member: User) -> None:
    track = MediaFile.objects.get(path="Ann/01.flac")
    add_everything(member, track)
    shutil.rmtree(music / "Ann")
    scan(library)
    Artist.objects.update(created_at=LONG_AGO)
    assert purge_missing_files(MissingFile.objects.values_list("pk", flat=True)).purge is not None
    Purge.objects.update(counted_from=-KEPT.total_seconds() - 1)
    assert expire_purges() == 1
    assert added() == {model.__name__: [] for model in ON_TRACKS}
    # what was said of the album and the artist waits for them: they are in no list until their songs return
    assert [row.name for row in Album.objects.visible_to(member.as_viewer()).in_catalog()] == ["Z"]
    assert [row.name for row in Artist.objects.visible_to(member.as_viewer())] == ["Zoe"]
    write_album(music / "Ann")
    scan(library)
    assert AlbumAnnotation.objects.get().album == Album.objects.present().get(name="First")
    assert ArtistAnnotation.objects.get().artist in Artist.objects.visible_to(member.as_viewer())


def test_a_moved_file_keeps_all(library: Library, music: Path, member: User) -> None:
    add_everything(member, MediaFile.objects.get(path="Ann/01.flac"))
    pk = ids(library)["Ann/01.flac"]
    shutil.move(music / "Ann", music / "Moved")
    assert counts(scan(library)) == {"moved": 3, "skipped": 1}
    assert added() == {model.__name__: [("Moved/01.flac", pk)] for model in ON_TRACKS}


def test_two_rows_that_turn_out_to_be_one_track(library: Library, music: Path, member: User, admin: User) -> None:
    """What was said of the gone track and of the found one is joined when a person says that they are the same."""
    gone = MediaFile.objects.get(path="Ann/01.flac")
    add_everything(member, gone)
    write_track(music / "New" / "odd.flac", "Another", number=9, mark=99)
    (music / "Ann" / "01.flac").unlink()
    scan(library)
    new = MediaFile.objects.get(path="New/odd.flac")
    viewer = member.as_viewer()
    record_plays(viewer, [Play(new.pk, SEEN + timedelta(days=1))])
    set_rating(viewer, Things(TrackAnnotation, [new.pk]), 2)
    set_rating(admin.as_viewer(), Things(TrackAnnotation, [new.pk]), 5)
    Bookmark.objects.create(user=member, media_file=new, position=9)
    PlaylistTrack.objects.create(playlist=Playlist.objects.get(), position=2, media_file=new)
    relink(MissingFile.objects.get(pk=gone.pk), new)
    row = TrackAnnotation.objects.get(user=member)
    assert (row.media_file_id, row.play_count, row.rating, row.starred_at) == (gone.pk, 2, 2, SEEN)
    assert row.play_date == SEEN + timedelta(days=1)
    assert TrackAnnotation.objects.get(user=admin).media_file_id == gone.pk
    assert (Bookmark.objects.get().media_file_id, Bookmark.objects.get().position) == (gone.pk, 9)
    places = PlaylistTrack.objects.order_by("position").values_list("media_file_id", flat=True)
    assert list(places) == [gone.pk, gone.pk]
    assert set(Scrobble.objects.values_list("media_file_id", flat=True)) == {gone.pk}


def test_a_renamed_album_and_its_artist(library: Library, music: Path, member: User) -> None:
    """The album is the same row under its new name; the former artist keeps the mark, and is seen when he returns."""
    add_everything(member, MediaFile.objects.get(path="Ann/01.flac"))
    album, artist = AlbumAnnotation.objects.get().album_id, ArtistAnnotation.objects.get().artist_id
    write_album(music / "Ann", album="Second", artists=("Eve",), album_artists=("Eve",))
    scan(library)
    Artist.objects.update(created_at=LONG_AGO)
    prune_artists()
    assert Album.objects.present().get(pk=album).name == "Second"
    assert AlbumAnnotation.objects.get().album_id == album
    assert not Artist.objects.visible_to(member.as_viewer()).filter(pk=artist).exists()
    write_album(music / "Ann")
    scan(library)
    assert Artist.objects.visible_to(member.as_viewer()).get(pk=artist).name == "Ann"


def test_albums_that_become_one_join_what_was_said_of_them(library: Library, music: Path, member: User) -> None:
    write_track(music / "B" / "1.flac", "Song 4", number=4, album="Second")
    scan(library)
    first, second = Album.objects.get(name="First"), Album.objects.get(name="Second")
    star(member.as_viewer(), [Things(AlbumAnnotation, [second.pk])], at=SEEN)
    record_plays(member.as_viewer(), [Play(pk, SEEN) for path, pk in ids(library).items() if path != "Zoe.flac"])
    write_track(music / "B" / "1.flac", "Song 4", number=4, album="First")
    scan(library)
    prune_albums(library.pk)
    (row,) = AlbumAnnotation.objects.all()
    assert row.album_id in {first.pk, second.pk} & set(Album.objects.present().values_list("pk", flat=True))
    assert (row.starred_at, row.play_count) == (SEEN, 4)


def test_a_library_that_is_deleted(library: Library, music: Path, member: User) -> None:
    """By a word: what hangs on its songs goes. What was said of an artist stays, as another library may have them."""
    add_everything(member, MediaFile.objects.get(path="Ann/01.flac"))
    Artist.objects.update(created_at=LONG_AGO)
    delete_library(library)
    assert clear_library(library.pk)
    assert added() == {model.__name__: [] for model in ON_TRACKS}
    assert not AlbumAnnotation.objects.exists()
    again = Library.objects.create(name="Again", path=str(music))
    scan(again)
    assert ArtistAnnotation.objects.get().artist.name == "Ann"
    assert Playlist.objects.get().name == "Mine"
