"""The programs with which people listen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from listening.models import Player
from navidrome_lib.audit.services import clean
from navidrome_lib.errors import Conflict
from navidrome_lib.viewer import Viewer

# how exact `last_seen` is; each request would otherwise be a write
STEP: Final = timedelta(minutes=1)
_MAX_TEXT: Final = 255
# of one person: all that were seen today are looked at to say who plays what
MOST: Final = 100


def find_player(viewer: Viewer, client: str, user_agent: str, address: str) -> Player:
    """The player of the viewer with this client and user agent; a new one is made at the first request.

    Of more than `MOST` those are forgotten that were seen longest ago: a client may call itself otherwise each time.
    """
    client, user_agent, now = text(client), text(user_agent), timezone.now()
    made = {"name": text(f"{client} [{user_agent}]"), "ip": address[:64], "last_seen": now}
    known = Player.objects.filter(user=viewer.pk)
    found: Player
    found, is_new = Player.objects.get_or_create(user_id=viewer.pk, client=client, user_agent=user_agent, defaults=made)
    if is_new:
        surplus = known.order_by("-last_seen", "-pk").values_list("pk", flat=True)[MOST:]
        known.filter(pk__in=list(surplus)).exclude(pk=found.pk).delete()
    if abs(now - found.last_seen) >= STEP or found.ip != address[:64]:
        found.last_seen, found.ip = now, address[:64]
        Player.objects.filter(pk=found.pk).update(last_seen=found.last_seen, ip=found.ip)
    return found


@transaction.atomic
def save_player(player: Player, values: dict[str, Any]) -> Player:
    """Save a new player, or change some fields of one. `Conflict` for a second one with the same client and agent."""
    for field, value in values.items():
        setattr(player, field, value)
    same = Player.objects.filter(user=player.user_id, client=player.client, user_agent=player.user_agent)
    if same.exclude(pk=player.pk).exists():
        raise Conflict(errors={"client": "There is a player with this client and user agent already."})
    if player._state.adding:
        player.save(force_insert=True)
    else:
        Player.objects.filter(pk=player.pk).update(**values)
    return player


def text(value: str) -> str:
    """A text of a client as the database can hold it."""
    return clean(value)[:_MAX_TEXT]
