"""Finding in the catalog, as a viewer sees it, what services outside name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings

from libraries.choices import Role
from libraries.models import Artist
from libraries.order_names import order_name
from listening.services.similar import Catalog
from media.external.texts import folded
from navidrome_lib.viewer import Viewer

# songs of an artist that are looked at
LOOKED_AT: Final = 2000

Named = dict[str, str]
"""`name` and, where it is known, `mbz`."""


def artists_named(viewer: Viewer, rows: Sequence[Named]) -> list[str]:
    """For each name the id of the artist that the viewer sees; empty where there is none."""
    articles = settings.CONF.tags.ignored_articles
    orders = {order_name(row["name"], articles) for row in rows}
    seen = Artist.objects.visible_to(viewer).filter(order_name__in=orders).order_by("pk")
    known: dict[str, str] = {}
    for pk, name, mbz in seen.values_list("pk", "name", "mbz_artist_id"):
        known.setdefault(folded(name), pk)
        if mbz:
            known.setdefault(mbz, pk)
    return [known.get(row.get("mbz") or "") or known.get(folded(row["name"]), "") for row in rows]


def songs_named(viewer: Viewer, artist_id: str, rows: Sequence[Named]) -> list[str]:
    """The ids of the songs of an artist that have these names, in their order, each once; others are left out."""
    songs = Catalog(viewer).songs_by(artist_id, Role.ARTIST).order_by("pk")
    known: dict[str, str] = {}
    for pk, title, mbz in songs.values_list("pk", "title", "mbz_recording_id")[:LOOKED_AT]:
        known.setdefault(folded(title), pk)
        if mbz:
            known.setdefault(mbz, pk)
    found = [known.get(row.get("mbz") or "") or known.get(folded(row["name"]), "") for row in rows]
    return list(dict.fromkeys(pk for pk in found if pk))
