"""Artists below the letters that their names begin with, and when that last changed."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from libraries.catalog_api.artist_index import IndexShape, written_album_artists
from libraries.services.scans import last_change
from navidrome_lib.viewer import Viewer
from subsonic.objects.values import Object
from subsonic.renderers import listed

OTHERS: Final = "#"
SECOND: Final = 1000


def ignored_articles() -> str:
    """The articles that do not count at the beginning of a name, as clients expect them: between spaces."""
    return " ".join(settings.CONF.tags.ignored_articles)


def last_modified(viewer: Viewer) -> int:
    """When what the viewer sees last changed, in milliseconds since 1970.

    The last three digits tell apart what happened in one second, and which libraries these are: a client that keeps the
    list shall see that it was given another library, which is no change of any.
    """
    at, libraries, scans = last_change(viewer)
    # powers of a number that has no factor in common with 1,000: a library more is the same only with the ids 1,000, …
    mark = (scans + sum(pk * pow(7, place + 1, SECOND) for place, pk in enumerate(libraries))) % SECOND
    return int(at.timestamp()) * SECOND + mark if at is not None else mark


def is_unchanged(viewer: Viewer, since: int) -> bool:
    """Whether a list that a client has of `since` is the list of now; a client may also say a later time of its own."""
    now = last_modified(viewer)
    return since == now or since >= now + SECOND


def artist_index(viewer: Viewer, shape: IndexShape) -> Object:
    """`artists` and `indexes`: the artists of albums in order of their names, below their letters."""
    index: dict[str, list[bytes]] = {}
    for order_name, text in written_album_artists(viewer, shape):
        index.setdefault(letter_of(order_name), []).append(text)
    return {
        "ignoredArticles": ignored_articles(),
        "lastModified": last_modified(viewer),
        "index": [{"name": letter, "artist": listed(texts)} for letter, texts in sorted(index.items(), key=_place)],
    }


def letter_of(order_name: str) -> str:
    """The letter of an alphabet that a name begins with, else `#`: Chinese would be a letter for each artist."""
    first = order_name[:1].upper()
    return first if len(first) == 1 and first.lower() != first else OTHERS


def _place(entry: tuple[str, list[bytes]]) -> tuple[bool, str]:
    return entry[0] == OTHERS, entry[0]
