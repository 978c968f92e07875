"""The lists that both servers of `bench.beside` are asked for."""

from __future__ import annotations

from typing import Final, NamedTuple


class Found(NamedTuple):
    """What a server's lists are asked for: its longest album, the artist with the most albums, and so on."""

    album: str = ""
    artist: str = ""
    playlist: str = ""
    genre: str = ""
    middle: int = 0


class List(NamedTuple):
    """A list by its address, without credentials."""

    path: str


LISTS: Final = tuple(
    List(path)
    for path in (
        "/api/song?_start=0&_end=100&_sort=title&_order=ASC",
        "/api/song?_start={middle}&_end={end}&_sort=title&_order=ASC",
        "/api/song?_start=0&_end=50&_sort=album&_order=ASC",
        "/api/song?_start=0&_end=100&_sort=random&_order=ASC&seed=1",
        "/api/song?_start=0&_end=50&title=love",
        "/api/song?_start=0&_end=50&starred=true",
        "/api/song?_start=0&_end=15&_sort=createdAt&_order=DESC&library_id=1",
        "/api/song?album_id={album}&_start=0&_end=0&_sort=album&_order=ASC",
        "/api/album?_start=0&_end=36&_sort=recently_added&_order=DESC",
        "/api/album?_start=0&_end=100&_sort=name&_order=ASC",
        "/api/album?_start=0&_end=36&_sort=random&_order=ASC&seed=1",
        "/api/album?_start=0&_end=36&_sort=max_year&_order=DESC",
        "/api/album?_start=0&_end=36&name=night",
        "/api/album?artist_id={artist}&_start=0&_end=0",
        "/api/artist?_start=0&_end=100&_sort=name&_order=ASC&role=albumartist",
        "/api/artist?_start=0&_end=15&name=the",
        "/api/genre?_start=0&_end=0&_sort=name&_order=ASC",
        "/api/tag?tag_name=mood",
        "/api/playlist/{playlist}/tracks?_start=0&_end=100",
        "/rest/getArtists",
        "/rest/getIndexes",
        "/rest/getGenres",
        "/rest/getAlbumList2?type=newest&size=500",
        "/rest/getAlbumList2?type=alphabeticalByName&size=50",
        "/rest/getAlbumList2?type=random&size=50",
        "/rest/getAlbumList2?type=byGenre&genre={genre}&size=100",
        "/rest/getRandomSongs?size=50",
        "/rest/getSongsByGenre?genre={genre}&count=100",
        "/rest/getAlbum?id={album}",
        "/rest/getArtist?id={artist}",
        "/rest/getPlaylist?id={playlist}",
        "/rest/getStarred2",
        "/rest/search3?query=love",
        "/rest/search3?query=&songCount=500&albumCount=0&artistCount=0",
        "/rest/search3?query=&songCount=500&songOffset={middle}&albumCount=0&artistCount=0",
    )
)
