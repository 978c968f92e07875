"""Whether the parts of the server work: asked of the database and the broker, read from rows for the workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F, Max, Q
from django.utils import timezone

from libraries import clock
from libraries.choices import ScanState
from libraries.models import Scan
from libraries.scanner import ScanLimits
from media.transcoding import ffmpeg
from navidrome_lib import disk_space, heartbeat
from navidrome_lib.admin import formatting
from navidrome_lib.config.redis_urls import OPEN_BROKER, client_url, is_open
from navidrome_lib.limits import limits_of
from navidrome_lib.outages import BROKER_AWAY, DATABASE_AWAY, outage_of
from navidrome_lib.security import undeclared

# the scheduler sends a beat twice a minute; a worker that reads a long batch may be late
ALIVE = timedelta(seconds=120)
# three of the scheduler's own beats, and a little
SCHEDULER_ALIVE = timedelta(seconds=3 * heartbeat.BEAT_SECONDS + 10)
# what any client can bring about, and what is no part of ours, is no verdict on the server
ADVICE = frozenset({"proxy", "ffmpeg"})


@dataclass(frozen=True)
class Check:
    """One part: whether it works, and what to know about it."""

    ok: bool
    detail: str
    milliseconds: float = 0.0


def timed(check: Callable[[], tuple[bool, str]]) -> Check:
    start = time.perf_counter()
    ok, detail = check()
    return Check(ok, detail, round((time.perf_counter() - start) * 1000, 1))


def check_database() -> tuple[bool, str]:
    """One trivial query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except (DatabaseError, InterfaceError) as error:
        return False, (outage_of(error) or DATABASE_AWAY).sentence
    return True, connection.vendor


def check_broker() -> tuple[bool, str]:
    """One ping; without a broker, scans wait in the database."""
    try:
        with redis.Redis.from_url(
            client_url(settings.CELERY_BROKER_URL), socket_timeout=1, socket_connect_timeout=1
        ) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return False, (outage_of(error) or BROKER_AWAY).sentence
    return True, f"redis. {OPEN_BROKER}" if is_open(settings.CELERY_BROKER_URL) else "redis"


def judge(name: str, seen: datetime | None, alive: timedelta, now: datetime) -> tuple[bool, str]:
    """Whether a part that was last seen at `seen` still lives. A sign from the future proves nothing."""
    if seen is None:
        return False, f"No {name} has been seen yet."
    age = now - seen
    if age < -clock.SKEW:
        return (
            False,
            f"The last heartbeat of a {name} is dated {seen:%Y-%m-%d %H:%M}, in the future: the clock was wrong.",
        )
    seconds = max(int(age.total_seconds()), 0)
    if age > alive:
        return False, f"The {name} has sent no heartbeat for {seconds} seconds."
    return True, f"A {name} was last seen {seconds} seconds ago."


def check_scheduler(*, now: datetime | None = None) -> tuple[bool, str]:
    """The scheduler sent a task lately; without it nothing happens by itself."""
    try:
        seen = heartbeat.last_seen("scheduler")
    except heartbeat.Unknown:
        return False, "The scheduler cannot be checked without the broker."
    return judge("scheduler", seen, SCHEDULER_ALIVE, now or timezone.now())


def check_worker(*, now: datetime | None = None) -> tuple[bool, str]:
    """A worker did something lately: the regular beat, or a scan."""
    now = now or timezone.now()
    scan = Scan.objects.running().filter(heartbeat_at__lte=now + clock.SKEW).aggregate(at=Max("heartbeat_at"))["at"]
    try:
        beat = heartbeat.last_seen("worker")
    except heartbeat.Unknown:
        if scan is None:
            return False, "The worker cannot be checked without the broker."
        beat = None
    signs = [at for at in (beat, scan) if at]
    # a sign from the future counts only where there is no other
    past = [at for at in signs if at <= now + clock.SKEW]
    return judge("worker", max(past or signs, default=None), ALIVE, now)


def check_disk() -> tuple[bool, str]:
    """There is room in the data folder and for temporary files."""
    folders = disk_space.written_folders(settings.CONF.data_folder)
    left = min((free for free in map(disk_space.free_bytes, folders) if free is not None), default=0)
    if disk_space.is_low(folders, least=settings.LEAST_DISK_BYTES):
        return False, f"The disk of the server is full: {formatting.size(left)} are left. Free some space."
    return True, f"{formatting.size(left)} are free."


def check_scans(*, now: datetime | None = None) -> tuple[bool, str]:
    """No scan has lost its heartbeat or its worker, and none waits for something that is away or full.

    A scan is silent from half of its lease on: at its end it is taken back within seconds, too soon to be seen.
    """
    now = now or timezone.now()
    silent = Q(state=ScanState.RUNNING, lease_expires_at__lt=now + limits_of(ScanLimits).lease / 2)
    lost = Q(state=ScanState.QUEUED, attempts__gt=F("interruptions"))
    waiting = Q(state=ScanState.QUEUED) & ~Q(error="")
    # the running ones first: their state comes last in the alphabet
    scans = Scan.objects.filter(silent | lost | waiting).select_related("library")
    scan = scans.order_by("-state", "pk").first()
    if scan is None:
        return True, "No scan is delayed."
    named = f"A scan of “{scan.library.name}”"
    if scan.state == ScanState.RUNNING:
        age = max(int((now - (scan.heartbeat_at or now)).total_seconds()), 0)
        said = f"{named} has sent no heartbeat for {age} seconds: its worker hangs or died."
        return False, f"{said} A worker takes it back."
    if scan.error:
        return False, f"{named} waits: {scan.error}"
    return False, f"{named} was taken back from a worker that hung or died, and waits for another one."


def check_clock() -> tuple[bool, str]:
    """The clock did not jump by more than a day, or has been steady since; see `libraries.clock`."""
    jump = clock.current_jump()
    if jump is None:
        return True, "steady"
    way = "ahead" if jump > timedelta() else "back"
    said = f"The clock of the server jumped {way} by {abs(jump).total_seconds() / 3600:,.0f} hours."
    return False, f"{said} Nothing is purged, and no purge expires, until it has been steady for an hour."


def check_proxy() -> tuple[bool, str]:
    """No request came through a proxy that `ND_TRUSTEDPROXIES` does not name."""
    found = undeclared.undeclared()
    return not found, undeclared.sentence(found) if found else "No undeclared proxy was noticed."


def check_ffmpeg() -> tuple[bool, str]:
    """Songs can be converted for players that need it; or an admin wants none to be."""
    found = ffmpeg.find_ffmpeg()
    if settings.CONF.media.max_transcodes == 0:
        return True, "Songs are not converted: ND_MAXTRANSCODES is 0."
    return found is not None, f"Songs are converted by {found}." if found else ffmpeg.MISSING


def check_all() -> dict[str, Check]:
    """Every part; what only the database knows is left out when that does not answer."""
    checks = {"database": timed(check_database), "broker": timed(check_broker), "disk": timed(check_disk)}
    checks["scheduler"] = timed(check_scheduler)
    checks["proxy"] = timed(check_proxy)
    checks["ffmpeg"] = timed(check_ffmpeg)
    if checks["database"].ok:
        checks["worker"] = timed(check_worker)
        checks["scans"] = timed(check_scans)
        checks["clock"] = timed(check_clock)
    return checks


def verdict(checks: dict[str, Check]) -> str:
    """`ok`, `degraded` (requests are answered, scans wait) or `fail` (nothing can be answered)."""
    if not checks["database"].ok:
        return "fail"
    return "ok" if all(check.ok or name in ADVICE for name, check in checks.items()) else "degraded"
