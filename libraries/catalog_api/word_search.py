"""Finding artists, albums and songs by words, or by an id of MusicBrainz.

Their ids are found first, so that the rest of a list can be asked for by a kept statement. Some of them may be hidden
from the viewer, or missing: the list itself says what may be seen.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, Q, QuerySet

from libraries.catalog_api.common import gathered
from libraries.catalog_api.kept_words import KEPT_WORDS
from libraries.models import Album, Artist
from libraries.search.index import DEPTH, found_songs
from libraries.search.words import words_of
from libraries.visible import LibraryFacts
from navidrome_lib.db.bulk import table
from navidrome_lib.db.tuples import fetch_all
from navidrome_lib.viewer import Viewer

Libraries = Mapping[int, LibraryFacts]
# None: they are many, or the text is none of words, and the rows themselves are to be searched
FindIds = Callable[[str, Viewer, Libraries], list[str] | None]
# artists or albums; more are looked for in the rows that may be seen
MOST: Final = DEPTH
_UUID: Final = re.compile(r"\s*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*", re.IGNORECASE)


def mbz_id_of(text: str) -> str:
    """The MusicBrainz id that a text is, or an empty text."""
    return str(uuid.UUID(text.strip())) if _UUID.fullmatch(text) else ""


def having_words(rows: QuerySet[Any], text: str, *mbz_fields: str) -> QuerySet[Any]:
    """Rows of which `words` has words that begin with each of a text, or that have it as a MusicBrainz id."""
    if mbz_id := mbz_id_of(text):
        known = Q()
        for field in mbz_fields:
            known |= Q(**{field: mbz_id})
        return rows.filter(known)
    words = words_of(text)
    if not words:
        return rows.none() if text.strip() else rows
    for word in words:
        rows = rows.filter(words__contains=f" {word}")
    return rows


def artist_ids(text: str, viewer: Viewer, libraries: Libraries) -> list[str] | None:
    """The artists that have words which begin as those of a text."""
    return _in_rows(Artist, words_of(text)) if _is_of_words(text) else None


def album_ids(text: str, viewer: Viewer, libraries: Libraries) -> list[str] | None:
    """The albums that have words which begin so; of a large catalog without a look at their rows."""
    found = _first_albums(text, libraries, MOST + 1)
    return found if found is None or len(found) <= MOST else None


def first_album_ids(text: str, viewer: Viewer, libraries: Libraries) -> list[str] | None:
    """As `album_ids`; of many in a large catalog the first ones by name of each library."""
    return _first_albums(text, libraries, MOST)


def song_ids(text: str, viewer: Viewer, libraries: Libraries) -> list[str] | None:
    """The newest songs that have words which begin so."""
    confined = None if viewer.is_admin else list(viewer.granted_library_ids())
    return found_songs(text, confined) if _is_of_words(text) else None


def _is_of_words(text: str) -> bool:
    return bool(text.strip()) and not mbz_id_of(text)


def _first_albums(text: str, libraries: Libraries, most: int) -> list[str] | None:
    if not _is_of_words(text):
        return None
    words = words_of(text)
    # the revisions first: what a scan changes behind that look has a later one. Asked once in a search: that is how
    # it is known that a catalog is searched again
    kept = KEPT_WORDS.find(words, libraries, most) if words and gathered(libraries) else None
    return kept if kept is not None else _in_rows(Album, words)


def _in_rows(model: type[Model], words: list[str]) -> list[str] | None:
    if not words:
        return []
    # words are of letters and digits
    having = " AND ".join(["words LIKE %s"] * len(words))
    sql = f"SELECT id FROM {table(model)} WHERE {having} LIMIT {MOST + 1}"  # noqa: S608 - own names
    rows = fetch_all(connections[DEFAULT_DB_ALIAS], sql, [f"% {word}%" for word in words])
    return [pk for (pk,) in rows] if len(rows) <= MOST else None
