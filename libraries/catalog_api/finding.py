"""What a text finds, in the order in which it is shown: for a search of all kinds at once."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet

from libraries.catalog_api.common import gathered
from libraries.catalog_api.filters import having_words, mbz_id_of
from libraries.catalog_api.kept_words import KEPT_WORDS
from libraries.catalog_api.song_filters import searched_libraries
from libraries.order_names import order_name
from libraries.search import index
from libraries.search.words import words_of
from libraries.visible import library_facts
from navidrome_lib.viewer import Viewer

# of each kind; whose search finds more looks for a longer word
DEPTH: Final = index.DEPTH


def found_artists(artists: QuerySet[Any], text: str, viewer: Viewer) -> list[str]:
    """The ids of artists that have words which begin so, or that MusicBrainz id."""
    return _best(having_words(artists, text, "mbz_artist_id"), "order_name", text)


def found_albums(albums: QuerySet[Any], text: str, viewer: Viewer) -> list[str]:
    """The ids of albums that have words which begin so, or that MusicBrainz id."""
    libraries, words = library_facts(viewer), words_of(text)
    # the revisions first: what a scan changes behind that look has a later one
    if gathered(libraries) and words and not mbz_id_of(text):
        ids = KEPT_WORDS.find(words, libraries, DEPTH)
        if ids is not None:
            return _best(albums.filter(pk__in=ids), "order_name", text)
    return _best(having_words(albums, text, "mbz_album_id", "mbz_release_group_id"), "order_name", text)


def found_songs(songs: QuerySet[Any], text: str, viewer: Viewer) -> list[str]:
    """The ids of songs that have words which begin so, or that MusicBrainz id."""
    if mbz_id := mbz_id_of(text):
        return _best(songs.filter(Q(mbz_recording_id=mbz_id) | Q(mbz_track_id=mbz_id)), "order_title", text)
    return _best(songs.filter(pk__in=index.found_songs(text, searched_libraries(viewer))), "order_title", text)


def _best(rows: QuerySet[Any], name: str, text: str) -> list[str]:
    """The ids by name, those first whose names begin with the text."""
    begin = order_name(text)
    found = list(rows.order_by(name, "pk").values_list("pk", name)[:DEPTH])
    # sorting keeps the order of what is equal
    return [pk for pk, _ in sorted(found, key=lambda row: not row[1].startswith(begin))]
