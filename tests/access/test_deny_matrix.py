"""Who may do what: every route × verb × role in one table. A route without a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from libraries.models import Library
from navidrome_lib.config.conf import Inspect
from navidrome_lib.config.forwarding import LastFm, ListenBrainz
from tests.access.deny_world import World, everything, make_world
from tests.access.rest_table import REST, ROLES
from tests.access.routes import routes
from tests.conftest import Configure, SignIn
from tests.support.kept_rows import kept_rows
from tests.support.listening_service import Service, listening_service, says
from tests.support.sharing import Share as ShareOfRun
from users import api_keys, app_passwords
from users.models import User

pytestmark = pytest.mark.alike

VERBS = ("get", "head", "options", "post", "put", "patch", "delete")
READS = ("get", "head", "options")

# which roles a verb is open to; whoever is not named is refused: 401 when not signed in, 403 (or 404) else
ALL = ROLES
SIGNED_IN = ROLES[1:]
ADMIN = ("admin",)
SELF = ("member", "admin")
OWNER = ("member",)
# whoever can access the library
LISTENERS = ("member", "scanner", "admin")
CATALOG = ("song", "album", "artist", "genre", "tag", "folder")

# route → verbs → roles; the account, key and objects in the address are those of the member.
# A verb that is not named is not offered: refused to who may not come near, 405 to everybody else.
API: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {
    "/api/library": {(*READS, "post"): ADMIN},
    "/api/library/{pk}": {(*READS, "put", "patch", "delete"): ADMIN},
    **{f"/api/{name}": {READS: SIGNED_IN} for name in CATALOG},
    **{f"/api/{name}/{{pk}}": {("get", "head"): LISTENERS, ("options",): SIGNED_IN} for name in CATALOG},
    "/api/scan": {(*READS, "post"): ADMIN},
    "/api/scan/{pk}": {(*READS, "delete"): ADMIN},
    "/api/scan/{pk}/problem": {READS: ADMIN},
    "/api/scan/{pk}/changes": {READS: ADMIN},
    "/api/scan/{pk}/approve": {("post", "options"): ADMIN},
    "/api/scan/{pk}/discard": {("post", "options"): ADMIN},
    "/api/user": {(*READS, "post"): ADMIN},
    "/api/user/{pk}": {(*READS, "put", "patch"): SELF, ("delete",): ADMIN},
    "/api/user/{pk}/signout": {("post", "options"): SELF},
    "/api/user/{pk}/library": {(*READS, "put"): ADMIN},
    "/api/user/{pk}/subsonic": {(*READS, "post"): OWNER},
    "/api/apikey": {(*READS, "post"): SIGNED_IN},
    "/api/apikey/{pk}": {("get", "head", "delete"): SELF, ("options",): SIGNED_IN},
    "/api/missing": {(*READS, "delete"): ADMIN},
    "/api/missing/purge": {READS: ADMIN},
    "/api/missing/purge/{pk}": {READS: ADMIN},
    "/api/missing/purge/{pk}/undo": {("post", "options"): ADMIN},
    "/api/missing/purge/{pk}/export": {READS: ADMIN},
    "/api/missing/{pk}": {READS: ADMIN},
    "/api/missing/{pk}/candidates": {READS: ADMIN},
    "/api/missing/{pk}/relink": {("post", "options"): ADMIN},
    "/api/library/{pk}/explain": {READS: ADMIN},
    "/api/events": {READS: SIGNED_IN},
    "/api/audit": {READS: ADMIN},
    "/api/audit/signin": {READS: ADMIN},
    "/api/keepalive": {READS: ALL},
    "/api/health": {READS: ALL},
    "/api/health/live": {READS: ALL},
    "/api/insights": {READS: SIGNED_IN},
    "/api/playlist": {(*READS, "post"): SIGNED_IN},
    "/api/playlist/{pk}": {("get", "head", "put", "delete"): SELF, ("options",): SIGNED_IN},
    "/api/playlist/{pk}/tracks": {("get", "head", "post", "delete"): SELF, ("options",): SIGNED_IN},
    "/api/playlist/{pk}/tracks/{place}": {("get", "head", "put", "delete"): SELF, ("options",): SIGNED_IN},
    "/api/queue": {(*READS, "post", "put", "delete"): SIGNED_IN},
    "/api/song/{pk}/playlists": {READS: SIGNED_IN},
    "/api/player": {(*READS, "post"): SIGNED_IN},
    "/api/player/{pk}": {("get", "head", "put", "delete"): SELF, ("options",): SIGNED_IN},
    "/api/radio": {READS: SIGNED_IN, ("post",): ADMIN},
    "/api/radio/{pk}": {READS: SIGNED_IN, ("put", "delete"): ADMIN},
    "/api/scrobble": {READS: SIGNED_IN},
    "/api/scrobble/{pk}": {("get", "head"): OWNER, ("options",): SIGNED_IN},
    "/api/share": {(*READS, "post"): SIGNED_IN},
    "/api/share/{pk}": {("get", "head", "put", "delete"): SELF, ("options",): SIGNED_IN},
    "/api/transcoding": {READS: SIGNED_IN, ("post",): ADMIN},
    "/api/transcoding/{pk}": {READS: SIGNED_IN, ("put", "delete"): ADMIN},
    "/api/lastfm/link": {(*READS, "put", "post", "delete"): SIGNED_IN},
    "/api/listenbrainz/link": {(*READS, "put", "delete"): SIGNED_IN},
    "/api/translation": {READS: ALL},
    "/api/config": {READS: ADMIN},
    "/api/inspect": {READS: ADMIN},
    "/api/schema/": {READS: ALL},
    "/api/docs/": {("get", "head"): ALL},
    "/api/artwork/{kind}/{pk}/refresh": {("post", "options"): ADMIN},
    "/api/playlist/{pk}/image": {("post", "delete"): SELF, ("options",): SIGNED_IN},
    **{
        f"/api/{name}/{{pk}}/image": {("post", "delete"): ADMIN, ("options",): SIGNED_IN}
        for name in ("artist", "radio")
    },
    # who has the address of a share needs no account
    "/share/{pk}": {("get", "head"): ALL},
    **{f"/share/{{pk}}/{name}": {("get", "head"): ALL} for name in ("cover", "download")},
    **{f"/share/{{pk}}/{name}/{{track}}": {("get", "head"): ALL} for name in ("cover", "download", "stream")},
    "/auth/login": {("post", "options"): ALL},
    "/auth/createAdmin": {("post",): (), ("options",): ALL},
    "/": {VERBS: ALL},
}

# pages of people: who gets to see them with a session; who is not named is sent to the sign-in, or refused with 403
PAGES: dict[str, tuple[str, ...]] = {
    "/login": ("anonymous",),
    "/logout": (),
    "/setup": (),
    "/setup/music": ADMIN,
    "/setup/music/{pk}": ADMIN,
    "/account": SIGNED_IN,
    # what the forms of the account are sent to
    "/account/profile": (),
    "/account/password": (),
    "/account/app-password": (),
    "/account/keys": (),
    "/account/keys/{pk}/end": (),
    "/account/services/{pk}": (),
    "/account/sign-out-everywhere": (),
}

# of the admin site these are open by nature: the sign-in itself, and what has nothing to hide
OPEN_ADMIN = {"/admin/login/", "/admin/logout/"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service that plays are sent on to."""
    with listening_service(says(200, {"token": "t"})) as running:
        yield running


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with kept_rows(django_db_blocker):
        yield make_world(tmp_path_factory.mktemp("Rock"), tmp_path_factory.mktemp("Jazz"))


