"""Choose the tracks of a smart playlist, and keep them until they are chosen again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from libraries.catalog_api.extension import Asked
from libraries.catalog_api.sorting import shuffle
from libraries.models import MediaFile
from listening.models import Playlist, PlaylistTrack
from listening.rules.conditions import Conditions
from listening.rules.fields import FIELDS, RANDOM
from listening.rules.parsing import Criteria, Operator, RuleError, parse_rules
from listening.services.playlists import MAX_TRACKS, replace_tracks
from navidrome_lib.viewer import Viewer

MAX_NESTED = 5


def find_tracks(criteria: Criteria, owner: Viewer, *, now: datetime | None = None) -> list[str]:
    """The ids of the present tracks that meet the criteria, in their order, for the owner of the playlist."""
    conditions = Conditions(owner, now)
    sorts = criteria.sorts or ((FIELDS["title"], False),)
    named = {rule.field.source for rule in criteria.conditions()}
    rows: Any = conditions.prepared(
        MediaFile.objects.visible_to(owner).present(), named | {field.order for field, _ in sorts}
    )
    rows = rows.filter(conditions.of(criteria.group))
    limit = criteria.limit or MAX_TRACKS
    if criteria.limit_percent:
        limit = min(limit, -(-rows.count() * criteria.limit_percent // 100))
    if any(field.name == RANDOM for field, _ in sorts):
        rows = shuffle(rows, Asked(owner, ""))
    orders = [
        F(field.order).desc(nulls_last=True) if descending else F(field.order).asc(nulls_first=True)
        for field, descending in sorts
    ]
    return list(rows.order_by(*orders, "pk").values_list("pk", flat=True)[:limit])


def refresh(playlist: Playlist, *, again: bool = False, nested: int = MAX_NESTED) -> None:
    """Choose the tracks of a smart playlist again, unless that was done a moment ago; `again`: in any case.

    Rules that another version of the server accepted and this one does not leave the tracks as they are.
    """
    now = timezone.now()
    delay = timedelta(seconds=settings.CONF.smart_playlist_refresh_delay)
    if playlist.rules is None or not (again or playlist.evaluated_at is None or now - playlist.evaluated_at >= delay):
        return
    try:
        criteria = parse_rules(playlist.rules)
    except RuleError:
        return
    owner = owner_of(playlist)
    if not owner.is_active:
        return
    refresh_named(criteria, owner, nested)
    ids = find_tracks(criteria, owner, now=now)
    with transaction.atomic():
        # the lock: of two readers at once the second finds what the first has chosen
        locked = Playlist.objects.select_for_update().filter(pk=playlist.pk).first()
        if locked is None or locked.rules != playlist.rules:
            return
        entries = PlaylistTrack.objects.filter(playlist=locked).order_by("position")
        if list(entries.values_list("media_file_id", flat=True)) != ids:
            replace_tracks(locked, ids)
        Playlist.objects.filter(pk=locked.pk).update(evaluated_at=now)
    playlist.evaluated_at = now


def refresh_named(criteria: Criteria, owner: Viewer, nested: int) -> None:
    """Choose the tracks of the smart playlists that rules speak of; those that speak of each other end somewhere."""
    ids = {rule.value for rule in criteria.conditions() if rule.operator is Operator.IN_PLAYLIST}
    if nested:
        for named in Playlist.objects.visible_to(owner).filter(pk__in=ids, rules__isnull=False).order_by("pk"):
            refresh(named, nested=nested - 1)


def owner_of(playlist: Playlist) -> Viewer:
    """The viewer with the rights of the owner."""
    owner: Any = get_user_model()._default_manager.get(pk=playlist.owner_id)
    viewer: Viewer = owner.as_viewer()
    return viewer
