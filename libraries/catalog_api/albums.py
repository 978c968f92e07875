"""Albums as objects of the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from libraries.catalog_api.common import file_time, present_artists
from libraries.catalog_api.extension import Resource, WireObject, add_keys
from libraries.catalog_api.written import Shape, what_apps_add, without_id
from libraries.gathering import NO_DETAILS, details_of
from libraries.models import Album
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.db.prepared import PreparedIn
from navidrome_lib.viewer import Viewer

_PLAIN: Final = {
    "id": "id",
    "libraryId": "library_id",
    "name": "name",
    "albumArtist": "album_artist",
    "compilation": "compilation",
    "songCount": "song_count",
    "duration": "duration",
    "size": "size",
    "orderAlbumName": "order_name",
    "orderAlbumArtistName": "order_artist",
    "createdAt": "created_at",
    "importedAt": "updated_at",
}
# 0 where it is not known
_YEARS: Final = {
    "maxYear": "max_year",
    "minYear": "min_year",
    "maxOriginalYear": "max_original_year",
    "minOriginalYear": "min_original_year",
}
# left out where empty
_TEXTS: Final = {
    "date": "date",
    "originalDate": "original_date",
    "releaseDate": "release_date",
    "sortAlbumName": "sort_name",
    "mbzAlbumId": "mbz_album_id",
    "mbzReleaseGroupId": "mbz_release_group_id",
}
_KEYS: Final = (*_PLAIN, *_YEARS, *_TEXTS)
_COLUMNS: Final = (*_PLAIN.values(), *_YEARS.values(), *_TEXTS.values())
_rows: Final = PreparedIn[tuple[Any, ...]](
    lambda ids: Album.objects.in_catalog().filter(pk__in=ids).order_by().values_list(*_COLUMNS, "artist_id", "details")
)
# of an album of which nothing is known but its row
_NOTHING: Final[dict[str, Any]] = {
    "discs": {},
    "explicitStatus": "",
    "rgAlbumGain": None,
    "rgAlbumPeak": None,
    "participants": {},
    "genre": "",
    "genres": None,
}


def album_objects(ids: Sequence[str], viewer: Viewer) -> list[WireObject]:
    """The albums with these ids, in this order, with all that apps add; those that `viewer` cannot see are left out."""
    return albums_in(ids, viewer, library_facts(viewer))


def albums_in(ids: Sequence[str], viewer: Viewer, libraries: Mapping[int, LibraryFacts]) -> list[WireObject]:
    """As `album_objects`, for who knows the libraries of the viewer already."""
    objects = plain_albums(ids, libraries)
    add_keys(Resource.ALBUM, objects, viewer)
    return objects


def plain_albums(ids: Sequence[str], libraries: Mapping[int, LibraryFacts]) -> list[WireObject]:
    """The same without what apps add."""
    rows = {row[0]: row for row in _rows.rows(ids) if row[1] in libraries}
    details = _details(rows.values())
    objects = [_object(rows[pk], libraries, details[pk]) for pk in ids if pk in rows]
    _mark_missing(objects, libraries)
    return objects


AS_ALBUMS: Final = Shape("album", Resource.ALBUM, plain_albums, without_id, what_apps_add)


def _details(rows: Iterable[Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """What is kept of albums; of those that are not gathered yet, what their songs say now."""
    texts = {row[0]: row[-1] for row in rows}
    now = details_of([pk for pk, text in texts.items() if not text])
    fresh = {pk: found.as_json() for pk, found in now.items()}
    return {pk: orjson.loads(text or fresh.get(pk, NO_DETAILS)) for pk, text in texts.items()}


def _object(row: Sequence[Any], libraries: Mapping[int, LibraryFacts], details: Mapping[str, Any]) -> WireObject:
    found = dict(zip(_KEYS, row, strict=False))
    for key in _TEXTS:
        if not found[key]:
            del found[key]
    for key in _YEARS:
        found[key] = found[key] or 0
    library = libraries[found["libraryId"]]
    found["libraryPath"], found["libraryName"] = library.path, library.name
    found["albumArtistId"] = row[-2] or ""
    found["duration"] = round(found["duration"], 2)
    found["missing"] = not found["songCount"]
    found["externalInfoUpdatedAt"] = None
    found["updatedAt"] = file_time(details["mtime_ns"]) if details else found["createdAt"]
    found.update(details["keys"] if details else _NOTHING)
    return found


def _mark_missing(objects: Iterable[WireObject], libraries: Mapping[int, LibraryFacts]) -> None:
    """Mark those who take part in nothing that is there: they can only be in albums that are missing."""
    people = [
        each
        for album in objects
        if album["missing"]
        for role in album["participants"].values()
        for each in role
    ]  # fmt: skip
    present = present_artists({each["id"] for each in people}, libraries)
    for each in people:
        each["missing"] = each["id"] not in present
