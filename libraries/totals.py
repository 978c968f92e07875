"""Keep totals and counts right: of libraries, albums and artists. Set-based, any database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Greatest

from libraries.digests import clear_digests
from libraries.models import (
    Album,
    Artist,
    Folder,
    Genre,
    Library,
    LibraryArtist,
    MediaFile,
    Participant,
    Scan,
    SongWords,
    TrackGenre,
)
from libraries.models.artist import NO_STATS
from libraries.search.index import refresh_songs
from navidrome_lib.db.bulk import chunks, insert_or, lock_rows, placeholders, table
from navidrome_lib.db.prepared import PreparedQuery


class Delta(NamedTuple):
    """A change of a library's totals."""

    songs: int = 0
    size: int = 0
    duration: float = 0.0
    missing: int = 0

    def plus(self, other: Delta) -> Delta:
        return Delta(
            self.songs + other.songs,
            self.size + other.size,
            self.duration + other.duration,
            self.missing + other.missing,
        )


def add_to_totals(library_id: int, delta: Delta) -> None:
    """Apply what a transaction changed, in the same transaction: the totals are right at every moment.

    Should they be wrong all the same, they end at zero instead of failing the scan, and its end counts them again.
    """
    Library.objects.filter(pk=library_id).update(
        total_songs=Greatest(F("total_songs") + delta.songs, 0),
        total_size=Greatest(F("total_size") + delta.size, 0),
        total_duration=Greatest(F("total_duration") + delta.duration, 0.0),
        total_missing_files=Greatest(F("total_missing_files") + delta.missing, 0),
        totals_stale=True,
        revision=F("revision") + 1,
    )


def run(sql: str, values: Collection[Any] = ()) -> int:
    """Run one statement; says how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return int(cursor.rowcount)


def refresh_library_totals(library_id: int) -> None:
    """Recount a library's totals and clear `totals_stale`."""
    # a writer that has changed tracks of this library has added it to the totals already, or will do so behind us
    lock_rows(Library, "id = %s", [library_id])
    run(
        f"""UPDATE {table(Library)} SET
            total_songs = t.songs, total_size = t.size, total_duration = t.duration, total_missing_files = t.missing,
            total_albums = (SELECT COUNT(*) FROM {table(Album)} WHERE library_id = %s AND song_count > 0),
            total_artists = (SELECT COUNT(*) FROM {table(LibraryArtist)} WHERE library_id = %s AND song_count > 0),
            total_folders = %s,
            totals_stale = %s,
            revision = revision + 1
        FROM (SELECT
            COUNT(*) FILTER (WHERE NOT missing) AS songs,
            COUNT(*) FILTER (WHERE missing AND purge_id IS NULL) AS missing,
            COALESCE(SUM(size) FILTER (WHERE NOT missing), 0) AS size,
            COALESCE(SUM(duration) FILTER (WHERE NOT missing), 0) AS duration
            FROM {table(MediaFile)} WHERE library_id = %s) AS t
        WHERE {table(Library)}.id = %s""",  # noqa: S608 - own names
        [library_id, library_id, count_folders(library_id), False, library_id, library_id],
    )


