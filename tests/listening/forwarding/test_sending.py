"""Plays on their way to other services, through outages, restarts and refusals, against a real server."""

from __future__ import annotations

import dataclasses
import itertools
import socket
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile
from listening.forwarding.sending import LONGEST_WAIT, forward_plays
from listening.models import Player, ServiceAccount, WaitingPlay
from listening.services.plays import Play, record_plays
from navidrome_lib.outgoing.exchange import MAX_BODY
from tests.conftest import Configure
from tests.listening.forwarding.conftest import OK, QUICK, due_now, link, play, sent, wait_of
from tests.support.catalog import SEEN, make_track
from tests.support.listening_service import Answer, Service, breaks_off, hangs, says, trickles
from users.app_passwords import rotate_secrets
from users.encryption import box_of, make_key
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


class TestSending:
    def test_a_play_is_told_once_with_all_that_is_known(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, 0)
        assert forward_plays() == 1
        (asked,) = service.asked
        assert (asked.method, asked.path) == ("POST", "/1/submit-listens")
        assert asked.headers["authorization"] == "Token token-4711"
        (listen,) = asked.json["payload"]
        assert listen["listened_at"] == int(SEEN.timestamp())
        about = listen["track_metadata"]
        assert (about["artist_name"], about["track_name"], about["release_name"]) == ("Ada", "song", "First")
        assert (
            about["additional_info"] | {"recording_mbid": "r-1", "tracknumber": 3, "duration_ms": 100_500}
            == (about["additional_info"])
        )
        assert not WaitingPlay.objects.exists()
        assert forward_plays() == 0
        assert len(service.asked) == 1

    def test_plays_go_in_order_and_in_pieces(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, *range(120))
        assert forward_plays() == 120
        assert [len(minutes) for minutes in sent(service)] == [50, 50, 20]
        assert list(itertools.chain(*sent(service))) == list(range(120))

    def test_what_a_client_sends_again_waits_once(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, 0, 1)
        play(member, song, 1, 2)
        forward_plays()
        assert sent(service) == [[0, 1, 2]]

    def test_it_is_told_what_the_track_was_when_it_was_played(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, 0)
        song.delete()
        assert forward_plays() == 1
        assert service.asked[0].json["payload"][0]["track_metadata"]["track_name"] == "song"

    def test_a_play_that_is_not_recorded_does_not_wait(
        self, member: User, account: ServiceAccount, song: MediaFile
    ) -> None:
        with transaction.atomic():
            play(member, song, 0)
            assert WaitingPlay.objects.count() == 1
            transaction.set_rollback(True)
        assert not WaitingPlay.objects.exists()


