"""Telling the services of a person what plays at this moment: once, or not at all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils import timezone

from listening.choices import PlaybackState
from listening.forwarding import lastfm, listenbrainz
from listening.forwarding.sending import secret_of
from listening.models import Player, Service, ServiceAccount
from listening.services.forwarding import enabled_services, told_of
from listening.services.now_playing import GRACE_SECONDS, playing_of
from navidrome_lib.outgoing.exchange import Limits
from navidrome_lib.outgoing.problems import Problem
from navidrome_lib.outgoing.trying_again import at_or_before

logger = logging.getLogger(__name__)

# what comes later is of no use
QUICK: Final = Limits(step=5.0, whole=10.0)
Tell = Callable[[str, Mapping[str, Any], Limits], None]
TELL: Final[Mapping[str, Tell]] = {Service.LISTENBRAINZ: listenbrainz.tell, Service.LASTFM: lastfm.tell}


def tell_playing(player_id: str, track_id: str, *, limits: Limits = QUICK) -> int:
    """Tell the services of its owner what a player plays, if it plays that still; says how many have taken it.

    What holds for plays holds for this: not of a player whose owner does not want it, not of libraries that were left
    out, and not to an account that waits for another token or for its service. A failure is not tried again.
    """
    playing = playing_of(player_id)
    if playing is None or playing.track_id != track_id or playing.state == PlaybackState.PAUSED:
        return 0
    if time.time() >= playing.ends - GRACE_SECONDS:
        return 0
    player = Player.objects.filter(pk=player_id, scrobble_enabled=True, user__is_active=True).first()
    told = told_of([track_id]).get(track_id)
    if player is None or told is None or not (told[1].get("title") and told[1].get("artist")):
        return 0
    library, about = told
    accounts = ServiceAccount.objects.filter(
        at_or_before("next_try_at", timezone.now()), user=player.user_id, service__in=enabled_services(),
        stopped_at=None,
    ).exclude(left_out=library)  # fmt: skip
    taken = 0
    for account in accounts:
        try:
            TELL[account.service](secret_of(account), about, limits)
            taken += 1
        except Problem as problem:
            # a token that is not good any more is found out by the next play
            logger.info("A service was not told what plays: %s", problem.message)
    return taken
