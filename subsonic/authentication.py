"""Credentials of a call: `u` with `p` or with `t` and `s`, or `apiKey`."""

from __future__ import annotations

import binascii

from navidrome_lib.audit.actor import identify
from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import APP_PASSWORD, PASSWORD, note_sign_in
from subsonic.errors import (
    CONFLICTING_CREDENTIALS,
    INVALID_API_KEY,
    WRONG_CREDENTIALS,
    SubsonicError,
    missing_parameter,
)
from subsonic.params import Params
from users import api_keys
from users.app_passwords import check_app_password, check_login_password, check_token
from users.login_secrets import check_login_token, keep_login_password
from users.models import User, Viewer
from users.services import find_by_name

MAX_LENGTH = 1024
# the same whatever is wrong, so that it tells nothing of the account
WRONG = (
    "The user name or the password is wrong: apps sign in with the app password of your account page, "
    "or with an API key."
)


def authenticate(params: Params, address: str = "") -> Viewer:
    """The caller, who asks from `address`; a `SubsonicError` when credentials are missing, contradictory or wrong."""
    params.required("v")
    params.required("c")
    name, password, token = params.text("u"), params.text("p"), params.text("t")
    salt, key = params.text("s"), params.text("apiKey")
    if (key and (name or password or token or salt)) or (password and (token or salt)):
        raise SubsonicError(CONFLICTING_CREDENTIALS, "Several ways of signing in were used at once.")
    if key:
        return with_key(key)
    params.required("u")
    if not password and not (token and salt):
        raise missing_parameter("s" if token else "t" if salt else "p")
    user = find_user(name)
    if token:
        is_app = check_token(user, token, salt)
        accepted = is_app or check_login_token(user, token, salt, username=name, address=address)
    else:
        password = decode(password)
        is_app = check_app_password(user, password)
        accepted = is_app or check_login_password(user, password, username=name, address=address)
        if user is not None and accepted and not is_app:
            keep_login_password(user, password)
    if user is None or not accepted:
        raise SubsonicError(WRONG_CREDENTIALS, WRONG)
    identify(user.pk, user.username)
    credential = APP_PASSWORD if is_app else PASSWORD
    note_sign_in(SignInOutcome.SIGNED_IN, username=user.username, user_id=user.pk, credential=credential, repeated=True)
    return Viewer(user, is_app=is_app)


def with_key(text: str) -> Viewer:
    """The owner of an API key, with no more rights than the key."""
    key = api_keys.find_key(text)
    if key is None:
        raise SubsonicError(INVALID_API_KEY, "Invalid API key.")
    identify(key.user.pk, key.user.username, key.name)
    return Viewer(key.user, key)


def find_user(name: str) -> User | None:
    """The active user of that name."""
    user = find_by_name(name) if len(name) <= MAX_LENGTH else None
    return user if user is not None and user.is_active else None


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
