"""Media annotation: star, unstar, setRating, scrobble, reportPlayback."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from listening.choices import PlaybackState
from listening.models import AlbumAnnotation, ArtistAnnotation, Player, PlaylistAnnotation, TrackAnnotation
from listening.services import annotations as notes
from listening.services import now_playing
from listening.services.annotations import Things
from listening.services.players import find_player
from listening.services.plays import Play, record_plays
from subsonic.errors import GENERIC, NOT_FOUND, SubsonicError, missing_parameter
from subsonic.params import Params, milliseconds
from subsonic.renderers import Payload
from users.models import Viewer
from users.throttling import client_address

# an `id` without a word of its kind may be of any of these, the likeliest first
KINDS = (TrackAnnotation, AlbumAnnotation, ArtistAnnotation, PlaylistAnnotation)
STATES = tuple(str(state) for state in PlaybackState)


def star(caller: Viewer, params: Params) -> Payload:
    """`/rest/star`: make songs, albums, artists or playlists favourites. Ids that do not exist are passed over."""
    notes.star(caller, named_things(params))
    return {}


def unstar(caller: Viewer, params: Params) -> Payload:
    """`/rest/unstar`: the opposite of `star`."""
    notes.unstar(caller, named_things(params))
    return {}


def named_things(params: Params) -> list[Things]:
    """The things that a call names: `id` may be of any kind, `albumId` and `artistId` of theirs."""
    ids, albums, artists = params.named("id"), params.named("albumId"), params.named("artistId")
    if not (ids or albums or artists):
        raise missing_parameter("id")
    named = [(kind, ids) for kind in KINDS] + [(AlbumAnnotation, albums), (ArtistAnnotation, artists)]
    return [Things(kind, each) for kind, each in named if each]


def set_rating(caller: Viewer, params: Params) -> Payload:
    """`/rest/setRating`: rate a song, an album, an artist or a playlist from 1 to 5; 0 takes the rating back."""
    pk, rating = params.required("id"), params.whole_number("rating")
    for kind in KINDS:
        if Things(kind, [pk]).visible_to(caller):
            notes.set_rating(caller, Things(kind, [pk]), rating)
            return {}
    raise SubsonicError(NOT_FOUND, "There is nothing with this id.")


def scrobble(caller: Viewer, params: Params) -> Payload:
    """`/rest/scrobble`: note plays with their times (`time`, ms), or with `submission=false` what plays now.

    Songs that do not exist are passed over: a client that was offline sends what it has.
    """
    params.required("id")
    ids, times = params.many("id"), params.many("time")
    if times and len(times) != len(ids):
        raise SubsonicError(GENERIC, "There must be as many times as ids, or none.")
    if not params.flag("submission", default=True):
        now_playing.set_now_playing(caller, player_of(caller, params), ids[-1])
        return {}
    now = int(time.time() * 1000)
    moments = [milliseconds(text, "time") for text in times] or [now] * len(ids)
    plays = [Play(pk, datetime.fromtimestamp(at / 1000, UTC)) for pk, at in zip(ids, moments, strict=True)]
    record_plays(caller, plays, player_of(caller, params))
    return {}


def report_playback(caller: Viewer, params: Params) -> Payload:
    """`/rest/reportPlayback`: how far a player is; a song that was heard for half of its length counts as played."""
    pk, kind, state = params.required("mediaId"), params.required("mediaType"), params.required("state")
    position = params.position("positionMs")
    if state not in STATES:
        raise SubsonicError(GENERIC, f"state must be one of {', '.join(STATES)}.")
    if kind != "song":
        return {}
    told = now_playing.Report(
        pk, state, position, counts=not params.flag("ignoreScrobble"), rate=params.decimal("playbackRate") or 1.0
    )
    now_playing.report(caller, player_of(caller, params), told)
    return {}


def player_of(caller: Viewer, params: Params) -> Player:
    """The player that a call comes from."""
    agent = params.request.headers.get("User-Agent", "")
    return find_player(caller, params.text("c"), agent, client_address(params.request))
