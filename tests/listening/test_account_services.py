"""The account page: services that plays are sent on to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.models import Library
from listening.models import ServiceAccount, WaitingPlay
from tests.conftest import Configure
from tests.support.catalog import SEEN
from tests.support.listening_service import Service, breaks_off, listening_service, says
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

BRAINZ, LASTFM = "/account/services/listenbrainz", "/account/services/lastfm"
TOKEN = "token-4711"


@pytest.fixture
def browser(member: User) -> Client:
    client = Client()
    client.force_login(member)
    return client


@pytest.fixture
def service(configure: Configure, settings: Settings) -> Iterator[Service]:
    with listening_service(says(200, {"valid": True, "user_name": "mem at brainz"})) as running:
        conf, url = settings.CONF, running.url
        lastfm = dataclasses.replace(
            conf.lastfm, enabled=True, api_key="a key", secret="a secret", base_url=f"{url}/2.0",
            auth_url="https://last.example/auth",
        )  # fmt: skip
        brainz = dataclasses.replace(conf.listenbrainz, enabled=True, base_url=f"{url}/1")
        configure(listenbrainz=brainz, lastfm=lastfm)
        yield running


def send(browser: Client, url: str, do: str, **fields: Any) -> str:
    """What a form does: the page that comes of it."""
    prefix = url.rpartition("/")[2]
    body = {"do": do, **{f"{prefix}-{name}": value for name, value in fields.items()}}
    answer = browser.post(url, body, follow=True)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    return str(answer.content.decode())


def test_nothing_is_shown_of_what_is_switched_off(browser: Client, configure: Configure, settings: Settings) -> None:
    assert "Send my plays on" not in browser.get("/account").content.decode()
    assert "Send my plays on" not in send(browser, BRAINZ, "link", token=TOKEN)
    assert not ServiceAccount.objects.exists()
    configure(listenbrainz=dataclasses.replace(settings.CONF.listenbrainz, enabled=True))
    page = browser.get("/account").content.decode()
    assert ("Link ListenBrainz" in page, "Last.fm" in page) == (True, False)


def test_a_token_of_listenbrainz(browser: Client, member: User, service: Service) -> None:
    page = send(browser, BRAINZ, "link", token=TOKEN)
    assert ("mem at brainz" in page, "sent on to ListenBrainz" in page, TOKEN in page) == (True, True, False)
    account = ServiceAccount.objects.get(user=member)
    WaitingPlay.objects.create(account=account, track_id="t", played_at=SEEN, about={})
    WaitingPlay.objects.create(account=account, track_id="u", played_at=SEEN, about={}, refused="No.")
    page = browser.get("/account").content.decode()
    assert ("1 play waits." in page, "1 play was not taken there." in page) == (True, True)
    assert 'name="listenbrainz-token"' not in page
    ServiceAccount.objects.update(stopped_at=timezone.now(), last_error="It <b>was</b> ended.")
    page = browser.get("/account").content.decode()
    assert ("link it again" in page, "It &lt;b&gt;was&lt;/b&gt; ended." in page) == (True, True)
    assert 'name="listenbrainz-token"' in page
    assert "No more plays are sent on to ListenBrainz." in send(browser, BRAINZ, "end")
    assert not ServiceAccount.objects.exists()


def test_tokens_that_are_none(browser: Client, service: Service) -> None:
    service.planned = [says(200, {"valid": False}), breaks_off]
    for _ in range(2):
        page = send(browser, BRAINZ, "link", token=TOKEN)
        assert ('role="alert"' in page, TOKEN in page) == (True, False)
    assert "ASCII only" in send(browser, BRAINZ, "link", token="Ωmega")
    assert "This field is required." in send(browser, BRAINZ, "link")
    assert len(service.asked) == 2
    assert not ServiceAccount.objects.exists()


def test_last_fm_is_allowed_on_its_page(browser: Client, member: User, service: Service) -> None:
    assert "Link Last.fm" in browser.get("/account").content.decode()
    service.planned = [says(200, {"token": "of the page"})]
    page = send(browser, LASTFM, "begin")
    assert 'href="https://last.example/auth/?api_key=a+key&amp;token=of+the+page"' in page
    assert 'name="lastfm-token" value="of the page"' in page
    service.planned = [says(403, {"error": 14, "message": "This token has not been authorized"})]
    assert "This token has not been authorized" in send(browser, LASTFM, "link", token="of the page")
    service.planned = [says(200, {"session": {"name": "mem", "key": "session-4711"}})]
    page = send(browser, LASTFM, "link", token="of the page")
    assert ("sent on to Last.fm" in page, "session-4711" in page) == (True, False)
    assert ServiceAccount.objects.get().user_id == member.pk


def test_libraries_that_are_left_out(
    browser: Client, service: Service, library: Library, other_library: Library
) -> None:
    send(browser, BRAINZ, "link", token=TOKEN)
    assert "Your changes were saved." in send(browser, BRAINZ, "leave-out", libraries=[library.pk])
    account = ServiceAccount.objects.get()
    assert list(account.left_out.all()) == [library]
    assert f'value="{library.pk}" id="id_listenbrainz-libraries_0" checked' in browser.get("/account").content.decode()
    page = send(browser, BRAINZ, "leave-out", libraries=[other_library.pk])
    assert ("is not one of the available choices" in page, "Jazz" in page) == (True, False)
    assert list(account.left_out.all()) == [library]
    send(browser, BRAINZ, "leave-out")
    assert not account.left_out.exists()


def test_it_is_of_ones_own(browser: Client, service: Service, site: Client) -> None:
    send(browser, BRAINZ, "link", token=TOKEN)
    assert "mem at brainz" not in site.get("/account").content.decode()
    send(site, BRAINZ, "end")
    assert ServiceAccount.objects.count() == 1
    assert "Link ListenBrainz" in send(site, "/account/services/nothing", "link", token=TOKEN)
    assert "Link ListenBrainz" in send(site, BRAINZ, "nothing", token=TOKEN)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="member"))
    assert strict.post(BRAINZ, {"do": "end"}).status_code == 403
