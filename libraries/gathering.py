"""Gather what the songs of an album say together, and what an artist does role by role.

Both take a look at every song, which is too much for a list and would slow scans down. So they are kept: a scan only
clears what it changes (see `libraries.totals`), and what is cleared is gathered behind it, or by the first list that
needs it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from libraries.choices import Role
from libraries.models import Album, AlbumTag, LibraryArtist, MediaFile, Participant, Tag
from libraries.order_names import order_name
from libraries.search.words import spaced
from libraries.tag_names import ALBUM_TAGS, GENRE, explicit_status, first_of, shown_tags, tag_id
from libraries.track_facts import Part, genres_of, participant, parts_of
from navidrome_lib import stopping
from navidrome_lib.db.bulk import (
    chunks,
    delete_where,
    insert_new_rows,
    insert_rows,
    lock_rows,
    placeholders,
    table,
    update_rows,
)
from navidrome_lib.db.prepared import PreparedIn

# albums, or artists, that one transaction gathers
BATCH: Final = 100
# of an album without songs
NO_DETAILS: Final = "{}"
MAIN_CREDIT: Final = "maincredit"
_MAIN_ROLES: Final = (Role.ARTIST, Role.ALBUM_ARTIST)
_COLUMNS: Final = (
    "album_ref", "pk", "missing", "disc_number", "disc_subtitle", "rg_album_gain", "rg_album_peak",
    "sort_album_artist", "mtime_ns",
)  # fmt: skip


class _Song(NamedTuple):
    album: str
    id: str
    missing: bool
    disc_number: int | None
    disc_subtitle: str
    rg_album_gain: float | None
    rg_album_peak: float | None
    sort_album_artist: str
    mtime_ns: int
    tags: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class AlbumDetails:
    """What the songs of an album say together: those that are there, or all if none is."""

    # as the wire has it
    keys: dict[str, Any]
    mtime_ns: int
    # the songs that have each value: by the id, the name and the value of the tag
    tags: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """What an album is found by besides its names."""
        people = [each["name"] for role in self.keys["participants"].values() for each in role]
        return [*people, self.keys.get("catalogNum", ""), self.keys.get("sortAlbumArtistName", "")]

    def as_json(self) -> str:
        """What is kept in the row of the album."""
        return orjson.dumps({"keys": self.keys, "mtime_ns": self.mtime_ns}).decode()


def details_of(album_ids: Collection[str]) -> dict[str, AlbumDetails]:
    """The details of albums, made of their songs now; an album without songs has none."""
    songs: dict[str, list[_Song]] = defaultdict(list)
    for piece in chunks(album_ids):
        rows = MediaFile.objects.in_catalog().filter(album_ref__in=piece).annotate(tags_text=Cast("tags", TextField()))
        for *values, tags in rows.order_by("path", "pk").values_list(*_COLUMNS, "tags_text"):
            song = _Song._make([*values, orjson.loads(tags)])
            songs[song.album].append(song)
    for album, found in songs.items():
        songs[album] = [song for song in found if not song.missing] or found
    ids = [song.id for found in songs.values() for song in found]
    parts: dict[str, list[Part]] = defaultdict(list)
    for part in parts_of(ids):
        parts[part.track].append(part)
    genres: dict[str, list[dict[str, str]]] = defaultdict(list)
    for track, genre in genres_of(ids):
        genres[track].append(genre)
    return {album: _details(found, parts, genres) for album, found in songs.items()}


def _details(
    songs: Sequence[_Song], parts: Mapping[str, Sequence[Part]], genres: Mapping[str, Sequence[dict[str, str]]]
) -> AlbumDetails:
    counted, genre_ids = _count_tags(songs, genres)
    keys: dict[str, Any] = {
        "discs": _discs(songs),
        "explicitStatus": _explicit({explicit_status(song.tags) for song in songs}),
        "rgAlbumGain": next((song.rg_album_gain for song in songs if song.rg_album_gain is not None), None),
        "rgAlbumPeak": next((song.rg_album_peak for song in songs if song.rg_album_peak is not None), None),
        "participants": _participants(songs, parts),
    }
    texts = {
        "catalogNum": next(filter(None, (first_of(song.tags, "catalognumber") for song in songs)), ""),
        "mbzAlbumType": next(filter(None, (first_of(song.tags, "releasetype") for song in songs)), ""),
        "sortAlbumArtistName": next(filter(None, (song.sort_album_artist for song in songs)), ""),
    }
    keys |= {key: text for key, text in texts.items() if text}
    by_name: dict[str, list[str]] = defaultdict(list)
    # the most frequent first, then by name
    for (name, value), _ in sorted(counted.items(), key=lambda each: (each[0][0], -each[1], each[0][1])):
        if name in ALBUM_TAGS:
            by_name[name].append(value)
    if by_name:
        keys["tags"] = by_name
    shown = by_name.get(GENRE, [])
    keys["genre"] = shown[0] if shown else ""
    keys["genres"] = [{"id": genre_ids[name], "name": name} for name in shown] or None
    tags = {
        (genre_ids[value] if name == GENRE else tag_id(name, value), name, value): count
        for (name, value), count in counted.items()
    }
    return AlbumDetails(keys, max(song.mtime_ns for song in songs), tags)


def _count_tags(
    songs: Sequence[_Song], genres: Mapping[str, Sequence[dict[str, str]]]
) -> tuple[Counter[tuple[str, str]], dict[str, str]]:
    """How many songs have each value of each tag, and the ids of the genres."""
    counted: Counter[tuple[str, str]] = Counter()
    genre_ids: dict[str, str] = {}
    for song in songs:
        own = genres.get(song.id, ())
        genre_ids.update((genre["name"], genre["id"]) for genre in own)
        for name, values in shown_tags(song.tags, [genre["name"] for genre in own]).items():
            counted.update({(name, value) for value in values})
    return counted, genre_ids


def _discs(songs: Sequence[_Song]) -> dict[str, str]:
    """The titles of the discs by their numbers; songs without a number are on the first."""
    found: dict[int, str] = {}
    for song in songs:
        number = song.disc_number or 1
        found[number] = found.get(number) or song.disc_subtitle
    return {str(number): found[number] for number in sorted(found)}


def _explicit(said: set[str]) -> str:
    """An album is explicit where any song is, else clean where any is."""
    return next((status for status in ("e", "c") if status in said), "")


def _participants(songs: Sequence[_Song], parts: Mapping[str, Sequence[Part]]) -> dict[str, list[dict[str, Any]]]:
    """Everybody who takes part in any song, once for each role and part, in the order of the songs."""
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for song in songs:
        for part in parts.get(song.id, ()):
            known = found.setdefault(part.role, {})
            known.setdefault((part.artist, part.sub_role), participant(part.artist, part.name, False, part.sub_role))
    return {role: list(found[role].values()) for role in sorted(found)}


def gather_albums(album_ids: Iterable[str]) -> None:
    """Keep the details of some albums as their songs are now, and the tags that lists are filtered by."""
    for piece in chunks(sorted(album_ids), BATCH):
        with transaction.atomic():
            # the lock first: who changes a song of them has cleared them before, or clears them behind us
            lock_rows(Album, f"id IN ({placeholders(piece)})", piece)
            libraries = dict(Album.objects.filter(pk__in=piece).values_list("pk", "library"))
            found = details_of(libraries)
            names = Album.objects.filter(pk__in=piece).values_list("pk", "name", "version", "album_artist")
            words = {pk: spaced(*texts, *(found[pk].texts() if pk in found else ())) for pk, *texts in names}
            rows = [(found[pk].as_json() if pk in found else NO_DETAILS, words[pk], pk) for pk in libraries]
            update_rows(Album, ("details", "words"), rows)
            tags = {tag: None for details in found.values() for tag in details.tags}
            values = [(*tag, order_name(tag[2])) for tag in sorted(tags)]
            insert_new_rows(Tag, ("id", "name", "value", "order_value"), values)
            delete_where(AlbumTag, "album_id", piece)
            of_albums = [
                (album, tag, libraries[album], count)
                for album, details in sorted(found.items())
                for (tag, _, _), count in details.tags.items()
            ]
            insert_rows(AlbumTag, ("album_id", "tag_id", "library_id", "song_count"), of_albums)


def role_stats(library_id: int, artist_ids: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """By artist and role: how many songs, albums and bytes there are in a library, of files that are there.

    A role of its own is that of an artist or album artist, each song counted once.
    """
    main = ", ".join(f"'{role}'" for role in _MAIN_ROLES)
    sql = f"""WITH parts AS (SELECT DISTINCT p.artist_id, p.role, m.id, m.album_ref_id, m.size
            FROM {table(Participant)} p JOIN {table(MediaFile)} m ON m.id = p.media_file_id
            WHERE m.library_id = %s AND NOT m.missing AND p.artist_id IN ({placeholders(artist_ids)}))
        SELECT artist_id, role, COUNT(*), COUNT(DISTINCT album_ref_id), SUM(size) FROM parts GROUP BY artist_id, role
        UNION ALL SELECT artist_id, '{MAIN_CREDIT}', COUNT(*), COUNT(DISTINCT album_ref_id), SUM(size)
        FROM (SELECT DISTINCT artist_id, id, album_ref_id, size FROM parts WHERE role IN ({main})) AS main
        GROUP BY artist_id
        UNION ALL SELECT artist_id, '', COUNT(*), COUNT(DISTINCT album_ref_id), SUM(size)
        FROM (SELECT DISTINCT artist_id, id, album_ref_id, size FROM parts) AS every GROUP BY artist_id"""  # noqa: S608
    found: dict[str, dict[str, list[int]]] = {pk: {} for pk in artist_ids}
    with connection.cursor() as cursor:
        cursor.execute(sql, [library_id, *artist_ids])
        for artist, role, songs, albums, size in cursor.fetchall():
            found[artist][role] = [songs, albums, int(size)]
    return found


def gather_artists(library_id: int, artist_ids: Iterable[str]) -> None:
    """Keep what some artists do in a library, role by role."""
    for piece in chunks(sorted(artist_ids), BATCH):
        with transaction.atomic():
            condition = f"library_id = %s AND artist_id IN ({placeholders(piece)})"
            lock_rows(LibraryArtist, condition, [library_id, *piece])
            keys = dict(LibraryArtist.objects.filter(library=library_id, artist__in=piece).values_list("artist", "pk"))
            rows = []
            for artist, stats in role_stats(library_id, sorted(keys)).items():
                size = stats.pop("", [0, 0, 0])[2]
                main = stats.get(MAIN_CREDIT, [0, 0, 0])
                rows.append((orjson.dumps(stats).decode(), size, *main, keys[artist]))
            columns = ("stats", "size", "main_song_count", "main_album_count", "main_size")
            update_rows(LibraryArtist, columns, rows)


_late_albums: Final = PreparedIn[int](
    lambda ids: (
        Album.objects.filter(library__in=ids, details="").order_by().values_list("library", flat=True).distinct()
    ),
    kind=int,
)
_late_artists: Final = PreparedIn[int](
    lambda ids: (
        LibraryArtist.objects.filter(library__in=ids, stats="").order_by().values_list("library", flat=True).distinct()
    ),
    kind=int,
)


def late_libraries(library_ids: Collection[int]) -> set[int]:
    """Those of some libraries of which something is not gathered yet."""
    return {*_late_albums.rows(library_ids), *_late_artists.rows(library_ids)}


def gather(library_ids: Collection[int], *, most: int | None = None) -> bool:
    """Gather what is not gathered yet of some libraries; at most `most` albums and artists. True: nothing is left.

    In short transactions; it ends early when the process is asked to stop.
    """
    left = most
    for library_id in sorted(late_libraries(library_ids)):
        while (left is None or left > 0) and not stopping.is_asked():
            take = BATCH if left is None else min(BATCH, left)
            albums = Album.objects.filter(library=library_id, details="").order_by("pk")
            ids = list(albums.values_list("pk", flat=True)[:take])
            artists = LibraryArtist.objects.filter(library=library_id, stats="").order_by("artist")
            people = list(artists.values_list("artist", flat=True)[:take])
            if not ids and not people:
                break
            gather_albums(ids)
            gather_artists(library_id, people)
            left = None if left is None else left - len(ids) - len(people)
        else:
            return False
    return True
