"""Asking services outside, in a worker: one run at a time for each service, within its limits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from media.choices import CoverKind, Source
from media.external import archive, lastfm, listenbrainz, musicbrainz
from media.external.requests import USUAL, Asker, NotKnown, Unusable
from media.external.things import Thing, thing_of
from media.external.wishes import enabled_sources, sources_of
from media.images.pool import ImagesBusy
from media.limits import MediaLimits
from media.models import Cover, OutsideInfo, OutsideSource
from media.uploads.store import forget
from navidrome_lib import stopping
from navidrome_lib.db.ids import new_id
from navidrome_lib.limits import limits_of
from navidrome_lib.outgoing.exchange import Limits
from navidrome_lib.outgoing.problems import Problem, SecretRefused, TryLater
from navidrome_lib.outgoing.trying_again import at_or_before, wait_after, wait_for

logger = logging.getLogger(__name__)

# a run that died is given up after so long
LEASE: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = 24 * 3600.0
REFUSED_WAIT: Final = 6 * 3600.0
# what MusicBrainz found is of use to those behind it
ORDER: Final = (Source.MUSICBRAINZ, Source.LASTFM, Source.LISTENBRAINZ, Source.COVER_ART_ARCHIVE)
# seconds from one request to the next
SPACING: Final[Mapping[Source, float]] = {
    Source.MUSICBRAINZ: 1.1,
    Source.LASTFM: 0.25,
    Source.LISTENBRAINZ: 0.5,
    Source.COVER_ART_ARCHIVE: 0.5,
}
NAMES: Final[Mapping[Source, str]] = {
    Source.MUSICBRAINZ: "MusicBrainz",
    Source.LASTFM: "Last.fm",
    Source.LISTENBRAINZ: "ListenBrainz",
    Source.COVER_ART_ARCHIVE: "The Cover Art Archive",
}
ASK: Final[Mapping[Source, Callable[[Thing, Asker], dict[str, Any]]]] = {
    Source.MUSICBRAINZ: musicbrainz.ask_about,
    Source.LASTFM: lastfm.ask_about,
    Source.LISTENBRAINZ: listenbrainz.ask_about,
    Source.COVER_ART_ARCHIVE: archive.ask_about,
}
_MAX_ERROR: Final = 300
MOST_FAILURES: Final = 1000


def ask_outside(kind: str, item: str, sources: Sequence[str], *, limits: Limits = USUAL) -> int:
    """Note that services are to be asked about a thing, and ask all that is due; says how many answers came."""
    note(kind, item, sources)
    return ask_waiting(limits=limits)


def note(kind: str, item: str, sources: Sequence[str]) -> None:
    """Let a thing wait for those of some services that are enabled and have not told of it, or long ago."""
    for source in enabled_sources():
        if source not in sources or source not in sources_of(CoverKind(kind)):
            continue
        rows = OutsideInfo.objects.filter(source=str(source))
        waiting = rows.filter(next_try_at__isnull=False).count()
        thing = thing_of(kind, item, source) if waiting < limits_of(MediaLimits).outside_waiting else None
        if thing is None:
            continue
        now = timezone.now()
        identity = {"kind": kind, "item_id": item, "source": str(source)}
        _, is_new = OutsideInfo.objects.get_or_create(
            **identity, defaults={"asked_with": thing.digest, "next_try_at": now}
        )
        if not is_new:
            old = Q(settled_at__lt=expired_before(now)) | ~Q(asked_with=thing.digest)
            stale = OutsideInfo.objects.filter(old, **identity, next_try_at=None)
            stale.update(next_try_at=now, failures=0, asked_with=thing.digest)


def expired_before(now: datetime) -> datetime:
    """Answers from before this moment are asked for again."""
    return now - timedelta(seconds=settings.CONF.external.lifetime)


def ask_waiting(*, limits: Limits = USUAL) -> int:
    """Ask every enabled service about what waits for it; says how many answers came."""
    enabled = enabled_sources()
    done = 0
    for source in ORDER:
        if source in enabled and not stopping.is_asked() and due(source).exists():
            done += Run(source, limits).ask_all()
    return done


def is_due() -> bool:
    """Whether there is anything to ask now; where no service is asked, no query finds that out."""
    return any(due(source).exists() for source in enabled_sources())


def due(source: Source) -> Any:
    """What waits for a service and may be asked now, the longest wait first."""
    rows = OutsideInfo.objects.filter(source=str(source), next_try_at__lte=timezone.now())
    return rows.order_by("next_try_at", "pk")


class Run:
    """Asking one service; `claim` is how a run proves that it is the only one."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.claim = new_id()
        self.asker = Asker(NAMES[source], SPACING[source] * limits_of(MediaLimits).outside_spacing, limits)

    def take(self) -> bool:
        """Claim the service; False when another run has it, or it is to be left alone."""
        now = timezone.now()
        OutsideSource.objects.get_or_create(name=str(self.source))
        free, rested = at_or_before("claimed_until", now), at_or_before("next_request_at", now)
        rows = OutsideSource.objects.filter(free, rested, name=str(self.source))
        return bool(rows.update(claimed_by=self.claim, claimed_until=now + LEASE))

    def ask_all(self) -> int:
        """Ask about one thing after the other, until none waits, the time is over, or the service is away."""
        if not self.take():
            return 0
        until, done, rest, problem = time.monotonic() + limits_of(MediaLimits).outside_run_seconds, 0, 0.0, ""
        failed = False
        try:
            while time.monotonic() < until and not stopping.is_asked() and (row := due(self.source).first()):
                done += self.ask_one(row)
        except (TryLater, SecretRefused) as error:
            failed, problem = True, error.message
            rest = self.rest_of(error)
            logger.warning("Services outside: %s It is left alone for %d s.", error.message, rest)
        finally:
            self.give_back(max(rest, self.asker.spacing), failed=failed, problem=problem)
        return done

    def rest_of(self, error: Problem) -> float:
        """For how many seconds the service is left alone after a problem."""
        if not isinstance(error, TryLater):
            return REFUSED_WAIT
        known = OutsideSource.objects.filter(name=str(self.source)).values_list("failures", flat=True).first() or 0
        return wait_for(error, known, LONGEST_WAIT)

    def give_back(self, rest: float, *, failed: bool, problem: str) -> None:
        """End the claim, and say from when on the next run may ask."""
        OutsideSource.objects.filter(name=str(self.source), claimed_by=self.claim).update(
            claimed_by="",
            claimed_until=None,
            next_request_at=timezone.now() + timedelta(seconds=rest),
            failures=F("failures") + 1 if failed else 0,
            last_error=problem[:_MAX_ERROR],
        )

    def ask_one(self, row: OutsideInfo) -> int:
        """Ask about one thing and keep the answer; says how many came. Raises what concerns the whole service."""
        thing = thing_of(row.kind, row.item_id, self.source)
        if thing is None:
            row.delete()
            return 0
        try:
            about = ASK[self.source](thing, self.asker)
        except NotKnown:
            about = {}
        except SecretRefused:
            raise
        except TryLater as problem:
            # others first, in case that it is about this thing
            self.put_off(row, problem.message, is_service=True)
            raise
        except (Unusable, ImagesBusy) as problem:
            self.put_off(row, str(problem))
            return 0
        except Exception as error:
            # a mistake of ours must hold up nothing else
            logger.exception("%s could not be asked about %s-%s", self.asker.name, row.kind, row.item_id)
            self.put_off(row, type(error).__name__)
            return 0
        self.settle(row, thing, about)
        return 1

    def settle(self, row: OutsideInfo, thing: Thing, about: dict[str, Any]) -> None:
        """Keep an answer, and ask those that it is of use to."""
        old = row.about
        OutsideInfo.objects.filter(pk=row.pk).update(
            about=about,
            asked_with=thing.digest,
            settled_at=timezone.now(),
            next_try_at=None,
            failures=0,
            last_error="",
        )
        if old.get("picture") != about.get("picture"):
            # the next look finds the one, or none
            Cover.objects.filter(kind=row.kind, item_id=row.item_id, part="").delete()
            forget(old.get("picture") or "")
        if about.get("mbz") and self.source is Source.MUSICBRAINZ:
            known = OutsideInfo.objects.filter(kind=row.kind, item_id=row.item_id)
            note(row.kind, row.item_id, list(known.values_list("source", flat=True)))

    def put_off(self, row: OutsideInfo, why: str, *, is_service: bool = False) -> None:
        """Ask about a thing later, each time after twice as long.

        Where it is not the service that fails, a thing is given up after some times, as if it were answered.
        """
        failures, now = row.failures + 1, timezone.now()
        over = failures >= limits_of(MediaLimits).outside_tries and not is_service
        later = None if over else now + timedelta(seconds=wait_after(row.failures, LONGEST_WAIT))
        facts: dict[str, Any] = {"settled_at": now} if over else {}
        OutsideInfo.objects.filter(pk=row.pk).update(
            failures=min(failures, MOST_FAILURES), next_try_at=later, last_error=why[:_MAX_ERROR], **facts
        )
