"""Forged credentials for `/rest`: none is accepted, and an unknown name takes as long as a wrong password."""

from __future__ import annotations

import hashlib
import itertools
import statistics
import time
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from tests.conftest import PASSWORD, Configure
from users import api_keys, app_passwords
from users.models import User

pytestmark = pytest.mark.alike

CLIENT = Client()
GOOD = {"v": "1.16.1", "c": "test", "f": "json"}


def proof(secret: str, salt: str) -> str:
    return hashlib.md5((secret + salt).encode(), usedforsecurity=False).hexdigest()


def code(query: dict[str, str], method: str = "get") -> int:
    """The protocol's code; 0 is success."""
    answer = getattr(CLIENT, method)("/rest/ping", {**GOOD, **query}).json()["subsonic-response"]
    return 0 if answer["status"] == "ok" else answer["error"]["code"] or -1


def changed(text: str) -> set[str]:
    """What `text` may be mistaken for."""
    return {
        "", " ", text[:-1], text[1:], text + "0", f" {text}", f"{text} ", f"{text}\0", text.upper(), text.swapcase(),
        text[::-1], text * 2, f"{text}&", f"'{text}", "0", "null", "undefined", "true", "é" * 8, "%00", text[:9],
    } - {text}  # fmt: skip


def forgeries(member: User, outsider: User, gone: User) -> Iterator[dict[str, str]]:
    """Everything that is nearly right, for names that exist, that do not, and that are no names."""
    secret, other = app_passwords.app_password(member), app_passwords.app_password(outsider)
    salt = "c19b2d"
    token = proof(secret, salt)
    names = ["member", "MEMBER", "nobody", "", "admin'--", "member\0", "mem ber", "%", "*", "é"]
    wrong_tokens = {
        *changed(token),
        proof(other, salt),
        proof(PASSWORD, salt),
        proof("", salt),
        salt,
        secret,
        proof(secret, ""),
    }
    for name, text in itertools.product(names, sorted(wrong_tokens)):
        yield {"u": name, "t": text, "s": salt}
    for wrong_salt in sorted(changed(salt)):
        yield {"u": "member", "t": token, "s": wrong_salt}
    wrong_passwords = {*changed(secret), *changed(PASSWORD), other, token, salt, member.password}
    for name, text in itertools.product(("member", "nobody"), sorted(wrong_passwords)):
        yield {"u": name, "p": text}
    for name, text in itertools.product(("member", "nobody"), ("", "zz", "0", "6", "616", secret, "ff" * 9, "%", "\0")):
        yield {"u": name, "p": f"enc:{text}"}
    yield {"u": "member", "p": "enc:" + secret.upper().encode().hex()}
    yield {"u": "member", "p": "enc:enc:" + secret.encode().hex()}
    yield from ({"u": "nobody", "p": secret}, {"u": "outsider", "p": secret}, {"u": "nobody", "t": token, "s": salt})
    yield from ({"u": gone.username, "p": PASSWORD}, {"u": gone.username, "p": app_passwords.app_password(gone)})
    yield from ({"u": "member", "s": salt}, {"u": "member", "t": token}, {"u": "member"}, {"p": secret}, {})
    yield from ({"u": "member", "p": secret, "t": token}, {"u": "member", "p": secret, "apiKey": "x"})
    _, key = api_keys.create_key(member, name="k", scope="read")
    for text in sorted(changed(key)):
        yield {"apiKey": text, "jwt": "x"}
        yield {"u": "member", "p": text}


def test_none_is_accepted(member: User, outsider: User, configure: Configure) -> None:
    configure(auth_request_limit=0)  # each must be refused for what it is, not because there were many
    gone = User.objects.create_user("gone", PASSWORD, is_active=False)
    tried = list(forgeries(member, outsider, gone))
    assert len(tried) >= 400
    accepted = [query for query in tried if code(query) == 0]
    assert accepted == []
    assert [query for query in tried[::5] if code(query, "post") == 0] == []


def test_the_right_ones_are(member: User) -> None:
    """So that the test before proves something."""
    secret = app_passwords.app_password(member)
    _, key = api_keys.create_key(member, name="k", scope="read")
    good = [
        {"u": "member", "p": secret}, {"u": "member", "p": PASSWORD}, {"apiKey": key},
        {"u": "member", "p": "enc:" + secret.encode().hex()}, {"u": "MEMBER", "t": proof(secret, "abc"), "s": "abc"},
    ]  # fmt: skip
    assert [code(query) for query in good] == [0] * 5


def test_guessing_login_passwords_is_slow_but_app_passwords_go_on(member: User) -> None:
    secret = app_passwords.app_password(member)
    assert [code({"u": "member", "p": f"guess{number}"}) for number in range(6)] == [40] * 5 + [-1]
    assert code({"u": "member", "p": PASSWORD}) == -1  # not even the right one, from this address
    assert code({"u": "member", "p": secret}) == 0
    assert code({"u": "member", "t": proof(secret, "abc"), "s": "abc"}) == 0
    elsewhere = Client(REMOTE_ADDR="198.51.100.7").get("/rest/ping", {**GOOD, "u": "member", "p": PASSWORD})
    assert elsewhere.json()["subsonic-response"]["status"] == "ok"


def test_an_old_client_that_repeats_one_wrong_password_locks_nobody_out(member: User) -> None:
    assert {code({"u": "member", "p": "old password"}) for _ in range(30)} == {40}
    assert code({"u": "member", "p": PASSWORD}) == 0


def test_a_remembered_password_answers_no_unlimited_guesses(member: User) -> None:
    assert code({"u": "member", "p": PASSWORD}) == 0
    for number in range(5):
        code({"u": "member", "p": f"guess{number}"})
    assert code({"u": "member", "p": PASSWORD}) == -1


class CostlyHasher(PBKDF2PasswordHasher):
    """A hash that takes so long that it can be measured, and no longer."""

    iterations = 200_000


def test_unknown_names_take_as_long(member: User, configure: Configure, settings: Settings) -> None:
    """With a hash that costs something, the medians of both refusals are close."""
    configure(auth_request_limit=0)
    settings.PASSWORD_HASHERS = [f"{__name__}.CostlyHasher"]
    member.set_password(PASSWORD)
    member.save()
    app_passwords.app_password(member)
    times: dict[str, list[float]] = {"member": [], "nobody": []}
    for number, name in itertools.product(range(5), times):
        cache.clear()
        start = time.perf_counter()
        assert code({"u": name, "p": f"guess{number}"}) == 40
        times[name].append(time.perf_counter() - start)
    known, unknown = (statistics.median(found) for found in times.values())
    assert abs(known - unknown) < 0.5 * max(known, unknown)
