"""Asking services outside: what is sent, what is kept, and what becomes of failures."""

from __future__ import annotations

import dataclasses
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.models import Album, Artist, Library
from media.choices import CoverKind, Source
from media.covers.background import prune_covers
from media.external.fetching import REFUSED_WAIT, ask_waiting
from media.limits import MediaLimits
from media.models import OutsideInfo, OutsideSource
from tests.conftest import Configure
from tests.media.external.conftest import KEY, LINK, MBZ, QUICK, Outside, fetch, nested, row
from tests.support.catalog import make_artist, make_track
from tests.support.limits import change_limits
from tests.support.listening_service import Answer, breaks_off, hangs, says, trickles

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

ARTIST, ALBUM = CoverKind.ARTIST, CoverKind.ALBUM


@pytest.fixture
def ada(library: Library) -> Artist:
    make_track(library, "Ada/First/1.mp3", missing=False, album="First", artist="Ada", album_artist="Ada")
    return make_artist("Ada")


@pytest.fixture
def first(ada: Artist) -> Album:
    Album.objects.filter(name="First").update(song_count=1, album_artist="Ada", artist=ada)
    return Album.objects.get(name="First")


def rest_of(source: Source) -> float:
    """For how many seconds a service is left alone."""
    until = OutsideSource.objects.get(name=str(source)).next_request_at
    assert until is not None
    return (until - timezone.now()).total_seconds()


def rested() -> None:
    """Let the time pass until all may be asked again."""
    before = timezone.now() - timedelta(seconds=1)
    OutsideSource.objects.update(next_request_at=before)
    OutsideInfo.objects.filter(next_try_at__isnull=False).update(next_try_at=before)


def test_what_is_kept_of_an_artist(outside: Outside, ada: Artist) -> None:
    assert fetch(ARTIST, ada.pk) == 3
    about = row(ARTIST, ada.pk, Source.LASTFM).about
    assert about["text"] == "Ada & friends. ‹i› Read more on Last.fm."
    assert about["url"] == LINK
    assert [each["name"] for each in about["similar"]] == ["Zoë Elsewhere", "Bob", "Eve"]
    assert row(ARTIST, ada.pk, Source.MUSICBRAINZ).about == {"mbz": MBZ(1)}
    assert row(ARTIST, ada.pk, Source.LISTENBRAINZ).about["top"] == [{"name": "Overture", "mbz": MBZ(8)}]
    assert not OutsideInfo.objects.filter(source=str(Source.COVER_ART_ARCHIVE)).exists(), "that has no artists"


def test_nothing_but_names_and_ids_is_sent(outside: Outside, ada: Artist, first: Album) -> None:
    fetch(ARTIST, ada.pk)
    rested()
    fetch(ALBUM, first.pk)
    allowed = {
        "artist", "album", "lang", "limit", "method", "api_key", "format", "autocorrect", "query", "fmt",
        "artist_mbids", "algorithm",
    }  # fmt: skip
    assert {key for query in outside.told for key in query} == allowed
    values = {value for query in outside.told for key, value in query.items() if key in ("artist", "album", "query")}
    assert values == {"Ada", "First", 'artist:"Ada"', 'release:"First" AND artist:"Ada"'}
    for asked in outside.service.asked:
        assert set(asked.headers) == {"host", "accept-encoding", "user-agent", "accept"}
        assert asked.headers["user-agent"].startswith("navidrome-lib/")
        assert (KEY in asked.path) == ("/2.0" in asked.path)
        assert asked.body == b""


def test_nothing_is_sent_while_it_is_off(
    outside: Outside, ada: Artist, configure: Configure, settings: Settings
) -> None:
    configure(external=dataclasses.replace(settings.CONF.external, enabled=False))
    assert fetch(ARTIST, ada.pk) == 0
    configure(external=dataclasses.replace(settings.CONF.external, enabled=True, sources=("musicbrainz",)))
    assert fetch(ARTIST, ada.pk) == 1
    configure(external=dataclasses.replace(settings.CONF.external, enabled=False))
    OutsideInfo.objects.update(next_try_at=timezone.now())
    rested()
    assert ask_waiting(limits=QUICK) == 0
    assert len(outside.paths) == 1


