"""Every two of the services and forms that write, at the same time: nothing is lost, and nothing comes back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection
from django.db.models import Count, Q, Sum
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries import cleanup
from libraries.models import Album, Library, LibraryArtist, MediaFile, Participant, Scan
from libraries.models.library import name_key
from libraries.scanner import lease, pipeline
from libraries.scanner.limits import ScanLimits
from navidrome_lib.celery import app
from tests.hazards.files import RememberingPool
from tests.hazards.interleaving import Outcome, Sessions
from tests.hazards.writers import WRITERS, World, Writer
from tests.support.sharing import DAY, THOROUGH
from users.models import User, username_key

pytestmark = pytest.mark.django_db(transaction=True)

# a few of them, by name with commas between: ND_HAZARDS_PAIRS="rename,delete"
CHOSEN: Final = [name for name in os.environ.get("ND_HAZARDS_PAIRS", "").split(",") if name]
# those that meet on SQLite, where a session waits until the other has committed
FEW: Final = (
    "rename",
    "library form",
    "delete",
    "request",
    "scan",
    "user form",
    "edit",
    "demote deputy",
    "demote chief",
)


@pytest.fixture
def world(
    tmp_path: Path, quick_reading: RememberingPool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setattr(app, "send_task", lambda *_, **__: None)
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def sessions() -> Iterator[Sessions]:
    sessions = Sessions()
    yield sessions
    sessions.close()


def test_every_pair(world: World, sessions: Sessions) -> None:
    wrong = []
    for pair in pairs():
        world.restore()
        wrong += [f"{' | '.join(pair)}: {sentence}" for sentence in meet(world, sessions, *pair)]
    assert not wrong, "\n".join(wrong)


def pairs() -> list[tuple[str, str]]:
    """Every two, as far as there is time; each also meets itself."""
    if CHOSEN:
        return list(combinations_with_replacement(CHOSEN, 2))
    if connection.vendor != "postgresql":
        return list(combinations_with_replacement(FEW, 2))
    near = [pair for pair in combinations_with_replacement(WRITERS, 2) if can_meet(*(WRITERS[name] for name in pair))]
    # each meets a third of the others in the usual run, another third each day
    return near if THOROUGH else near[DAY % 3 :: 3]


def can_meet(one: Writer, two: Writer) -> bool:
    """Whether there is time for these two: all meet in a thorough run, else those that touch the same rows."""
    near = one.thing == two.thing or not (one.again or two.again)
    return THOROUGH or (near and bool(set(one.rooms) & set(two.rooms)))


def meet(world: World, sessions: Sessions, *pair: str) -> list[str]:
    """What is wrong after two of them ran at the same time."""
    first, second = (WRITERS[name] for name in pair)
    outcomes = sessions.interleave(lambda: first.run(world), lambda: second.run(world))
    wrong = [outcome.error for outcome in outcomes if outcome.error]
    wrong += broken_promises(world, pair, outcomes)
    wrong += broken_rules()
    if "catalog" in (*first.rooms, *second.rooms):
        wrong += wrong_figures()
        if not wrong:
            settle(world)
            wrong = [f"after the next scan: {sentence}" for sentence in (*broken_rules(), *wrong_figures())]
    return wrong


def broken_promises(world: World, pair: tuple[str, ...], outcomes: tuple[Outcome, ...]) -> list[str]:
    """What one of them was told to have done, and is not so."""
    wrong = []
    for number, (name, outcome) in enumerate(zip(pair, outcomes, strict=True)):
        writer, other = WRITERS[name], WRITERS[pair[1 - number]]
        undone = writer.writes == other.writes or any(writer.writes.startswith(each) for each in other.voids)
        if outcome.refusal is None and not outcome.error and not undone and not writer.holds(world):
            wrong.append(f"{name} was done, and {writer.writes} is not so")
    return wrong


def broken_rules() -> list[str]:
    """The rules that hold at every moment."""
    wrong = [
        f"the key of {library} is {library.name_key}"
        for library in Library.objects.all()
        if library.name_key != name_key(library.name)
    ]
    if Scan.objects.queued().filter(library__deleted_at__isnull=False).exists():
        wrong.append("a removed library waits for a scan")
    wrong += [
        f"the key of {user} is {user.username_key}"
        for user in User.objects.all()
        if user.username_key != username_key(user.username)
    ]
    if not User.objects.active_admins().exists():
        wrong.append("there is no admin any more")
    return wrong


def wrong_figures() -> list[str]:
    """Totals and counts of the libraries that exist."""
    return [f"{library}: {sentence}" for library in Library.objects.active() for sentence in wrong_totals(library)]


def wrong_totals(library: Library) -> list[str]:
    """Totals and counts that are not what the rows say; those of artists wait for the end of a scan."""
    tracks = MediaFile.objects.filter(library=library)
    present = Q(missing=False)
    size = tracks.filter(present).aggregate(sum=Sum("size"))["sum"] or 0
    rows = (tracks.filter(present).count(), tracks.missing().count(), size)
    told = (library.total_songs, library.total_missing_files, library.total_size)
    wrong = [] if told == rows else [f"(songs, missing, size) are {rows}, and the totals say {told}"]
    for album in Album.objects.filter(library=library).annotate(
        songs=Count("media_files", filter=Q(media_files__missing=False))
    ):
        if album.song_count != album.songs:
            wrong.append(f"album {album} has {album.songs} songs and counts {album.song_count}")
    if library.totals_stale:
        return wrong
    credited = Participant.objects.filter(media_file__library=library, media_file__missing=False).order_by()
    counted = credited.values_list("artist").annotate(songs=Count("media_file", distinct=True))
    kept = LibraryArtist.objects.filter(library=library, song_count__gt=0).values_list("artist", "song_count")
    if dict(counted) != dict(kept):
        wrong.append(f"artists are {dict(counted)}, and {dict(kept)} are counted")
    return wrong


def settle(world: World) -> None:
    """What happens by itself afterwards: dead workers are noticed, scans that wait run, removed libraries go."""
    lease.reap_stale(now=timezone.now() + ScanLimits.lease * 2)
    for library in Library.objects.filter(deleted_at__isnull=False):
        cleanup.clear_library(library.pk, pause=0)
    assert not Library.objects.filter(deleted_at__isnull=False).exists()
    for library in Library.objects.active().exclude(pk=world.dead.pk):
        waiting = library.scans.queued().first()
        if waiting is None and library.totals_stale:
            waiting = Scan.objects.create(library=library, trigger="api")
        if waiting is not None:
            done: Any = pipeline.run(waiting.pk)
            assert done is not None
            assert done.state in ("finished", "held", "offline"), (done.state, done.error)