@pytest.fixture
def library(db: None, world: World) -> Library:
    """The library that the member can access."""
    return Library.objects.get(pk=world.library)


@pytest.fixture
def cast(db: None, world: World, configure: Configure, service: Service) -> dict[str, User | None]:
    """Users by role. No address is switched off."""
    configure(
        dev_ui_show_config=True,
        inspect=Inspect(enabled=True),
        enable_sharing=True,
        enable_transcoding_config=True,
        lastfm=LastFm(enabled=True, api_key="k", secret="s", base_url=service.url),
        listenbrainz=ListenBrainz(enabled=True, base_url=service.url),
    )
    users = User.objects.in_bulk(world.users.values())
    return {"anonymous": None, **{role: users[pk] for role, pk in world.users.items()}}


@pytest.fixture
def address(world: World) -> Any:
    """A route with the ids of the member's things filled in."""
    objects = world.objects

    def fill(route: str) -> str:
        parts = route.split("/")
        found = objects.get("open share" if parts[1] == "share" else parts[2]) if "{" in route else ""
        return (
            route.replace("{pk}", str(found))
            .replace("{kind}", "al")
            .replace("{place}", "1")
            .replace("{track}", objects["song"])
        )

    return fill


def allowed(route: str, verb: str) -> tuple[str, ...] | None:
    """The roles that the table opens a verb to; None when it is not offered."""
    return next((roles for verbs, roles in API[route].items() if verb in verbs), None)


def test_every_route_has_a_row() -> None:
    """A new route fails here until somebody has said who may call it."""
    known = set(API) | set(PAGES) | {f"/rest/{method}" for method in REST}
    found = {route for route in routes() if not route.startswith("/admin/")}
    assert found == known


@pytest.mark.parametrize("route", sorted(API))
def test_refusals(cast: dict[str, User | None], address: Any, sign_in: SignIn, route: str) -> None:
    """Whoever the table does not name is refused, and nothing changes."""
    url = address(route)
    clients = {role: sign_in(user) if user is not None else APIClient() for role, user in cast.items()}
    before = everything()
    for role, client in clients.items():
        for verb in VERBS:
            roles = allowed(route, verb)
            if roles is not None and role in roles:
                continue
            expected = {405, 401 if role == "anonymous" else 403, 404} if roles is None else {403, 404}
            if roles is not None and role == "anonymous":
                expected = {403} if route == "/auth/createAdmin" else {401}
            status = getattr(client, verb)(url).status_code
            assert status in expected, f"{verb.upper()} {url} as {role}: {status}"
    assert everything() == before


