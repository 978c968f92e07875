"""Accounts from the command line."""

from __future__ import annotations

import builtins
import getpass
import io
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import PASSWORD, MakeLibrary
from users.models import User

pytestmark = pytest.mark.django_db


def run(*args: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


class TestEnsureAdmin:
    """`manage.py ensure_admin`."""

    def environment(self, monkeypatch: pytest.MonkeyPatch, user: str, password: str) -> None:
        monkeypatch.setenv("ND_ADMIN_USER", user)
        monkeypatch.setenv("ND_ADMIN_PASSWORD", password)

    def test_creates_once_and_never_changes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.environment(monkeypatch, "ada", "number one")
        assert "ada" in run("ensure_admin")
        self.environment(monkeypatch, "Ada", "number two")
        assert run("ensure_admin") == ""
        user = User.objects.get()
        assert (user.is_superuser, user.is_staff, user.check_password("number one")) == (True, True, True)

    def test_does_nothing_when_nothing_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.environment(monkeypatch, "", "")
        run("ensure_admin")
        assert not User.objects.exists()

    @pytest.mark.parametrize(
        ("user", "password"),
        [("ada", ""), ("", PASSWORD), ("a\tb", PASSWORD), ("a" * 151, PASSWORD), ("ada", "1234567")],
    )
    def test_refuses_nonsense(self, monkeypatch: pytest.MonkeyPatch, user: str, password: str) -> None:
        self.environment(monkeypatch, user, password)
        with pytest.raises(CommandError, match="ND_ADMIN"):
            run("ensure_admin")
        assert not User.objects.exists()


class TestAddUser:
    """`manage.py adduser`."""

    def test_adds_with_the_default_libraries(self, monkeypatch: pytest.MonkeyPatch, make_library: MakeLibrary) -> None:
        everybody = make_library("Everybody", default_new_users=True)
        make_library("Other")
        monkeypatch.setattr(sys, "stdin", io.StringIO(" pass word \n"))
        run("adduser", "bob", "--name", "Bob", "--email", "bob@example.org", "--may-scan")
        user = User.objects.get()
        assert (user.username, user.name, user.email) == ("bob", "Bob", "bob@example.org")
        assert (user.is_superuser, user.may_scan, user.check_password(" pass word ")) == (False, True, True)
        assert list(user.libraries.all()) == [everybody]

    def test_adds_an_admin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
        assert "admin bob" in run("adduser", "bob", "--admin")
        assert User.objects.get().is_superuser

    def test_an_admin_needs_a_password_of_eight_characters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("1234567"))
        with pytest.raises(CommandError, match="at least 8 characters"):
            run("adduser", "bob", "--admin")
        assert not User.objects.exists()

    @pytest.mark.parametrize(("name", "password"), [("ADMIN", "x\n"), ("new", "\n"), ("new", ""), ("a\nb", "x\n")])
    def test_refuses_in_one_sentence(
        self, admin: User, monkeypatch: pytest.MonkeyPatch, name: str, password: str
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(password))
        with pytest.raises(CommandError):
            run("adduser", name)
        assert User.objects.count() == 1


class TestCreateSuperuser:
    """Django's own command with our account."""

    def test_without_questions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "ada")
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        run("createsuperuser", interactive=False)
        user = User.objects.get()
        assert (user.username, user.is_superuser, user.is_staff) == ("ada", True, True)
        assert user.check_password(PASSWORD)

    def test_a_short_password_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "ada")
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "1234567")
        with pytest.raises(CommandError, match="at least 8 characters"):
            run("createsuperuser", interactive=False)
        assert not User.objects.exists()

    def test_with_questions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        asked: list[str] = []

        def answer(prompt: str = "") -> str:
            asked.append(prompt)
            return "grace"

        monkeypatch.setattr(builtins, "input", answer)
        monkeypatch.setattr(getpass, "getpass", lambda prompt="": PASSWORD)
        run("createsuperuser", stdin=Terminal())
        assert len(asked) == 1
        assert User.objects.get().check_password(PASSWORD)
