"""What media take of playlists and players: archives, covers, and formats that were set."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.utils import timezone

from libraries.models import Library, MediaFile
from listening.models import Player, Playlist, PlaylistTrack, Transcoding
from media.playlists import player_preference, playlist_albums
from media.transcoding.preferences import Preference
from tests.media.conftest import Get, MakeSong, body_of, error_of
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def playlist(admin: User, library: Library, other_library: Library, make_song: MakeSong) -> Playlist:
    """A public list of the admin, with a song twice and one of a library that the member cannot access."""
    playlist = Playlist.objects.create(owner=admin, name="Mixed: one", public=True, updated_at=timezone.now())
    songs = [
        make_song(library, "b.mp3", b"second", title="B", album="Two"),
        make_song(other_library, "hidden.mp3", b"hidden", title="Hidden", album="Hidden"),
        make_song(library, "a.mp3", b"first", title="A", album="One"),
    ]
    for position, song in enumerate([*songs, songs[0]], 1):
        PlaylistTrack.objects.create(playlist=playlist, position=position, media_file=song)
    return playlist


def test_an_archive_has_what_the_viewer_can_access_in_order(get: Get, member: User, playlist: Playlist) -> None:
    with zipfile.ZipFile(io.BytesIO(body_of(get("download", member, id=playlist.pk)))) as found:
        assert [found.read(name) for name in found.namelist()] == [b"second", b"first"]


def test_a_private_list_of_another_account_is_unknown(get: Get, member: User, playlist: Playlist) -> None:
    Playlist.objects.update(public=False)
    assert error_of(get("download", member, id=playlist.pk))["code"] == 70
    assert playlist_albums(member.as_viewer(), playlist.pk) is None


def test_its_albums_are_those_that_the_viewer_can_access(member: User, admin: User, playlist: Playlist) -> None:
    albums = dict(MediaFile.objects.values_list("album", "album_ref"))
    assert playlist_albums(member.as_viewer(), playlist.pk) == [albums["Two"], albums["One"]]
    assert playlist_albums(admin.as_viewer(), playlist.pk) == [albums[name] for name in ("Two", "Hidden", "One")]


def test_what_was_set_for_a_player(member: User, admin: User) -> None:
    viewer = member.as_viewer()
    player = Player.objects.create(user=member, name="Phone", client="app", user_agent="agent")
    assert player_preference(viewer, "app", "agent") is None
    player.transcoding = Transcoding.objects.get(target_format="opus")
    player.save()
    assert player_preference(viewer, "app", "agent") == Preference("opus", 128)
    player.max_bit_rate = 64
    player.save()
    assert player_preference(viewer, "app", "agent") == Preference("opus", 64)
    assert player_preference(viewer, "app", "another") is None
    assert player_preference(admin.as_viewer(), "app", "agent") is None
