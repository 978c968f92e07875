"""Plays in the language of Last.fm."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from libraries.models import MediaFile
from listening.forwarding.sending import forward_plays
from listening.models import Service as Kind
from listening.models import ServiceAccount, WaitingPlay
from tests.conftest import Configure
from tests.listening.forwarding.conftest import QUICK, due_now, link, play, wait_of
from tests.support.catalog import SEEN
from tests.support.listening_service import Service, hangs, says
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


class TestLastFm:
    KEY, SECRET = "an api key", "a shared secret"

    @pytest.fixture
    def account(self, member: User, service: Service, configure: Configure, settings: Settings) -> ServiceAccount:
        options = dataclasses.replace(
            settings.CONF.lastfm, enabled=True, api_key=self.KEY, secret=self.SECRET, base_url=f"{service.url}/2.0"
        )
        configure(lastfm=options)
        service.usual = lambda handler, asked: says(200, self.taken(asked.form))(handler, asked)
        return link(member, Kind.LASTFM, "a session key")

    def taken(self, form: dict[str, str], **ignored: int) -> dict[str, Any]:
        """The answer to a form; `ignored` has the numbers of reasons by the place of a play."""
        count = sum(name.startswith("timestamp[") for name in form)
        codes = [ignored.get(f"p{place}", 0) for place in range(count)]
        rows = [{"ignoredMessage": {"code": str(code), "#text": ""}} for code in codes]
        return {"scrobbles": {"@attr": {}, "scrobble": rows if count > 1 else rows[0]}}

    def test_plays_are_signed(self, member: User, account: ServiceAccount, service: Service, song: MediaFile) -> None:
        play(member, song, 0, 1)
        assert forward_plays() == 2
        (asked,) = service.asked
        form = asked.form
        assert form["method"] == "track.scrobble"
        assert (form["sk"], form["artist[0]"], form["track[1]"]) == ("a session key", "Ada", "song")
        assert form["timestamp[1]"] == str(int(SEEN.timestamp()) + 60)
        assert (form["duration[0]"], form["trackNumber[0]"]) == ("100", "3")
        named = {name: value for name, value in form.items() if name not in ("api_sig", "format")}
        text = "".join(name + value for name, value in sorted(named.items())) + self.SECRET
        assert form["api_sig"] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        assert self.SECRET not in asked.body.decode()

    def test_single_plays_that_are_ignored(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, 0, 1, 2)
        service.planned = [lambda handler, asked: says(200, self.taken(asked.form, p1=3))(handler, asked)]
        assert forward_plays() == 2
        assert WaitingPlay.objects.get().refused == "It is too old."

    def test_the_limit_of_a_day(self, member: User, account: ServiceAccount, service: Service, song: MediaFile) -> None:
        play(member, song, 0)
        service.planned = [lambda handler, asked: says(200, self.taken(asked.form, p0=5))(handler, asked)]
        assert forward_plays() == 0
        assert wait_of(account) > 3000
        due_now(account)
        assert forward_plays() == 1

    @pytest.mark.parametrize(
        ("code", "stops"), [(9, True), (4, True), (11, False), (16, False), (29, False), (10, False)]
    )
    def test_errors_by_number(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile, code: int, stops: bool
    ) -> None:
        play(member, song, 0)
        service.planned = [says(403, {"error": code, "message": "No."})]
        assert forward_plays() == 0
        account.refresh_from_db()
        assert (account.stopped_at is not None, account.next_try_at is not None) == (stops, not stops)
        assert WaitingPlay.objects.filter(refused="").count() == 1

    def test_a_page_in_between_ends_no_session(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        """A 403 without a number is that of a proxy or a firewall."""
        play(member, song, 0)
        service.planned = [says(403, b"<html>")]
        assert forward_plays() == 0
        account.refresh_from_db()
        assert account.stopped_at is None

    def test_both_services_at_once(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        """One that is away holds up the other one no longer than its limit."""
        link(member)
        play(member, song, 0)
        service.usual = lambda handler, asked: (hangs if "submit" in asked.path else says(200, self.taken(asked.form)))(
            handler, asked
        )
        assert forward_plays(limits=QUICK) == 1
        assert set(WaitingPlay.objects.values_list("account__service", flat=True)) == {"listenbrainz"}