def test_last_fm_is_not_asked_without_a_key(
    outside: Outside, ada: Artist, configure: Configure, settings: Settings
) -> None:
    configure(lastfm=dataclasses.replace(settings.CONF.lastfm, api_key=""))
    fetch(ARTIST, ada.pk)
    assert not [path for path in outside.paths if "/2.0" in path]


def test_an_answer_counts_for_its_lifetime(outside: Outside, ada: Artist) -> None:
    fetch(ARTIST, ada.pk, Source.MUSICBRAINZ)
    rested()
    assert fetch(ARTIST, ada.pk, Source.MUSICBRAINZ) == 0
    OutsideInfo.objects.update(settled_at=timezone.now() - timedelta(days=31))
    outside.answers["/mb/artist"] = says(503, {})
    assert fetch(ARTIST, ada.pk, Source.MUSICBRAINZ) == 0
    assert row(ARTIST, ada.pk, Source.MUSICBRAINZ).about == {"mbz": MBZ(1)}, "the old one, until there is another"
    outside.answers["/mb/artist"] = says(200, {"artists": []})
    rested()
    assert ask_waiting(limits=QUICK) == 1
    assert row(ARTIST, ada.pk, Source.MUSICBRAINZ).about == {}


def test_another_name_is_another_question(outside: Outside, first: Album) -> None:
    fetch(ALBUM, first.pk, Source.LASTFM)
    Album.objects.filter(pk=first.pk).update(name="First (Deluxe)")
    rested()
    assert fetch(ALBUM, first.pk, Source.LASTFM) == 1
    assert [query["album"] for query in outside.told] == ["First", "First (Deluxe)"]


def test_who_may_be_another_of_the_same_name_is_not_taken(outside: Outside, ada: Artist, first: Album) -> None:
    two = [{"id": MBZ(number), "name": "Ada", "score": 100} for number in (1, 2)]
    outside.answers["/mb/artist"] = says(200, {"artists": two})
    outside.answers["/mb/release"] = says(200, {"releases": [outside.release(MBZ(4)), outside.release(MBZ(5), MBZ(6))]})
    assert fetch(ARTIST, ada.pk, Source.MUSICBRAINZ) == 1
    rested()
    assert fetch(ALBUM, first.pk, Source.MUSICBRAINZ) == 1
    assert set(map(str, OutsideInfo.objects.values_list("about", flat=True))) == {"{}"}


@pytest.mark.parametrize(
    "answer",
    [says(500, {}), says(429, {}), hangs, trickles, breaks_off, says(200, b"x" * 300_000), says(302, b"")],
    ids=["500", "429", "hangs", "trickles", "breaks off", "too much", "redirect"],
)
def test_a_service_that_fails_is_left_alone(outside: Outside, ada: Artist, answer: Answer) -> None:
    outside.answers["/mb/artist"] = answer
    began = time.monotonic()
    assert fetch(ARTIST, ada.pk, Source.MUSICBRAINZ) == 0
    assert time.monotonic() - began < 5
    found = row(ARTIST, ada.pk, Source.MUSICBRAINZ)
    assert (found.failures, found.settled_at) == (1, None)
    assert 30 < rest_of(Source.MUSICBRAINZ) < 70
    assert ask_waiting(limits=QUICK) == 0
    assert len(outside.paths) == 1
    rested()
    assert ask_waiting(limits=QUICK) == 0
    assert 90 < rest_of(Source.MUSICBRAINZ) < 130, "twice as long"
    outside.answers["/mb/artist"] = says(200, {"artists": []})
    rested()
    assert ask_waiting(limits=QUICK) == 1
    assert OutsideSource.objects.get(name=str(Source.MUSICBRAINZ)).failures == 0


