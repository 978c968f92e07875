"""What was written down or counted while the clock was ahead, and must not last until that date."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from navidrome_lib.api.throttling import Throttle
from users import api_keys
from users.last_use import note_use
from users.models import ApiKey, Scope, User

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def test_a_limit_that_was_reached_in_the_future_is_no_limit_now(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle, now = Throttle("login", limit=2), time.time()
    monkeypatch.setattr(time, "time", lambda: now + YEAR.total_seconds())
    assert [throttle.wait("ada") for _ in range(3)] == [0, 0, 60]
    monkeypatch.setattr(time, "time", lambda: now)
    assert throttle.peek("ada") == 0
    assert [throttle.wait("ada") for _ in range(3)] == [0, 0, 60]


def test_an_access_in_the_future_is_not_the_last_one(member: User) -> None:
    now = timezone.now()
    member.last_access_at = now + YEAR
    member.save()
    note_use(member, "last_access_at")
    member.refresh_from_db()
    assert member.last_access_at is not None
    assert now <= member.last_access_at < now + timedelta(minutes=1)


def test_a_use_in_the_future_is_not_the_last_one(member: User) -> None:
    now = timezone.now()
    key, text = api_keys.create_key(member, name="phone", scope=Scope.READ)
    ApiKey.objects.update(last_used_at=now + YEAR)
    assert api_keys.find_key(text) is not None
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert now <= key.last_used_at < now + timedelta(minutes=1)
