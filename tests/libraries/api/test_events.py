"""`GET /api/events`: scans as they happen."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries import events
from libraries.models import Library, Scan
from navidrome_lib.api import streams
from tests.conftest import PASSWORD, Configure
from tests.support.limits import limit_events
from users import api_keys, tokens
from users.models import LibraryAccess, User

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/events"
STATUS_KEYS = {"scanning", "count", "folderCount", "error", "scanType", "elapsedTime"}


class Event(NamedTuple):
    name: str
    data: Any


@pytest.fixture(autouse=True)
def hurry(settings: Settings) -> Iterator[None]:
    """Streams that look often and soon end, and none left open by a test."""
    limit_events(settings, poll_seconds=0.02, rights_seconds=0.1, longest_seconds=5.0)
    yield
    assert events.SLOTS.used() == 0


def content_of(response: Any) -> Iterator[bytes]:
    return iter(response.streaming_content)


class Stream:
    """An open stream, read event by event."""

    def __init__(self, client: Client, url: str = URL, **headers: str) -> None:
        self.response: Any = client.get(url, **headers)  # type: ignore[arg-type]
        assert self.response.status_code == 200
        self._chunks: Iterator[bytes] = content_of(self.response)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()

    def events(self) -> Iterator[Event]:
        """The events as they come, until the stream ends."""
        for chunk in self._chunks:
            lines = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)
            if "event" in lines:
                assert lines["id"].isdigit()
                assert chunk.endswith(b"\n\n")
                yield Event(lines["event"], json.loads(lines["data"]))

    def until(self, name: str) -> Any:
        """The data of the next event of that name."""
        return next(event.data for event in self.events() if event.name == name)

    def rest(self) -> list[Event]:
        return list(self.events())


def running(library: Library, **fields: Any) -> Scan:
    now = timezone.now()
    usual = {"trigger": "api", "state": "running", "requested_by": "admin", "started_at": now, "heartbeat_at": now}
    return Scan.objects.create(library=library, **{**usual, **fields})


def step(scan: Scan, **fields: Any) -> None:
    """What a worker writes with a heartbeat."""
    Scan.objects.filter(pk=scan.pk).update(heartbeat_at=timezone.now(), **fields)


class TestWhatIsSaid:
    def test_how_things_are_then_what_changes(self, as_admin: APIClient, library: Library) -> None:
        scan = running(library, seen=3, folder_count=1)
        with Stream(as_admin) as stream:
            first = stream.until("scan")
            assert first == as_admin.get(f"/api/scan/{scan.pk}").json() | {
                key: first[key] for key in ("elapsed", "eta", "rate")
            }
            status = stream.until("scanStatus")
            assert set(status) == STATUS_KEYS
            assert (status["scanning"], status["count"], status["folderCount"]) == (True, 3, 1)
            assert (status["scanType"], status["error"]) == ("quick", "")
            assert status["elapsedTime"] > 0
            step(scan, seen=10, phase="reading", files_total=40)
            later = stream.until("scan")
            assert (later["seen"], later["phase"], later["progress"]) == (10, "reading", 0.25)
            assert stream.until("scanStatus")["count"] == 10
            step(scan, state="finished", finished_at=timezone.now())
            assert stream.until("scan")["state"] == "finished"
            assert stream.until("scanStatus")["scanning"] is False

    def test_a_scan_too_short_to_be_seen_running_is_told(self, as_admin: APIClient, library: Library) -> None:
        with Stream(as_admin) as stream:
            assert stream.until("scanStatus")["scanning"] is False
            running(library, state="failed", error="Oh no.", finished_at=timezone.now())
            assert stream.until("scan")["state"] == "failed"
            assert stream.until("scanStatus")["error"] == "Oh no."

    def test_nothing_is_repeated_and_it_keeps_alive(
        self, as_admin: APIClient, library: Library, settings: Settings
    ) -> None:
        limit_events(settings, keep_alive_seconds=0.2, longest_seconds=0.7)
        running(library)
        with Stream(as_admin, HTTP_LAST_EVENT_ID="not a number") as stream:
            told = stream.rest()
        names = [event.name for event in told]
        assert (names.count("scan"), names.count("scanStatus")) == (1, 1)
        assert names.count("keepAlive") >= 2
        assert abs(told[-1].data["ts"] - time.time()) < 5

    def test_headers_that_keep_it_flowing(self, as_admin: APIClient) -> None:
        with Stream(as_admin) as stream:
            assert stream.response["Content-Type"] == "text/event-stream"
            assert stream.response["X-Accel-Buffering"] == "no"
            assert "no-cache" in stream.response["Cache-Control"]
            assert next(stream._chunks).startswith(b"retry: ")

    def test_head_ends_at_once(self, as_admin: APIClient) -> None:
        response = as_admin.head(URL)
        assert (response.status_code, response.content) == (200, b"")


class TestCost:
    def test_a_look_at_nothing_new_is_one_query(
        self, admin: User, library: Library, django_assert_num_queries: Any
    ) -> None:
        running(library)
        feed = events.Feed()
        assert len(feed.look(admin.as_viewer())) == 2
        with django_assert_num_queries(1):
            assert feed.look(admin.as_viewer()) == []

    def test_no_connection_is_held_between_looks(
        self, as_admin: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held: list[bool] = []
        monkeypatch.setattr(events, "pause", lambda seconds: held.append(connection.connection is not None))
        limit_events(settings, longest_seconds=0.1)
        with Stream(as_admin) as stream:
            stream.rest()
        assert held
        assert not any(held)

    def test_too_many_are_refused_and_slots_come_back(
        self, as_admin: APIClient, as_member: APIClient, as_outsider: APIClient
    ) -> None:
        clients = [as_admin] * 4 + [as_member] * 4
        opened = [Stream(client) for client in clients]
        for client in (as_admin, as_outsider):
            refused = client.get(URL)
            assert refused.status_code == 503
            assert refused["Retry-After"] == "30"
            assert set(refused.json()) == {"error"}
        next(opened[0].events())
        for stream in opened:  # most were never read from
            stream.response.close()
        assert events.SLOTS.used() == 0
        with Stream(as_outsider) as stream:
            assert stream.until("scanStatus")["scanning"] is False

    def test_one_account_leaves_room_for_others(self, as_admin: APIClient, as_member: APIClient) -> None:
        opened = [Stream(as_admin) for _ in range(4)]
        assert as_admin.get(URL).status_code == 503
        Stream(as_member).response.close()
        for stream in opened:
            stream.response.close()


class TestRights:
    def test_each_sees_their_own_libraries(
        self, as_member: APIClient, as_outsider: APIClient, library: Library, other_library: Library
    ) -> None:
        mine, foreign = running(library, seen=5), running(other_library, seen=70)
        with Stream(as_member) as stream:
            scan = stream.until("scan")
            assert (scan["id"], scan["requestedBy"]) == (str(mine.pk), "")
            assert stream.until("scanStatus")["count"] == 5
            step(foreign, seen=71)
            step(mine, seen=6)
            assert stream.until("scan")["seen"] == 6
        with Stream(as_outsider) as stream:
            first = [event for event in (next(stream.events()), next(stream.events())) if event.name != "keepAlive"]
            assert [(event.name, event.data["scanning"]) for event in first] == [("scanStatus", False)]

    def test_access_that_is_taken_away_holds_at_once(
        self, as_member: APIClient, member: User, library: Library
    ) -> None:
        scan = running(library, seen=5)
        with Stream(as_member) as stream:
            assert stream.until("scanStatus")["count"] == 5
            LibraryAccess.objects.filter(user=member).delete()
            step(scan, seen=6)
            assert stream.until("scanStatus") == {
                "scanning": False, "count": 0, "folderCount": 0, "error": "", "scanType": "", "elapsedTime": 0
            }  # fmt: skip

    def test_anonymous(self, as_anonymous: APIClient) -> None:
        response = as_anonymous.get(URL)
        assert response.status_code == 401
        assert "Bearer" in response["WWW-Authenticate"]

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_it_is_only_read(self, as_admin: APIClient, method: str) -> None:
        assert getattr(as_admin, method)(URL).status_code == 405


def ends(stream: Stream, change: Callable[[], object]) -> bool:
    """Whether an open stream ends by itself soon after `change`."""
    with stream:
        next(stream.events())
        change()
        began = time.monotonic()
        stream.rest()
        return time.monotonic() - began < 3


class TestItEnds:
    def deactivate(self, user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)

    def test_when_the_account_is_deactivated(self, as_member: APIClient, member: User) -> None:
        assert ends(Stream(as_member), lambda: self.deactivate(member))

    def test_when_the_password_changes(self, as_member: APIClient, member: User) -> None:
        member.set_password("something else")
        assert ends(Stream(as_member), member.save)

    def test_when_the_token_expires(self, member: User, configure: Configure, settings: Settings) -> None:
        settings.TOKEN_LEEWAY_SECONDS = 0
        configure(session_timeout=2)
        assert ends(Stream(Client(), f"{URL}?jwt={tokens.issue(member)}"), lambda: None)

    def test_when_the_key_is_revoked(self, admin: User) -> None:
        key, text = api_keys.create_key(admin, name="watcher", scope="read")
        stream = Stream(Client(), HTTP_AUTHORIZATION=f"Bearer {text}")
        assert ends(stream, lambda: api_keys.revoke_key(key))

    def test_when_the_session_ends(self, admin: User) -> None:
        browser = Client()
        assert browser.login(username="admin", password=PASSWORD)
        assert ends(Stream(browser), lambda: browser.session.delete())

    def test_a_cookie_with_an_old_token_is_not_taken_for_a_session(self, member: User) -> None:
        browser = Client()
        browser.cookies["jwt"] = tokens.issue(member)
        member.token_epoch += 1
        assert ends(Stream(browser), member.save)

    def test_when_the_server_stops(self, as_admin: APIClient) -> None:
        stopping = threading.Event()
        streams.end_when(stopping.is_set)
        try:
            assert ends(Stream(as_admin), stopping.set)
        finally:
            streams.end_when(lambda: False)  # as outside of a server

    def test_after_a_while(self, as_admin: APIClient, settings: Settings) -> None:
        limit_events(settings, longest_seconds=0.2)
        assert ends(Stream(as_admin), lambda: None)
