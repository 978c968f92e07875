"""Credentials of a call: `u` with `p` or with `t` and `s`, or `apiKey`."""

from __future__ import annotations

import binascii

from users.subsonic import check_password, check_token

from subsonic.caller import Caller
from subsonic.errors import (
    CONFLICTING_CREDENTIALS,
    INVALID_API_KEY,
    MISSING_PARAMETER,
    WRONG_CREDENTIALS,
    SubsonicError,
)
from subsonic.params import Params
from users.models import User, username_key

MAX_LENGTH = 1024


def authenticate(params: Params) -> Caller:
    """The caller; a `SubsonicError` when the credentials are missing, contradictory or wrong."""
    params.required("v")
    params.required("c")
    name, password, token = params.text("u"), params.text("p"), params.text("t")
    salt, key = params.text("s"), params.text("apiKey")
    if (key and (name or password or token or salt)) or (password and (token or salt)):
        raise SubsonicError(CONFLICTING_CREDENTIALS, "Several ways of signing in were used at once.")
    if key:
        raise SubsonicError(INVALID_API_KEY, "Invalid API key.")
    params.required("u")
    if not password and not (token and salt):
        missing = "s" if token else "t" if salt else "p"
        raise SubsonicError(MISSING_PARAMETER, f"Required parameter is missing: {missing}")
    user = find_user(name)
    accepted = check_token(user, token, salt) if token else check_password(user, decode(password))
    if user is None or not accepted:
        raise SubsonicError(WRONG_CREDENTIALS, "Wrong username or password.")
    return Caller(user)


def find_user(name: str) -> User | None:
    """The active user of that name."""
    if len(name) > MAX_LENGTH or "\0" in name:
        return None
    return User.objects.filter(username_key=username_key(name), is_active=True).first()


def decode(password: str) -> str:
    """The password in the clear: `enc:` means that hexadecimal digits follow; broken ones are no password at all."""
    if len(password) > MAX_LENGTH:
        return ""
    if not password.startswith("enc:"):
        return password
    try:
        return binascii.unhexlify(password[4:]).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
