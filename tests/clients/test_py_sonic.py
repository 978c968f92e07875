"""py-sonic, which Mopidy-Subidy is built on: every call that it offers."""

from __future__ import annotations

import pytest
from libsonic import Connection

from tests.clients.conftest import Calls, Shop, offered
from users.app_passwords import app_password

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

# of a server before Subsonic 4.6, by addresses outside of the protocol
GONE = {"scanMediaFolders", "cleanupDatabase"}


@pytest.fixture
def client(shop: Shop) -> Calls:
    """Signed in by the login password, as an admin who may manage."""
    return Calls(Connection(shop.host, shop.user.username, shop.password, port=shop.port, legacyAuth=True))


def browse(client: Calls, shop: Shop) -> None:
    one = shop.songs[0].pk
    assert client.ping()
    assert client.getLicense()["license"]["valid"]
    assert client.getMusicFolders()["musicFolders"]["musicFolder"][0]["id"] == shop.library.pk
    assert client.getArtists()["artists"]["index"][0]["artist"][0]["id"] == shop.artist
    assert client.getArtist(shop.artist)["artist"]["album"][0]["id"] == shop.album
    assert len(client.getAlbum(shop.album)["album"]["song"]) == 2
    assert client.getSong(one)["song"]["id"] == one
    assert client.getGenres()["genres"]["genre"][0]["value"] == "Rock"
    assert client.getIndexes()["indexes"]["index"][0]["artist"][0]["id"] == shop.artist
    assert client.getMusicDirectory(shop.artist)["directory"]["child"][0]["id"] == shop.album
    for name, thing in (("AlbumInfo", shop.album), ("ArtistInfo", shop.artist), ("SimilarSongs", one)):
        for twin in ("", "2"):
            assert getattr(client, f"get{name}{twin}")(thing)["status"] == "ok"
    assert "song" in client.getTopSongs("Ada")["topSongs"]
    assert client.getAlbumList("newest")["albumList"]["album"][0]["id"] == shop.album
    assert client.getAlbumList2("newest")["albumList2"]["album"][0]["id"] == shop.album
    assert len(client.getRandomSongs()["randomSongs"]["song"]) == 2
    assert len(client.getSongsByGenre("Rock")["songsByGenre"]["song"]) == 2
    assert len(client.search2("song")["searchResult2"]["song"]) == 2
    assert len(client.search3("song")["searchResult3"]["song"]) == 2
    client.refused("search", artist="Ada", words="search2")


def listen(client: Calls, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    with client.stream(one) as stream, client.download(one) as download:
        assert stream.read() == download.read()
    for picture in (client.getCoverArt(f"al-{shop.album}", 50), client.getAvatar("admin")):
        with picture:
            assert picture.headers["Content-Type"].startswith("image/")
    assert client.getLyrics("Ada", "x")["lyrics"]["value"] == ""
    client.scrobble(one, submission=False)
    assert client.getNowPlaying()["nowPlaying"]["entry"][0]["id"] == one
    client.scrobble(two)
    assert client.getSong(two)["song"]["playCount"] == 1


def mark(client: Calls, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    client.star([one], [shop.album], [shop.artist])
    assert client.getStarred()["starred"]["song"][0]["id"] == client.getStarred2()["starred2"]["song"][0]["id"] == one
    client.unstar([one], [shop.album], [shop.artist])
    client.setRating(one, 4)
    assert client.getSong(one)["song"]["userRating"] == 4
    client.createBookmark(one, 500, "here")
    assert client.getBookmarks()["bookmarks"]["bookmark"][0]["position"] == 500
    client.deleteBookmark(one)
    client.savePlayQueue([one, two], current=two, position=7)
    assert client.getPlayQueue()["playQueue"]["current"] == two


def collect(client: Calls, shop: Shop) -> None:
    one, two = (song.pk for song in shop.songs)
    pk = client.createPlaylist(name="Mix", songIds=[one])["playlist"]["id"]
    client.updatePlaylist(pk, comment="c", songIdsToAdd=[two], songIndexesToRemove=[0])
    assert client.getPlaylist(pk)["playlist"]["entry"][0]["id"] == two
    assert len(client.getPlaylists()["playlists"]["playlist"]) == 1
    client.deletePlaylist(pk)
    share = client.createShare([one], "words")["shares"]["share"][0]["id"]
    client.updateShare(share, description="other")
    assert client.getShares()["shares"]["share"][0]["description"] == "other"
    client.deleteShare(share)
    client.createInternetRadioStation("https://radio.example/1", "Radio")
    found = client.getInternetRadioStations()["internetRadioStations"]["internetRadioStation"]
    client.updateInternetRadioStation(found[0]["id"], "https://radio.example/2", "Two")
    client.deleteInternetRadioStation(found[0]["id"])


def manage(client: Calls) -> None:
    assert client.getScanStatus()["scanStatus"]["scanning"] is False
    assert client.startScan()["scanStatus"]["scanning"] is True
    client.createUser("eve", "a password", "eve@example.org")
    assert client.getUser("eve")["user"]["email"] == "eve@example.org"
    client.updateUser("eve", email="e@example.org")
    client.changePassword("eve", "another one")
    assert len(client.getUsers()["users"]["user"]) == 2
    client.deleteUser("eve")


def ask_for_other_media(client: Calls) -> None:
    for name in ("getPodcasts", "getNewestPodcasts", "getChatMessages", "getVideos"):
        assert getattr(client, name)()["status"] == "ok"
    client.refused("addChatMessage", "hello", words="no chat")
    client.refused("jukeboxControl", "get", words="no jukebox")
    for name in ("getVideoInfo", "getCaptions", "hls"):
        client.refused(name, "1", words="no videos")
    for name in ("createPodcastChannel", "deletePodcastChannel", "deletePodcastEpisode", "downloadPodcastEpisode"):
        client.refused(name, "1", words="no podcasts")
    client.refused("refreshPodcasts", words="no podcasts")


def test_every_call(shop: Shop, client: Calls) -> None:
    browse(client, shop)
    listen(client, shop)
    mark(client, shop)
    collect(client, shop)
    ask_for_other_media(client)
    manage(client)
    calls = offered(Connection, lambda name: name.startswith("set") and name != "setRating")
    assert calls - client.made == GONE


def test_a_token(shop: Shop) -> None:
    """By POST; its way with GET names a module of Python 2."""
    connection = Connection(shop.host, shop.user.username, app_password(shop.user), port=shop.port)
    assert connection.getArtists()["artists"]["index"][0]["artist"][0]["name"] == "Ada"
