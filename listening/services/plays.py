"""Plays: each with its time, and counted for the track, its album and its artists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce, Greatest

from libraries.choices import Role
from libraries.models import MediaFile, Participant
from listening.models import AlbumAnnotation, ArtistAnnotation, Player, Scrobble, TrackAnnotation
from listening.services.annotations import Model, Things, ensure_rows
from listening.services.forwarding import keep_for_services
from listening.services.news import tell_own
from navidrome_lib.db.bulk import chunks
from navidrome_lib.viewer import Viewer


@dataclass(frozen=True)
class Play:
    """That a track was heard, and when."""

    track_id: str
    at: datetime


@transaction.atomic
def record_plays(viewer: Viewer, plays: Iterable[Play], player: Player | None = None) -> int:
    """Record plays of the viewer; says how many are new. A play that was recorded before is not counted again.

    A play counts for the track, for its album and for each artist of the track, not for artists of the album or
    composers. Tracks that the viewer cannot access are left out. New plays wait for the services of the viewer, unless
    those of `player` are not to be sent.
    """
    told = list(dict.fromkeys(plays))
    ids = ensure_rows(
        TrackAnnotation, viewer.pk, Things(TrackAnnotation, {play.track_id for play in told}).visible_to(viewer)
    )
    new = unknown(viewer.pk, [play for play in told if play.track_id in set(ids)])
    Scrobble.objects.bulk_create(
        [Scrobble(user_id=viewer.pk, media_file_id=play.track_id, submission_time=play.at) for play in new],
        batch_size=500,
    )
    moments: dict[str, list[datetime]] = defaultdict(list)
    for play in new:
        moments[play.track_id].append(play.at)
    count(TrackAnnotation, viewer.pk, moments)
    count(AlbumAnnotation, viewer.pk, passed_on(moments, albums_of(moments)))
    count(ArtistAnnotation, viewer.pk, passed_on(moments, artists_of(moments)))
    keep_for_services(viewer, new, player)
    return len(new)


def unknown(user_id: str, plays: list[Play]) -> list[Play]:
    """Those plays that have no row: clients send again what they are not sure of."""
    known: set[tuple[str, datetime]] = set()
    for piece in chunks(sorted({play.at for play in plays})):
        rows = Scrobble.objects.filter(user=user_id, submission_time__in=piece)
        known.update(rows.values_list("media_file_id", "submission_time"))
    return [play for play in plays if (play.track_id, play.at) not in known]


def albums_of(track_ids: Collection[str]) -> list[tuple[str, str]]:
    """Each track with its album."""
    found: list[tuple[str, str]] = []
    for piece in chunks(sorted(track_ids)):
        rows = MediaFile.objects.filter(pk__in=piece, album_ref__isnull=False)
        found += rows.values_list("pk", "album_ref_id")
    return found


def artists_of(track_ids: Collection[str]) -> list[tuple[str, str]]:
    """Each track with each of its own artists."""
    found: list[tuple[str, str]] = []
    for piece in chunks(sorted(track_ids)):
        rows = Participant.objects.filter(media_file__in=piece, role=Role.ARTIST).order_by()
        found += rows.values_list("media_file_id", "artist_id").distinct()
    return found


def passed_on(moments: dict[str, list[datetime]], pairs: Iterable[tuple[str, str]]) -> dict[str, list[datetime]]:
    """The moments of tracks, by what they count for as well."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for track_id, thing_id in pairs:
        found[thing_id] += moments[track_id]
    return found


def count(notes: Model, user_id: str, moments: dict[str, list[datetime]]) -> None:
    """Add plays at some moments to what a person has of each of some things."""
    rows: Any = notes._default_manager
    ids = ensure_rows(notes, user_id, moments)
    tell_own(user_id, notes, ids)
    for pk in ids:
        last = Value(max(moments[pk]), output_field=DateTimeField())
        rows.filter(user=user_id, **{notes.thing: pk}).update(
            play_count=F("play_count") + len(moments[pk]),
            play_date=Greatest(Coalesce("play_date", last), last),
        )
