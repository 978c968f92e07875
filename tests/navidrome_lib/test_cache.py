"""The shared cache: what lies in the Redis is data, whoever has put it there."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from libraries.admin import dashboard
from libraries.admin.cards import cards_of
from libraries.models import Library, MediaFile
from navidrome_lib.cache import PREFIX, SharedCache
from navidrome_lib.runner.broker import free_port
from tests.support import processes
from tests.support.catalog import make_track

RAN: list[str] = []


class Exploit:
    """What an attacker would put into a Redis that he can write to."""

    def __reduce__(self) -> Any:
        return RAN.append, ("code",)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with processes.broker(tmp_path_factory.mktemp("broker")) as url:
        yield url


@pytest.fixture
def shared(address: str) -> SharedCache:
    return SharedCache(address, {})


@pytest.mark.parametrize("value", [5, -1, True, False, 1.5, "text", "5", "", None, ["a", 1], {"a": [None, "é"]}])
def test_values_come_back_as_they_were(shared: SharedCache, value: Any) -> None:
    shared.set("key", value)
    found = shared.get("key", "nothing")
    assert (found, type(found)) == (value, type(value))


def test_one_client_asks_everything(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[redis.Redis]()

    class Noted(redis.Redis):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            made.append(self)

    monkeypatch.setattr(redis, "Redis", Noted)
    shared = SharedCache(address, {})
    for number in range(3):
        shared.set("key", number)
        assert shared.get("key") == number
    assert len(made) == 1


def test_what_is_not_json_is_not_kept(shared: SharedCache) -> None:
    shared.set("key", 1)
    shared.set("key", Exploit())
    assert shared.get("key") is None


@pytest.mark.django_db
def test_the_search_of_the_admin_site_needs_no_cache(address: str, settings: Settings, site: Client) -> None:
    settings.CACHES = {"default": {"BACKEND": "navidrome_lib.cache.SharedCache", "LOCATION": address}}
    for _ in range(2):
        page = site.get("/admin/search/?s=libraries")
        assert (page.status_code, "/admin/libraries/library/" in page.content.decode()) == (200, True)


def test_numbers_are_counted(shared: SharedCache) -> None:
    shared.set("count", 1)
    assert (shared.incr("count"), shared.decr("count", 2), shared.get("count")) == (2, 0, 0)


def test_nothing_that_lies_there_is_run(address: str, shared: SharedCache) -> None:
    shared.set("key", [1])
    with redis.Redis.from_url(address) as client:
        (name,) = client.keys("*key")
        assert name.startswith(PREFIX.encode() + b":")
        assert json.loads(client.get(name) or b"") == [1]
        for value in (pickle.dumps(Exploit()), b"\x80\x05nonsense", b"\xff", b""):
            client.set(name, value)
            assert shared.get("key") is None
    assert RAN == []


def test_a_server_that_is_away_takes_no_other_one_along(address: str, shared: SharedCache) -> None:
    away = SharedCache(f"redis://127.0.0.1:{free_port()}/0", {})
    away.set("key", "kept by this process")
    assert away.get("key") == "kept by this process"
    shared.set("key", "kept by the server")
    with redis.Redis.from_url(address) as client:
        assert client.keys("*key")


@pytest.mark.django_db
def test_the_dashboard_keeps_its_bars(address: str, settings: Settings, library: Library) -> None:
    settings.CACHES = {"default": {"BACKEND": "navidrome_lib.cache.SharedCache", "LOCATION": address}}
    make_track(library, "a.mp3", missing=False)
    libraries = Library.objects.filter(pk=library.pk)
    first = dashboard.formats_of(libraries, cards_of(libraries), wait=True)
    MediaFile.objects.all().delete()
    again = dashboard.formats_of(libraries, cards_of(libraries), wait=False)
    assert again == first
    assert first
    assert first[0].label == "MP3"
    cache.clear()
