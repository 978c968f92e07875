"""What a text finds, in the order in which it is shown: for a search of all kinds at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet

from libraries.catalog_api.statements import FOUND_IDS, STATEMENTS, ListStatements, statements_of
from libraries.catalog_api.word_search import FindIds, artist_ids, first_album_ids, having_words, song_ids
from libraries.order_names import order_name
from libraries.search import index
from libraries.visible import library_facts
from navidrome_lib.viewer import Viewer, rights_of

Rows = Callable[[Viewer], QuerySet[Any]]
# of each kind; whose search finds more looks for a longer word
DEPTH: Final = index.DEPTH


def found_artists(of: Rows, text: str, viewer: Viewer) -> list[str]:
    """The ids of artists that have words which begin so, or that MusicBrainz id."""
    return _found(of, text, viewer, artist_ids, "name", "mbz_artist_id")


def found_albums(of: Rows, text: str, viewer: Viewer) -> list[str]:
    """The ids of albums that have words which begin so, or that MusicBrainz id."""
    return _found(of, text, viewer, first_album_ids, "name", "mbz_album_id", "mbz_release_group_id")


def found_songs(of: Rows, text: str, viewer: Viewer) -> list[str]:
    """The ids of songs that have words which begin so, or that MusicBrainz id."""
    return _found(of, text, viewer, song_ids, "title", "mbz_recording_id", "mbz_track_id")


def _found(of: Rows, text: str, viewer: Viewer, find: FindIds, name: str, *mbz_fields: str) -> list[str]:
    libraries = library_facts(viewer)
    ids = find(text, viewer, libraries)
    if ids is None:
        return _best(_by_name(having_words(of(viewer), text, *mbz_fields), name), text)
    if not ids:
        return []
    key = ("found", of, rights_of(viewer), tuple(sorted(libraries)))
    known = STATEMENTS.find(key, lambda: _by_name(of(viewer).filter(pk__in=FOUND_IDS), name))
    return _best(known.with_found(ids), text)


def _by_name(rows: QuerySet[Any], what: str) -> ListStatements:
    """The ids and names of rows by their names, and in any order."""
    name = f"order_{what}"
    return statements_of(rows.order_by(name, "pk").values_list("pk", name), rows, "pk", name)


def _best(found: ListStatements, text: str) -> list[str]:
    """The ids by name, those first whose names begin with the text."""
    begin = order_name(text)
    # in any order: most searches find few, and the index of the names leads to each row by itself
    rows = found.every.rows(0, DEPTH + 1)
    if len(rows) > DEPTH:
        rows = found.ordered.rows(0, DEPTH)
    # names and ids are compared by their code points, as each database does
    return [pk for pk, _ in sorted(rows, key=lambda row: (not row[1].startswith(begin), row[1], row[0]))]
