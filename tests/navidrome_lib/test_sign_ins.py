"""Sign-ins, sign-outs and attempts: who is told of them, by a row and by a line of the log."""

from __future__ import annotations

import configparser
import io
import logging
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from navidrome_lib.audit.limits import SignInLimits
from navidrome_lib.audit.models import AuditEntry, SignIn, SignInOutcome
from navidrome_lib.audit.sign_ins import note_sign_in
from navidrome_lib.security.redaction import RedactingFormatter
from tests.conftest import PASSWORD
from tests.support.limits import change_limits
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

URL = "/api/audit/signin"
LOGIN, HERE = "/auth/login", {"REMOTE_ADDR": "203.0.113.5"}
DOCS = Path(__file__).resolve().parents[2] / "docs"


def noted() -> list[tuple[str, str, str, str]]:
    """What the rows say, without those of the fixtures."""
    rows = SignIn.objects.exclude(channel="command").order_by("pk")
    return [(row.outcome, row.channel, row.username, row.credential) for row in rows]


def log_in(password: str, username: str = "admin", **extra: Any) -> int:
    body = {"username": username, "password": password}
    return APIClient().post(LOGIN, body, **{**HERE, **extra}).status_code


def ping(**query: str) -> int:
    answer = Client().get("/rest/ping", {"v": "1.16.1", "c": "test", "f": "json", **query}, **HERE)  # type: ignore[arg-type]
    return int(answer.json()["subsonic-response"].get("error", {}).get("code", 0))


