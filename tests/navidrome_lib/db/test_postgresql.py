"""A kept connection to PostgreSQL is asked for a sign of life only where it may have ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.utils import load_backend

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the connections of PostgreSQL"),
]


@pytest.fixture
def wrapper() -> Iterator[Any]:
    backend: Any = load_backend(connection.settings_dict["ENGINE"])

    class Counting(backend.DatabaseWrapper):  # type: ignore[misc]
        questions = 0

        def is_usable(self) -> bool:
            self.questions += 1
            return bool(super().is_usable())

    found: Any = Counting({**connection.settings_dict, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}, "kept")
    yield found
    found.close()


def process_of_request(wrapper: Any) -> int:
    """The server's process that answers a request, whose connection is kept."""
    wrapper.close_if_unusable_or_obsolete()
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    wrapper.close_if_unusable_or_obsolete()
    return int(number)


def test_requests_in_a_row_ask_nothing_else(wrapper: Any) -> None:
    assert len({process_of_request(wrapper) for _ in range(4)}) == 1
    assert wrapper.questions == 0


def test_a_connection_that_was_idle_is_asked(wrapper: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = process_of_request(wrapper)
    later = time.monotonic() + 6
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert process_of_request(wrapper) == first
    assert wrapper.questions == 1


def test_a_connection_that_the_server_has_ended_is_replaced(wrapper: Any) -> None:
    first = process_of_request(wrapper)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        assert cursor.fetchone() == (True,)
    assert process_of_request(wrapper) != first
    assert wrapper.questions == 1
