"""The language of Last.fm: forms with a signature, and errors with numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings

from listening.models import WaitingPlay
from navidrome_lib.outgoing.exchange import USUAL, Limits, ask, complaint
from navidrome_lib.outgoing.problems import NAMELESS, PlaysRefused, SecretRefused, TryLater

NAME: Final = "Last.fm"
# the errors: the person has to allow it (again); what was sent makes no sense
_SECRET_ERRORS: Final = (4, 9, 14, 15, 17)
_PLAY_ERRORS: Final = (6, 7)
# reasons why a single play was ignored; of the last one there may be more tomorrow
_IGNORED: Final = {1: "The artist is ignored.", 2: "The track is ignored.", 3: "It is too old.", 4: "It is too new."}
_DAILY_LIMIT: Final = 5
_HOUR: Final = 3600.0


def send(secret: str, plays: Sequence[WaitingPlay], limits: Limits = USUAL) -> list[str]:
    """Submit plays; for each why it is refused, empty where it was taken. A `Problem` when none was."""
    named = [play for play in plays if play.is_named]
    told: dict[int | None, str] = {play.pk: NAMELESS for play in plays}
    if named:
        values = {"sk": secret}
        for place, play in enumerate(named):
            values |= {f"{key}[{place}]": value for key, value in scrobble_of(play).items()}
        told |= zip(
            (play.pk for play in named), answers_in(call("track.scrobble", values, limits), len(named)), strict=True
        )
    return [told[play.pk] for play in plays]


def tell(secret: str, about: Mapping[str, Any], limits: Limits) -> None:
    """Tell what plays now; `about` has a title and an artist. A `Problem` when it was not taken."""
    call("track.updateNowPlaying", {"sk": secret, **track_of(about)}, limits)


def answers_in(found: Mapping[str, Any], count: int) -> list[str]:
    """Why each of some plays was ignored, empty where it was taken."""
    listed = found.get("scrobbles")
    each = listed.get("scrobble") if isinstance(listed, dict) else None
    rows = [row for row in (each if isinstance(each, list) else [each]) if isinstance(row, dict)]
    if len(rows) != count:
        raise TryLater(f"{NAME} answers with something else than it should.")
    codes = [ignored_code(row) for row in rows]
    if _DAILY_LIMIT in codes:
        # what was taken before is known there by its time, and is not counted again
        raise TryLater(f"{NAME} takes no more plays today.", _HOUR)
    return [_IGNORED.get(code, f"It is ignored for reason {code}.") if code else "" for code in codes]


def ignored_code(row: Mapping[str, Any]) -> int:
    """The number of the reason why a play was ignored; 0: it was not."""
    message = row.get("ignoredMessage")
    text = str(message.get("code", "0")) if isinstance(message, dict) else "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def new_token() -> str:
    """A token that a person allows on a page of the service."""
    return str(call("auth.getToken", {}).get("token") or "")


def session_of(token: str) -> tuple[str, str]:
    """The name of the person who has allowed a token, and the session key; `SecretRefused` before that."""
    session = call("auth.getSession", {"token": token}).get("session")
    if not isinstance(session, dict) or not session.get("key"):
        raise TryLater(f"{NAME} answers with something else than it should.")
    return str(session.get("name") or "")[:255], str(session["key"])


def call(method: str, values: Mapping[str, str], limits: Limits = USUAL) -> dict[str, Any]:
    """Call a method with a signature, and return its answer."""
    conf = settings.CONF.lastfm
    signed = {"method": method, "api_key": conf.api_key, **values}
    form = urlencode({**signed, "api_sig": signature(signed, conf.secret), "format": "json"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = ask("POST", f"{conf.base_url}/", headers=headers, body=form, limits=limits)
    found = reply.json()
    code, said = found.get("error"), str(found.get("message") or reply.status)[:300]
    if code in _SECRET_ERRORS:
        raise SecretRefused(f"{NAME} does not accept the token: {said}")
    if code in _PLAY_ERRORS:
        raise PlaysRefused(said)
    if code is not None:
        raise TryLater(f"{NAME} says: {said}", reply.wait)
    # without a number it is not the service itself that speaks
    problem = complaint(reply, NAME, said)
    if problem is not None or not found:
        raise TryLater(f"{NAME} answers with {reply.status}.", reply.wait)
    return found


def signature(values: Mapping[str, str], secret: str) -> str:
    """The digest by which the service knows this server."""
    text = "".join(f"{name}{values[name]}" for name in sorted(values)) + secret
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # the choice of the service


def scrobble_of(play: WaitingPlay) -> dict[str, str]:
    """A play as the service calls it."""
    return {"timestamp": str(int(play.played_at.timestamp())), **track_of(play.about)}


def track_of(about: Mapping[str, Any]) -> dict[str, str]:
    """A track as the service calls it; what is not known is left out."""
    found = {
        "artist": about.get("artist"),
        "track": about.get("title"),
        "album": about.get("album"),
        "albumArtist": about.get("album_artist") if about.get("album_artist") != about.get("artist") else None,
        "trackNumber": about.get("track_number"),
        "duration": int(about.get("duration", 0)),
        "mbid": about.get("mbz_recording_id"),
    }
    return {name: str(value) for name, value in found.items() if value}
