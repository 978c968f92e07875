"""Send what waits: for each account in order, one run at a time, and again later after a failure."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from listening.forwarding import lastfm, listenbrainz
from listening.models import Service, ServiceAccount, WaitingPlay
from listening.services.forwarding import enabled_services
from navidrome_lib.db.ids import new_id
from navidrome_lib.outgoing.exchange import USUAL, Limits
from navidrome_lib.outgoing.problems import PlaysRefused, Problem, SecretRefused, TryLater
from navidrome_lib.outgoing.trying_again import at_or_before, wait_for
from users.app_passwords import box
from users.encryption import decrypt

logger = logging.getLogger(__name__)

# a run that died is given up after so long; a batch takes half a minute at most
LEASE: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = 6 * 3600.0
# how long one run may take; what is left waits for the next one
BUDGET: Final = 45.0
_MAX_TEXT: Final = 500
KEY_LOST: Final = "The key that the token was encrypted with is lost. Give the token again."


# Last.fm takes no more at once, and this number is within the limit of bytes of ListenBrainz, whatever their names
MOST: Final = 50

Send = Callable[[str, Sequence[WaitingPlay], Limits], list[str]]
SEND: Final[Mapping[str, Send]] = {Service.LISTENBRAINZ: listenbrainz.send, Service.LASTFM: lastfm.send}


def forward_plays(*, budget: float = BUDGET, limits: Limits = USUAL) -> int:
    """Send the plays of every account that is due, and say how many were taken.

    A service that cannot be reached is left alone for the rest of the run: the next account would only wait for it.
    """
    until, taken, away = time.monotonic() + budget, 0, set[str]()
    for account in list(due_accounts()):
        if account.service in away:
            continue
        if time.monotonic() >= until:
            break
        run = Run(account.pk, until, limits)
        try:
            taken += run.send_all()
        except TryLater:
            away.add(account.service)
    return taken


def is_due() -> bool:
    """Whether there is anything to send now; where every service is off, no query finds that out."""
    return bool(enabled_services()) and due_accounts().exists()


def due_accounts() -> models.QuerySet[ServiceAccount]:
    """The accounts with plays to send, of services that are switched on and of people who may sign in."""
    now = timezone.now()
    waiting = WaitingPlay.objects.filter(account=OuterRef("pk"), refused="")
    rows = ServiceAccount.objects.filter(
        Exists(waiting), at_or_before("next_try_at", now), at_or_before("claimed_until", now),
        service__in=enabled_services(), stopped_at=None, user__is_active=True,
    )  # fmt: skip
    return rows.order_by(F("next_try_at").asc(nulls_first=True), "pk")


def secret_of(account: ServiceAccount) -> str:
    """The token of an account in the clear. `SecretRefused` where it cannot be read any more."""
    found = decrypt(box(), bytes(account.secret))
    if found is None:
        raise SecretRefused(KEY_LOST)
    return found


class Run:
    """The sending of one account's plays by one worker; `claim` is how it proves that it is the only one."""

    def __init__(self, account_id: str, until: float, limits: Limits) -> None:
        self.account_id = account_id
        self.claim = new_id()
        self.until = until
        self.limits = limits

    def mine(self) -> models.QuerySet[ServiceAccount]:
        """The account, as long as this run has it."""
        return ServiceAccount.objects.filter(pk=self.account_id, claimed_by=self.claim)

    def take(self) -> bool:
        """Claim the account, or stay its holder; False when another run has it."""
        now = timezone.now()
        free = Q(claimed_by=self.claim) | at_or_before("claimed_until", now)
        rows = ServiceAccount.objects.filter(free, pk=self.account_id, stopped_at=None)
        return bool(rows.update(claimed_by=self.claim, claimed_until=now + LEASE))

    def send_all(self) -> int:
        """Send batches until nothing waits or the time is over; says how many plays were taken. `TryLater` is noted."""
        taken, singly = 0, 0
        account: ServiceAccount | None = None
        try:
            while time.monotonic() < self.until and self.take():
                account = ServiceAccount.objects.filter(pk=self.account_id).first()
                batch = self.waiting(1 if singly else MOST)
                if account is None or not batch:
                    break
                try:
                    reasons = SEND[account.service](secret_of(account), batch, self.limits)
                except PlaysRefused as problem:
                    # one of them is wrong: each goes by itself, so that it holds no other one up
                    singly = len(batch) if len(batch) > 1 else singly
                    reasons = [problem.message] if len(batch) == 1 else []
                if reasons:
                    singly = max(singly - len(batch), 0)
                    taken += self.settle(batch, reasons)
        except SecretRefused as problem:
            self.stop(problem, account)
        except TryLater as problem:
            self.put_off(problem, account)
            raise
        except Exception as error:
            # a mistake of ours must hold up no other account
            logger.exception("plays of account %s were not sent", self.account_id)
            self.put_off(TryLater(f"Something went wrong on the server: {type(error).__name__}."), account)
        finally:
            self.mine().update(claimed_by="", claimed_until=None)
        return taken

    def waiting(self, most: int) -> list[WaitingPlay]:
        """The first plays that wait, as they were recorded."""
        return list(WaitingPlay.objects.filter(account=self.account_id, refused="").order_by("pk")[:most])

    def settle(self, batch: Sequence[WaitingPlay], reasons: Sequence[str]) -> int:
        """Forget what was taken, and keep what was refused with its reason; says how many were taken."""
        taken = [play.pk for play, reason in zip(batch, reasons, strict=True) if not reason]
        WaitingPlay.objects.filter(pk__in=taken).delete()
        for play, reason in zip(batch, reasons, strict=True):
            if reason:
                WaitingPlay.objects.filter(pk=play.pk).update(refused=reason[:_MAX_TEXT])
        self.mine().update(failures=0, last_error="", next_try_at=None)
        return len(taken)

    def put_off(self, problem: TryLater, account: ServiceAccount | None) -> None:
        """Try again later, each time after twice as long, or when the service says."""
        failures = account.failures if account is not None else 0
        seconds = wait_for(problem, failures, LONGEST_WAIT)
        logger.warning("Plays of account %s wait for another %d s: %s", self.account_id, seconds, problem.message)
        self.mine().update(
            failures=F("failures") + 1,
            last_error=problem.message[:_MAX_TEXT],
            next_try_at=timezone.now() + timedelta(seconds=seconds),
        )

    def stop(self, problem: Problem, account: ServiceAccount | None) -> None:
        """Send nothing until the person gives another token, unless that has happened at this moment."""
        logger.warning("Plays of account %s wait for another token: %s", self.account_id, problem.message)
        same = self.mine().filter(secret=account.secret if account is not None else b"")
        same.update(stopped_at=timezone.now(), last_error=problem.message[:_MAX_TEXT])
