"""Covers from the Cover Art Archive: where nothing else is there, decoded, bounded, from nowhere else."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from libraries.models import Album, Library, MediaFile
from media.choices import CoverKind, Source
from media.covers.background import find_covers, prune_covers
from media.external.archive import MAX_BYTES, is_allowed
from media.external.wishes import wishes
from media.models import OutsideInfo, OutsideSource
from synth import Track, make_png, track_bytes
from tests.conftest import Configure
from tests.media.conftest import Get, MakeSong, error_of
from tests.media.external.conftest import MBZ, Outside, fetch, row
from tests.media.test_covers import BLUE, RED, colour_of, is_drawn, put
from tests.support.listening_service import Answer, listening_service, says
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

ALBUM, ARCHIVE = CoverKind.ALBUM, Source.COVER_ART_ARCHIVE


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    song = make_song(library, "Ada/First/1.flac", track_bytes(Track(title="x"), "flac"))
    Album.objects.filter(pk=song.album_ref_id).update(mbz_album_id=MBZ(2))
    return song


@pytest.fixture
def album(song: MediaFile) -> str:
    return str(song.album_ref_id)


def test_a_missing_cover_is_asked_for_and_shown(
    get: Get, member: User, outside: Outside, album: str, song: MediaFile, library: Library,
    sent: list[tuple[str, ...]],
) -> None:  # fmt: skip
    assert is_drawn(get("getCoverArt", member, id=f"al-{album}"))
    wishes.join()  # a thread sends it
    (name, kind, item, sources) = sent[0]
    assert (name, kind, item, list(sources)) == ("ask_outside", "al", album, ["musicbrainz", "coverartarchive"])
    assert fetch(ALBUM, album, ARCHIVE) == 1
    assert outside.paths == [f"/caa/release/{MBZ(2)}/front-1200"]
    for cover in (f"al-{album}", f"mf-{song.pk}", f"dc-{album}:1"):
        assert colour_of(get("getCoverArt", member, id=cover)) == "red"
    put(library, "Ada/First/cover.png", BLUE)
    assert colour_of(get("getCoverArt", member, id=f"al-{album}")) == "blue", "what is there counts first"


def test_lists_tell_of_it(get: Get, member: User, outside: Outside, album: str, sent: list[tuple[str, ...]]) -> None:
    find_covers()
    assert "coverArt" not in get("getAlbum", member, id=album).json()["subsonic-response"]["album"]
    fetch(ALBUM, album, ARCHIVE)
    find_covers()
    assert get("getAlbum", member, id=album).json()["subsonic-response"]["album"]["coverArt"].startswith(f"al-{album}")


def test_who_cannot_see_the_album_gets_nothing(
    get: Get, outsider: User, outside: Outside, album: str, sent: list[tuple[str, ...]]
) -> None:
    fetch(ALBUM, album, ARCHIVE)
    assert error_of(get("getCoverArt", outsider, id=f"al-{album}"))["code"] == 70
    OutsideInfo.objects.all().delete()
    for method, asked in (("getCoverArt", f"al-{album}"), ("getAlbum", album), ("getAlbumInfo2", album)):
        assert error_of(get(method, outsider, id=asked))["code"] == 70
    assert sent == [], "nor is anything asked for"


def test_it_is_not_shown_when_it_is_switched_off(
    get: Get, member: User, outside: Outside, album: str, configure: Configure, settings: Settings
) -> None:
    fetch(ALBUM, album, ARCHIVE)
    configure(external=dataclasses.replace(settings.CONF.external, enabled=False))
    assert is_drawn(get("getCoverArt", member, id=f"al-{album}"))


def test_an_album_without_an_id_gets_that_of_a_search(
    get: Get, member: User, outside: Outside, album: str, sent: list[tuple[str, ...]]
) -> None:
    Album.objects.filter(pk=album).update(mbz_album_id="", album_artist="Ada", name="First")
    outside.answers[f"/caa/release/{MBZ(2)}"] = says(404, b"")
    outside.answers = {key: outside.answers[key] for key in sorted(outside.answers, key=len, reverse=True)}
    assert fetch(ALBUM, album, Source.MUSICBRAINZ, ARCHIVE) == 2
    assert [path.rpartition("/caa")[2] for path in outside.paths[1:]] == [
        f"/release/{MBZ(2)}/front-1200", f"/release-group/{MBZ(3)}/front-1200",
    ]  # fmt: skip
    assert colour_of(get("getCoverArt", member, id=f"al-{album}")) == "red"


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with listening_service(says(200, make_png(64, RED))) as service:
        yield service.url
        assert service.asked == [], "a place that is not the archive"


def test_redirects_lead_nowhere_else(get: Get, member: User, outside: Outside, album: str, elsewhere: str) -> None:
    for target in (f"{elsewhere}/x.png", "file:///etc/passwd", "//example.org/x", "http://archive.org/x", "/\x7f"):
        outside.answers["/caa/"] = says(307, b"", Location=target)
        OutsideInfo.objects.all().delete()
        OutsideSource.objects.all().delete()
        assert fetch(ALBUM, album, ARCHIVE) == 0
        assert row(ALBUM, album, ARCHIVE).about == {}
    outside.answers["/caa/"] = says(307, b"", Location="/caa/again")
    OutsideInfo.objects.all().delete()
    OutsideSource.objects.all().delete()
    before = len(outside.paths)
    assert fetch(ALBUM, album, ARCHIVE) == 0, "in a circle"
    assert len(outside.paths) - before == 4


def test_redirects_are_followed_inside(get: Get, member: User, outside: Outside, album: str) -> None:
    picture = outside.answers.pop("/caa/")
    outside.answers |= {"/caa/release": says(307, b"", Location="/files/1.png"), "/files/": picture}
    assert fetch(ALBUM, album, ARCHIVE) == 1
    assert colour_of(get("getCoverArt", member, id=f"al-{album}")) == "red"


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://archive.org/download/x.jpg", True),
        ("https://ia800.us.archive.org/1/x.jpg", True),
        ("https://coverartarchive.org/release/x", True),
        ("http://archive.org/x.jpg", False),
        ("https://archive.org.example.org/x.jpg", False),
        ("https://notarchive.org/x.jpg", False),
        ("https://archive.org:8443/x.jpg", False),
        ("https://me@archive.org/x.jpg", False),
        ("https://archive.org/x y", False),
        ("https://[::1/x", False),
    ],
)
def test_which_places_are_the_archive(url: str, is_good: bool) -> None:
    assert is_allowed(url) is is_good


@pytest.mark.parametrize(
    "answer",
    [says(200, b"<svg/>"), says(200, b"\x89PNG\r\n\x1a\nbroken"), says(200, b"\0" * (MAX_BYTES + 1))],
    ids=["no picture", "broken", "too large"],
)
def test_what_is_no_picture(get: Get, member: User, outside: Outside, album: str, answer: Answer) -> None:
    outside.answers["/caa/"] = answer
    assert fetch(ALBUM, album, ARCHIVE) == 0
    assert is_drawn(get("getCoverArt", member, id=f"al-{album}"))


def test_files_that_belong_to_nothing_go(outside: Outside, album: str, settings: Settings) -> None:
    fetch(ALBUM, album, ARCHIVE)
    name = row(ALBUM, album, ARCHIVE).about["picture"]
    kept = Path(settings.PICTURES_FOLDER, name)
    assert kept.read_bytes()[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")
    long_ago = kept.stat().st_mtime - 10 * 86_400
    os.utime(kept, (long_ago, long_ago))
    prune_covers()
    assert kept.exists()
    OutsideInfo.objects.all().delete()
    prune_covers()
    assert not kept.exists()
