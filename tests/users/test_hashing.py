"""The gate of password hashing, and the throttles behind which it stands."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from navidrome_lib.errors import TooManyAttempts, Unavailable
from navidrome_lib.runner.broker import free_port
from tests.conftest import PASSWORD, MakeUser
from tests.support.limits import change_limits
from users import app_passwords
from users.hashing import FOLDER, hashing_slot
from users.limits import HashingLimits, cores
from users.models import User

LOGIN = "/auth/login"


@pytest.fixture
def narrow(settings: Settings) -> None:
    """Two slots, and a short wait."""
    change_limits(settings, HashingLimits, at_once=2, wait_seconds=0.05)


@pytest.fixture
def busy(narrow: None) -> Iterator[None]:
    """Both slots are taken."""
    with hashing_slot(), hashing_slot():
        yield


class TestGate:
    """As many hashes at once as there are slots, in all processes together."""

    def test_has_a_slot_for_each_core_and_waits_a_second(self) -> None:
        limits = HashingLimits()
        assert (limits.at_once, limits.wait_seconds) == (cores(), 1.0)
        assert cores() >= 1

    def test_one_more_is_refused_after_the_wait(self, narrow: None) -> None:
        with ExitStack() as held:
            for _ in range(2):
                held.enter_context(hashing_slot())
            begin = time.monotonic()
            with pytest.raises(Unavailable) as refused, hashing_slot():
                pass
            assert 0.05 <= time.monotonic() - begin < 1
            assert refused.value.retry_after
        with hashing_slot():
            pass

    def test_one_that_waits_gets_the_next_free_slot(self, settings: Settings) -> None:
        change_limits(settings, HashingLimits, at_once=1, wait_seconds=5)
        taken, done = threading.Event(), threading.Event()

        def hold() -> None:
            with hashing_slot():
                taken.set()
                done.wait(5)

        holder = threading.Thread(target=hold)
        holder.start()
        taken.wait(5)
        threading.Timer(0.1, done.set).start()
        with hashing_slot():
            assert done.is_set()
        holder.join()

    def test_only_some_wait_and_hold_a_thread(self, settings: Settings) -> None:
        change_limits(settings, HashingLimits, at_once=1, wait_seconds=10, waiting=2)

        def hash_once(_: int) -> str:
            try:
                with hashing_slot():
                    return "hashed"
            except Unavailable:
                answers.release()
                return "refused"

        answers = threading.Semaphore(0)
        with ThreadPoolExecutor(6) as pool:
            with hashing_slot():
                found = pool.map(hash_once, range(6))
                # four are refused while the only slot is still taken
                assert all(answers.acquire(timeout=5) for _ in range(4))
            assert sorted(found) == ["hashed"] * 2 + ["refused"] * 4

    def test_slots_of_another_process_count_until_it_is_killed(self, settings: Settings) -> None:
        change_limits(settings, HashingLimits, at_once=1, wait_seconds=0.05)
        with hashing_slot():
            pass
        path = settings.CONF.data_folder / FOLDER / "slot-0"
        lock = f"f=open({str(path)!r}); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True)"
        code = f"import fcntl, time; {lock}; time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            try:
                with pytest.raises(Unavailable), hashing_slot():
                    pass
            finally:
                other.kill()
        with hashing_slot():
            pass


@pytest.mark.alike
class TestBusy:
    """What a person and a program are told while the gate is closed; it is no attempt."""

    def test_the_api_is_503(self, admin: User, busy: None) -> None:
        for username in ("admin", "nobody"):
            response = APIClient().post(LOGIN, {"username": username, "password": PASSWORD})
            assert (response.status_code, int(response["Retry-After"]) > 0) == (503, True)

    def test_does_not_count(self, admin: User, settings: Settings, narrow: None) -> None:
        with hashing_slot(), hashing_slot():
            for _ in range(7):
                assert APIClient().post(LOGIN, {"username": "admin", "password": "x"}).status_code == 503
        assert APIClient().post(LOGIN, {"username": "admin", "password": PASSWORD}).status_code == 200

    def test_the_page_is_503(self, admin: User, busy: None) -> None:
        response = Client().post("/admin/login/", {"username": "admin", "password": PASSWORD})
        assert (response.status_code, int(response["Retry-After"]) > 0) == (503, True)
        assert "Too many people" in response.content.decode()

    def test_subsonic_says_it(self, admin: User, busy: None) -> None:
        query = {"u": "admin", "p": PASSWORD, "v": "1.16.1", "c": "test", "f": "json"}
        answer = Client().get("/rest/ping", query).json()["subsonic-response"]
        assert answer["error"]["code"] == 0
        assert "Too many people" in answer["error"]["message"]

    def test_who_has_an_app_password_gets_in(self, admin: User, busy: None) -> None:
        query = {"u": "admin", "p": app_passwords.app_password(admin), "v": "1.16.1", "c": "test", "f": "json"}
        assert Client().get("/rest/ping", query).json()["subsonic-response"]["status"] == "ok"


class TestParallel:
    """Requests of `/rest` that come at once."""

    @pytest.fixture
    def hashes(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        found: list[str] = []
        encode = MD5PasswordHasher.encode

        def slow(self: MD5PasswordHasher, password: str, salt: str) -> str:
            found.append(password)
            time.sleep(0.05)
            return encode(self, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", slow)
        return found

    def at_once(self, user: User, passwords: list[str]) -> list[str]:
        """What came of each password: `right`, `wrong` or `throttled`."""

        def check(password: str) -> str:
            try:
                right = app_passwords.check_login_password(user, password, username="ann", address="203.0.113.5")
                return "right" if right else "wrong"
            except TooManyAttempts:
                return "throttled"
            finally:
                connection.close()

        with ThreadPoolExecutor(len(passwords)) as pool:
            return list(pool.map(check, passwords))

    def test_guesses_are_counted_before_they_are_judged(
        self, make_user: MakeUser, hashes: list[str], settings: Settings, only_logged: None
    ) -> None:
        change_limits(settings, HashingLimits, at_once=20, wait_seconds=5)
        user = make_user("ann")
        hashes.clear()
        found = self.at_once(user, [f"guess {number}" for number in range(20)])
        assert sorted(found) == ["throttled"] * 15 + ["wrong"] * 5
        assert len(hashes) == 5

    def test_a_client_that_begins_with_ten_requests_is_no_guesser(self, make_user: MakeUser, hashes: list[str]) -> None:
        user = make_user("ann")
        hashes.clear()
        assert self.at_once(user, [PASSWORD] * 10) == ["right"] * 10
        assert len(hashes) == 1


@pytest.mark.alike
class TestOwnPasswordPage:
    """The admin site's page for one's own password is a place to guess it."""

    URL = "/admin/password_change/"

    def change(self, client: Client, current: str) -> tuple[int, str]:
        new = "another long one"
        response = client.post(self.URL, {"old_password": current, "new_password1": new, "new_password2": new})
        return response.status_code, response.content.decode()

    def test_guesses_are_throttled(self, site: Client) -> None:
        assert {self.change(site, f"guess {number}")[0] for number in range(5)} == {200}
        status, text = self.change(site, PASSWORD)
        assert (status, "Too many attempts" in text) == (429, True)
        cache.clear()
        assert self.change(site, PASSWORD)[0] == 302
        assert site.get("/admin/").status_code == 200  # this browser stays signed in

    def test_is_shown_and_linked(self, site: Client) -> None:
        page = site.get(self.URL)
        assert page.status_code == 200
        assert "old_password" in page.content.decode()
        assert self.URL in site.get("/admin/").content.decode()


class TestBrokerAway:
    """Without the shared cache the counts are kept in memory, and sign-in works."""

    @pytest.fixture(autouse=True)
    def away(self, settings: Settings) -> Iterator[None]:
        dead = {
            "BACKEND": "navidrome_lib.cache.SharedCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
        settings.CACHES = {"default": dead}
        yield
        cache.clear()

    @pytest.mark.alike
    def test_sign_in_works_and_guesses_are_counted(self, admin: User) -> None:
        begin = time.monotonic()
        for _ in range(2):
            assert APIClient().post(LOGIN, {"username": "admin", "password": PASSWORD}).status_code == 200
        codes = [APIClient().post(LOGIN, {"username": "admin", "password": "x"}).status_code for _ in range(6)]
        assert codes == [401] * 5 + [429]
        assert time.monotonic() - begin < 5
