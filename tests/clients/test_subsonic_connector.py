"""subsonic-connector, which upmpdcli plays with: every call that it offers."""

from __future__ import annotations

from urllib.request import urlopen

import pytest
from subsonic_connector.connector import Connector
from subsonic_connector.default_config import DefaultConfiguration
from subsonic_connector.list_type import ListType

from listening.models import Radio
from tests.clients.conftest import Calls, Shop, offered
from users.app_passwords import app_password

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


@pytest.fixture
def client(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Signed in by token."""
    values = {
        "SERVER_URL": shop.host, "SERVER_PORT": str(shop.port), "USERNAME": shop.user.username,
        "PASSWORD": app_password(shop.user),
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"SUBSONIC_{name}", value)
    return Calls(Connector(DefaultConfiguration()))


def test_every_call(shop: Shop, client: Calls) -> None:
    one, artist = shop.songs[0], shop.artist
    assert client.ping()
    assert client.getMusicFolders().getObj() is not None
    assert client.getIndexes()["indexes"]["index"][0]["artist"][0]["id"] == artist
    assert client.getArtists().getObj().getArtistListInitials()[0].getArtistListItems()[0].getId() == artist
    assert client.getArtist(artist).getObj().getAlbumList()[0].getId() == shop.album
    assert client.getGenres().getObj().getGenres()[0].getName() == "Rock"
    assert client.getCoverArtForGenre("Rock")
    for answer in (client.getTopSongs("Ada"), client.getSimilarSongs(one.pk), client.getArtistInfo(artist)):
        assert answer.isOk()
    assert len(client.getRandomSongs().getObj().getSongs()) == 2
    lists = (client.getAlbumList(ListType.NEWEST), client.getNewestAlbumList(), client.getRandomAlbumList())
    assert {answer.getObj().getAlbums()[0].getId() for answer in lists} == {shop.album}
    assert len(client.getAlbum(shop.album).getObj().getSongs()) == 2
    song = client.getSong(one.pk).getObj()
    assert song.getId() == one.pk
    client.client._Connector__connect().createPlaylist(name="Mix", songIds=[one.pk])
    (playlist,) = client.getPlaylists().getObj().getPlaylists()
    assert client.getPlaylist(playlist.getId()).getObj().getEntries()[0].getId() == one.pk
    assert client.getCoverByArtistId(artist).getArtistArtUrl() or client.getCoverByArtistId(artist)
    assert client.getCoverByArtist(client.getArtist(artist).getObj())
    assert len(client.search("song").getSongs()) == 2
    assert client.getStarred().isOk()
    Radio.objects.create(name="Radio", stream_url="https://radio.example/1")
    assert len(client.getInternetRadioStations().getObj().getStations()) == 1
    for url in (client.buildSongUrl(one.pk), client.buildSongUrlBySong(song)):
        with urlopen(url) as stream:  # noqa: S310 - of the server of this test
            assert len(stream.read()) == one.size
    with urlopen(client.buildCoverArtUrl(f"al-{shop.album}")) as picture:  # noqa: S310
        assert picture.headers["Content-Type"].startswith("image/")
    assert client.scrobble(one.pk)["status"] == "ok"
    with client.download(one.pk) as download:
        assert len(download.read()) == one.size
    assert offered(Connector) == client.made & offered(Connector)
