"""Songs as objects of the wire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from django.db.models import F, TextField
from django.db.models.functions import Cast

from libraries.catalog_api.common import file_time, present_artists
from libraries.catalog_api.extension import Resource, WireObject, add_keys
from libraries.catalog_api.written import Shape, what_apps_add, without_id
from libraries.choices import Role
from libraries.models import MediaFile
from libraries.tag_names import explicit_status, first_of, shown_tags
from libraries.track_facts import Part, genres_of, participant, parts_of
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.db.prepared import PreparedIn
from navidrome_lib.viewer import Viewer

# what an object takes as it is: the key, the column, and whether the key is left out where the column says nothing
_PLAIN: Final = (
    ("id", "id", False),
    ("libraryId", "library_id", False),
    ("folderId", "folder_id", False),
    ("path", "path", False),
    ("title", "title", False),
    ("album", "album", False),
    ("artist", "artist", False),
    ("albumArtist", "album_artist", False),
    ("hasCoverArt", "has_picture", False),
    ("date", "date", True),
    ("originalDate", "original_date", True),
    ("releaseDate", "release_date", True),
    ("size", "size", False),
    ("suffix", "suffix", False),
    ("bitRate", "bit_rate", False),
    ("sampleRate", "sample_rate", False),
    ("bitDepth", "bit_depth", True),
    ("channels", "channels", False),
    ("genre", "genre", False),
    ("sortTitle", "sort_title", True),
    ("sortAlbumName", "sort_album", True),
    ("sortArtistName", "sort_artist", True),
    ("sortAlbumArtistName", "sort_album_artist", True),
    ("orderTitle", "order_title", False),
    ("orderAlbumName", "order_album", False),
    ("orderArtistName", "order_artist", False),
    ("orderAlbumArtistName", "order_album_artist", False),
    ("compilation", "compilation", False),
    ("comment", "comment", True),
    ("bpm", "bpm", True),
    ("discSubtitle", "disc_subtitle", True),
    ("mbzRecordingID", "mbz_recording_id", True),
    ("mbzReleaseTrackId", "mbz_track_id", True),
    ("mbzAlbumId", "mbz_album_id", True),
    ("rgAlbumGain", "rg_album_gain", False),
    ("rgAlbumPeak", "rg_album_peak", False),
    ("rgTrackGain", "rg_track_gain", False),
    ("rgTrackPeak", "rg_track_peak", False),
    ("missing", "missing", False),
    ("createdAt", "created_at", False),
)
# numbers that are 0 where they are not known
_NUMBERS: Final = (
    ("trackNumber", "track_number"),
    ("discNumber", "disc_number"),
    ("year", "year"),
    ("originalYear", "original_year"),
    ("releaseYear", "release_year"),
)
_KEYS: Final = (*(key for key, _, _ in _PLAIN), *(key for key, _ in _NUMBERS))
_LEFT_OUT: Final = tuple(key for key, _, left_out in _PLAIN if left_out)
_COLUMNS: Final = (*(column for _, column, _ in _PLAIN), *(column for _, column in _NUMBERS))
_MORE: Final = ("album_ref_id", "mtime_ns", "duration", "codec")


_rows: Final = PreparedIn[tuple[Any, ...]](
    lambda ids: (
        MediaFile.objects.in_catalog()
        .order_by()
        .annotate(
            tags_text=Cast("tags", TextField()),
            album_artist_ref=F("album_ref__artist"),
            release_group=F("album_ref__mbz_release_group_id"),
        )
        .filter(pk__in=ids)
        .values_list(*_COLUMNS, *_MORE, "tags_text", "album_artist_ref", "release_group")
    )
)


class _Shared(NamedTuple):
    """What is looked up once for all songs of a page."""

    libraries: Mapping[int, LibraryFacts]
    parts: Mapping[str, Sequence[Part]]
    genres: Mapping[str, Sequence[dict[str, str]]]
    # artists of missing songs that have other ones
    present: frozenset[str]


def song_objects(ids: Sequence[str], viewer: Viewer) -> list[WireObject]:
    """The songs with these ids, in this order, with all that apps add; those that `viewer` cannot see are left out.

    An id that comes twice gives two objects. Five queries for up to 500 songs, and one for each addition.
    """
    return songs_in(ids, viewer, library_facts(viewer))


def songs_in(ids: Sequence[str], viewer: Viewer, libraries: Mapping[int, LibraryFacts]) -> list[WireObject]:
    """As `song_objects`, for who knows the libraries of the viewer already."""
    objects = plain_songs(ids, libraries)
    add_keys(Resource.SONG, objects, viewer)
    return objects


def plain_songs(ids: Sequence[str], libraries: Mapping[int, LibraryFacts]) -> list[WireObject]:
    """The same without what apps add."""
    rows = {row[0]: row for row in _rows.rows(ids) if row[1] in libraries}
    shared = _look_up(rows, libraries)
    return [_object(rows[pk], shared) for pk in ids if pk in rows]


AS_SONGS: Final = Shape("song", Resource.SONG, plain_songs, without_id, what_apps_add)


# a scan keeps no lyrics, only that there are some; to read them here, each object would open a file
NO_LYRICS: Final = "[]"
_MISSING: Final = _COLUMNS.index("missing")


def _look_up(rows: Mapping[str, Sequence[Any]], libraries: Mapping[int, LibraryFacts]) -> _Shared:
    parts: dict[str, list[Part]] = defaultdict(list)
    for part in parts_of(rows):
        parts[part.track].append(part)
    genres: dict[str, list[dict[str, str]]] = defaultdict(list)
    for track, genre in genres_of(rows):
        genres[track].append(genre)
    # who takes part in a song that is there is not missing
    lost = {part.artist for pk, row in rows.items() if row[_MISSING] for part in parts[pk]}
    return _Shared(libraries, parts, genres, frozenset(present_artists(lost, libraries)))


def _object(row: Sequence[Any], shared: _Shared) -> WireObject:
    album, mtime_ns, duration, codec, tags_text, album_artist, release_group = row[len(_COLUMNS) :]
    found = dict(zip(_KEYS, row, strict=False))
    for key in _LEFT_OUT:
        if not found[key]:
            del found[key]
    for key, _ in _NUMBERS:
        found[key] = found[key] or 0
    tags = orjson.loads(tags_text)
    pk, parts = found["id"], shared.parts[found["id"]]
    library = shared.libraries[found["libraryId"]]
    found["libraryPath"], found["libraryName"] = library.path, library.name
    found["albumId"] = album or ""
    found["artistId"] = next((part.artist for part in parts if part.role == Role.ARTIST), "")
    found["albumArtistId"] = album_artist or next((part.artist for part in parts if part.role == Role.ALBUM_ARTIST), "")
    found["duration"] = round(duration, 2)
    found["codec"] = codec.upper()
    found["explicitStatus"] = explicit_status(tags)
    found["lyrics"] = NO_LYRICS
    # the file system does not say when a file was made: the server's first sight of it is the next best
    found["birthTime"] = found["createdAt"]
    found["updatedAt"] = file_time(mtime_ns)
    found["participants"] = _participants(parts, found["missing"], shared.present)
    if catalog_number := first_of(tags, "catalognumber"):
        found["catalogNum"] = catalog_number
    if album_type := first_of(tags, "releasetype"):
        found["mbzAlbumType"] = album_type
    if release_group:
        found["mbzReleaseGroupId"] = release_group
    genres = shared.genres[pk]
    if genres:
        found["genres"] = genres
    if shown := shown_tags(tags, [genre["name"] for genre in genres]):
        found["tags"] = shown
    return found


def _participants(parts: Iterable[Part], missing: bool, present: frozenset[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        gone = missing and part.artist not in present
        found.setdefault(part.role, []).append(participant(part.artist, part.name, gone, part.sub_role))
    return found
