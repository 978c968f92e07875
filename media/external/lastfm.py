"""Last.fm: biographies, similar artists, top songs, and what is said of albums. Only the key of the server is sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from media.choices import CoverKind
from media.external.requests import Asker, NotKnown, Unusable
from media.external.texts import dicts_in, inner, lastfm_url, mbz_id, name_in, plain_text
from media.external.things import Thing
from navidrome_lib.outgoing.problems import SecretRefused, TryLater

SIMILAR: Final = 60
TOP: Final = 50
_NOT_FOUND: Final = 6
_KEY_ERRORS: Final = (4, 10, 26)
_LIMIT: Final = 29


def ask_about(thing: Thing, asker: Asker) -> dict[str, Any]:
    """What Last.fm knows of an artist or an album."""
    return _artist(thing, asker) if thing.kind is CoverKind.ARTIST else _album(thing, asker)


def _artist(thing: Thing, asker: Asker) -> dict[str, Any]:
    lang = settings.CONF.external.language
    info = inner(_call(asker, "artist.getInfo", artist=thing.name, lang=lang), "artist")
    alike = inner(_call(asker, "artist.getSimilar", artist=thing.name, limit=SIMILAR), "similarartists", "artist")
    top = inner(_call(asker, "artist.getTopTracks", artist=thing.name, limit=TOP), "toptracks", "track")
    return {
        "text": plain_text(inner(info, "bio", "content")) or plain_text(inner(info, "bio", "summary")),
        "url": lastfm_url(inner(info, "url")),
        "similar": named(alike, SIMILAR),
        "top": named(top, TOP),
    }


def _album(thing: Thing, asker: Asker) -> dict[str, Any]:
    if not thing.artist.strip():
        return {}
    lang = settings.CONF.external.language
    info = inner(_call(asker, "album.getInfo", album=thing.name, artist=thing.artist, lang=lang), "album")
    return {
        "text": plain_text(inner(info, "wiki", "content")) or plain_text(inner(info, "wiki", "summary")),
        "url": lastfm_url(inner(info, "url")),
    }


def named(rows: Any, most: int) -> list[dict[str, str]]:
    """Names and ids of some artists or songs, in the order in which they come."""
    found = [{"name": name_in(row.get("name")), "mbz": mbz_id(row.get("mbid"))} for row in dicts_in(rows)]
    return [row for row in found if row["name"]][:most]


def _call(asker: Asker, method: str, **values: str | int) -> dict[str, Any]:
    """The answer of a method. Errors are told by number, with any status."""
    conf = settings.CONF.lastfm
    url, key = f"{conf.base_url}/", conf.api_key
    reply = asker.get(url, {"method": method, "api_key": key, "format": "json", "autocorrect": 0, **values})
    found = reply.json()
    code = found.get("error")
    if code == _NOT_FOUND:
        raise NotKnown(f"{asker.name} does not know it.")
    if code in _KEY_ERRORS:
        raise SecretRefused(f"{asker.name} does not accept the API key.")
    if code is not None:
        too_many = code == _LIMIT or reply.status == HTTPStatus.TOO_MANY_REQUESTS
        said = "wants fewer requests" if too_many else "has a problem"
        raise TryLater(f"{asker.name} {said}.", reply.wait)
    asker.check(reply)
    if not found:
        raise Unusable(f"{asker.name} answers with something that is no JSON.")
    return found
