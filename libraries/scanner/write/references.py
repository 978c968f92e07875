"""From pids to ids: artists, genres and albums, looked up in batches, created where they are new, remembered in bounds.

Scans of other libraries create the same artists and genres at the same time: an insert that meets one does nothing, and
the row is read again. All transactions touch artists, then genres, each in the order of their pids: no two of them can
wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from libraries.choices import Freshness
from libraries.models import Album, Artist, Genre
from libraries.order_names import shared_order_name
from libraries.scanner.types import AlbumRecord, Credit
from libraries.search.words import spaced
from navidrome_lib.db.bulk import (
    chunks,
    db_datetime,
    insert_new_rows,
    insert_rows,
    placeholders,
    quoted,
    table,
    update_rows,
)
from navidrome_lib.db.ids import new_id

_REMEMBERED: Final = 20_000


class KnownArtist(NamedTuple):
    id: str
    sort_name: str
    order_name: str
    mbz_artist_id: str


class KnownAlbum(NamedTuple):
    id: str
    described_by: str


class References:
    """The ids of one scan of one library; `freshness` is that of the albums that it creates."""

    def __init__(self, library_id: int, freshness: Freshness = Freshness.NEW) -> None:
        self._library_id = library_id
        self._articles: tuple[str, ...] = settings.CONF.tags.ignored_articles
        self._freshness = int(freshness)
        self._artists: dict[str, KnownArtist] = {}
        self._genres: dict[str, str] = {}
        self._albums: dict[str, KnownAlbum] = {}

    def forget(self) -> None:
        """Trust nothing that was remembered: a transaction was rolled back, or rows were removed by others."""
        self._artists.clear()
        self._genres.clear()
        self._albums.clear()

    def artist_id(self, pid: str) -> str:
        return self._artists[pid].id

    def artist_ids(self, credits_: Iterable[Credit]) -> set[str]:
        return {self._artists[credit.pid].id for credit in credits_}

    def genre_id(self, pid: str) -> str:
        return self._genres[pid]

    def album_id(self, pid: str) -> str:
        return self._albums[pid].id

    def find_artists(self, credits_: Iterable[Credit]) -> None:
        """Know the ids of all these artists; what they lack of sort name or MusicBrainz id is filled in."""
        wanted: dict[str, Credit] = {}
        for credit in credits_:
            seen = wanted.setdefault(credit.pid, credit)
            if seen is not credit and (
                (credit.sort_name and not seen.sort_name) or (credit.mbz_id and not seen.mbz_id)
            ):
                wanted[credit.pid] = Credit(
                    seen.role, seen.pid, seen.name, seen.sort_name or credit.sort_name, seen.mbz_id or credit.mbz_id
                )
        _trim(self._artists)
        new = self._read_artists(wanted)
        if new:
            now = db_datetime(timezone.now())
            columns = (
                "id", "pid", "name", "sort_name", "order_name", "words", "mbz_artist_id", "created_at", "updated_at",
            )  # fmt: skip
            rows = [
                (
                    new_id(),
                    c.pid,
                    c.name,
                    c.sort_name,
                    self._order(c.name),
                    spaced(c.name, c.sort_name),
                    c.mbz_id,
                    now,
                    now,
                )
                for c in map(wanted.__getitem__, new)
            ]
            insert_new_rows(Artist, columns, rows)
            self._read_artists(wanted)
        self._complete_artists(wanted)

    def _read_artists(self, wanted: Iterable[str]) -> list[str]:
        """Look up what is not remembered; returns the pids that do not exist, in order."""
        return _read(Artist, KnownArtist._fields, wanted, self._artists, KnownArtist)

    def _order(self, name: str) -> str:
        return shared_order_name(name, self._articles)

    def _complete_artists(self, wanted: Mapping[str, Credit]) -> None:
        rows = []
        now = db_datetime(timezone.now())
        for pid, credit in sorted(wanted.items()):
            known = self._artists[pid]
            sort_name = known.sort_name or credit.sort_name
            mbz_id = known.mbz_artist_id or credit.mbz_id
            found = KnownArtist(known.id, sort_name, self._order(credit.name), mbz_id)
            if found != known:
                self._artists[pid] = found
                rows.append((*found[1:], spaced(credit.name, sort_name), now, known.id))
        update_rows(Artist, (*KnownArtist._fields[1:], "words", "updated_at"), rows)

    def find_genres(self, genres: Iterable[tuple[str, str]]) -> None:
        """Know the ids of all these genres, each a pid and a name."""
        wanted: dict[str, str] = {}
        for pid, name in genres:
            wanted.setdefault(pid, name)
        _trim(self._genres)
        new = _read(Genre, ("id",), wanted, self._genres, str)
        if new:
            insert_new_rows(Genre, ("id", "pid", "name"), [(new_id(), pid, wanted[pid]) for pid in new])
            _read(Genre, ("id",), wanted, self._genres, str)

    def free_pids(self, albums: Iterable[AlbumRecord]) -> set[str]:
        """Those of the identities of albums that no row has."""
        _trim(self._albums)
        return set(_read(Album, _ALBUM_FACTS, {a.pid for a in albums}, self._albums, KnownAlbum, self._library_id))

    def rename_albums(self, renames: Mapping[str, str]) -> None:
        """Give rows new identities, each an id and a pid that is free; `find_albums` describes them."""
        freshness = quoted("freshness")
        sql = f"""UPDATE {table(Album)} SET pid = %s, described_by = '',
            {freshness} = CASE {freshness} WHEN %s THEN %s ELSE {freshness} END WHERE id = %s"""  # noqa: S608 - own names
        settled, renamed = int(Freshness.SETTLED), int(Freshness.RENAMED)
        with connection.cursor() as cursor:
            cursor.executemany(sql, [(pid, settled, renamed, pk) for pk, pid in sorted(renames.items())])
        for pid in [pid for pid, known in self._albums.items() if known.id in renames]:
            del self._albums[pid]
        self._albums |= {pid: KnownAlbum(pk, "") for pk, pid in renames.items()}

    def find_albums(self, albums: Iterable[tuple[str, AlbumRecord]]) -> None:
        """Know the ids of all these albums, each with the path of a track that describes it. Artists come first.

        Tracks may describe their album differently: the first by path has its way, so that no order of reading and
        no interruption makes a difference.
        """
        wanted: dict[str, tuple[str, AlbumRecord]] = {}
        for path, album in albums:
            seen = wanted.get(album.pid)
            if seen is None or path < seen[0]:
                wanted[album.pid] = (path, album)
        _trim(self._albums)
        new = _read(Album, _ALBUM_FACTS, wanted, self._albums, KnownAlbum, self._library_id)
        now = db_datetime(timezone.now())
        rows = []
        for pid in new:
            path, album = wanted[pid]
            known = self._albums[pid] = KnownAlbum(new_id(), path)
            own = (self._library_id, pid, self._freshness, now, known.id)
            rows.append((*self._album_row(album), path, now, *_UNCOUNTED.values(), *own))
        columns = (*_ALBUM_COLUMNS, *_UNCOUNTED, "library_id", "pid", "freshness", "created_at", "id")
        insert_rows(Album, columns, rows)
        changed = []
        for pid in wanted.keys() - set(new):
            path, album = wanted[pid]
            known = self._albums[pid]
            if not known.described_by or path <= known.described_by:
                self._albums[pid] = KnownAlbum(known.id, path)
                changed.append((*self._album_row(album), path, now, known.id))
        update_rows(Album, _ALBUM_COLUMNS, changed)

    def _album_row(self, album: AlbumRecord) -> tuple[Any, ...]:
        artist = self._artists[album.artist_pid]
        return (
            album.name, album.sort_name, self._order(album.name), album.version, album.album_artist, artist.order_name,
            artist.id, album.mbz_album_id, album.mbz_release_group_id,
        )  # fmt: skip


_ALBUM_FACTS: Final = ("id", "described_by")
_ALBUM_COLUMNS: Final = (
    "name", "sort_name", "order_name", "version", "album_artist", "order_artist", "artist_id", "mbz_album_id",
    "mbz_release_group_id", "described_by", "updated_at",
)  # fmt: skip
# what is counted in the same transaction, as soon as it has tracks (see totals.refresh_albums)
_UNCOUNTED: Final = {
    "song_count": 0, "duration": 0.0, "size": 0, "compilation": False, "date": "", "original_date": "",
    "release_date": "", "details": "", "words": "",
}  # fmt: skip


def _trim(remembered: dict[str, Any]) -> None:
    if len(remembered) > _REMEMBERED:
        remembered.clear()


def _read(
    model: type[models.Model],
    columns: tuple[str, ...],
    wanted: Iterable[str],
    remembered: dict[str, Any],
    make: Callable[..., Any],
    library_id: int | None = None,
) -> list[str]:
    """Remember what there is of the wanted pids, of a library or of all; returns those that do not exist, in order."""
    unknown = sorted(pid for pid in wanted if pid not in remembered)
    names = ", ".join(map(quoted, ("pid", *columns)))
    own = [] if library_id is None else [library_id]
    with connection.cursor() as cursor:
        for piece in chunks(unknown):
            sql = f"SELECT {names} FROM {table(model)} WHERE pid IN ({placeholders(piece)})"  # noqa: S608 - own names
            cursor.execute(sql + (" AND library_id = %s" if own else ""), [*piece, *own])
            for pid, *values in cursor.fetchall():
                remembered[pid] = make(*values)
    return [pid for pid in unknown if pid not in remembered]
