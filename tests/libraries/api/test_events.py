"""`GET /api/events`: scans as they happen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.events.hub import HUB, Hub
from libraries.events.news import NewsReader
from libraries.models import Library, Scan
from navidrome_lib.api import streams
from navidrome_lib.api.wire import instant
from navidrome_lib.version import SERVER_VERSION
from navidrome_lib.viewer import Viewer
from tests.conftest import PASSWORD, Configure
from tests.support.event_streams import URL, Stream
from tests.support.limits import limit_events
from tests.support.waiting import eventually
from users import api_keys, tokens
from users.models import LibraryAccess, User

pytestmark = pytest.mark.django_db(transaction=True)

STATUS_KEYS = {"scanning", "count", "folderCount", "error", "scanType", "elapsedTime"}


@pytest.fixture(autouse=True)
def hurry(settings: Settings) -> Iterator[None]:
    """Streams that look often and soon end, and none left open by a test."""
    limit_events(settings, poll_seconds=0.02, rights_seconds=0.1, longest_seconds=5.0)
    yield
    assert HUB.count() == 0
    assert eventually(lambda: "events" not in (thread.name for thread in threading.enumerate()))


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
        with Stream.asked(as_admin) as stream:
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
        with Stream.asked(as_admin) as stream:
            assert stream.until("scanStatus")["scanning"] is False
            running(library, state="failed", error="Oh no.", finished_at=timezone.now())
            assert stream.until("scan")["state"] == "failed"
            assert stream.until("scanStatus")["error"] == "Oh no."

    def test_nothing_is_repeated_and_it_keeps_alive(
        self, as_admin: APIClient, library: Library, settings: Settings
    ) -> None:
        limit_events(settings, keep_alive_seconds=0.2, longest_seconds=0.7)
        running(library)
        with Stream.asked(as_admin, HTTP_LAST_EVENT_ID="not a number") as stream:
            told = stream.rest()
        names = [event.name for event in told]
        assert (names.count("scan"), names.count("scanStatus")) == (1, 1)
        assert names.count("keepAlive") >= 2
        assert abs(told[-1].data["ts"] - time.time()) < 5

    def test_headers_that_keep_it_flowing(self, as_admin: APIClient) -> None:
        response = as_admin.get(URL)
        assert response["Content-Type"] == "text/event-stream"
        assert response["X-Accel-Buffering"] == "no"
        assert "no-cache" in response["Cache-Control"]
        with Stream.asked(as_admin) as stream:
            assert str(stream.chunks.get(timeout=20), "ascii").startswith("retry: ")  # type: ignore[arg-type]

    def test_head_ends_at_once(self, as_admin: APIClient) -> None:
        response = as_admin.head(URL)
        assert (response.status_code, response.content) == (200, b"")

    def test_the_server_says_first_since_when_it_serves_and_what_it_is(self, as_admin: APIClient) -> None:
        for _ in range(2):
            with Stream.asked(as_admin) as stream:
                first = next(stream.events())
            assert first.name == "serverStart"
            assert first.data == {"startTime": instant(streams.STARTED_AT), "version": SERVER_VERSION}


class TestCost:
    def test_a_look_at_nothing_new_is_one_query(
        self, admin: User, library: Library, django_assert_num_queries: Any
    ) -> None:
        running(library)
        reader = NewsReader()
        reader.look()
        with django_assert_num_queries(2):
            assert not reader.look()

    def test_streams_that_hear_the_same_cost_no_more_than_one(
        self, admin: User, member: User, library: Library, django_assert_max_num_queries: Any
    ) -> None:
        scan, hub = running(library), Hub(threaded=False)
        opened = [Stream.of(hub, viewer) for viewer in (admin.as_viewer(), member.as_viewer()) for _ in range(20)]
        hub.tick()
        step(scan, seen=9)
        with django_assert_max_num_queries(2 + 2 + 2 * 4):
            hub.tick()
        for stream in opened:
            assert [event.data["count"] for event in stream.so_far() if event.name == "scanStatus"][-1] == 9

    def test_no_connection_is_held_between_looks(self, as_admin: APIClient, admin: User, settings: Settings) -> None:
        held: list[bool] = []

        class Probe(Stream):
            def send(self, data: bytes) -> None:
                if b"keepAlive" in data:  # sent between two looks, from the thread that looks
                    held.append(connection.connection is not None)

        limit_events(settings, keep_alive_seconds=0.01)
        with Probe() as probe:
            HUB.open(probe, admin.as_viewer(), admin.as_viewer)
            assert eventually(lambda: len(held) > 3)
        assert not any(held)

    def test_no_tab_is_refused_and_the_oldest_of_who_has_most_gives_way(
        self, as_admin: APIClient, as_member: APIClient, settings: Settings
    ) -> None:
        limit_events(settings, most=8)
        member = Stream.asked(as_member)
        opened = [Stream.asked(as_admin) for _ in range(9)]
        assert HUB.count() == 8
        assert eventually(lambda: [stream.ended for stream in opened] == [True] * 2 + [False] * 7)
        assert opened[-1].until("scanStatus")["scanning"] is False
        for stream in (member, *opened):
            stream.close()

    def test_a_database_that_is_away_ends_no_stream(self, admin: User, library: Library) -> None:
        answers: list[Exception | None] = [None, OperationalError("away"), OperationalError("away")]

        def viewer_now() -> Viewer:
            error = answers.pop() if answers else None
            if error is not None:
                raise error
            return admin.as_viewer()

        with Stream() as stream:
            HUB.open(stream, admin.as_viewer(), viewer_now)
            assert stream.until("scanStatus")["scanning"] is False
            # what was told when is not known: everything is asked again
            assert stream.until("refreshResource") == {"*": "*"}
            assert stream.until("scanStatus")["scanning"] is False
            running(library)
            assert stream.until("scanStatus")["scanning"] is True

    def test_a_mistake_of_ours_ends_streams_and_not_the_thread(self, admin: User, library: Library) -> None:
        def viewer_now() -> Viewer:
            raise RuntimeError("a mistake")

        broken = Stream()
        HUB.open(broken, admin.as_viewer(), viewer_now)
        broken.rest()
        with Stream.of(HUB, admin.as_viewer()) as stream:
            assert stream.until("scanStatus")["scanning"] is False


class TestRights:
    def test_each_sees_their_own_libraries(
        self, as_member: APIClient, as_outsider: APIClient, library: Library, other_library: Library
    ) -> None:
        mine, foreign = running(library, seen=5), running(other_library, seen=70)
        with Stream.asked(as_member) as stream:
            scan = stream.until("scan")
            assert (scan["id"], scan["requestedBy"]) == (str(mine.pk), "")
            assert stream.until("scanStatus")["count"] == 5
            step(foreign, seen=71)
            step(mine, seen=6)
            assert stream.until("scan")["seen"] == 6
        with Stream.asked(as_outsider) as stream:
            first = [next(stream.events()), next(stream.events())]
            assert [(event.name, event.data.get("scanning")) for event in first] == [
                ("serverStart", None), ("scanStatus", False)
            ]  # fmt: skip

    def test_access_that_is_taken_away_holds_at_once(
        self, as_member: APIClient, member: User, library: Library
    ) -> None:
        scan = running(library, seen=5)
        with Stream.asked(as_member) as stream:
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
        assert ends(Stream.asked(as_member), lambda: self.deactivate(member))

    def test_when_the_password_changes(self, as_member: APIClient, member: User) -> None:
        member.set_password("something else")
        assert ends(Stream.asked(as_member), member.save)

    def test_when_the_token_expires(self, member: User, configure: Configure, settings: Settings) -> None:
        settings.TOKEN_LEEWAY_SECONDS = 0
        configure(session_timeout=2)
        assert ends(Stream.asked(Client(), f"{URL}?jwt={tokens.issue(member)}"), lambda: None)

    def test_when_the_key_is_revoked(self, admin: User) -> None:
        key, text = api_keys.create_key(admin, name="watcher", scope="read")
        stream = Stream.asked(Client(), HTTP_AUTHORIZATION=f"Bearer {text}")
        assert ends(stream, lambda: api_keys.revoke_key(key))

    def test_when_the_session_ends(self, admin: User) -> None:
        browser = Client()
        assert browser.login(username="admin", password=PASSWORD)
        assert ends(Stream.asked(browser), lambda: browser.session.delete())

    def test_when_the_session_signs_out_long_before_its_next_check(self, admin: User, settings: Settings) -> None:
        limit_events(settings, poll_seconds=0.02, rights_seconds=60.0, longest_seconds=5.0)
        browser, other = Client(), Client()
        assert browser.login(username="admin", password=PASSWORD)
        assert other.login(username="admin", password=PASSWORD)
        with Stream.asked(other) as stays:
            assert ends(Stream.asked(browser), lambda: browser.post("/logout"))
            assert not stays.ended

    def test_a_cookie_with_an_old_token_is_not_taken_for_a_session(self, member: User) -> None:
        browser = Client()
        browser.cookies["jwt"] = tokens.issue(member)
        member.token_epoch += 1
        assert ends(Stream.asked(browser), member.save)

    def test_when_the_server_stops(self, as_admin: APIClient) -> None:
        stopping = threading.Event()
        streams.end_when(stopping.is_set)
        try:
            assert ends(Stream.asked(as_admin), stopping.set)
        finally:
            streams.end_when(lambda: False)  # as outside of a server

    def test_after_a_while(self, as_admin: APIClient, settings: Settings) -> None:
        limit_events(settings, longest_seconds=0.2)
        assert ends(Stream.asked(as_admin), lambda: None)
