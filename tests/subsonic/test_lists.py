"""Album lists, random songs, songs by genre, favourites, and what is being played."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from libraries.models import Album, Library, MediaFile
from libraries.totals import mark_missing
from listening.models import AlbumAnnotation, ArtistAnnotation, TrackAnnotation
from tests.subsonic.conftest import Call, code, names
from tests.subsonic.music import add_song, settle
from tests.support.catalog import SEEN, make_artist
from tests.support.limits import limit_lists
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]
TWINS = (("getAlbumList2", "albumList2"), ("getAlbumList", "albumList"))


@pytest.fixture
def lists(call: Call) -> Any:
    """The names of the albums of a list, which are the same for both twins."""

    def ask(user: User, kind: str, **more: Any) -> list[str]:
        found = [call(method, user, type=kind, **more)[element]["album"] for method, element in TWINS]
        assert all(child["isDir"] for child in found[1])
        if kind != "random":
            assert [each["id"] for each in found[0]] == [each["id"] for each in found[1]]
        return [each["name"] for each in found[0]]

    return ask


def test_by_name_and_artist(lists: Any, caller: User, sees_all: bool, songs: Songs) -> None:
    away = ["Away"] if sees_all else []
    assert lists(caller, "alphabeticalByName") == [*away, "Early", "First", "Odd", "Second", "Third"]
    assert lists(caller, "alphabeticalByArtist") == ["Odd", "Early", "First", "Second", "Third", *away]
    assert lists(caller, "alphabeticalByName", size=2, offset=len(away) + 1) == ["First", "Odd"]
    assert lists(caller, "alphabeticalByName", size=0) == []
    assert lists(caller, "alphabeticalByName", offset=100) == []
    assert len(lists(caller, "alphabeticalByName", size="x")) == 5 + len(away)


def test_newest(lists: Any, member: User, songs: Songs) -> None:
    Album.objects.filter(name="Early").update(created_at=SEEN)
    Album.objects.filter(name="Third").update(created_at=SEEN - timedelta(days=1))
    assert lists(member, "newest", size=2) == ["Early", "Third"]


def test_random(lists: Any, member: User, songs: Songs) -> None:
    assert sorted(lists(member, "random")) == ["Early", "First", "Odd", "Second", "Third"]
    orders = {tuple(lists(member, "random", size=3)) for _ in range(12)}
    assert len(orders) > 1


def test_by_year(lists: Any, member: User, songs: Songs) -> None:
    assert lists(member, "byYear", fromYear=1985, toYear=2010) == ["First", "Second", "Third"]
    assert lists(member, "byYear", fromYear=2010, toYear=1985) == ["Third", "Second", "First"]
    assert lists(member, "byYear", fromYear=1990, toYear=1990) == ["First"]


def test_by_genre(lists: Any, caller: User, sees_all: bool, songs: Songs) -> None:
    away = ["Away"] if sees_all else []
    for genre in ("Rock", "rock"):
        assert lists(caller, "byGenre", genre=genre) == [*away, "First", "Odd", "Third"]
    assert lists(caller, "byGenre", genre="Polka") == []


def test_by_what_the_caller_has(lists: Any, member: User, admin: User, songs: Songs) -> None:
    for number, name in enumerate(("Early", "First", "Second"), 1):
        AlbumAnnotation.objects.create(
            user=member, album=Album.objects.get(name=name), rating=number, play_count=4 - number,
            play_date=SEEN + timedelta(hours=number), starred_at=SEEN - timedelta(hours=number),
        )  # fmt: skip
    AlbumAnnotation.objects.create(user=admin, album=Album.objects.get(name="Odd"), rating=5, play_count=9)
    assert lists(member, "highest") == lists(member, "recent") == ["Second", "First", "Early"]
    assert lists(member, "frequent") == lists(member, "starred") == ["Early", "First", "Second"]
    assert lists(member, "frequent", offset=1, size=1) == ["First"]
    assert lists(admin, "highest") == ["Odd"]
    assert lists(admin, "starred") == []


def test_wrong_lists(call: Call, member: User, songs: Songs, other_library: Library) -> None:
    for method, _ in TWINS:
        assert code(call(method, member)) == 10
        assert "error" in call(method, member, type="nonsense")
        assert code(call(method, member, type="byYear", fromYear=1990)) == 10
        assert code(call(method, member, type="byGenre")) == 10
        for kind in ("newest", "starred"):
            assert code(call(method, member, type=kind, musicFolderId=other_library.pk)) == 70


def test_random_songs(call: Call, caller: User, sees_all: bool, songs: Songs, other_library: Library) -> None:
    def ask(**params: Any) -> set[str]:
        return set(names(call("getRandomSongs", caller, **params)["randomSongs"]["song"]))

    hidden = {"Opening too"} if sees_all else set()
    assert ask(size=500) == {*songs} - {"Lost", "Opening too"} | hidden
    assert len(ask(size=2)) == 2
    assert ask(genre="Folk") == {"Dawn"}
    assert ask(fromYear=1985, toYear=2000) == {"Opening", "Overture", "Été"} | hidden
    assert ask(genre="Polka") == set()
    if not sees_all:
        assert code(call("getRandomSongs", caller, musicFolderId=other_library.pk)) == 70


@pytest.mark.parametrize("most", [0, 100])
def test_random_songs_are_those_of_now(
    call: Call, member: User, songs: Songs, library: Library, other_library: Library, settings: Settings, most: int
) -> None:
    """Their ids are kept from the second question on, unless there are too many."""
    limit_lists(settings, kept_ids=most)

    def ask(**params: Any) -> list[str]:
        found = [names(call("getRandomSongs", member, **params)["randomSongs"]["song"]) for _ in range(3)]
        assert all(sorted(each) == sorted(found[0]) for each in found)
        return sorted(found[0])

    before = ask(size=500)
    assert before == sorted({*songs} - {"Lost", "Opening too"})
    assert len({tuple(names(call("getRandomSongs", member, size=2)["randomSongs"]["song"])) for _ in range(12)}) > 1
    song = add_song(library, ("New/1.mp3", "New", "New", "Rock", {"title": "New"}))
    settle(library)
    assert ask(size=500) == sorted([*before, "New"])
    mark_missing(library.pk, [song.pk], at=SEEN, last_seen=SEEN)
    assert ask(size=500) == before
    LibraryAccess.objects.create(user=member, library=other_library)
    assert ask(size=500) == sorted([*before, "Opening too"])
    assert ask(size=500, musicFolderId=other_library.pk) == ["Opening too"]
    LibraryAccess.objects.filter(library=library).delete()
    assert ask(size=500) == ["Opening too"]


def test_songs_by_genre(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    def ask(**params: Any) -> list[str]:
        return names(call("getSongsByGenre", caller, **params)["songsByGenre"]["song"])

    everything = ask(genre="Rock")
    hidden = {"Opening too"} if sees_all else set()
    assert set(everything) == {"Opening", "Overture", "Rain & <Snow>", "Odd \x01 one"} | hidden
    assert ask(genre="rock", count=1) + ask(genre="rock", count=20, offset=1) == everything
    assert ask(genre="Polka") == []
    assert code(call("getSongsByGenre", caller)) == 10


def test_favourites(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    for number, title in enumerate(("Dawn", "Opening", "Opening too", "Lost")):
        TrackAnnotation.objects.create(user=caller, media_file=songs[title], starred_at=SEEN + timedelta(hours=number))
    AlbumAnnotation.objects.create(user=caller, album=Album.objects.get(name="First"), starred_at=SEEN)
    ArtistAnnotation.objects.create(user=caller, artist=make_artist("Ada"), starred_at=SEEN)
    ArtistAnnotation.objects.create(user=caller, artist=make_artist("Eve"), rating=3)
    for method, element in (("getStarred2", "starred2"), ("getStarred", "starred")):
        found = call(method, caller)[element]
        assert names(found["song"]) == [*(["Opening too"] if sees_all else []), "Opening", "Dawn"]
        assert [names(found["album"]), names(found["artist"])] == [["First"], ["Ada"]]
        assert all(each["starred"] for kind in found.values() for each in kind)
    found = call("getStarred2", caller, musicFolderId=songs["Dawn"].library_id)["starred2"]
    assert names(found["song"]) == ["Opening", "Dawn"]


def test_now_playing(call: Call, member: User, admin: User, songs: Songs, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    assert call("getNowPlaying", member)["nowPlaying"] == {"entry": []}
    for user, title, client in ((admin, "Opening too", "one"), (admin, "Dawn", "two"), (member, "Opening", "three")):
        call("scrobble", user, id=songs[title].pk, submission="false", c=client)
    entries = call("getNowPlaying", member)["nowPlaying"]["entry"]
    assert {(each["title"], each["username"]) for each in entries} == {("Dawn", "admin"), ("Opening", "member")}
    assert {(each["minutesAgo"], each["state"], each["positionMs"]) for each in entries} == {(0, "playing", 0)}
    assert len({each["playerId"] for each in call("getNowPlaying", admin)["nowPlaying"]["entry"]}) == 3


def test_where_a_player_is_by_now(call: Call, member: User, songs: Songs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A player tells when it starts and pauses, and how fast it plays; in between, the song goes on."""
    song = songs["Dawn"]
    MediaFile.objects.filter(pk=song.pk).update(duration=100)
    now = time.time()

    def told(state: str, after: float, seconds: float = 10, **more: Any) -> list[tuple[Any, ...]]:
        monkeypatch.setattr(time, "time", lambda: now)
        position = {"mediaId": song.pk, "mediaType": "song", "positionMs": int(seconds * 1000), "state": state}
        assert call("reportPlayback", member, **position, **more)["status"] == "ok"
        monkeypatch.setattr(time, "time", lambda: now + after)
        entries: list[dict[str, Any]] = call("getNowPlaying", member)["nowPlaying"]["entry"]
        return [(each["state"], each["positionMs"], each["playbackRate"]) for each in entries]

    assert told("starting", 5) == [("starting", 10_000, 1)]
    assert told("playing", 5) == [("playing", 15_000, 1)]
    assert told("playing", 5, playbackRate="1.5") == [("playing", 17_500, 1.5)]
    assert told("paused", 5) == [("paused", 10_000, 1)]
    # not beyond its end, and what makes no sense counts as nothing
    assert told("playing", 110) == [("playing", 100_000, 1)]
    assert told("playing", 5, playbackRate="fast") == [("playing", 15_000, 1)]
    assert told("playing", 5, playbackRate="0") == [("playing", 15_000, 1)]
    assert told("playing", 5, playbackRate="5000") == [("playing", 60_000, 10)]
