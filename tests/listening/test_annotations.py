"""Favourites and ratings: per person, of what that person can access, and gone by nobody's word but theirs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from libraries.models import Library
from listening.models import (
    AlbumAnnotation,
    ArtistAnnotation,
    Playlist,
    PlaylistAnnotation,
    TrackAnnotation,
)
from listening.services.annotations import Things, average_ratings, set_rating, star, unstar
from navidrome_lib.errors import InvalidInput, NotFound
from tests.support.catalog import LONG_AGO, SEEN, make_artist, make_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

FIRST, SECOND = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def test_a_favourite_of_each_kind(member: User, admin: User, library: Library) -> None:
    track = make_track(library, "A/1.mp3", missing=False)
    playlist = Playlist.objects.create(owner=member, updated_at=SEEN)
    assert track.album_ref_id is not None
    of_each = [
        Things(TrackAnnotation, [track.pk]),
        Things(AlbumAnnotation, [track.album_ref_id]),
        Things(PlaylistAnnotation, [playlist.pk]),
    ]
    assert star(member.as_viewer(), of_each, at=FIRST) == 3
    assert star(member.as_viewer(), of_each, at=SECOND) == 3
    for notes in (TrackAnnotation, AlbumAnnotation, PlaylistAnnotation):
        row = notes._default_manager.get()
        assert (row.user_id, row.starred_at) == (member.pk, FIRST)
    assert unstar(member.as_viewer(), of_each) == 3
    assert unstar(admin.as_viewer(), of_each) == 0
    assert not TrackAnnotation.objects.exclude(starred_at=None).exists()


def test_nobody_marks_what_they_cannot_access(member: User, library: Library, other_library: Library) -> None:
    hidden = make_track(other_library, "A/1.mp3", missing=False, artist="Hidden")
    purged = make_track(library, "A/2.mp3", purge_id="x")
    private = Playlist.objects.create(owner=User.objects.create_user("x"), updated_at=SEEN)
    viewer = member.as_viewer()
    things = [
        Things(TrackAnnotation, [hidden.pk, purged.pk, "nope", "ü", ""]),
        Things(AlbumAnnotation, [str(hidden.album_ref_id)]),
        Things(ArtistAnnotation, [make_artist("Hidden").pk]),
        Things(PlaylistAnnotation, [private.pk]),
    ]
    assert star(viewer, things) == 0
    for thing in things:
        with pytest.raises(NotFound):
            set_rating(viewer, thing, 3)
        assert not thing.notes._default_manager.exists()


def test_ratings(member: User, admin: User, library: Library) -> None:
    track, other = (make_track(library, f"A/{name}.mp3", missing=False) for name in "12")
    thing = Things(TrackAnnotation, [track.pk])
    set_rating(member.as_viewer(), thing, 5)
    set_rating(admin.as_viewer(), thing, 2)
    assert average_ratings(TrackAnnotation, [track.pk, other.pk]) == {track.pk: 3.5}
    set_rating(admin.as_viewer(), thing, 0)
    assert average_ratings(TrackAnnotation, [track.pk]) == {track.pk: 5}
    row = TrackAnnotation.objects.get(user=admin)
    assert (row.rating, row.rated_at) == (0, None)
    for wrong in (-1, 6):
        with pytest.raises(InvalidInput):
            set_rating(member.as_viewer(), thing, wrong)
    rated_at = TrackAnnotation.objects.get(user=member).rated_at
    assert rated_at is not None
    assert rated_at > LONG_AGO
