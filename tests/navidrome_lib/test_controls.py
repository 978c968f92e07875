"""No line of a log is written by others, and no name holds a control character, through whichever channel it comes."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from libraries.models import Library
from navidrome_lib.controls import NAME_RULE, escape_controls, has_controls
from navidrome_lib.errors import InvalidInput
from navidrome_lib.runner.console import Console
from navidrome_lib.security.redaction import RedactingFormatter
from tests.conftest import PASSWORD
from users import api_keys, services
from users.models import ApiKey, User

pytestmark = pytest.mark.alike

FORGED = "2026-01-01 00:00:00,000 INFO users: admin signed in from 10.0.0.1"
# the end of a line, of a terminal's line and of a paragraph; colours; the direction of writing; the other control codes
EVIL = ["\n", "\r", "\x1b[2J", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\x7f", "\x9b31m"]
GOOD = ["Café", "日本語", "שלום", "می‌خواهم", "AC/DC", "P!nk 🎵", "a\u200fb", "100 % \\n"]


@pytest.mark.parametrize("evil", EVIL)
def test_escaped_text_is_one_harmless_line(evil: str) -> None:
    escaped = escape_controls(f"a{evil}b")
    assert escaped.splitlines() == [escaped]
    assert not has_controls(escaped)
    assert has_controls(f"a{evil}b")
    assert (escaped[0], escaped[1], escaped[-1]) == ("a", "\\", "b")


@pytest.mark.parametrize("good", GOOD)
def test_texts_of_all_languages_stay(good: str) -> None:
    assert escape_controls(good) == good
    assert not has_controls(good)


def written(message: str, *arguments: object, error: BaseException | None = None) -> str:
    formatter = RedactingFormatter("{asctime} {levelname} {name}: {message}", style="{")
    info = None if error is None else (type(error), error, error.__traceback__)
    return formatter.format(logging.LogRecord("scan\nner", logging.INFO, "", 0, message, arguments, info))


@pytest.mark.parametrize("evil", EVIL)
def test_a_path_in_a_log_line_cannot_begin_another(evil: str) -> None:
    line = written("%s could not be read (%s)", f"a{evil}{FORGED}", os.fsdecode(b"caf\xe9"))
    assert line.splitlines() == [line]
    assert line.isprintable()
    assert "caf\\udce9" in line
    line.encode()


def test_neither_can_the_text_of_an_error() -> None:
    try:
        raise ValueError(f"no such header: x\n{FORGED}\r{FORGED}")
    except ValueError as error:
        lines = written("failed", error=error).split("\n")
    assert "Traceback (most recent call last):" in lines[1]
    assert len([line for line in lines if FORGED in line]) == 1
    assert all(line.startswith("  | ") and "\r" not in line for line in lines[1:])


def test_a_secret_at_the_end_of_a_line_stays_hidden() -> None:
    secret = "hunter2-canary"
    try:
        raise ValueError(f'{{"password": "{secret}"}}\np={secret}\r\nAuthorization: Bearer {secret}')
    except ValueError as caught:
        text = written("/rest/ping?p=%s\n%s", secret, caught, error=caught)
    assert secret not in text


def test_what_a_service_prints_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Console().service("web", f"\x1b[2Ja\r{FORGED}")
    assert capsys.readouterr().out == f"web     | \\x1b[2Ja\\r{FORGED}\n"


BAD = "Bad\nname"


@pytest.mark.django_db
class TestNames:
    @pytest.mark.parametrize("evil", EVIL)
    def test_of_libraries(self, as_admin: APIClient, tmp_path: Path, evil: str) -> None:
        answer = as_admin.post("/api/library", {"name": f"My{evil}music", "path": str(tmp_path)})
        assert (answer.status_code, answer.json()["errors"]["name"]) in ((400, NAME_RULE), (400, [NAME_RULE]))
        assert not Library.objects.exists()

    @pytest.mark.parametrize("key", ["userName", "name"])
    @pytest.mark.parametrize("evil", EVIL)
    def test_of_users(self, as_admin: APIClient, member: User, key: str, evil: str) -> None:
        before = set(User.objects.values_list("username", "name"))
        named = {key: f"Bob{evil}by"}
        for answer in (
            as_admin.post("/api/user", {"userName": "new", "password": PASSWORD, **named}),
            as_admin.put(f"/api/user/{member.pk}", named),
        ):
            assert (answer.status_code, NAME_RULE in json.dumps(answer.json()["errors"][key])) == (400, True)
        assert set(User.objects.values_list("username", "name")) == before

    @pytest.mark.parametrize("evil", EVIL)
    def test_of_keys(self, as_member: APIClient, evil: str) -> None:
        answer = as_member.post("/api/apikey", {"name": f"My{evil}key"})
        assert (answer.status_code, NAME_RULE in json.dumps(answer.json()["errors"]["name"])) == (400, True)
        assert not ApiKey.objects.exists()

    def test_behind_the_api(self, member: User) -> None:
        calls: list[Any] = [
            lambda: services.create_user(username="a\u2028b", password=PASSWORD),
            lambda: services.create_user(username="ab", password=PASSWORD, name="a\x85b"),
            lambda: services.update_user(member.pk, {"name": "a\u202eb"}),
            lambda: services.update_user(member.pk, {"username": "a\x9bb"}),
            lambda: api_keys.create_key(member, name=BAD, scope="read"),
        ]
        for call in calls:
            with pytest.raises(InvalidInput) as refused:
                call()
            assert NAME_RULE in refused.value.errors.values()
        member.refresh_from_db()
        assert (User.objects.count(), member.username) == (1, "member")

    def test_on_the_pages(self, site: Client, admin: User, tmp_path: Path) -> None:
        for address, values in {
            "/admin/auth/group/add/": {"name": "a\u2028b"},
            "/admin/users/user/add/": {"username": "a\u2028b", "password1": PASSWORD, "password2": PASSWORD},
            "/admin/users/apikey/add/": {"name": "a\u2028b", "owner": admin.pk, "scope": "read"},
            "/admin/libraries/library/add/": {"name": "a\u2028b", "path": str(tmp_path)},
        }.items():
            groups = {"library_access-TOTAL_FORMS": 0, "library_access-INITIAL_FORMS": 0}
            page = site.post(address, {**groups, **values})
            assert (page.status_code, NAME_RULE in page.content.decode()) == (200, True), address
        assert not Group.objects.exists()
        assert (User.objects.count(), ApiKey.objects.count(), Library.objects.count()) == (1, 0, 0)

    def test_at_the_command_line(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n" * 3))
        with pytest.raises(CommandError, match="control characters"):
            call_command("adduser", "a\u2028b")
        with pytest.raises(CommandError, match="control characters"):
            call_command("ensure_library", str(tmp_path), "--name", BAD)
        monkeypatch.setenv("ND_ADMIN_USER", "a\u2028b")
        monkeypatch.setenv("ND_ADMIN_PASSWORD", PASSWORD)
        with pytest.raises(CommandError, match="control characters"):
            call_command("ensure_admin")
        assert not User.objects.exists()
        assert not Library.objects.exists()

    def test_a_folder_with_one_gives_its_library_a_readable_name(self, tmp_path: Path) -> None:
        folder = tmp_path / "My\nmusic"
        folder.mkdir()
        call_command("ensure_library", str(folder), stdout=io.StringIO())
        assert Library.objects.get().name == "My\\nmusic"

    def test_rows_that_have_one_stay_readable_and_can_be_changed(
        self, as_admin: APIClient, member: User, library: Library
    ) -> None:
        User.objects.filter(pk=member.pk).update(name=BAD)
        Library.objects.filter(pk=library.pk).update(name=BAD)
        assert as_admin.get(f"/api/user/{member.pk}").json()["name"] == BAD
        assert as_admin.put(f"/api/user/{member.pk}", {"email": "bob@example.org"}).status_code == 200
        assert as_admin.get(f"/api/library/{library.pk}").json()["name"] == BAD
        assert as_admin.patch(f"/api/library/{library.pk}", {"watch": True}).status_code == 200