class TestNoted:
    """Each channel, and what came of it."""

    def test_the_api(self, admin: User) -> None:
        assert [log_in("x"), log_in("x", "nobody"), log_in(PASSWORD)] == [401, 401, 200]
        assert noted() == [
            ("failed", "api", "admin", "password"),
            ("failed", "api", "nobody", "password"),
            ("signed_in", "api", "admin", "password"),
        ]
        row = SignIn.objects.get(outcome="signed_in")
        assert (row.user_id, row.address) == (admin.pk, "203.0.113.5")

    def test_the_first_admin(self, as_anonymous: APIClient) -> None:
        body = {"username": "ann", "password": PASSWORD}
        assert as_anonymous.post("/auth/createAdmin", body, HTTP_HOST="localhost").status_code == 200
        assert noted() == [("signed_in", "api", "ann", "password")]

    def test_the_admin_site(self, admin: User) -> None:
        client = Client()
        for password in ("x", PASSWORD):
            client.post("/admin/login/", {"username": "admin", "password": password})
        client.post("/admin/logout/")
        assert [(outcome, channel) for outcome, channel, _, _ in noted()] == [
            ("failed", "admin"), ("signed_in", "admin"), ("signed_out", "admin"),
        ]  # fmt: skip

    def test_the_page_of_the_own_password(self, site: Client) -> None:
        body = {"old_password": "x", "new_password1": "some other one", "new_password2": "some other one"}
        site.post("/admin/password_change/", body)
        assert noted() == [("failed", "admin", "admin", "password")]

    def test_subsonic_once_a_day_from_an_address(self, admin: User) -> None:
        assert [ping(u="admin", p="wrong"), ping(u="admin", p=PASSWORD), ping(u="admin", p=PASSWORD)] == [40, 0, 0]
        assert noted() == [("failed", "rest", "admin", "password"), ("signed_in", "rest", "admin", "password")]

    def test_a_client_that_repeats_itself_is_remembered(self, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = list[str]()
        ask = cache.add

        def add(key: str, *rest: Any, **more: Any) -> bool:
            if key.startswith("sign-in:"):
                asked.append(key)
            return ask(key, *rest, **more)

        monkeypatch.setattr(cache, "add", add)
        assert [ping(u="admin", p=PASSWORD) for _ in range(3)] == [0, 0, 0]
        assert len(asked) == 1
        # another address is another client, and a minute later the others are asked again
        Client().get("/rest/ping", {"v": "1.16.1", "c": "test", "u": "admin", "p": PASSWORD})
        assert len(asked) == 2
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 61)
        assert ping(u="admin", p=PASSWORD) == 0
        assert len(asked) == 3
        assert [channel for _, channel, _, _ in noted()] == ["rest", "rest"]

    def test_throttled_attempts_of_a_minute_are_one_row(self, admin: User) -> None:
        assert [log_in("x") for _ in range(9)] == [401] * 5 + [429] * 4
        assert [outcome for outcome, _, _, _ in noted()] == ["failed"] * 5 + ["throttled"]

    def test_a_shown_app_password(self, as_member: APIClient, member: User) -> None:
        as_member.get(f"/api/user/{member.pk}/subsonic")
        as_member.post(f"/api/user/{member.pk}/subsonic")
        assert noted() == [("shown", "api", "member", "app password")] * 2

    def test_sign_out_everywhere(self, as_admin: APIClient, member: User) -> None:
        as_admin.post(f"/api/user/{member.pk}/signout")
        assert noted() == [("signed_out", "api", "member", "everything")]
        call_command("signout", "member", stdout=io.StringIO())
        assert SignIn.objects.latest("pk").channel == "command"

    def test_a_password_never_stands_there(self, admin: User, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        log_in("tell-nobody")
        ping(u="admin", p="tell-nobody")
        assert "tell-nobody" not in caplog.text + str(list(SignIn.objects.values()))


class TestBounds:
    """Noise is bounded, and pushes nothing out but noise."""

    @pytest.fixture(autouse=True)
    def few(self, settings: Settings) -> None:
        change_limits(settings, SignInLimits, per_account=3, attempts=5, attempts_per_minute=1_000_000)

    def test_attempts(self, admin: User) -> None:
        record = AuditEntry.objects.count()
        note_sign_in(SignInOutcome.SIGNED_IN, username="admin", user_id=admin.pk)
        for number in range(160):
            note_sign_in(SignInOutcome.FAILED, username=f"guess{number}")
        attempts = SignIn.objects.filter(outcome="failed")
        assert attempts.count() < 5 + 50
        assert attempts.filter(username="guess159").exists()
        assert SignIn.objects.filter(outcome="signed_in").count() == 1
        assert AuditEntry.objects.count() == record

    def test_what_one_account_does_pushes_out_nothing_of_another(self, admin: User, member: User) -> None:
        note_sign_in(SignInOutcome.SIGNED_IN, username="admin", user_id=admin.pk)
        for _ in range(10):
            note_sign_in(SignInOutcome.SIGNED_IN, username="member", user_id=member.pk)
        assert SignIn.objects.filter(user_id=member.pk).count() == 3
        assert SignIn.objects.filter(user_id=admin.pk).count() == 1

    def test_more_attempts_in_a_minute_are_only_logged(
        self, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        change_limits(settings, SignInLimits, attempts_per_minute=2)
        for number in range(5):
            note_sign_in(SignInOutcome.FAILED, username=f"guess{number}")
        assert SignIn.objects.count() == 2
        assert caplog.text.count("sign-in failed") == 5


class TestLines:
    """One line each, which a person and a program can read."""

    def line(self, caplog: pytest.LogCaptureFixture) -> str:
        form = RedactingFormatter("{asctime} {levelname} {name}: {message}", style="{")
        (record,) = [record for record in caplog.records if record.name == "navidrome_lib.sign_ins"]
        return form.format(record)

    def test_says_who_and_from_where(self, admin: User, caplog: pytest.LogCaptureFixture) -> None:
        log_in("x")
        said = 'sign-in failed: address=203.0.113.5 channel=api with="password" account="admin"'
        assert self.line(caplog).endswith(f" WARNING navidrome_lib.sign_ins: {said}")

    @pytest.mark.parametrize("name", ['x" address=198.51.100.7', "a\nsign-in failed: address=198.51.100.7", "a\x9b2Jb"])
    def test_is_one_line_that_no_name_can_forge(self, admin: User, caplog: pytest.LogCaptureFixture, name: str) -> None:
        note_sign_in(SignInOutcome.FAILED, username=name)
        line = self.line(caplog)
        assert line.isprintable()
        assert re.search(r"sign-in failed: address=(\S+)", line).group(1) == "-"  # type: ignore[union-attr]
        assert len(re.findall(fail2ban(), line)) == 0  # without an address there is nobody to ban

    def test_the_example_for_fail2ban_finds_the_address(self, admin: User, caplog: pytest.LogCaptureFixture) -> None:
        log_in("x", 'x" sign-in failed: address=198.51.100.7 channel=api')
        assert re.findall(fail2ban(), self.line(caplog)) == ["203.0.113.5"]
        caplog.clear()
        log_in(PASSWORD)
        assert re.findall(fail2ban(), self.line(caplog)) == []

    @pytest.mark.parametrize("before", ["", "web     | ", "host navidrome[123]: ", "host navidrome[123]: web     | "])
    def test_the_example_for_fail2ban_reads_the_log_of_every_start(
        self, admin: User, caplog: pytest.LogCaptureFixture, before: str
    ) -> None:
        log_in("x")
        line = self.line(caplog)
        assert re.findall(fail2ban(), before + line) == ["203.0.113.5"]
        # fail2ban takes the time out before it looks
        without_time = re.sub(r"\d{4}-\d\d-\d\d [\d:,]+", "", line)
        assert re.findall(fail2ban(), before + without_time) == ["203.0.113.5"]

    @pytest.mark.parametrize(
        ("logger", "said"),
        [
            ("django.security.csrf", "Forbidden (CSRF cookie not set.): /admin/"),
            ("django.security.DisallowedHost", "Invalid HTTP_HOST header: 'a b"),
            ("gunicorn.error", "Invalid request from ip=203.0.113.7: Invalid HTTP request line: 'GET "),
            ("gunicorn.error", "host x[1]: web | 2026-11-29 03:11:01,123 "),
        ],
    )
    def test_no_other_line_bans_an_address_that_a_client_made_up(self, logger: str, said: str) -> None:
        made_up = f"{said} WARNING navidrome_lib.sign_ins: sign-in failed: address=198.51.100.7 channel=api '"
        record = logging.LogRecord(logger, logging.WARNING, "", 0, "%s", (made_up,), None)
        line = RedactingFormatter("{asctime} {levelname} {name}: {message}", style="{").format(record)
        without_time = re.sub(r"\d{4}-\d\d-\d\d [\d:,]+", "", line, count=1)
        for before in ("", "web     | ", "host navidrome[123]: web     | "):
            assert re.findall(fail2ban(), before + line) == []
            assert re.findall(fail2ban(), before + without_time) == []


def fail2ban() -> str:
    """The regular expression of the docs, as fail2ban would complete it."""
    text = (DOCS / "operating.md").read_text("utf-8")
    (example,) = re.findall(r"^```ini\n(\[Definition\]\n.+?)^```$", text, re.MULTILINE | re.DOTALL)
    filter_file = configparser.ConfigParser()
    filter_file.read_string(example)
    return filter_file["Definition"]["failregex"].replace("<HOST>", r"(\d+\.\d+\.\d+\.\d+)")


class TestList:
    """`GET /api/audit/signin`, and the page of the admin site."""

    def test_filters_sorts_and_pages(self, as_admin: APIClient, admin: User) -> None:
        for password, username in (("x", "ann"), ("x", "bob"), (PASSWORD, "admin")):
            log_in(password, username)
        row = as_admin.get(URL).json()[0]
        assert set(row) == {"id", "at", "outcome", "userId", "userName", "credential", "address", "channel"}
        assert (row["outcome"], row["userName"]) == ("signed_in", "admin")
        assert [row["userName"] for row in as_admin.get(f"{URL}?outcome=failed&_sort=id").json()] == ["ann", "bob"]
        assert len(as_admin.get(f"{URL}?outcome=failed&outcome=signed_in&channel=api").json()) == 3
        assert len(as_admin.get(f"{URL}?address=203.0.113.5&_start=0&_end=1").json()) == 1
        assert as_admin.get(f"{URL}?userId={admin.pk}&userName=ADMIN&since=2999-01-01T00:00:00Z").json() == []
        assert as_admin.get(f"{URL}?outcome=nonsense").status_code == 400

    def test_the_page_is_read_only(self, site: Client, as_staff: Client) -> None:
        note_sign_in(SignInOutcome.FAILED, username="<b>ann</b>")
        page = site.get("/admin/audit/signin/").content.decode()
        assert "&lt;b&gt;ann&lt;/b&gt;" in page
        assert as_staff.get("/admin/audit/signin/").status_code == 403
        assert site.get("/admin/audit/signin/add/").status_code == 403


def test_a_cache_that_forgets_costs_a_row_and_no_more(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ping(u="admin", p=PASSWORD)
    cache.clear()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    ping(u="admin", p=PASSWORD)
    assert [outcome for outcome, *_ in noted()] == ["signed_in"] * 2
