"""Tabs of Navidrome's web client: none is told by its stream of events what it has done itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from libraries import event_views
from libraries.events.hub import Hub
from libraries.models import Library, MediaFile
from tests.support.catalog import make_track
from tests.support.event_streams import URL, Stream, parse
from users import app_passwords, tokens
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

NAMES = ("0b1c1c8e-f0c5-4f8a-8a44-5a0a2f6c9b11", "5d1b3a52-3b0b-4d0e-9a55-1f6a7b8c9d22")
Committing = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub(threaded=False)
    monkeypatch.setattr(event_views.EventView, "hub", hub)
    return hub


class Tab:
    """A page of the client in a browser, which has one jar of cookies for all of its tabs."""

    def __init__(self, browser: Client, user: User, name: str, **headers: str) -> None:
        self._browser, self._token, self._name = browser, tokens.issue(user), name
        self._user = user
        self.ask("get", "/api/playlist")
        self.stream = Stream.asked(browser, f"{URL}?jwt={self._token}", headers=headers)

    def ask(self, method: str, url: str, body: Any = None) -> Any:
        headers = {"X-ND-Authorization": f"Bearer {self._token}", "X-ND-Client-Unique-Id": self._name}
        answer = getattr(self._browser, method)(url, body, content_type="application/json", headers=headers)
        assert answer.status_code < 300, answer.content
        return answer.json()

    def star(self, song: MediaFile) -> None:
        known = {"u": self._user.username, "p": app_passwords.app_password(self._user), "c": "NavidromeUI"}
        query = {**known, "v": "1.8.0", "f": "json", "id": song.pk}
        answer = self._browser.get("/rest/star", query, headers={"X-ND-Client-Unique-Id": self._name})
        assert answer.json()["subsonic-response"]["status"] == "ok"

    def told(self) -> list[Any]:
        return [event.data for event in self.stream.so_far() if event.name == "refreshResource"]


@pytest.fixture
def song(library: Library) -> MediaFile:
    return make_track(library, "A/1.mp3", missing=False)


def test_a_tab_is_told_what_another_one_does(hub: Hub, member: User, song: MediaFile, committing: Committing) -> None:
    browser = Client()
    one, two = (Tab(browser, member, name) for name in NAMES)
    other = Tab(Client(), member, "")
    hub.tick()
    for tab in (one, two, other):
        tab.told()
    with committing():
        one.ask("post", "/api/playlist", {"name": "Mine"})
        two.star(song)
    hub.tick()
    new, starred = {"playlist": ["*"]}, {"song": [song.pk]}
    assert (one.told(), two.told(), other.told()) == ([starred], [new], [new | starred])


def test_a_stream_that_comes_back(hub: Hub, member: User, committing: Committing) -> None:
    """The browser opens it again by itself, and knows only what came last."""
    browser = Client()
    one = Tab(browser, member, NAMES[0])
    chunk = one.stream.chunks.queue[-1]
    assert chunk is not None
    assert parse(chunk) is not None
    last = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)["id"]
    two = Tab(browser, member, NAMES[1])
    one.stream.close()
    one.stream = Stream.asked(browser, f"{URL}?jwt={tokens.issue(member)}", headers={"Last-Event-ID": last})
    hub.tick()
    one.told()
    two.told()
    with committing():
        one.ask("post", "/api/playlist", {"name": "Mine"})
    hub.tick()
    assert (one.told(), two.told()) == ([], [{"playlist": ["*"]}])


def test_streams_that_cannot_be_told_apart_are_told_all(hub: Hub, member: User, committing: Committing) -> None:
    browser = Client()
    one = Tab(browser, member, NAMES[0])
    two = Stream.asked(browser, f"{URL}?jwt={tokens.issue(member)}")
    hub.tick()
    one.told()
    two.so_far()
    with committing():
        one.ask("post", "/api/playlist", {"name": "Mine"})
    hub.tick()
    assert one.told() == [{"playlist": ["*"]}]
    assert [event.data for event in two.so_far()] == [{"playlist": ["*"]}]


def test_another_account_in_the_same_browser(hub: Hub, member: User, admin: User, committing: Committing) -> None:
    browser = Client()
    one, two = Tab(browser, member, NAMES[0]), Tab(browser, admin, NAMES[0])
    one.stream.close()
    hub.tick()
    two.told()
    with committing():
        one.ask("post", "/api/playlist", {"name": "Mine"})
    hub.tick()
    assert two.told() == [{"playlist": ["*"]}]


@pytest.mark.parametrize("cookie", ["", "x", "-5", "9" * 16, "²"])
def test_cookies_that_are_none_of_ours(hub: Hub, member: User, cookie: str, settings: Settings) -> None:
    browser = Client()
    browser.cookies["tab"] = cookie
    with Stream.asked(browser, f"{URL}?jwt={tokens.issue(member)}", headers={"Last-Event-ID": cookie}):
        hub.tick()


def test_the_cookie(member: User) -> None:
    browser = Client()
    headers = {"X-ND-Authorization": f"Bearer {tokens.issue(member)}", "X-ND-Client-Unique-Id": NAMES[0]}
    cookie = browser.get("/api/playlist", headers=headers, secure=True).cookies["tab"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", True)
    assert NAMES[0] not in cookie.value
    assert "tab" not in browser.get("/api/playlist", headers=headers).cookies, "the browser has it already"
    long = {**headers, "X-ND-Client-Unique-Id": "x" * 1000}
    assert "tab" not in browser.get("/api/playlist", headers=long).cookies
