"""search2 and search3."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from libraries.models import Album, Library, MediaFile
from tests.subsonic.conftest import Call, code, names
from tests.subsonic.music import add_song, settle
from tests.support.catalog import make_artist
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]
TWINS = (("search3", "searchResult3"), ("search2", "searchResult2"))


@pytest.fixture
def found(call: Call) -> Any:
    """The names of the artists, albums and songs that a search finds, the same for both twins."""

    def search(user: User, text: str | None, **more: Any) -> dict[str, list[str]]:
        answers = []
        for method, element in TWINS:
            told = {} if text is None else {"query": text}
            result = call(method, user, **told, **more)[element]
            answers.append({kind: names(result[kind]) for kind in ("artist", "album", "song")})
        assert answers[0] == answers[1]
        return answers[0]

    return search


def test_words(found: Any, caller: User, sees_all: bool, songs: Songs) -> None:
    hidden = ["Opening too"] if sees_all else []
    for text in ("open", "open*", '"open"', "OPÉN"):
        assert found(caller, text)["song"] == ["Opening", *hidden]
    assert found(caller, "ADA") == {
        "artist": ["Ada"],
        "album": ["Early", "First"],
        "song": ["Dawn", "Opening", "Overture"],
    }
    assert found(caller, "ete")["song"] == ["Été"]
    assert found(caller, "zoe") == found(caller, "nothing at all") == {"artist": [], "album": [], "song": []}
    assert found(caller, "…")["song"] == []


def test_names_that_begin_so_come_first(found: Any, member: User, songs: Songs, library: Library) -> None:
    for number, title in enumerate(("A dawn", "Dawn chorus", "Before dawn")):
        add_song(library, (f"Ada/{number}.mp3", "Ada", "Early", "Folk", {"title": title}))
    settle(library)
    assert found(member, "dawn")["song"] == ["Dawn", "Dawn chorus", "A dawn", "Before dawn"]


def test_pages(found: Any, member: User, songs: Songs) -> None:
    everything = found(member, "ada")["song"]
    assert [found(member, "ada", songCount=1, songOffset=place)["song"] for place in range(4)] == [
        [each] for each in everything
    ] + [[]]
    assert found(member, "ada", artistCount=0, songCount=0) == {"artist": [], "album": ["Early", "First"], "song": []}


def test_musicbrainz_ids(found: Any, member: User, songs: Songs) -> None:
    ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(3)]
    MediaFile.objects.filter(title="Dawn").update(mbz_recording_id=ids[0])
    Album.objects.filter(name="First").update(mbz_album_id=ids[1])
    artist = make_artist("Bob")
    artist.mbz_artist_id = ids[2]
    artist.save()
    assert found(member, ids[0]) == {"artist": [], "album": [], "song": ["Dawn"]}
    assert found(member, ids[1].upper()) == {"artist": [], "album": ["First"], "song": []}
    assert found(member, ids[2]) == {"artist": ["Bob"], "album": [], "song": []}


@pytest.mark.parametrize("text", ["", '""', None, "  "])
def test_everything(found: Any, caller: User, sees_all: bool, songs: Songs, text: str | None) -> None:
    everything = found(caller, text)
    hidden = {"Opening too"} if sees_all else set()
    assert set(everything["song"]) == {*songs} - {"Lost", "Opening too"} | hidden
    assert len(everything["artist"]) == len(everything["album"]) - 1 == (5 if sees_all else 4)


def test_a_copy_is_whole_though_songs_come_and_go(call: Call, member: User, songs: Songs, library: Library) -> None:
    def page(first: int) -> list[str]:
        query = {"query": "", "artistCount": 0, "albumCount": 0, "songCount": 2, "songOffset": first}
        return names(call("search3", member, **query)["searchResult3"]["song"])

    before = set(names(call("search3", member, query="", songCount=500)["searchResult3"]["song"]))
    copied = page(0)
    # what was copied already goes, and something comes: no song is passed over
    MediaFile.objects.filter(title=copied[0]).update(missing=True)
    add_song(library, ("New/1.mp3", "New", "New", "Rock", {"title": "New"}))
    settle(library)
    for first in range(2, 20, 2):
        with CaptureQueriesContext(connection) as captured:
            more = page(first)
        # what comes before the page is not counted
        assert not any("OFFSET" in query["sql"] for query in captured)
        copied += more
        if not more:
            break
    assert sorted(copied) == sorted({*before, "New"})
    # another client, and one that begins in the middle, is answered by counting
    names_there = names(call("search3", member, query="", songCount=500, c="other")["searchResult3"]["song"])
    assert names(call("search3", member, query="", songOffset=3, c="third")["searchResult3"]["song"]) == names_there[3:]


def test_folders(call: Call, member: User, songs: Songs, other_library: Library) -> None:
    for method, _ in TWINS:
        assert code(call(method, member, query="a", musicFolderId=other_library.pk)) == 70


def test_searches_one_after_the_other(
    found: Any, call: Call, member: User, admin: User, songs: Songs, library: Library, other_library: Library
) -> None:
    """Statements of a search are kept for other words, and for who may see the same."""
    nothing: dict[str, list[str]] = {"artist": [], "album": [], "song": []}
    for _ in range(2):
        assert found(member, "bob")["artist"] == ["Bob"]
        assert found(member, "ada")["artist"] == ["Ada"]
        assert found(member, "7 seconds") == {"artist": ["7 Seconds"], "album": ["Odd"], "song": ["Odd \x01 one"]}
        assert found(member, "seconds bob") == found(member, "7 seconds ada") == nothing
        assert found(member, "eve") == nothing
        assert found(admin, "eve") == {"artist": ["Eve"], "album": ["Away"], "song": ["Opening too"]}
        assert names(call("search3", admin, query="eve", musicFolderId=other_library.pk)["searchResult3"]["artist"])
        assert not names(call("search3", admin, query="eve", musicFolderId=library.pk)["searchResult3"]["artist"])
    # more words than statements are kept for, and one of them too many
    many = " ".join(["ada"] * 9)
    assert found(member, many)["artist"] == ["Ada"]
    assert found(member, f"{many} bob") == nothing
    LibraryAccess.objects.create(user=member, library=other_library)
    assert found(member, "eve")["artist"] == ["Eve"]
    LibraryAccess.objects.filter(user=member, library=library).delete()
    assert found(member, "ada") == nothing
    assert found(member, "eve")["album"] == ["Away"]
    add_song(other_library, ("Ida/Far/1.mp3", "Ida", "Far", "Rock", {"title": "Far"}))
    settle(other_library)
    assert found(member, "ida") == {"artist": ["Ida"], "album": ["Far"], "song": ["Far"]}
