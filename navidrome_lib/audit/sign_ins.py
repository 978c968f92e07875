"""Note sign-ins, sign-outs and failed attempts: a line in the log, and a row that noise cannot push out."""

from __future__ import annotations

import json
import logging
import time
from contextlib import suppress
from typing import Final

from django.core.cache import cache
from django.db import DatabaseError, transaction

from navidrome_lib.api.throttling import Throttle
from navidrome_lib.audit import actor
from navidrome_lib.audit.limits import SignInLimits
from navidrome_lib.audit.models import SignIn, SignInOutcome
from navidrome_lib.audit.services import MAX_TEXT, clean
from navidrome_lib.limits import limits_of

logger = logging.getLogger("navidrome_lib.sign_ins")

ATTEMPTS: Final = (SignInOutcome.FAILED, SignInOutcome.THROTTLED)
PASSWORD: Final = "password"  # noqa: S105 - the word for it
APP_PASSWORD: Final = "app password"  # noqa: S105
# attempts between two looks at how many there are
PRUNE_EVERY: Final = 50
# so long this process remembers what it was told of a client that signs in with every request: a question to the
# shared cache is a quarter of what the smallest request takes
REMEMBERED_SECONDS: Final = 60
REMEMBERED: Final = 10_000
_remembered: dict[str, float] = {}


def note_sign_in(
    outcome: SignInOutcome, *, username: str, user_id: str = "", credential: str = PASSWORD, repeated: bool = False
) -> None:
    """Note what came of a sign-in at the present channel and address.

    `username` is as it was typed in; `repeated` says that a client does so with every request. A database that is busy
    or away is no reason to refuse a sign-in, or to answer a failed one otherwise: the line in the log is written first.
    """
    who = actor.current()
    is_attempt = outcome in ATTEMPTS
    limits = limits_of(SignInLimits)
    if repeated and not is_attempt and was_noted(limits.repeated_seconds, outcome, user_id, credential):
        return
    # the address comes first: a name that looks like one cannot stand in its place
    logger.log(
        logging.WARNING if is_attempt else logging.INFO,
        "sign-in %s: address=%s channel=%s with=%s account=%s",
        outcome,
        who.address or "-",
        who.channel,
        json.dumps(credential),
        json.dumps(username[:MAX_TEXT]),
    )
    if is_attempt and not is_worth_a_row(outcome, username, repeated=repeated):
        return
    with suppress(DatabaseError), transaction.atomic():
        row = SignIn.objects.create(
            outcome=outcome,
            channel=who.channel,
            address=who.address[:64],
            user_id=user_id,
            username=clean(username)[:MAX_TEXT],
            credential=credential,
        )
        prune(row)


def is_first(kind: str, seconds: int, *parts: str) -> bool:
    """True once in the given seconds for these parts at the present channel and address."""
    who = actor.current()
    digest = Throttle(kind, limit=1).key(who.channel, who.address, *parts)
    return bool(cache.add(f"sign-in:{digest}", True, timeout=seconds))


def was_noted(seconds: int, *parts: str) -> bool:
    """Whether this sign-in was noted in the given seconds; the end of these is noticed a minute late at most."""
    who = actor.current()
    known = "\0".join((who.channel, who.address, *parts))
    now = time.monotonic()
    if _remembered.get(known, 0.0) > now:
        return True
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    _remembered[known] = now + min(seconds, REMEMBERED_SECONDS)
    return not is_first("repeated", seconds, *parts)


def is_worth_a_row(outcome: SignInOutcome, username: str, *, repeated: bool) -> bool:
    """False for what would only repeat the row before, and for more in a minute than a person could read."""
    limits = limits_of(SignInLimits)
    repeats = repeated or outcome == SignInOutcome.THROTTLED
    if repeats and not is_first("attempt", limits.throttled_seconds, outcome, username):
        return False
    return not Throttle("sign-in-rows", limit=limits.attempts_per_minute).wait("attempts")


def prune(row: SignIn) -> None:
    """Remove the oldest rows beyond the bound that holds for this one: of its account, or of all attempts."""
    limits = limits_of(SignInLimits)
    if row.outcome not in ATTEMPTS:
        rows, bound = SignIn.objects.exclude(outcome__in=ATTEMPTS).filter(user_id=row.user_id), limits.per_account
    elif row.pk % PRUNE_EVERY == 0:
        rows, bound = SignIn.objects.filter(outcome__in=ATTEMPTS), limits.attempts
    else:
        return
    oldest = rows.order_by("-pk").values_list("pk", flat=True)[bound : bound + 1]
    for pk in oldest:
        rows.filter(pk__lte=pk).delete()