@pytest.mark.parametrize("route", sorted(API))
def test_permissions(cast: dict[str, User | None], address: Any, sign_in: SignIn, route: str) -> None:
    """Whoever the table names is let through; each call is taken back, so that it cannot hide the next."""
    url = address(route)
    clients = {role: sign_in(user) if user is not None else APIClient() for role, user in cast.items()}
    for role, client in clients.items():
        for verb in VERBS:
            if role not in (allowed(route, verb) or ()):
                continue
            with transaction.atomic():
                status = getattr(client, verb)(url).status_code
                transaction.set_rollback(True)
            assert status not in (401, 403, 405), f"{verb.upper()} {url} as {role}: {status}"
            assert status < 500, f"{verb.upper()} {url} as {role}: {status}"


@pytest.mark.parametrize("method", sorted(REST))
def test_rest(cast: dict[str, User | None], method: str) -> None:
    client, before = APIClient(), everything()
    for role, code in REST[method].items():
        user = cast[role]
        for http in ("get", "post"):
            query = {"v": "1.16.1", "c": "test", "f": "json"}
            if user is not None:
                query |= {"u": user.username, "p": app_passwords.app_password(user)}
                query |= {"username": user.username} if method == "getUser" else {}
            name = method if method != ".*" else "noSuchMethod"
            answer = getattr(client, http)(
                f"/rest/{name}", query, **({"format": "multipart"} if http == "post" else {})
            )
            assert not client.cookies
            found = answer.json()["subsonic-response"]
            assert found.get("error", {}).get("code", 0) == code, f"{method} as {role}"
        after = everything()
        assert after == before or not code
        before = after


@pytest.mark.parametrize("route", sorted(PAGES))
def test_pages(cast: dict[str, User | None], library: Library, route: str) -> None:
    """A page shows itself to whom the table names; others are led on or refused, and their forms change nothing."""
    member, admin = cast["member"], cast["admin"]
    assert member is not None
    assert admin is not None
    key, _ = api_keys.create_key(admin, name="k", scope="read")
    url = route.replace("{pk}", str(library.pk) if route.startswith("/setup") else key.pk)
    before = everything()
    for role, user in cast.items():
        client = Client(HTTP_HOST="localhost")
        if user is not None:
            client.force_login(user)
        status = client.get(url).status_code
        assert status == 200 if role in PAGES[route] else status in (302, 403, 405), f"{url} as {role}: {status}"
    for role in ("anonymous", "outsider"):
        client = Client(HTTP_HOST="localhost")
        if role == "anonymous" or route.startswith("/setup"):
            client.post(url, {"path": library.path, "name": "x", "access": "everybody", "username": "eve"})
        if role == "outsider" and "{pk}" in route:
            client.force_login(cast[role])  # type: ignore[arg-type]
            client.post(url)
    User.objects.update(last_login=None)
    assert everything() == before


def test_admin_site(cast: dict[str, User | None], share: ShareOfRun) -> None:
    """Every page sends everybody but staff to the sign-in, and changes nothing."""
    pages = [route for route in routes() if route.startswith("/admin/") and route not in OPEN_ADMIN]
    assert len(pages) > 30
    before = everything()
    for role in ("anonymous", "member", "outsider", "scanner"):
        client, user = Client(), cast[role]
        if user is not None:
            client.force_login(user)
        for page in share.of(pages):
            url = page.replace("{", "1").replace("}", "").replace("(", "").replace(")", "").replace(".*", "")
            for verb in ("get", "post", "delete"):
                response = getattr(client, verb)(url)
                assert response.status_code in (302, 404, 405), f"{verb} {page} as {role}"
                if response.status_code == 302:
                    assert response["Location"].startswith("/admin/login/"), page
    User.objects.update(last_login=None)
    assert everything() == before


@pytest.mark.parametrize("scope", ["read", "scan", "manage"])
def test_keys_of_regular_people_open_no_admin_route(cast: dict[str, User | None], address: Any, scope: str) -> None:
    """And a key that may only read changes nothing, whoever owns it."""
    for role in ("member", "scanner", "admin"):
        user = cast[role]
        assert user is not None
        _, text = api_keys.create_key(user, name="k", scope=scope)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        before = everything()
        for route in API:
            for verb in VERBS:
                if not route.startswith("/api/") or (role == "admin" and (scope != "read" or verb in READS)):
                    continue
                roles = allowed(route, verb)
                if roles is None or (role in roles and scope == "manage") or roles == ALL:
                    continue
                status = getattr(client, verb)(address_of(address, route)).status_code
                if role not in roles or verb not in READS:
                    assert status in (403, 404, 405), f"{verb} {route} with a {scope} key of {role}: {status}"
        assert everything() == before


def address_of(address: Any, route: str) -> str:
    return str(address(route))
