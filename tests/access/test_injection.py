"""Hostile input everywhere: never a 500, and never another answer than for a value that means nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

from libraries.models import Library
from tests.access.routes import routes
from users import app_passwords
from users.models import User

pytestmark = pytest.mark.alike

PAYLOADS = (
    "' OR '1'='1", "1; DROP TABLE users_user--", "1) UNION SELECT password FROM users_user--", "${jndi:ldap://x}",
    "{{7*7}}", "../../../../etc/passwd", "%00", "\x00", "\x1f\x7f", "é\u0301\u202e", "😀" * 50, "{\"$ne\": null}",
    "null", "NaN", "-1", "0", "1e309", "9" * 400, "١٢٣", "²", "a" * 5000, "-password", "libraries__users__password",
    "pk__in", "*", "%", "<script>alert(1)</script>", "\r\nSet-Cookie: a=b", "1,2,3", "\ufeff1", "true", "\\", "%ff%fe",
    "random()",
)  # fmt: skip
PARAMETERS = ("_sort", "_order", "_start", "_end", "id", "library_id", "name", "since")
HEADERS = (
    "HTTP_AUTHORIZATION", "HTTP_X_ND_AUTHORIZATION", "HTTP_ACCEPT", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE",
    "HTTP_X_FORWARDED_FOR", "HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE", "HTTP_IF_NONE_MATCH", "CONTENT_TYPE",
)  # fmt: skip
LISTS = ("/api/library", "/api/scan", "/api/user", "/api/missing", "/api/apikey", "/api/audit")
OBJECTS = (
    "/api/library/{pk}", "/api/user/{pk}", "/api/user/{pk}/library", "/api/scan/{pk}", "/api/apikey/{pk}",
    "/api/missing/purge/{pk}",
)  # fmt: skip
SECRETS = (b"pbkdf2_", b"md5$", b"Traceback", b"syntax error")


def fine(response: HttpResponse, told: str) -> None:
    assert response.status_code < 500, told
    assert not any(secret in response.content for secret in SECRETS), told
    assert "Set-Cookie" not in response.headers or "a=b" not in response.headers["Set-Cookie"], told


@pytest.fixture
def things(admin: User, member: User, outsider: User, library: Library, other_library: Library) -> None:
    """Something to find in the lists."""


@pytest.mark.usefixtures("things")
class TestQueries:
    """Query strings."""

    @pytest.mark.parametrize("path", LISTS)
    def test_parameters(self, as_admin: APIClient, path: str) -> None:
        for name, payload in itertools.product(PARAMETERS, PAYLOADS):
            fine(as_admin.get(path, {name: payload}), f"{path} {name}={payload!r}")

    @pytest.mark.parametrize("path", LISTS)
    def test_a_sort_key_that_does_not_exist_changes_no_answer(self, as_admin: APIClient, path: str) -> None:
        """Also not its order: a key that reached the database could tell about columns that nobody may read."""
        plain = [row["id"] for row in as_admin.get(path).json()]
        for payload in PAYLOADS:
            rows = as_admin.get(path, {"_sort": payload, "_order": payload}).json()
            assert [row["id"] for row in rows] == plain, payload

    def test_repeated_and_odd_names(self, as_admin: APIClient) -> None:
        for path, payload in itertools.product(LISTS, PAYLOADS):
            fine(as_admin.get(path, {"id": [payload, payload], "id[]": payload, payload: "1"}), f"{path} {payload!r}")


@pytest.mark.usefixtures("things")
class TestIds:
    """Ids in addresses."""

    @pytest.mark.parametrize("route", OBJECTS)
    def test_unknown_is_404(self, as_admin: APIClient, route: str) -> None:
        from_url = [payload for payload in PAYLOADS if "/" not in payload]
        for payload in from_url:
            response = as_admin.get(route.format(pk=quoted(payload)))
            fine(response, payload)
            assert response.status_code == 404, payload


def quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.usefixtures("things")
class TestHeaders:
    """Headers."""

    def test_headers(self, as_admin: APIClient, member: User) -> None:
        nobody = APIClient()
        for header, payload in itertools.product(HEADERS, PAYLOADS):
            value = payload.encode("utf-8", "replace").decode("latin-1")
            sent: Any = {header: value}
            fine(as_admin.get("/api/user/nobody", **sent), f"{header}: {payload!r}")
            sent = {header: f"Bearer {value}"}
            response = nobody.put(f"/api/user/{member.pk}", **sent)
            fine(response, f"{header}: {payload!r}")
            assert response.status_code in (401, 400)


@pytest.mark.usefixtures("things")
class TestBodies:
    """JSON where a text, a list or a flag is expected."""

    values: tuple[Any, ...] = (
        *PAYLOADS, None, True, 0, -1, 1.5, 10**30, [], {}, [[]], {"$gt": ""}, {"a": {"b": 1}}, ["x"] * 100,
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("method", "path", "key"),
        [("post", "/api/user", "userName"), ("post", "/api/user", "isAdmin"), ("put", "/api/user/{pk}", "email"),
         ("put", "/api/user/{pk}", "name"), ("put", "/api/user/{pk}/library", "libraryIds"),
         ("post", "/api/apikey", "scopes"), ("post", "/api/apikey", "libraryIds"), ("post", "/api/apikey", "expiresAt"),
         ("post", "/api/library", "path"), ("post", "/api/library", "scanOptions"), ("post", "/api/scan", "libraryId"),
         ("post", "/auth/login", "username"), ("post", "/auth/login", "password")],
    )  # fmt: skip
    def test_bodies(self, as_admin: APIClient, member: User, method: str, path: str, key: str) -> None:
        url = path.format(pk=member.pk)
        for value in self.values:
            fine(getattr(as_admin, method)(url, {key: value}, format="json"), f"{url} {key}={value!r}")
        member.refresh_from_db()
        assert (member.is_superuser, member.is_staff) == (False, False)


# players that give media to a program that reads no bodies go by the status here
STATUSES = {"getTranscodeStream": 400}


@pytest.mark.usefixtures("things")
def test_rest(member: User) -> None:
    methods = [route.rsplit("/", 1)[1] for route in routes() if route.startswith("/rest/") and ".*" not in route]
    credentials = {"u": "member", "p": app_passwords.app_password(member), "v": "1.16.1", "c": "test"}
    client = APIClient()
    for method, payload in itertools.product(methods, PAYLOADS):
        query = {
            **credentials,
            "target": payload,
            "fullScan": payload,
            "id": payload,
            "username": payload,
            "musicFolderId": payload,
            "ifModifiedSince": payload,
            **dict.fromkeys(("type", "query", "genre", "artist", "size", "count", "offset", "fromYear"), payload),
            "f": payload,
        }
        response = client.get(f"/rest/{method}", query)
        fine(response, f"{method} {payload!r}")
        assert response.status_code == STATUSES.get(method, 200)


def test_there_are_enough() -> None:
    """The number of requests above is part of the promise."""
    queries = (len(PARAMETERS) + 2) * len(LISTS) * len(PAYLOADS)
    assert queries + (2 * len(HEADERS) + len(OBJECTS)) * len(PAYLOADS) >= 2000
