"""py-opensonic, which Music Assistant is built on: every call that it offers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from libopensonic import AsyncConnection
from libopensonic import Connection as Client

from tests.clients.conftest import Calls, Shop, offered
from users import api_keys
from users.app_passwords import app_password

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

PLAYER = {
    "name": "test", "platform": "test", "maxAudioBitrate": 0, "maxTranscodingAudioBitrate": 0,
    "directPlayProfiles": [
        {"containers": ["flac"], "audioCodecs": ["flac"], "protocols": ["http"], "maxAudioChannels": 2}
    ],
    "transcodingProfiles": [], "codecProfiles": [],
}  # fmt: skip
OPUS = {
    **PLAYER,
    "directPlayProfiles": [],
    "transcodingProfiles": [{"container": "ogg", "audioCodec": "opus", "protocol": "http", "maxAudioChannels": 2}],
}


@pytest.fixture
def client(shop: Shop) -> Iterator[Calls]:
    """Signed in by the login password, as an admin who may manage."""
    connection = Client(shop.host, shop.user.username, shop.password, port=shop.port, legacy_auth=True)
    yield Calls(connection)
    connection.cleanup()


def read(client: Calls, response: object) -> bytes:
    """The body of a binary answer."""
    import asyncio  # noqa: PLC0415 - of the client's own loop

    future = asyncio.run_coroutine_threadsafe(response.read(), client.client._loop)  # type: ignore[attr-defined]
    return bytes(future.result(timeout=30))


def browse(client: Calls, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    assert client.ping()
    assert client.get_license()["license"]["valid"] is True
    assert client.token_info().username == shop.user.username
    assert "formPost" in {each.name for each in client.get_open_subsonic_extensions()}
    # it reads the object of the answer as if it were the list in it
    client.refused("get_music_folders", words="dict instance")
    assert client.get_artists().index[0].artist[0].name == "Ada"
    assert client.get_artist(shop.artist).album[0].id == shop.album
    assert {song.id for song in client.get_album(shop.album).song} == {one, two}
    assert client.get_song(one).id == one
    assert [genre.value for genre in client.get_genres()] == ["Rock"]
    assert client.get_indexes().index[0].artist[0].id == shop.artist
    assert client.get_music_directory(shop.artist).child[0].id == shop.album
    for name in ("get_album_info", "get_album_info2"):
        assert getattr(client, name)(shop.album) is not None
    for name in ("get_artist_info", "get_artist_info2"):
        assert getattr(client, name)(shop.artist) is not None
    for name in ("get_similar_songs", "get_similar_songs2"):
        assert isinstance(getattr(client, name)(one), list)
    assert isinstance(client.get_top_songs("Ada"), list)
    for name in ("get_album_list", "get_album_list2"):
        assert [album.id for album in getattr(client, name)("newest")] == [shop.album]
    assert len(client.get_random_songs()) == len(client.get_songs_by_genre("Rock")) == 2
    assert len(client.search2("song").song) == len(client.search3('""').song) == 2
    client.refused("search", artist="Ada", words="search2")
    client.refused("get_sonic_similar_tracks", one)
    client.refused("find_sonic_path", one, two)


def listen(client: Calls, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    whole = read(client, client.stream(one))
    assert whole == read(client, client.download(one))
    assert len(whole) == shop.songs[0].size
    assert read(client, client.stream(one, byte_range="bytes=0-9")) == whole[:10]
    url, _ = client.get_stream_url(one)
    assert url.startswith(shop.url)
    for response in (client.get_cover_art(f"al-{shop.album}", 50), client.get_avatar("admin")):
        assert response.headers["Content-Type"].startswith("image/")
    assert client.get_lyrics("Ada", "x").value == ""
    assert client.get_lyrics_by_song_id(one)[0].line[0].value == "Words"
    assert client.get_lyrics_by_song_id(two) == []
    assert client.get_transcode_decision(one, "song", PLAYER).can_direct_play
    decision = client.get_transcode_decision(one, "song", OPUS)
    assert decision.can_transcode
    assert read(client, client.get_transcode_stream(one, "song", decision.transcode_params))
    assert client.report_playback(one, "song", 100, "playing")
    assert [entry.id for entry in client.get_now_playing()] == [one]
    assert client.scrobble(two)
    assert client.get_song(two).play_count == 1


def mark(client: Calls, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    assert client.star([one], [shop.album], [shop.artist])
    for found in (client.get_starred(), client.get_starred2()):
        assert (found.song[0].id, found.album[0].id, found.artist[0].id) == (one, shop.album, shop.artist)
    assert client.unstar([one], [shop.album], [shop.artist])
    assert client.set_rating(one, 4)
    assert client.get_song(one).user_rating == 4
    assert client.create_bookmark(one, 500, "here")
    assert client.get_bookmarks()[0].position == 500
    assert client.delete_bookmark(one)
    client.get_play_queue()
    assert client.save_play_queue([one, two], current=two, position=7)
    queue = client.get_play_queue()
    assert (str(queue.current), queue.position, len(queue.entry)) == (two, 7, 2)
    assert client.save_play_queue_by_index([one, one], 1, 9)
    assert client.get_play_queue_by_index().current_index == 1


def collect(client: Calls, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    assert client.create_playlist(name="Mix", song_ids=[one])
    (playlist,) = client.get_playlists()
    assert client.update_playlist(playlist.id, comment="c", song_ids_to_add=[two], song_indices_to_remove=[0])
    assert [song.id for song in client.get_playlist(playlist.id).entry] == [two]
    assert client.delete_playlist(playlist.id)
    share = client.create_share([one], "words")
    # it sends the time as the name of the parameter
    client.refused("update_share", share.id, description="other")
    assert client.get_shares()[0].description == "words"
    assert client.delete_share(share.id)
    assert client.create_internet_radio_station("https://radio.example/1", "Radio", "https://radio.example/")
    (station,) = client.get_internet_radio_stations()
    assert client.update_internet_radio_station(station.id, "https://radio.example/2", "Two", "https://radio.example/")
    assert client.get_internet_radio_stations()[0].name == "Two"
    assert client.delete_internet_radio_station(station.id)


def manage(client: Calls, shop: Shop) -> None:
    assert client.get_scan_status().scanning is False
    assert client.start_scan().scanning is True
    assert client.get_user("admin").admin_role
    assert client.create_user("eve", "a password", "eve@example.org")
    assert {user.username for user in client.get_users()} == {"admin", "eve"}
    assert client.update_user("eve", email="e@example.org")
    assert client.change_password("eve", "another one")
    assert client.delete_user("eve")


def ask_for_other_media(client: Calls) -> None:
    assert client.get_podcasts() == client.get_newest_podcasts() == client.get_chat_messages() == []
    assert client.get_videos()["videos"] == {"video": []}
    client.refused("add_chat_message", "hello", words="no chat")
    client.refused("jukebox_control", "get", words="no jukebox")
    for name in ("get_video_info", "get_captions", "hls"):
        client.refused(name, "1", words="no videos")
    for name, argument in (
        ("create_podcast_channel", "https://example.org"), ("delete_podcast_channel", "1"),
        ("delete_podcast_episode", "1"), ("download_podcast_episode", "1"), ("get_podcast_episode", "1"),
    ):  # fmt: skip
        client.refused(name, argument, words="no podcasts")
    client.refused("refresh_podcasts", words="no podcasts")


def test_every_call(shop: Shop, client: Calls) -> None:
    browse(client, shop)
    listen(client, shop)
    mark(client, shop)
    collect(client, shop)
    ask_for_other_media(client)
    manage(client, shop)
    # what belongs to the connection, not to the server
    assert offered(AsyncConnection) - client.made == {"cleanup"}


def test_ways_to_sign_in(shop: Shop) -> None:
    _, key = api_keys.create_key(shop.user, name="k", scope="read")
    name, password = shop.user.username, app_password(shop.user)
    ways = (
        Client(shop.host, name, password, port=shop.port),
        Client(shop.host, name, password, port=shop.port, use_get=True, use_views=False),
        Client(shop.host, port=shop.port, api_key=key),
    )
    for connection in ways:
        assert connection.get_artists().index[0].artist[0].name == "Ada"
        connection.cleanup()
