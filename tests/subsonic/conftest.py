"""Calls of the Subsonic protocol, as clients make them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from users.app_passwords import app_password
from users.models import User

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call() -> Call:
    """`call("ping", user)` with a good token, `call("ping", u=…, p=…)` with what is given."""

    def send(method: str, user: User | None = None, **params: Any) -> dict[str, Any]:
        query = {"v": "1.16.1", "c": "test", "f": "json", **params}
        if user is not None:
            salt = "c19b2d"
            token = hashlib.md5((app_password(user) + salt).encode(), usedforsecurity=False).hexdigest()
            query = {"u": user.username, "t": token, "s": salt, **query}
        response = Client().get(f"/rest/{method}", query)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()["subsonic-response"]
        return answer

    return send