_stale = PreparedQuery(
    lambda: (
        Library.objects.active()
        .filter(totals_stale=True)
        .exclude(Exists(Scan.objects.running().filter(library=OuterRef("pk"))))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
)


def stale_libraries() -> list[int]:
    """The libraries whose counts wait for a scan, and that none is running in: files were moved out of or into them."""
    return _stale.rows()


def recount(library_id: int) -> None:
    """Count all that is counted of a library. To be called in a transaction."""
    refresh_albums(library_id)
    refresh_library_artists(library_id)
    refresh_library_totals(library_id)


def count_folders(library_id: int) -> int:
    """The folders below the root with a present track in them or below them."""
    there = MediaFile.objects.present().filter(folder=OuterRef("pk"))
    rows = Folder.objects.filter(Exists(there), library=library_id).order_by()
    found: set[bytes] = set()
    for path in rows.values_list("path_bytes", flat=True).iterator(5000):
        path = bytes(path)
        while path and path not in found:
            found.add(path)
            path = path.rpartition(b"/")[0]
    return len(found)


# what the present tracks `m` say of their album; one that has none keeps what its last ones said
_AGREED: Final = "CASE WHEN MIN(m.{0}) = MAX(m.{0}) THEN MIN(m.{0}) ELSE '' END"
_COUNTED: Final = {
    "song_count": "COUNT(m.id)",
    "size": "COALESCE(SUM(m.size), 0)",
    "duration": "COALESCE(SUM(m.duration), 0)",
}
_KEPT: Final = {
    "compilation": "MAX(CASE WHEN m.compilation THEN 1 ELSE 0 END) = 1",
    "min_year": "MIN(m.year)",
    "max_year": "MAX(m.year)",
    "min_original_year": "MIN(m.original_year)",
    "max_original_year": "MAX(m.original_year)",
    "date": _AGREED.format("date"),
    "original_date": _AGREED.format("original_date"),
    "release_date": _AGREED.format("release_date"),
}
_SAID: Final = (*_COUNTED, *_KEPT)


def _said(album: str, *, with_names: bool = False) -> str:
    """The expressions of the columns `_SAID`; `album` is the name of the row that they are of."""
    kept = {name: f"CASE WHEN COUNT(m.id) = 0 THEN {album}.{name} ELSE {said} END" for name, said in _KEPT.items()}
    columns = _COUNTED | kept
    return ", ".join(f"{said} AS {name}" if with_names else said for name, said in columns.items())


def _differs(name: str) -> str:
    """Whether a row has another value in a column than was counted; years may be unknown."""
    own, counted = f"{table(Album)}.{name}", f"t.{name}"
    return f"COALESCE({own}, 0) <> COALESCE({counted}, 0)" if name.endswith("_year") else f"{own} <> {counted}"


def refresh_albums(library_id: int, album_ids: Iterable[str] | None = None) -> None:
    """Have albums say what their present tracks do, and count these: some albums, or all of a library."""
    # the lock first: of two that change an album at once, the second must see what the first has counted
    if album_ids is None:
        lock_rows(Album, "library_id = %s", [library_id])
        run(
            f"""UPDATE {table(Album)} SET {", ".join(f"{name} = t.{name}" for name in _SAID)}, details = ''
            FROM (SELECT a.id, {_said("a", with_names=True)}
                FROM {table(Album)} a LEFT JOIN {table(MediaFile)} m ON m.album_ref_id = a.id AND NOT m.missing
                WHERE a.library_id = %s GROUP BY a.id) AS t
            WHERE {table(Album)}.id = t.id AND ({" OR ".join(map(_differs, _SAID))})""",  # noqa: S608 - own names
            [library_id],
        )
        return
    # album by album: in the middle of a first scan PostgreSQL knows nothing of these tables, and would join by reading
    # all tracks for a few albums
    for piece in chunks(sorted(set(album_ids))):
        lock_rows(Album, f"id IN ({placeholders(piece)})", piece)
        run(
            f"""UPDATE {table(Album)} SET ({", ".join(_SAID)}) = (
                SELECT {_said(table(Album))}
                FROM {table(MediaFile)} m WHERE m.album_ref_id = {table(Album)}.id AND NOT m.missing),
                details = ''
            WHERE id IN ({placeholders(piece)})""",  # noqa: S608 - own names
            piece,
        )


# of a row, what is not counted here: it is gathered later, but for those who have nothing that is there
_UNGATHERED = {"stats": "", "size": 0, "main_song_count": 0, "main_album_count": 0, "main_size": 0}
_NOTHING = {**_UNGATHERED, "stats": NO_STATS}
_NUMBERS = [name for name in _UNGATHERED if name != "stats"]


def _counts() -> str:
    """What becomes of a row that is counted again: its numbers stay until they are gathered."""
    kept = (
        f"{name} = CASE WHEN EXCLUDED.song_count = 0 THEN 0 ELSE {table(LibraryArtist)}.{name} END" for name in _NUMBERS
    )
    counted = (f"{name} = EXCLUDED.{name}" for name in ("song_count", "album_count", "stats"))
    return ", ".join((*counted, *kept))


def _counted_artists(condition: str = "") -> str:
    """The artists of a library with their present songs and albums: 0 where all that they have there is missing."""
    there = "CASE WHEN NOT m.missing THEN {} END"
    return f"""SELECT p.artist_id, COUNT(DISTINCT {there.format("m.id")}) AS songs,
            COUNT(DISTINCT {there.format("m.album_ref_id")}) AS albums
        FROM {table(Participant)} p JOIN {table(MediaFile)} m ON m.id = p.media_file_id
        WHERE m.library_id = %s AND m.purge_id IS NULL {condition} GROUP BY p.artist_id"""  # noqa: S608 - own names


def refresh_library_artists(library_id: int, artist_ids: Iterable[str] | None = None) -> None:
    """Count the present tracks and albums of artists in a library: of some artists, or of all."""
    lock_rows(Library, "id = %s", [library_id])  # one counts at a time
    if artist_ids is None:
        _refresh_all_library_artists(library_id)
        return
    columns = ("library_id", "artist_id", "song_count", "album_count", *_UNGATHERED)
    for piece in chunks(sorted(set(artist_ids))):
        sql = _counted_artists(f"AND p.artist_id IN ({placeholders(piece)})")
        with connection.cursor() as cursor:
            cursor.execute(sql, [library_id, *piece])
            counted = sorted(
                (library_id, *row, *(_UNGATHERED if row[1] else _NOTHING).values()) for row in cursor.fetchall()
            )
        gone = set(piece).difference(artist for _, artist, *_ in counted)
        LibraryArtist.objects.filter(library=library_id, artist__in=gone).delete()
        insert_or(LibraryArtist, columns, counted, f"(library_id, artist_id) DO UPDATE SET {_counts()}")


def forget_album_details(album_ids: Iterable[str | None]) -> None:
    """Have what is known of albums gathered again, of those that are made of missing tracks alone: others are listed.

    To be called in the transaction that hides such tracks, or shows them again.
    """
    for piece in chunks(sorted({pk for pk in album_ids if pk})):
        lock_rows(Album, f"id IN ({placeholders(piece)})", piece)
        Album.objects.filter(pk__in=piece, song_count=0).update(details="")


def forget_lost_artists(library_id: int, track_ids: Collection[str]) -> None:
    """Let go the artists of tracks that a purge hides, where they have nothing else in the library, not even missing.

    To be called behind `add_missing`, in its transaction: it holds the library.
    """
    for piece in chunks(sorted(artists_of(track_ids))):
        listed = MediaFile.objects.in_catalog().filter(library=library_id, pk=OuterRef("media_file"))
        parts = Participant.objects.filter(Exists(listed), artist=OuterRef("artist"))
        LibraryArtist.objects.filter(~Exists(parts), library=library_id, artist__in=piece, song_count=0).delete()


def find_lost_artists(library_id: int, track_ids: Collection[str]) -> None:
    """Have the artists of tracks that are missing again, and no longer purged, in the library. Called likewise."""
    columns = ("library_id", "artist_id", "song_count", "album_count", *_UNGATHERED)
    rows = [(library_id, artist, 0, 0, *_NOTHING.values()) for artist in sorted(artists_of(track_ids))]
    insert_or(LibraryArtist, columns, rows, "(library_id, artist_id) DO NOTHING")


def forget_artist_stats(library_id: int, artist_ids: Iterable[str]) -> None:
    """Have what is known of artists in a library gathered again: their tracks may say other things of them now."""
    for piece in chunks(sorted(set(artist_ids))):
        LibraryArtist.objects.filter(library=library_id, artist__in=piece).update(stats="")


def _refresh_all_library_artists(library_id: int) -> None:
    counted = _counted_artists()
    run(
        f"""DELETE FROM {table(LibraryArtist)} WHERE library_id = %s
        AND artist_id NOT IN (SELECT artist_id FROM ({counted}) AS c)""",  # noqa: S608 - own names
        [library_id, library_id],
    )
    run(
        f"""INSERT INTO {table(LibraryArtist)}
        (library_id, artist_id, song_count, album_count, {", ".join(_UNGATHERED)})
        SELECT %s, c.artist_id, c.songs, c.albums, CASE WHEN c.songs = 0 THEN '{NO_STATS}' ELSE '' END, 0, 0, 0, 0
        FROM ({counted}) AS c WHERE TRUE
        ON CONFLICT (library_id, artist_id) DO UPDATE SET {_counts()}""",  # noqa: S608 - own names
        [library_id, library_id],
    )


def analyze_tables() -> None:
    """Have PostgreSQL look at the tables of the catalog, which have grown much, instead of a minute later by itself.

    Until then it takes them for empty, and reads all tracks where it should look a few up.
    """
    if connection.vendor == "postgresql":
        grown = (MediaFile, Participant, TrackGenre, SongWords, Album, Artist, LibraryArtist, Folder, Genre)
        run(f"ANALYZE (SKIP_LOCKED) {', '.join(map(table, grown))}")


class Marked(NamedTuple):
    """What a marking of missing files touched."""

    tracks: int
    albums: set[str]
    artists: set[str]
    # how many in which folder
    folders: Counter[bytes]


def mark_missing(library_id: int, ids: Collection[str], *, at: datetime, last_seen: datetime | None) -> Marked:
    """Mark present tracks missing, with totals and album counts. To be called in a transaction; at most 1,000 ids.

    The digests of their folders are cleared with it.
    """
    rows = MediaFile.objects.filter(pk__in=ids, library=library_id).present()
    found = list(rows.values_list("pk", "size", "duration", "album_ref_id", "folder__path_bytes", "folder_id"))
    clear_digests(row[5] for row in found)
    gone = [row[0] for row in found]
    MediaFile.objects.filter(pk__in=gone).update(
        missing=True, missing_since=at, last_seen_at=last_seen or F("created_at")
    )
    albums = {row[3] for row in found if row[3]}
    refresh_albums(library_id, albums)
    size, duration = sum(row[1] for row in found), sum(row[2] for row in found)
    if found:
        add_to_totals(library_id, Delta(-len(found), -size, -duration, len(found)))
    return Marked(len(found), albums, artists_of(gone), Counter(bytes(row[4]) for row in found))


def unpurge(ids: Iterable[str]) -> list[str]:
    """Make those tracks that a purge hides ordinary missing ones again, with totals and search; returns their ids.

    To be called in the transaction that goes on with these tracks: it holds all of them, in the order of their ids,
    so that no purge hides one meanwhile.
    """
    found: list[str] = []
    for piece in chunks(sorted(set(ids))):
        rows = MediaFile.objects.filter(pk__in=piece).order_by("pk").select_for_update()
        columns = ("pk", "library_id", "album_ref_id", "purge_id")
        hidden = [row[:3] for row in rows.values_list(*columns) if row[3] is not None]
        if not hidden:
            continue
        back = [pk for pk, *_ in hidden]
        MediaFile.objects.filter(pk__in=back).update(purge_id=None)
        forget_album_details(album for _, _, album in hidden)
        refresh_songs(back)
        tracks: dict[int, list[str]] = {}
        for pk, library_id, _ in hidden:
            tracks.setdefault(library_id, []).append(pk)
        for library_id in sorted(tracks):
            add_missing(library_id, len(tracks[library_id]))
            find_lost_artists(library_id, tracks[library_id])
        found += back
    return found


def add_missing(library_id: int, count: int) -> None:
    """Change the number of missing files, in the transaction that purges some or brings some back."""
    number = Greatest(F("total_missing_files") + count, 0)
    Library.objects.filter(pk=library_id).update(total_missing_files=number, revision=F("revision") + 1)


def artists_of(media_file_ids: Iterable[str]) -> set[str]:
    """The artists that take part in some tracks."""
    return set().union(*artists_by_track(media_file_ids).values())


def artists_by_track(media_file_ids: Iterable[str]) -> dict[str, set[str]]:
    """The artists that take part in some tracks, track by track."""
    found: dict[str, set[str]] = {}
    for piece in chunks(media_file_ids):
        rows = Participant.objects.filter(media_file__in=piece).order_by()
        for track, artist in rows.values_list("media_file_id", "artist_id"):
            found.setdefault(track, set()).add(artist)
    return found
