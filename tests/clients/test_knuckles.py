"""knuckles, with its own classes for every answer: every call that it offers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from knuckles import Subsonic

from listening.models import Radio
from listening.services.playlists import create_playlist
from tests.clients.conftest import Calls, Shop, offered
from users.app_passwords import app_password

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

ROOMS = (
    "bookmarks", "browsing", "chat", "internet_radio", "jukebox", "lists", "media_annotation",
    "media_library_scanning", "media_retrieval", "playlists", "podcast", "searching", "sharing", "system",
    "user_management",
)  # fmt: skip
# its own words where it fails: on keys that OpenSubsonic or Navidrome adds, for want of keys that the protocol leaves
# out, or because it takes an object for a list
FAILS: dict[tuple[Any, ...], str] = {
    ("browsing", "get_artists_indexed", "{library}", 0): "lastModified",
    ("browsing", "get_music_directory", "{artist}"): "coverArt",
    ("browsing", "get_artist_info", "{artist}"): "biography",
    ("browsing", "get_artist_info_non_id3", "{artist}"): "biography",
    ("playlists", "create_playlist", "Mix"): "readonly",
    ("playlists", "get_playlist", "{playlist}"): "readonly",
    ("playlists", "get_playlists"): "readonly",
    ("podcast", "get_podcast_channels"): "must be a mapping",
    ("podcast", "get_podcast_channel", "1"): "",
    ("podcast", "get_podcast_episode", "1"): "must be a mapping",
    ("system", "get_open_subsonic_extensions"): "items",
    ("system", "check_open_subsonic_extension", "formPost", 1): "items",
    ("media_library_scanning", "get_scan_status"): "folderCount",
    ("media_library_scanning", "start_scan"): "folderCount",
    ("user_management", "get_user", "admin"): "password",
    ("user_management", "get_users"): "password",
}


class Rooms:
    """The rooms of a client, with their calls noted."""

    def __init__(self, client: Subsonic) -> None:
        self.rooms = {name: Calls(getattr(client, name)) for name in ROOMS}

    def __getattr__(self, name: str) -> Calls:
        return self.rooms[name]

    def forgotten(self) -> dict[str, set[str]]:
        """The calls that were not made, by room."""
        left = {name: offered(type(room.client)) - room.made for name, room in self.rooms.items()}
        return {name: calls for name, calls in left.items() if calls}


@pytest.fixture
def client(shop: Shop) -> Rooms:
    """Signed in by the login password, as an admin who may manage."""
    return Rooms(Subsonic(shop.url, shop.user.username, shop.password, "test", use_https=False, use_token=False))


def browse(client: Rooms, shop: Shop) -> None:
    one, room = shop.songs[0].pk, client.browsing
    folder = str(room.get_music_folders()[0].id)
    assert room.get_music_folder(folder) is None or folder
    assert room.get_genres()[0].value == room.get_genre("Rock").value == "Rock"
    assert room.get_artists()[0].id == room.get_artist(shop.artist).id == shop.artist
    assert room.get_album(shop.album).id == shop.album
    assert room.get_song(one).id == one
    for name in ("get_album_info", "get_album_info_non_id3"):
        assert getattr(room, name)(shop.album) is not None
    for name in ("get_similar_songs", "get_similar_songs_non_id3"):
        assert isinstance(getattr(room, name)(one), list)
    assert isinstance(room.get_top_songs("Ada", 10), list)
    assert room.get_videos() == []
    assert room.get_video("1") is None
    room.refused("get_video_info", "1", words="no videos")
    assert len(client.searching.search("song").songs) == len(client.searching.search_non_id3("song").songs) == 2


def see_lists(client: Rooms) -> None:
    room = client.lists
    needed = {"by_year": (2000, 2030), "by_genre": ("Rock",), "songs_by_genre": ("Rock",), "top_songs": ("Ada",)}
    for name in sorted(offered(type(room.client))):
        arguments: tuple[Any, ...] = next((given for part, given in needed.items() if part in name), ())
        assert getattr(room, name)(*arguments) is not None, name


def listen(client: Rooms, shop: Shop, folder: Path) -> None:
    one, room = shop.songs[0].pk, client.media_retrieval
    assert shop.url in room.stream(one)
    assert room.download(one, folder / "song.flac").stat().st_size == shop.songs[0].size
    assert room.get_cover_art(f"al-{shop.album}", folder / "cover").stat().st_size
    assert room.get_avatar("admin", folder / "avatar").stat().st_size
    assert room.get_lyrics("Ada", shop.songs[0].title).lyrics == "Words\n"
    assert room.hls("1")  # an address only
    assert room.get_captions("1", folder / "captions").exists()  # it takes the refusal for the captions
    marks = client.media_annotation
    for name, thing in (("song", one), ("album", shop.album), ("artist", shop.artist)):
        getattr(marks, f"star_{name}")(thing)
        getattr(marks, f"unstar_{name}")(thing)
    marks.set_rating(one, 4)
    marks.remove_rating(one)
    marks.scrobble([one], [datetime.now(UTC)])
    assert client.browsing.get_song(one).play_count == 1


def collect(client: Rooms, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    keep = client.bookmarks
    keep.create_bookmark(one, 5)
    keep.update_bookmark(one, 6)
    assert keep.get_bookmark(one).position == keep.get_bookmarks()[0].position == 6
    keep.delete_bookmark(one)
    keep.save_play_queue([one, two], two, 7)
    assert keep.get_play_queue().position == 7
    shares = client.sharing
    share = shares.create_share([one], "words", datetime(2030, 1, 1, tzinfo=UTC))
    shares.update_share(share.id, "other")
    assert shares.get_share(share.id).description == shares.get_shares()[0].description == "other"
    shares.delete_share(share.id)
    radio = client.internet_radio
    radio.create_internet_radio_station("https://radio.example/1", "Radio")
    pk = Radio.objects.get().pk
    # it reads homepageUrl, which is called homePageUrl in answers
    radio.refused("get_internet_radio_stations", words="homepageUrl")
    radio.refused("get_internet_radio_station", pk, words="homepageUrl")
    radio.update_internet_radio_station(pk, "https://radio.example/2", "Two")
    assert Radio.objects.get().name == "Two"
    radio.delete_internet_radio_station(pk)


def manage(client: Rooms) -> None:
    assert client.system.ping().status == "ok"
    assert client.system.get_license().valid
    people = client.user_management
    people.create_user("eve", "a password", "eve@example.org")
    people.update_user("eve", email="e@example.org")
    people.change_password("eve", "another one")
    people.delete_user("eve")


def ask_for_other_media(client: Rooms) -> None:
    assert client.chat.get_chat_messages() == []
    client.chat.refused("add_chat_message", "hello", words="no chat")
    given = {"set": ([],), "skip": (0,), "add": ([],), "remove": (0,), "set_gain": (0.5,)}
    for name in sorted(offered(type(client.jukebox.client))):
        client.jukebox.refused(name, *given.get(name, ()), words="no jukebox")
    room = client.podcast
    assert room.get_newest_podcast_episodes(10) == []
    room.refused("refresh_podcasts", words="no podcasts")
    room.refused("create_podcast_channel", "https://example.org", words="no podcasts")
    for name in ("delete_podcast_channel", "download_podcast_episode", "delete_podcast_episode"):
        room.refused(name, "1", words="no podcasts")


def test_every_call(shop: Shop, client: Rooms, tmp_path: Path) -> None:
    browse(client, shop)
    see_lists(client)
    listen(client, shop, tmp_path)
    collect(client, shop)
    ask_for_other_media(client)
    manage(client)
    playlist = create_playlist(shop.user.as_viewer(), {"name": "Mix"})
    for (room, name, *arguments), words in FAILS.items():
        known = {"artist": shop.artist, "playlist": playlist.pk, "library": shop.library.pk}
        given = [str(each).format(**known) for each in arguments]
        client.rooms[room].refused(name, *given, words=words)
    client.playlists.update_playlist(playlist.pk, name="New", song_ids_to_add=[shop.songs[0].pk])
    client.playlists.delete_playlist(playlist.pk)
    assert client.forgotten() == {}


def test_a_token(shop: Shop) -> None:
    client = Subsonic(shop.url, shop.user.username, app_password(shop.user), "test", use_https=False)
    assert client.browsing.get_artists()[0].name == "Ada"
