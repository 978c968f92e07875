"""Calls of the Subsonic protocol, as clients make them. Every answer is held against the schemas of the protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests.subsonic.schema import check_answer
from users.app_passwords import app_password
from users.models import User

Call = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def checked_answers() -> Iterator[None]:
    """Check what `/rest` answers in every test here, whatever it is asked by."""
    ask = Client.request

    def ask_and_check(client: Client, **request: Any) -> Any:
        response = ask(client, **request)
        path = str(request.get("PATH_INFO", ""))
        if path.startswith("/rest/"):
            check_answer(path, response)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", ask_and_check)
        yield


def credentials(user: User) -> dict[str, str]:
    """The parameters of a call by a person, with a good token."""
    salt = "c19b2d"
    token = hashlib.md5((app_password(user) + salt).encode(), usedforsecurity=False).hexdigest()
    return {"u": user.username, "t": token, "s": salt, "v": "1.16.1", "c": "test", "f": "json"}


@pytest.fixture
def call() -> Call:
    """`call("ping", user)` with a good token, `call("ping", u=…, p=…)` with what is given.

    What only reads is asked for in XML, too, whose form is checked.
    """

    def send(method: str, user: User | None = None, **params: Any) -> dict[str, Any]:
        query = {"v": "1.16.1", "c": "test", "f": "json", **(credentials(user) if user else {}), **params}
        response = Client().get(f"/rest/{method}", query)
        assert response.status_code == 200
        if method.startswith(("get", "search")):
            assert Client().get(f"/rest/{method}", {**query, "f": "xml"}).status_code == 200
        answer: dict[str, Any] = response.json()["subsonic-response"]
        return answer

    return send