class TestFailures:
    @pytest.mark.parametrize(
        "answer",
        [says(500, b"<html>"), says(503, {}), says(200, b"<html>"), says(302, b"", Location="/1/other"), breaks_off,
         hangs, trickles, says(200, b" " * (MAX_BODY + 1)), says(404, b"")],
        ids=["500", "503", "page", "redirect", "breaks-off", "hangs", "trickles", "endless", "404"],
    )  # fmt: skip
    def test_nothing_is_lost_and_it_is_tried_again(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile, answer: Answer, request: Any
    ) -> None:
        play(member, song, 0, 1)
        service.planned = [answer] * (3 if "404" in request.node.name else 1)
        assert forward_plays(limits=QUICK) == 0
        if "404" in request.node.name:  # a service that knows no such address refuses each play
            assert set(WaitingPlay.objects.values_list("refused", flat=True)) == {"404"}
            return
        assert len(service.asked) == 1
        assert 50 < wait_of(account) <= 60
        assert account.last_error
        assert forward_plays() == 0  # not yet
        assert len(service.asked) == 1
        due_now(account)
        assert forward_plays() == 2
        assert sent(service)[-1] == [0, 1]
        account.refresh_from_db()
        assert (account.failures, account.last_error, account.next_try_at) == (0, "", None)

    def test_a_long_outage(
        self, member: User, service: Service, song: MediaFile, configure: Configure, settings: Settings
    ) -> None:
        """Waits get longer, to a limit; what is played meanwhile comes behind what was played before."""
        account = link(member)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        configure(listenbrainz=dataclasses.replace(settings.CONF.listenbrainz, base_url=nowhere))
        waits = []
        for number in range(12):
            play(member, song, number)
            due_now(account)
            assert forward_plays(limits=QUICK) == 0
            waits.append(round(wait_of(account) / 60))
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256] + [int(LONGEST_WAIT / 60)] * 3
        configure(listenbrainz=dataclasses.replace(settings.CONF.listenbrainz, base_url=f"{service.url}/1"))
        due_now(account)
        assert forward_plays() == 12
        assert sent(service) == [list(range(12))]

    def test_a_service_says_how_long_to_wait(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        for header, seconds in (("Retry-After", 600), ("X-RateLimit-Reset-In", 7)):
            play(member, song, seconds)
            due_now(account)
            service.planned = [says(429, {"error": "slow down"}, **{header: str(seconds)})]
            assert forward_plays() == 0
            assert seconds - 5 < wait_of(account) <= seconds

    def test_an_account_of_a_service_that_is_away_does_not_wait_for_the_others(
        self, member: User, admin: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        link(admin)
        for user in (member, admin):
            play(user, song, 0)
        service.planned = [hangs]
        assert forward_plays(limits=QUICK) == 0
        assert len(service.asked) == 1

    def test_a_token_that_ended(self, member: User, account: ServiceAccount, service: Service, song: MediaFile) -> None:
        play(member, song, 0)
        service.planned = [says(401, {"error": "Invalid authorization token."})]
        assert forward_plays() == 0
        account.refresh_from_db()
        assert account.stopped_at is not None
        assert "Invalid authorization token." in account.last_error
        play(member, song, 1)
        assert forward_plays() == 0
        assert len(service.asked) == 1
        ServiceAccount.objects.update(stopped_at=None)  # as a new token does
        assert forward_plays() == 2

    def test_one_play_that_is_refused_holds_up_no_other(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        def judge(handler: Any, asked: Any) -> None:
            bad = any(each["listened_at"] == int(SEEN.timestamp()) + 60 for each in asked.json["payload"])
            (says(400, {"error": "That makes no sense."}) if bad else OK)(handler, asked)

        service.usual = judge
        play(member, song, 0, 1, 2)
        assert forward_plays() == 2
        assert sent(service) == [[0, 1, 2], [0], [1], [2]]
        kept = WaitingPlay.objects.get()
        assert (kept.played_at, kept.refused) == (SEEN + timedelta(minutes=1), "That makes no sense.")
        assert forward_plays() == 0
        assert len(service.asked) == 4

    def test_a_track_without_a_name_is_kept_and_not_sent(
        self, member: User, account: ServiceAccount, service: Service, library: Library, song: MediaFile
    ) -> None:
        nameless = make_track(library, "A/x.mp3", missing=False)
        MediaFile.objects.filter(pk=nameless.pk).update(artist="")
        play(member, nameless, 0)
        play(member, song, 1)
        assert forward_plays() == 1
        assert sent(service) == [[1]]
        assert "no artist" in WaitingPlay.objects.get().refused


class TestOneAtATime:
    def test_an_account_that_another_run_has(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, 0)
        soon = timezone.now() + timedelta(minutes=1)
        ServiceAccount.objects.update(claimed_by="another", claimed_until=soon)
        assert forward_plays() == 0
        assert service.asked == []
        # the worker died with it
        ServiceAccount.objects.update(claimed_until=soon - timedelta(minutes=2))
        assert forward_plays() == 1

    def test_the_account_is_free_afterwards(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, 0)
        service.planned = [says(500, {})]
        forward_plays()
        account.refresh_from_db()
        assert (account.claimed_by, account.claimed_until) == ("", None)


class TestFilters:
    def test_only_what_a_person_wants(
        self, member: User, account: ServiceAccount, service: Service, library: Library, song: MediaFile
    ) -> None:
        quiet = Player.objects.create(user=member, name="q", client="q", scrobble_enabled=False)
        loud = Player.objects.create(user=member, name="l", client="l")
        play(member, song, 0, player=quiet)
        assert not WaitingPlay.objects.exists()
        play(member, song, 1, player=loud)
        assert WaitingPlay.objects.count() == 1
        account.left_out.add(library)
        play(member, song, 2)
        assert WaitingPlay.objects.count() == 1

    def test_only_of_who_has_an_account_there(self, admin: User, account: ServiceAccount, song: MediaFile) -> None:
        play(admin, song, 0)
        assert not WaitingPlay.objects.exists()

    def test_nothing_happens_where_it_is_switched_off(
        self, member: User, service: Service, account: ServiceAccount, song: MediaFile, configure: Configure,
        settings: Settings, django_assert_num_queries: Any,
    ) -> None:  # fmt: skip
        play(member, song, 0)
        configure(listenbrainz=dataclasses.replace(settings.CONF.listenbrainz, enabled=False))
        with django_assert_num_queries(0):
            assert forward_plays() == 0
        play(member, song, 1)
        assert WaitingPlay.objects.count() == 1
        assert service.asked == []

    def test_an_account_that_was_deactivated(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        play(member, song, 0)
        User.objects.filter(pk=member.pk).update(is_active=False)
        assert forward_plays() == 0
        assert service.asked == []


class TestSecrets:
    def test_a_token_is_encrypted_and_follows_new_keys(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        assert b"token-4711" not in bytes(account.secret)
        new, old = make_key(), make_key()
        ServiceAccount.objects.update(secret=box_of((old,)).encrypt(b"token-4711"))
        assert rotate_secrets((new, old)) == 1
        secret = bytes(ServiceAccount.objects.get().secret)
        assert box_of((new,)).decrypt(secret) == b"token-4711"

    def test_a_token_whose_key_is_lost(
        self, member: User, account: ServiceAccount, service: Service, song: MediaFile
    ) -> None:
        ServiceAccount.objects.update(secret=box_of((make_key(),)).encrypt(b"token-4711"))
        play(member, song, 0)
        assert forward_plays() == 0
        assert service.asked == []
        account.refresh_from_db()
        assert "Give the token again." in account.last_error


def test_a_moment_is_told_in_seconds(member: User, account: ServiceAccount, service: Service, song: MediaFile) -> None:
    at = datetime.fromisoformat("2026-05-06T07:08:09.999+00:00")
    record_plays(member.as_viewer(), [Play(song.pk, at)])
    forward_plays()
    assert service.asked[0].json["payload"][0]["listened_at"] == 1_778_051_289
