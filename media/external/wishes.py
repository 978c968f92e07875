"""What people look at and nothing is kept of: workers are told, and no answer waits for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings

from media.choices import CoverKind, Source
from media.limits import MediaLimits
from navidrome_lib.limits import limits_of
from navidrome_lib.messages import Outbox

# a message that no worker takes in this time is of no use: the next look sends another
wishes: Final = Outbox(
    "media.tasks.ask_outside", expires=120, again=lambda: limits_of(MediaLimits).outside_wish_seconds
)


def enabled_sources() -> list[Source]:
    """The services that are asked, the one that is believed first in front; none while that is off."""
    conf = settings.CONF
    if not conf.external.enabled:
        return []
    found = [Source(name) for name in conf.external.sources]
    return [source for source in found if source is not Source.LASTFM or conf.lastfm.api_key]


def sources_of(kind: CoverKind) -> list[Source]:
    """The enabled services that know something of a kind of thing."""
    without = Source.LISTENBRAINZ if kind is CoverKind.ALBUM else Source.COVER_ART_ARCHIVE
    return [source for source in enabled_sources() if source is not without]


def wish(kind: CoverKind, item: str, sources: Sequence[Source]) -> bool:
    """Have services asked about a thing that the viewer was found to see."""
    return bool(sources) and wishes.send((str(kind), item, tuple(map(str, sources))))
