"""The language of ListenBrainz."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings

from listening.models import WaitingPlay
from navidrome_lib.outgoing.exchange import USUAL, Limits, Reply, ask, complaint
from navidrome_lib.outgoing.problems import NAMELESS, PlaysRefused, SecretRefused, TryLater

NAME: Final = "ListenBrainz"


def send(secret: str, plays: Sequence[WaitingPlay], limits: Limits = USUAL) -> list[str]:
    """Submit plays; for each why it is refused, empty where it was taken. A `Problem` when none was."""
    listens = [listen_of(play) for play in plays if play.is_named]
    if listens:
        body = {"listen_type": "import", "payload": listens}
        check(call("POST", "submit-listens", secret, json.dumps(body).encode(), limits))
    return ["" if play.is_named else NAMELESS for play in plays]


def tell(secret: str, about: Mapping[str, Any], limits: Limits) -> None:
    """Tell what plays now; `about` has a title and an artist. A `Problem` when it was not taken."""
    body = {"listen_type": "playing_now", "payload": [{"track_metadata": metadata_of(about)}]}
    check(call("POST", "submit-listens", secret, json.dumps(body).encode(), limits))


def person_of(secret: str) -> str:
    """The name of the account that a token is of; `SecretRefused` when it is none."""
    reply = call("GET", "validate-token", secret)
    check(reply)
    found = reply.json()
    if found.get("valid") is not True:
        raise SecretRefused(f"{NAME} does not know this token.")
    return str(found.get("user_name") or "")[:255]


def call(method: str, path: str, secret: str, body: bytes | None = None, limits: Limits = USUAL) -> Reply:
    """Ask with the token of a person."""
    headers = {"Authorization": f"Token {secret}", **({"Content-Type": "application/json"} if body else {})}
    return ask(method, f"{settings.CONF.listenbrainz.base_url}/{path}", headers=headers, body=body, limits=limits)


def check(reply: Reply) -> None:
    """Raise what an answer that is not good means."""
    said = str(reply.json().get("error") or reply.status)[:300]
    problem = complaint(reply, NAME, said)
    if problem is not None:
        raise problem
    if not reply.is_ok:
        raise PlaysRefused(said)
    if not reply.json():
        # a page of something between us and the service: nothing was taken
        raise TryLater(f"{NAME} answers with something else than it should.")


def listen_of(play: WaitingPlay) -> dict[str, Any]:
    """A play as a listen."""
    return {"listened_at": int(play.played_at.timestamp()), "track_metadata": metadata_of(play.about)}


def metadata_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """A track as the service calls it; what is not known is left out."""
    more = {
        "media_player": "navidrome-lib",
        "submission_client": "navidrome-lib",
        "tracknumber": about.get("track_number"),
        "duration_ms": int(about.get("duration", 0) * 1000),
        "recording_mbid": about.get("mbz_recording_id"),
        "track_mbid": about.get("mbz_track_id"),
        "release_mbid": about.get("mbz_album_id"),
    }
    named = {"artist_name": about["artist"], "track_name": about["title"]}
    release = {"release_name": about["album"]} if about.get("album") else {}
    additional = {key: value for key, value in more.items() if value}
    return {**named, **release, "additional_info": additional}
