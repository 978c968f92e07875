"""MusicBrainz: the ids of artists and albums whose files have none. It wants one request a second at most."""

from __future__ import annotations

import re
from typing import Any, Final

from django.conf import settings

from media.choices import CoverKind
from media.external.requests import Asker
from media.external.texts import dicts_in, inner, mbz_id, name_in, same_name
from media.external.things import Thing

# of a search; what has another name, or is less sure, is not taken
LOOKED_AT: Final = 5
SURE: Final = 95


def ask_about(thing: Thing, asker: Asker) -> dict[str, Any]:
    """The ids of a thing; nothing where it has one, and nothing where it could be another of the same name."""
    if thing.mbz or thing.mbz_group:
        return {}
    return _artist(thing, asker) if thing.kind is CoverKind.ARTIST else _album(thing, asker)


def _artist(thing: Thing, asker: Asker) -> dict[str, Any]:
    rows = _search(asker, "artist", f"artist:{quoted(thing.name)}")
    same = [row for row in rows if is_sure(row) and same_name(name_in(row.get("name")), thing.name)]
    # two artists of one name: none is better than the wrong one
    return {"mbz": mbz_id(same[0].get("id"))} if len(same) == 1 else {}


def _album(thing: Thing, asker: Asker) -> dict[str, Any]:
    if not thing.artist.strip():
        return {}
    rows = _search(asker, "release", f"release:{quoted(thing.name)} AND artist:{quoted(thing.artist)}")
    same = [
        row
        for row in rows
        if is_sure(row) and same_name(name_in(row.get("title")), thing.name) and thing_artist(row, thing)
    ]
    groups = {mbz_id(inner(row, "release-group", "id")) for row in same}
    # the same album in several countries is one group
    if len(groups) != 1:
        return {}
    return {"mbz": mbz_id(same[0].get("id")), "mbz_group": groups.pop()}


def thing_artist(row: dict[str, Any], thing: Thing) -> bool:
    """Whether a release is by the artist of an album."""
    credits = dicts_in(row.get("artist-credit"))
    names = [name_in(each.get("name")) or name_in(inner(each, "artist", "name")) for each in credits]
    return any(same_name(name, thing.artist) for name in names)


def is_sure(row: dict[str, Any]) -> bool:
    """Whether the search is sure of a row."""
    score = str(row.get("score") or "")
    return score.isascii() and score.isdigit() and int(score[:4]) >= SURE


def quoted(text: str) -> str:
    """A text as a phrase of the query language."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _search(asker: Asker, what: str, query: str) -> list[dict[str, Any]]:
    url = f"{settings.CONF.external.musicbrainz_url}/{what}"
    return dicts_in(inner(asker.json(url, {"query": query, "fmt": "json", "limit": LOOKED_AT}), f"{what}s"))
