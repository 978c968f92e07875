"""`/api/listenbrainz/link` and `/api/lastfm/link`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.models import Library
from listening.forwarding.sending import forward_plays
from listening.models import ServiceAccount, WaitingPlay
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import Configure, SignIn
from tests.support.catalog import SEEN
from tests.support.listening_service import Service, breaks_off, listening_service, says
from users import api_keys
from users.app_passwords import app_password
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

BRAINZ, LASTFM = "/api/listenbrainz/link", "/api/lastfm/link"
TOKEN = "token-4711"
NOTHING = {
    "status": False, "enabled": True, "name": "", "waiting": 0, "refused": 0, "stopped": False, "lastError": "",
    "leftOutLibraryIds": [],
}  # fmt: skip


@pytest.fixture
def service(configure: Configure, settings: Settings) -> Iterator[Service]:
    with listening_service(says(200, {"valid": True, "user_name": "ann"})) as running:
        brainz = dataclasses.replace(settings.CONF.listenbrainz, enabled=True, base_url=f"{running.url}/1")
        lastfm = dataclasses.replace(
            settings.CONF.lastfm, enabled=True, api_key="a key", secret="a secret", base_url=f"{running.url}/2.0",
            auth_url="https://last.example/auth",
        )  # fmt: skip
        configure(listenbrainz=brainz, lastfm=lastfm)
        yield running


def put(client: APIClient, url: str = BRAINZ, **body: Any) -> Any:
    return client.put(url, body, format="json")


def test_from_its_start_to_its_end(service: Service, member: User, sign_in: SignIn) -> None:
    client = sign_in(member)
    assert client.get(BRAINZ).json() == NOTHING
    shown = put(client, token=TOKEN)
    assert shown.status_code == 200
    assert shown.json() == client.get(BRAINZ).json() == {**NOTHING, "status": True, "name": "ann"}
    assert (service.asked[0].path, service.asked[0].headers["authorization"]) == ("/1/validate-token", f"Token {TOKEN}")
    assert TOKEN not in shown.content.decode()
    account = ServiceAccount.objects.get()
    WaitingPlay.objects.create(account=account, track_id="t", played_at=SEEN, about={})
    WaitingPlay.objects.create(account=account, track_id="u", played_at=SEEN, about={}, refused="No.")
    told = client.get(BRAINZ).json()
    assert (told["waiting"], told["refused"]) == (1, 1)
    assert client.delete(BRAINZ).json() == {}
    assert client.get(BRAINZ).json() == NOTHING
    assert not WaitingPlay.objects.exists()
    actions = AuditEntry.objects.filter(action__startswith="service.").order_by("pk")
    assert list(actions.values_list("action", "object_id")) == [
        ("service.link", member.pk), ("service.unlink", member.pk)
    ]  # fmt: skip


def test_a_token_that_is_none(service: Service, member: User, sign_in: SignIn) -> None:
    client = sign_in(member)
    for planned, status in (
        (says(200, {"valid": False}), 400), (says(401, {"error": "no"}), 400), (says(500, b""), 503), (breaks_off, 503),
    ):  # fmt: skip
        service.planned = [planned]
        answer = put(client, token=TOKEN)
        assert answer.status_code == status
        assert TOKEN not in answer.content.decode()
    assert put(client).json()["errors"] == {"token": "A token is needed."}
    assert not ServiceAccount.objects.exists()


def test_another_token_sends_what_waited(service: Service, member: User, sign_in: SignIn) -> None:
    client = sign_in(member)
    put(client, token=TOKEN)
    ServiceAccount.objects.update(stopped_at=timezone.now(), last_error="No.", failures=3)
    about = {"title": "t", "artist": "a"}
    WaitingPlay.objects.create(account=ServiceAccount.objects.get(), track_id="t", played_at=SEEN, about=about)
    assert client.get(BRAINZ).json()["stopped"] is True
    assert put(client, token="token-4712").json() == {**NOTHING, "status": True, "name": "ann", "waiting": 1}
    assert forward_plays() == 1
    assert service.asked[-1].headers["authorization"] == "Token token-4712"


def test_libraries_that_are_left_out(
    service: Service, member: User, sign_in: SignIn, library: Library, other_library: Library
) -> None:
    client = sign_in(member)
    put(client, token=TOKEN)
    assert put(client, leftOutLibraryIds=[str(library.pk)]).json()["leftOutLibraryIds"] == [library.pk]
    for wrong in ([other_library.pk], ["x"], [999]):
        assert put(client, leftOutLibraryIds=wrong).status_code == 400
    assert client.get(BRAINZ).json()["leftOutLibraryIds"] == [library.pk]
    assert put(client, leftOutLibraryIds=[]).json()["leftOutLibraryIds"] == []


def test_last_fm_is_allowed_on_a_page(service: Service, member: User, sign_in: SignIn) -> None:
    client = sign_in(member)
    service.planned = [says(200, {"token": "of the page"})]
    begun = client.post(LASTFM).json()
    assert begun == {
        "token": "of the page", "url": "https://last.example/auth/?api_key=a+key&token=of+the+page"
    }  # fmt: skip
    service.planned = [says(403, {"error": 14, "message": "This token has not been authorized"})]
    assert put(client, LASTFM, token=begun["token"]).status_code == 400
    service.planned = [says(200, {"session": {"name": "ann", "key": "session-4711"}})]
    shown = put(client, LASTFM, token=begun["token"])
    assert shown.json() == {**NOTHING, "status": True, "name": "ann"}
    assert "session-4711" not in shown.content.decode()
    assert [asked.form["method"] for asked in service.asked] == ["auth.getToken", "auth.getSession", "auth.getSession"]


def test_switched_off(member: User, sign_in: SignIn) -> None:
    client = sign_in(member)
    for url in (BRAINZ, LASTFM):
        assert client.get(url).json() == {**NOTHING, "enabled": False}
        assert put(client, url, token=TOKEN).status_code == 403
    assert client.post(LASTFM).status_code == 403


def test_it_is_of_ones_own(service: Service, member: User, admin: User, sign_in: SignIn) -> None:
    put(sign_in(member), token=TOKEN)
    assert sign_in(admin).get(BRAINZ).json() == NOTHING
    sign_in(admin).delete(BRAINZ)
    assert ServiceAccount.objects.count() == 1


def test_an_app_or_a_key_that_may_not_manage(service: Service, member: User) -> None:
    for scope in ("read", "listen"):
        client = APIClient()
        _, key = api_keys.create_key(member, name=scope, scope=scope)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        assert client.get(BRAINZ).status_code == 200
        assert put(client, token=TOKEN).status_code == client.delete(BRAINZ).status_code == 403
        assert client.post(LASTFM).status_code == 403
    client = APIClient()
    credentials = {"username": member.username, "password": app_password(member)}
    token = client.post("/auth/login", credentials, format="json").json()["token"]
    client.credentials(HTTP_X_ND_AUTHORIZATION=f"Bearer {token}")
    assert put(client, token=TOKEN).status_code == 403
    assert service.asked == []


@pytest.mark.parametrize("token", ["Ωmega", "a\r\nX-Evil: 1", "a\nb", "a\x7fb", "a\u2028b"])
def test_a_token_that_cannot_be_in_a_header(service: Service, member: User, sign_in: SignIn, token: str) -> None:
    answer = sign_in(member).put(BRAINZ, {"token": token}, format="json")
    assert answer.status_code == 400
    assert "token" in answer.json()["errors"]
    assert service.asked == []
