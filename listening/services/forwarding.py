"""Keep plays for the services of a person, in the transaction that records them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.conf import settings

from libraries.models import MediaFile
from listening.models import Player, Service, ServiceAccount, WaitingPlay
from navidrome_lib.db.bulk import chunks
from navidrome_lib.viewer import Viewer

# what services are told of a track
_TOLD: Final = (
    "title", "artist", "album", "album_artist", "track_number", "duration", "mbz_recording_id", "mbz_track_id",
    "mbz_album_id",
)  # fmt: skip


def enabled_services() -> list[Service]:
    """The services that this server sends plays to."""
    conf = settings.CONF
    enabled = {Service.LISTENBRAINZ: conf.listenbrainz.enabled, Service.LASTFM: conf.lastfm.enabled}
    return [service for service, is_on in enabled.items() if is_on]


def keep_for_services(viewer: Viewer, plays: Collection[Any], player: Player | None) -> int:
    """Let plays (`track_id`, `at`) wait for each service of the viewer; says how many rows that made.

    Inside the transaction in which they are recorded, so that none is lost and none waits twice. Not those of a player
    whose owner does not want it, and not those of libraries that were left out.
    """
    services = enabled_services()
    if not services or not plays or (player is not None and not player.scrobble_enabled):
        return 0
    accounts = ServiceAccount.objects.filter(user=viewer.pk, service__in=services).prefetch_related("left_out")
    tracks: Mapping[str, Any] | None = None
    rows: list[WaitingPlay] = []
    for account in accounts:
        if tracks is None:
            tracks = told_of({play.track_id for play in plays})
        left_out = {library.pk for library in account.left_out.all()}
        rows += [
            WaitingPlay(account=account, track_id=play.track_id, played_at=play.at, about=tracks[play.track_id][1])
            for play in plays
            if play.track_id in tracks and tracks[play.track_id][0] not in left_out
        ]
    WaitingPlay.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return len(rows)


def told_of(track_ids: Collection[str]) -> dict[str, tuple[int, dict[str, Any]]]:
    """The library of each track, and what services are told of it; empty values are left out."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for piece in chunks(sorted(track_ids)):
        for pk, library, *values in MediaFile.objects.filter(pk__in=piece).values_list("pk", "library", *_TOLD):
            about = {name: value for name, value in zip(_TOLD, values, strict=True) if value}
            found[pk] = library, about
    return found
