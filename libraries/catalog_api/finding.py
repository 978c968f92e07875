"""What a text finds, in the order in which it is shown: for a search of all kinds at once."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet

from libraries.catalog_api.extension import Asked, Sort
from libraries.catalog_api.filters import having_words, mbz_id_of
from libraries.catalog_api.song_filters import searched_libraries
from libraries.catalog_api.sorting import ids_in_order
from libraries.catalog_api.visible import gathered, libraries_of
from libraries.search import index
from navidrome_lib.viewer import Viewer

# of each kind; whose search finds more looks for a longer word
DEPTH: Final = index.DEPTH
_BY_NAME: Final = Sort("order_name")


def found_artists(artists: QuerySet[Any], text: str, viewer: Viewer) -> list[str]:
    """The ids of artists that have words which begin so, or that MusicBrainz id, by name."""
    return _first(having_words(artists, text, "mbz_artist_id"), viewer)


def found_albums(albums: QuerySet[Any], text: str, viewer: Viewer) -> list[str]:
    """The ids of albums that have words which begin so, or that MusicBrainz id, by name."""
    gathered(libraries_of(viewer))
    return _first(having_words(albums, text, "mbz_album_id", "mbz_release_group_id"), viewer)


def _first(rows: QuerySet[Any], viewer: Viewer) -> list[str]:
    return ids_in_order(rows, _BY_NAME, Asked(viewer, ""), descending=False, end=DEPTH)


def found_songs(songs: QuerySet[Any], text: str, viewer: Viewer) -> list[str]:
    """The ids of songs that have words which begin so, or that MusicBrainz id, the newest first."""
    if mbz_id := mbz_id_of(text):
        known = songs.filter(Q(mbz_recording_id=mbz_id) | Q(mbz_track_id=mbz_id))
        return list(known.order_by("-pk").values_list("pk", flat=True)[:DEPTH])
    found = index.found_songs(text, searched_libraries(viewer))
    there = set(songs.filter(pk__in=found).order_by().values_list("pk", flat=True))
    return [pk for pk in found if pk in there]
