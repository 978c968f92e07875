"""Browsers that are signed in to the admin site: an admin, and staff who may only look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from libraries.models import Library, Scan
from tests.conftest import MakeUser
from users.models import LibraryAccess, User

MakeScan = Callable[..., Scan]


@pytest.fixture
def site(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def staff(make_user: MakeUser, library: Library, other_library: Library) -> User:
    """May look at everything of the catalog, and hears one library of two."""
    user = make_user("staff", is_staff=True)
    catalog = Permission.objects.filter(content_type__app_label="libraries")
    user.user_permissions.set(catalog.filter(codename__startswith="view"))
    LibraryAccess.objects.create(user=user, library=library)
    return user


@pytest.fixture
def as_staff(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def make_scan(db: None) -> MakeScan:
    """A scan as a worker left it."""

    def make(library: Library, state: str = "finished", **fields: Any) -> Scan:
        now = timezone.now()
        times = {} if state == "queued" else {"started_at": now - timedelta(seconds=10), "heartbeat_at": now}
        if state not in ("queued", "running"):
            times["finished_at"] = now
        scan: Scan = Scan.objects.create(library=library, trigger="admin", state=state, **{**times, **fields})
        return scan

    return make
