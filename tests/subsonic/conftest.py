"""Calls of the Subsonic protocol, as clients make them. Every answer is held against the schemas of the protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from django.db import transaction
from django.test import Client

from libraries.models import Library, MediaFile
from tests.conftest import MakeUser
from tests.subsonic.music import fill
from tests.subsonic.schema import check_answer
from tests.support.catalog import make_track
from users.app_passwords import app_password
from users.models import LibraryAccess, User

Call = Callable[..., dict[str, Any]]
OK: Final = -1
# what a player tells is kept in the cache
NOT_TAKEN_BACK = {"reportPlayback"}


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

    It is asked for in XML, too, whose form is checked; what that changes is taken back.
    """

    def send(method: str, user: User | None = None, **params: Any) -> dict[str, Any]:
        query = {"v": "1.16.1", "c": "test", "f": "json", **(credentials(user) if user else {}), **params}
        if method.startswith(("get", "search")):
            assert Client().get(f"/rest/{method}", {**query, "f": "xml"}).status_code == 200
        elif method not in NOT_TAKEN_BACK:
            with transaction.atomic():
                assert Client().get(f"/rest/{method}", {**query, "f": "xml"}).status_code == 200
                transaction.set_rollback(True)
        response = Client().get(f"/rest/{method}", query)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()["subsonic-response"]
        return answer

    return send


@pytest.fixture
def songs(library: Library, other_library: Library) -> dict[str, MediaFile]:
    """The songs of two libraries by their titles; the member can access the first one."""
    return fill(library, other_library)


@pytest.fixture
def hidden(other_library: Library) -> str:
    """The id of a song that the member cannot access."""
    return str(make_track(other_library, "A/secret.mp3", missing=False).pk)


@pytest.fixture
def scanner(make_user: MakeUser, library: Library) -> User:
    """A person with the right to scan, who can access what the member can."""
    user = make_user("scanner", may_scan=True)
    LibraryAccess.objects.create(user=user, library=library)
    return user


@pytest.fixture(params=["admin", "member", "scanner"])
def caller(request: pytest.FixtureRequest) -> User:
    """Each of the people that clients sign in as."""
    user: User = request.getfixturevalue(request.param)
    return user


@pytest.fixture
def sees_all(caller: User) -> bool:
    """Whether the caller can see the other library, too."""
    return caller.is_superuser


def code(answer: dict[str, Any]) -> int:
    """The code of a failure, of which 0 is one; `OK` of a success."""
    return int(answer["error"]["code"]) if answer["status"] == "failed" else OK


def names(objects: list[dict[str, Any]]) -> list[str]:
    """The titles of songs and directories, the names of all else."""
    return [each.get("title") or each["name"] for each in objects]
