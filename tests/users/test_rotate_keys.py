"""`manage.py rotate_keys`."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from navidrome_lib.audit.models import AuditEntry
from users import app_passwords, tokens
from users.key_files import jwt_keys, subsonic_keys
from users.models import User


@pytest.fixture(autouse=True)
def same_keys_afterwards() -> Iterator[None]:
    before = [(file, file.read()) for file in (jwt_keys, subsonic_keys)]
    yield
    for file, keys in before:
        file.replace(keys)


def rotate(*arguments: str) -> None:
    call_command("rotate_keys", *arguments, stdout=io.StringIO())


def test_nothing_in_use_breaks(member: User, outsider: User) -> None:
    secret, token = app_passwords.app_password(member), tokens.issue(member)
    stored, old = bytes(member.subsonic_secret), (jwt_keys.read()[0], subsonic_keys.read()[0])
    rotate()
    member.refresh_from_db()
    assert bytes(member.subsonic_secret) != stored
    assert app_passwords.app_password(member) == secret
    authenticated = tokens.verify(token)
    assert authenticated is not None
    assert authenticated.user == member
    assert (jwt_keys.read()[0], subsonic_keys.read()[0]) != old
    assert tokens.decode(tokens.issue(member), jwt_keys.read()[0]) is not None
    assert not bytes(User.objects.get(pk=outsider.pk).subsonic_secret)
    assert AuditEntry.objects.latest("pk").action == "keys.rotate"


def test_after_two_rounds_old_keys_open_nothing(member: User) -> None:
    secret, token = app_passwords.app_password(member), tokens.issue(member)
    rotate()
    rotate()
    member.refresh_from_db()
    assert app_passwords.app_password(member) == secret
    assert tokens.verify(token) is None
    assert (len(jwt_keys.read()), len(subsonic_keys.read())) == (2, 2)


def test_sessions_can_be_ended_at_once(member: User) -> None:
    token = tokens.issue(member)
    rotate("--end-sessions")
    assert tokens.verify(token) is None


@pytest.mark.django_db
def test_the_files_stay_private() -> None:
    rotate()
    assert {file.path.stat().st_mode & 0o777 for file in (jwt_keys, subsonic_keys)} == {0o600}