def test_a_service_says_when(outside: Outside, ada: Artist) -> None:
    outside.answers["/mb/artist"] = says(429, {}, Retry_After="700")
    fetch(ARTIST, ada.pk, Source.MUSICBRAINZ)
    assert 650 < rest_of(Source.MUSICBRAINZ) < 710


@pytest.mark.parametrize("body", [b"<html>", nested(100_000), b"\xff\xfe"])
def test_an_answer_without_sense_concerns_one_thing_only(
    outside: Outside, ada: Artist, body: bytes, settings: Settings
) -> None:
    change_limits(settings, MediaLimits, outside_tries=2)
    outside.answers["/mb/artist"] = says(200, body)
    fetch(ARTIST, ada.pk, Source.MUSICBRAINZ)
    assert OutsideSource.objects.get(name=str(Source.MUSICBRAINZ)).failures == 0
    rested()
    ask_waiting(limits=QUICK)
    found = row(ARTIST, ada.pk, Source.MUSICBRAINZ)
    assert (found.about, found.next_try_at) == ({}, None), "given up"


@pytest.mark.parametrize("wrong", [[], {"artist": []}, {"artist": {"bio": "x", "url": 7}}, {"artist": None}])
def test_answers_of_another_shape(outside: Outside, ada: Artist, wrong: object) -> None:
    for method in ("artist.getInfo", "artist.getSimilar", "artist.getTopTracks"):
        outside.answers[method] = says(200, wrong)
    fetch(ARTIST, ada.pk, Source.LASTFM)
    assert not any(row(ARTIST, ada.pk, Source.LASTFM).about.values())


@pytest.mark.parametrize(("number", "wait"), [(10, REFUSED_WAIT), (26, REFUSED_WAIT), (29, 60.0), (11, 60.0)])
def test_errors_of_last_fm(outside: Outside, ada: Artist, number: int, wait: float) -> None:
    outside.answers["artist.getInfo"] = says(403, {"error": number, "message": "No."})
    fetch(ARTIST, ada.pk, Source.LASTFM)
    assert wait - 20 < rest_of(Source.LASTFM) <= wait
    assert len(outside.paths) == 1


def test_what_last_fm_does_not_know(outside: Outside, ada: Artist) -> None:
    outside.answers["artist.getInfo"] = says(404, {"error": 6, "message": "No such artist."})
    assert fetch(ARTIST, ada.pk, Source.LASTFM) == 1
    assert row(ARTIST, ada.pk, Source.LASTFM).about == {}


def test_one_run_at_a_time(outside: Outside, ada: Artist) -> None:
    OutsideSource.objects.create(
        name=str(Source.MUSICBRAINZ), claimed_by="another", claimed_until=timezone.now() + timedelta(minutes=1)
    )
    assert fetch(ARTIST, ada.pk, Source.MUSICBRAINZ) == 0
    OutsideSource.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert ask_waiting(limits=QUICK) == 1, "a run that died"


def test_requests_keep_their_distance(outside: Outside, ada: Artist, settings: Settings) -> None:
    change_limits(settings, MediaLimits, outside_spacing=1.0)
    began = time.monotonic()
    fetch(ARTIST, ada.pk, Source.LASTFM)
    assert time.monotonic() - began >= 0.5, "three requests, a quarter of a second between them"
    assert rest_of(Source.LASTFM) > 0


def test_the_queue_is_bounded(outside: Outside, ada: Artist, settings: Settings) -> None:
    change_limits(settings, MediaLimits, outside_waiting=1)
    outside.answers["/mb/artist"] = says(500, {})
    fetch(ARTIST, ada.pk, Source.MUSICBRAINZ)
    fetch(ARTIST, make_artist("Bob").pk, Source.MUSICBRAINZ)
    assert OutsideInfo.objects.count() == 1


def test_what_is_gone_is_forgotten(outside: Outside, ada: Artist, first: Album) -> None:
    fetch(ALBUM, first.pk, Source.LASTFM)
    assert prune_covers() == 0
    OutsideInfo.objects.update(item_id="gone")
    assert prune_covers() == 1
    assert not OutsideInfo.objects.exists()
    assert fetch(ALBUM, "gone") == 0
