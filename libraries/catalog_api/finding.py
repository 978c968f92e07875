"""What a text finds, in the order in which it is shown: for a search of all kinds at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db.models import Q, QuerySet

from libraries.catalog_api.common import gathered
from libraries.catalog_api.filters import having_words, mbz_id_of
from libraries.catalog_api.kept_words import KEPT_WORDS
from libraries.catalog_api.song_filters import searched_libraries
from libraries.catalog_api.statements import STATEMENTS, ListStatements, Statement, statements_of
from libraries.order_names import order_name
from libraries.search import index
from libraries.search.words import words_of
from libraries.visible import library_facts
from navidrome_lib.viewer import Viewer, rights_of

Rows = Callable[[Viewer], QuerySet[Any]]
# of each kind; whose search finds more looks for a longer word
DEPTH: Final = index.DEPTH
# words for which statements are kept; a search for more has its own built
MOST_WORDS: Final = 8
# stand for the words while a statement is built, and are in no text otherwise
_WORD: Final = "\ue000{}\ue001"


def found_artists(of: Rows, text: str, viewer: Viewer) -> list[str]:
    """The ids of artists that have words which begin so, or that MusicBrainz id."""
    return _having(of, text, viewer, "mbz_artist_id")


def found_albums(of: Rows, text: str, viewer: Viewer) -> list[str]:
    """The ids of albums that have words which begin so, or that MusicBrainz id."""
    libraries, words = library_facts(viewer), words_of(text)
    # the revisions first: what a scan changes behind that look has a later one
    if gathered(libraries) and words and not mbz_id_of(text):
        ids = KEPT_WORDS.find(words, libraries, DEPTH)
        if ids is not None:
            return _best(_by_name(of(viewer).filter(pk__in=ids), "name"), text) if ids else []
    return _having(of, text, viewer, "mbz_album_id", "mbz_release_group_id")


def found_songs(of: Rows, text: str, viewer: Viewer) -> list[str]:
    """The ids of songs that have words which begin so, or that MusicBrainz id."""
    if mbz_id := mbz_id_of(text):
        return _best(_by_name(of(viewer).filter(Q(mbz_recording_id=mbz_id) | Q(mbz_track_id=mbz_id)), "title"), text)
    ids = index.found_songs(text, searched_libraries(viewer))
    return _best(_by_name(of(viewer).filter(pk__in=ids), "title"), text) if ids else []


def _having(of: Rows, text: str, viewer: Viewer, *mbz_fields: str) -> list[str]:
    words = words_of(text)
    if not words or len(words) > MOST_WORDS or mbz_id_of(text):
        return _best(_by_name(having_words(of(viewer), text, *mbz_fields), "name"), text)
    stand_ins = [_WORD.format(number) for number in range(len(words))]

    def build() -> ListStatements:
        found = of(viewer)
        for stand_in in stand_ins:
            found = found.filter(words__contains=f" {stand_in}")
        return _by_name(found, "name")

    key = ("words", of, rights_of(viewer), tuple(sorted(library_facts(viewer))), len(words))
    known = STATEMENTS.find(key, build)
    return _best(ListStatements(*(_with(each, stand_ins, words) for each in known)), text)


def _with(statement: Statement, stand_ins: Sequence[str], words: Sequence[str]) -> Statement:
    """A statement with its words."""

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            for stand_in, word in zip(stand_ins, words, strict=True):
                value = value.replace(stand_in, word)
        return value

    return statement._replace(values=tuple(map(filled, statement.values)))


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
