"""Long answers are kept, and are never old."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.test import Client

from libraries.catalog_api.artist_index import IndexShape, written_album_artists
from libraries.catalog_api.kept_answers import KeptAnswers
from libraries.choices import ScanState, ScanTrigger
from libraries.models import Artist, Library, MediaFile, Scan
from listening.models import ArtistAnnotation
from media.choices import CoverKind
from media.models import Cover
from subsonic.kept import kept_answer
from subsonic.params import Params
from tests.subsonic.conftest import Call, credentials, names
from tests.subsonic.music import add_song, settle
from tests.support.catalog import SEEN, make_artist
from users.models import LibraryAccess, User

Songs = dict[str, MediaFile]


def ask(user: User, method: str = "getArtists", **more: Any) -> bytes:
    return Client().get(f"/rest/{method}", {**credentials(user), **more}).content


@pytest.mark.django_db
@pytest.mark.alike
@pytest.mark.parametrize("method", ["getArtists", "getIndexes"])
def test_every_change_shows(
    member: User, admin: User, songs: Songs, library: Library, other_library: Library, method: str
) -> None:
    known = ask(member, method)
    seen = {known}

    def shows() -> None:
        now = ask(member, method)
        assert now not in seen
        assert now == ask(member, method)
        seen.add(now)

    note = ArtistAnnotation.objects.create(user=member, artist=make_artist("Ada"), starred_at=SEEN)
    shows()
    note.delete()
    assert ask(member, method) == known
    ArtistAnnotation.objects.create(user=member, artist=make_artist("Bob"), rating=2)
    shows()
    ArtistAnnotation.objects.create(user=admin, artist=make_artist("Bob"), rating=4)
    shows()
    ArtistAnnotation.objects.create(user=member, artist=make_artist("The Cure"), play_count=2)
    assert ask(member, method) in seen
    Cover.objects.create(kind=CoverKind.ARTIST, item_id=make_artist("Ada").pk, part=str(library.pk), digest="0" * 16)
    shows()
    add_song(library, ("New/1.mp3", "New", "New", "Rock", {"title": "New"}))
    settle(library)
    shows()
    Artist.objects.filter(name="New").update(name="NEW")
    Scan.objects.create(library=library, trigger=ScanTrigger.API, state=ScanState.FINISHED, updated=1, finished_at=SEEN)
    shows()
    LibraryAccess.objects.create(user=member, library=other_library)
    shows()


@pytest.mark.django_db
def test_an_answer_is_kept_for_one_person_and_one_notation(
    call: Call, member: User, scanner: User, songs: Songs, django_assert_max_num_queries: Any
) -> None:
    ArtistAnnotation.objects.create(user=member, artist=make_artist("Ada"), starred_at=SEEN)
    for _ in range(2):
        assert "starred" in call("getArtists", member)["artists"]["index"][0]["artist"][0]
        assert "starred" not in call("getArtists", scanner)["artists"]["index"][0]["artist"][0]
        assert names(call("getIndexes", member)["indexes"]["index"][0]["artist"]) == ["Ada"]
    assert ask(member, f="xml").startswith(b"<?xml")
    assert ask(member, f="jsonp", callback="a") != ask(member, f="jsonp", callback="b")


def test_the_oldest_go_where_there_is_no_room() -> None:
    kept = KeptAnswers(most=1000)
    made: list[int] = []

    def answer(number: int) -> bytes:
        def make() -> dict[str, Any]:
            made.append(number)
            return {"artists": {"ignoredArticles": "x" * 300, "number": number}}

        return kept_answer(Params({"f": ["json"]}), str(number), make, kept).content

    first = answer(1)
    assert answer(1) == first
    answer(2)
    answer(1)
    answer(3)
    assert made == [1, 2, 3]
    assert answer(1) == first
    answer(2)
    assert made == [1, 2, 3, 2]
    kept.put("large", b"x" * 2000, "text/plain")
    assert kept.get("large") is kept.get("1") is None


@pytest.mark.django_db
@pytest.mark.alike
def test_artists_are_written_again_where_something_of_them_has_changed(
    member: User, scanner: User, songs: Songs, library: Library, other_library: Library
) -> None:
    made: list[str] = []

    def write(artist: dict[str, Any]) -> dict[str, Any]:
        made.append(artist["name"])
        return {"name": artist["name"], "albums": artist["stats"]["albumartist"], "stars": artist.get("rating", 0)}

    shape = IndexShape(write)

    def ask(user: User) -> dict[str, tuple[int, int]]:
        made.clear()
        found = [orjson.loads(text) for _, text in written_album_artists(user.as_viewer(), shape)]
        return {each["name"]: (each["albums"]["albumCount"], each["stars"]) for each in found}

    before = ask(member)
    assert before == {"7 Seconds": (1, 0), "Ada": (2, 0), "Bob": (1, 0), "The Cure": (1, 0)}
    assert sorted(made) == sorted(before)
    assert (ask(member), made) == (before, [])
    ArtistAnnotation.objects.create(user=member, artist=make_artist("Bob"), rating=2)
    assert (ask(member), made) == (before | {"Bob": (1, 2)}, ["Bob"])
    add_song(library, ("Ada/New/1.mp3", "Ada", "New", "Rock", {"title": "New"}))
    settle(library)
    assert (ask(member), made) == (before | {"Ada": (3, 0), "Bob": (1, 2)}, ["Ada"])
    Artist.objects.filter(name="Ada").update(name="ADA")
    assert made == ["Ada"]
    assert "ADA" in ask(member)
    # the artist of an album in two libraries, for who can access both
    add_song(other_library, ("Bob/Far/1.mp3", "Bob", "Far", "Rock", {"title": "Far"}))
    settle(other_library)
    LibraryAccess.objects.create(user=member, library=other_library)
    assert ask(member)["Bob"] == (2, 2)
    assert ask(scanner)["Bob"] == (1, 0)
    assert ask(member)["Bob"] == (2, 2)
