"""Credentials of the Subsonic protocol."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection

from tests.conftest import PASSWORD, MakeUser
from users import app_passwords
from users.key_files import subsonic_keys
from users.models import User


def check_password(user: User | None, password: str, username: str = "member") -> bool:
    """Whether `/rest` takes it, as `p`: the app password, or the login password."""
    by_app = app_passwords.check_app_password(user, password)
    return by_app or app_passwords.check_login_password(user, password, username=username, address="203.0.113.5")


def proof(secret: str, salt: str) -> str:
    return hashlib.md5((secret + salt).encode()).hexdigest()  # noqa: S324 - the protocol's choice


def test_the_secret_is_random_stable_and_encrypted(member: User, outsider: User) -> None:
    secret = app_passwords.app_password(member)
    assert secret == app_passwords.app_password(User.objects.get(pk=member.pk))
    assert secret != app_passwords.app_password(outsider)
    stored = bytes(User.objects.get(pk=member.pk).subsonic_secret)
    assert secret.encode() not in stored
    assert Fernet(subsonic_keys.read()[0]).decrypt(stored).decode() == secret
    assert subsonic_keys.path.stat().st_mode & 0o777 == 0o600


def test_a_token_opens(member: User) -> None:
    salt, token = app_passwords.subsonic_token(member)
    assert app_passwords.check_token(member, token, salt)
    assert app_passwords.check_token(member, proof(app_passwords.app_password(member), "abc"), "abc")


def test_forgeries_are_refused(member: User, outsider: User) -> None:
    salt, token = app_passwords.subsonic_token(member)
    secret = app_passwords.app_password(member)
    wrong = [(token, salt + "a"), (token[:-1], salt), (token.upper(), salt), ("", salt), (token, ""), ("", ""),
             (salt, token), (f" {token}", salt), (f"{token}\0", salt), (proof(PASSWORD, salt), salt),
             (proof(secret, ""), ""), (secret, salt), ("\ud800", "\ud800"), ("é", salt)]  # fmt: skip
    assert not any(app_passwords.check_token(member, *pair) for pair in wrong)
    assert not app_passwords.check_token(outsider, token, salt)
    assert not app_passwords.check_token(None, token, salt)
    member.is_active = False
    assert not app_passwords.check_token(member, token, salt)


def test_a_proof_that_was_right_ends_with_the_password_and_the_account(member: User) -> None:
    pair = proof(app_passwords.app_password(member), "abc"), "abc"
    assert app_passwords.check_token(member, *pair)
    assert app_passwords.check_token(member, *pair)
    member.is_active = False
    assert not app_passwords.check_token(member, *pair)
    member.is_active = True
    app_passwords.renew_app_password(member)
    assert not app_passwords.check_token(member, *pair)
    assert not app_passwords.check_token(User.objects.get(pk=member.pk), *pair)


def test_only_so_many_proofs_are_remembered(member: User) -> None:
    secret = app_passwords.app_password(member)
    for number in range(app_passwords.KEPT_PROOFS + 2):
        assert app_passwords.check_token(member, proof(secret, f"salt {number}"), f"salt {number}")
    assert 0 < len(app_passwords._proofs) <= app_passwords.KEPT_PROOFS


def test_both_passwords_work(member: User) -> None:
    secret = app_passwords.app_password(member)
    assert check_password(member, secret)
    assert check_password(member, PASSWORD)
    assert not check_password(member, PASSWORD + " ")
    assert not check_password(member, secret.swapcase())
    assert not check_password(member, "")
    assert not check_password(member, "\ud800\0")
    assert not check_password(None, PASSWORD, username="member")
    cache.clear()  # of the wrong guesses
    member.is_active = False
    assert not check_password(member, secret)
    assert not check_password(member, PASSWORD)


def test_an_account_without_a_secret_has_no_secret(member: User) -> None:
    assert not bytes(member.subsonic_secret)
    assert not app_passwords.check_token(member, proof("", "salt"), "salt")
    assert not app_passwords.check_app_password(member, "")


class TestSlowHash:
    """The login password is verified at most once per credential."""

    @pytest.fixture
    def hashes(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        found: list[str] = []
        encode = MD5PasswordHasher.encode

        def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
            found.append(password)
            return encode(self, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
        return found

    def test_once_for_right_and_wrong(self, member: User, hashes: list[str]) -> None:
        for password, right in ((PASSWORD, True), ("wrong", False)):
            hashes.clear()
            assert [check_password(member, password) for _ in range(20)] == [right] * 20
            assert len(hashes) == 1

    def test_unknown_names_cost_the_same(self, member: User, hashes: list[str]) -> None:
        check_password(None, "guess", username="nobody")
        first = len(hashes)
        check_password(None, "guess", username="nobody")
        assert (first, len(hashes)) == (1, 1)
        check_password(None, "guess", username="nobody2")
        assert len(hashes) == 2

    def test_a_changed_password_is_not_remembered(self, member: User) -> None:
        assert check_password(member, PASSWORD)
        member.set_password("other")
        member.save()
        assert not check_password(member, PASSWORD)
        assert check_password(member, "other")


def test_a_lost_key_makes_a_new_secret(member: User) -> None:
    old = app_passwords.app_password(member)
    keys = subsonic_keys.read()
    try:
        subsonic_keys.replace([Fernet.generate_key().decode()])
        assert not app_passwords.check_app_password(member, old)
        new = app_passwords.app_password(member)
        assert new != old
        assert app_passwords.check_app_password(member, new)
    finally:
        subsonic_keys.replace(keys)


@pytest.mark.django_db(transaction=True)
def test_racing_first_needs_agree(make_user: MakeUser) -> None:
    user = make_user("member")

    def need(_: int) -> str:
        try:
            return app_passwords.app_password(User.objects.get(pk=user.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(need, range(8)))) == 1
