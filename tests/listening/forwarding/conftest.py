"""Plays of a member, and a service that takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile
from listening.models import Player, ServiceAccount
from listening.models import Service as Kind
from listening.services.plays import Play, record_plays
from navidrome_lib.outgoing.exchange import Limits
from tests.conftest import Configure
from tests.support.catalog import SEEN, make_track
from tests.support.listening_service import Service, listening_service, says
from users.app_passwords import box
from users.models import User

OK = says(200, {"status": "ok"})
TOKEN = "token-4711"
QUICK = Limits(step=0.5, whole=1.0)


@pytest.fixture
def service(configure: Configure, settings: Settings) -> Iterator[Service]:
    """A ListenBrainz of our own."""
    with listening_service(OK) as running:
        options = dataclasses.replace(settings.CONF.listenbrainz, enabled=True, base_url=f"{running.url}/1")
        configure(listenbrainz=options)
        yield running


@pytest.fixture
def account(member: User, service: Service) -> ServiceAccount:
    return link(member)


@pytest.fixture
def song(library: Library) -> MediaFile:
    return make_track(library, "A/song.mp3", missing=False, duration=100.5, track_number=3, mbz_recording_id="r-1")


def link(user: User, kind: Kind = Kind.LISTENBRAINZ, secret: str = TOKEN) -> ServiceAccount:
    return ServiceAccount.objects.create(user=user, service=kind, secret=box().encrypt(secret.encode()))


def play(user: User, song: MediaFile, *minutes: int, player: Player | None = None) -> None:
    plays = [Play(song.pk, SEEN + timedelta(minutes=minute)) for minute in minutes]
    record_plays(user.as_viewer(), plays, player)


def sent(service: Service) -> list[list[int]]:
    """Of each request the minutes of its plays."""
    first = int(SEEN.timestamp())
    return [[(each["listened_at"] - first) // 60 for each in asked.json["payload"]] for asked in service.asked]


def due_now(account: ServiceAccount) -> None:
    """Let the time pass until the next try."""
    ServiceAccount.objects.filter(pk=account.pk).update(next_try_at=timezone.now() - timedelta(seconds=1))


def wait_of(account: ServiceAccount) -> float:
    account.refresh_from_db()
    assert account.next_try_at is not None
    return (account.next_try_at - timezone.now()).total_seconds()
