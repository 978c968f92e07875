"""Which addresses of a broker are open to others, and where that is said."""

from __future__ import annotations

import io
import logging

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from navidrome_lib.celery import warn_of_open_broker
from navidrome_lib.config.redis_urls import OPEN_BROKER, is_open


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", False),
        ("redis://localhost:6379/0", False),
        ("redis://127.8.8.8/0", False),
        ("redis://[::1]:6379/0", False),
        ("unix:///run/redis.sock", False),
        ("redis+socket:///run/redis.sock?virtual_host=1", False),
        ("redis://redis:6379/0", True),
        ("redis://10.0.0.1:6379/0", True),
        ("redis://user@10.0.0.1/0", True),
        ("redis://:secret@10.0.0.1/0", False),
        ("redis://10.0.0.1/0?password=secret", False),
        ("rediss://broker.example.org/0", True),
        ("rediss://broker.example.org/0?ssl_certfile=/a.pem", False),
    ],
)
def test_open_is_another_machine_without_a_password(url: str, expected: bool) -> None:
    assert is_open(url) is expected


@pytest.mark.parametrize(("url", "said"), [("redis://:secret@10.0.0.1/0", []), ("redis://10.0.0.1/0", [OPEN_BROKER])])
def test_a_worker_says_it(settings: Settings, caplog: pytest.LogCaptureFixture, url: str, said: list[str]) -> None:
    settings.CELERY_BROKER_URL = url
    with caplog.at_level(logging.WARNING):
        warn_of_open_broker()
    assert caplog.messages == said


@pytest.mark.django_db(transaction=True)
@pytest.mark.alike
def test_the_preparation_of_a_start_says_it(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://10.0.0.1/0"
    said = io.StringIO()
    call_command("prepare", stderr=said)
    assert said.getvalue() == f"Warning: {OPEN_BROKER}\n"
