"""Rules of smart playlists: what they choose, for whom, and what is said of those that cannot be carried out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libraries.models import Album, Library, MediaFile, Participant, TrackGenre
from listening.models import AlbumAnnotation, Playlist, TrackAnnotation
from listening.rules.evaluate import find_tracks, refresh
from listening.rules.parsing import RuleError, parse_rules
from listening.services.annotations import Things, set_rating, star
from listening.services.plays import Play, record_plays
from tests.conftest import Configure
from tests.listening.api.test_playlists import make_playlist
from tests.support.catalog import make_artist, make_genre, make_track
from users.models import User

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture
def songs(library: Library, other_library: Library, member: User, admin: User) -> dict[str, MediaFile]:
    """Songs by name, and one in a library that the member cannot access, one that is missing."""
    a = make_track(
        library, "A/a.mp3", title="Alpha Mix", order_title="alpha mix", year=1990, date="1990-05", bpm=120,
        genre="Rock", duration=100, tags={"mood": ["Calm", "Sad"]}, missing=False, created_at=ago(1),
        mtime_ns=int(ago(400).timestamp()) * 10**9,
    )  # fmt: skip
    b = make_track(
        library, "A/b.flac", title="beta_100%", order_title="beta 100%", year=2000, date="2000", suffix="flac",
        genre="Jazz", duration=200, compilation=True, tags={"mood": ["Wild"]}, missing=False, created_at=ago(10),
        artist="Bo", album="Second",
    )  # fmt: skip
    c = make_track(
        library, "B/c.mp3", title="Gamma", order_title="gamma", year=None, genre="Rock", duration=300, tags={},
        missing=False, created_at=ago(100), comment="a Mix of things", has_picture=True,
    )  # fmt: skip
    make_track(
        other_library, "H/h.mp3", title="Hidden Mix", order_title="hidden mix", missing=False, year=1990, genre="Rock"
    )
    make_track(library, "B/m.mp3", title="Missing Mix", year=1990, genre="Rock")
    Participant.objects.create(media_file=a, artist=make_artist("Cy Composer"), role="composer")
    Participant.objects.create(media_file=a, artist=make_artist("Feat Guest"), role="artist", position=1)
    TrackGenre.objects.create(media_file=c, genre=make_genre("Pop"), position=1)
    viewer = member.as_viewer()
    star(viewer, [Things(TrackAnnotation, [a.pk])], at=ago(5))
    star(viewer, [Things(AlbumAnnotation, [str(b.album_ref_id)])], at=ago(5))
    set_rating(viewer, Things(TrackAnnotation, [b.pk]), 4)
    set_rating(admin.as_viewer(), Things(TrackAnnotation, [b.pk]), 2)
    star(admin.as_viewer(), [Things(TrackAnnotation, [c.pk])])
    record_plays(viewer, [Play(b.pk, ago(2)), Play(b.pk, ago(3)), Play(c.pk, ago(50))])
    return {"a": a, "b": b, "c": c}


CASES: list[tuple[dict[str, Any], str]] = [
    ({"is": {"title": "alpha mix"}}, "a"),
    ({"is": {"TITLE": "ALPHA MIX"}}, "a"),
    ({"isNot": {"title": "alpha mix"}}, "bc"),
    ({"contains": {"title": "mix"}}, "a"),
    ({"notContains": {"title": "mix"}}, "bc"),
    ({"contains": {"title": "_100%"}}, "b"),
    ({"contains": {"title": "_"}}, "b"),
    ({"startsWith": {"title": "al"}}, "a"),
    ({"endsWith": {"title": "ma"}}, "c"),
    ({"inTheRange": {"title": ["a", "c"]}}, "ab"),
    ({"contains": {"comment": "mix"}}, "c"),
    ({"startsWith": {"filepath": "a/"}}, "ab"),
    ({"is": {"filetype": "flac"}}, "b"),
    ({"is": {"year": 1990}}, "a"),
    ({"is": {"year": "1990"}}, "a"),
    ({"isNot": {"year": 1990}}, "bc"),
    ({"gt": {"year": 1990}}, "b"),
    ({"lt": {"year": 2000}}, "a"),
    ({"inTheRange": {"year": [1990, 2000]}}, "ab"),
    ({"gt": {"duration": 150.5}}, "bc"),
    ({"is": {"bpm": 120}}, "a"),
    ({"is": {"genre": "rock"}}, "ac"),
    ({"isNot": {"genre": "rock"}}, "b"),
    ({"is": {"genre": "pop"}}, "c"),
    ({"is": {"mood": "sad"}}, "a"),
    ({"contains": {"mood": "l"}}, "ab"),
    ({"isNot": {"mood": "sad"}}, "bc"),
    ({"is": {"composer": "cy composer"}}, "a"),
    ({"contains": {"artist": "guest"}}, "a"),
    ({"is": {"artist": "bo"}}, "b"),
    ({"notContains": {"artist": "guest"}}, "bc"),
    ({"is": {"albumartist": "Ada"}}, "ac"),
    ({"is": {"compilation": True}}, "b"),
    ({"is": {"compilation": "false"}}, "ac"),
    ({"is": {"hascoverart": True}}, "c"),
    ({"is": {"loved": True}}, "a"),
    ({"is": {"loved": False}}, "bc"),
    ({"is": {"albumloved": True}}, "b"),
    ({"is": {"rating": 4}}, "b"),
    ({"lt": {"rating": 1}}, "ac"),
    ({"is": {"averagerating": 3}}, "b"),
    ({"gt": {"playcount": 1}}, "b"),
    ({"is": {"playcount": 0}}, "a"),
    ({"gt": {"albumplaycount": 0}}, "abc"),
    ({"inTheLast": {"lastplayed": 7}}, "b"),
    ({"notInTheLast": {"lastplayed": 7}}, "ac"),
    ({"inTheLast": {"dateloved": 7}}, "a"),
    ({"inTheLast": {"dateadded": 30}}, "ab"),
    ({"before": {"dateadded": "2026-06-01"}}, "c"),
    ({"after": {"dateadded": "2026-06-01"}}, "ab"),
    ({"is": {"dateadded": "2026-06-20T00:00:00Z"}}, "b"),
    ({"before": {"datemodified": "2026-01-01"}}, "abc"),
    ({"after": {"datemodified": "2020-01-01"}}, "a"),
    ({"before": {"date": "1990-06"}}, "ac"),
    ({"startsWith": {"date": "1990"}}, "a"),
    ({"inTheRange": {"date": ["1990", "1999"]}}, "a"),
    ({"all": [{"is": {"genre": "rock"}}, {"gt": {"playcount": 0}}]}, "c"),
    ({"any": [{"is": {"loved": True}}, {"gt": {"playcount": 1}}]}, "ab"),
    ({"all": [{"any": [{"is": {"year": 1990}}, {"is": {"year": 2000}}]}, {"isNot": {"genre": "jazz"}}]}, "a"),
    ({"all": []}, "abc"),
    ({"any": []}, ""),
    ({"is": {"genre": "Rock", "title": "Gamma"}}, "c"),
]  # fmt: skip


class TestWhatTheyChoose:
    pytestmark = [pytest.mark.django_db, pytest.mark.alike]

    def chosen(self, songs: dict[str, MediaFile], owner: User, **rules: Any) -> str:
        names = {song.pk: name for name, song in songs.items()}
        found = find_tracks(parse_rules(rules), owner.as_viewer(), now=NOW)
        return "".join(names.get(pk, "?") for pk in found)

    def test_each_operator(self, songs: dict[str, MediaFile], member: User) -> None:
        found = [
            self.chosen(songs, member, **({"all": [rule]} if next(iter(rule)) not in ("all", "any") else rule))
            for rule, _ in CASES
        ]
        wrong = [(rule, got, wanted) for (rule, wanted), got in zip(CASES, found, strict=True) if got != wanted]
        assert wrong == []

    def test_for_whom(self, songs: dict[str, MediaFile], member: User, admin: User) -> None:
        assert self.chosen(songs, member, all=[{"is": {"loved": True}}]) == "a"
        assert self.chosen(songs, admin, all=[{"is": {"loved": True}}]) == "c"
        # the hidden song is there for who can access it, the missing one for nobody
        assert self.chosen(songs, admin, all=[{"contains": {"title": "mix"}}]) == "a?"

    def test_order_and_limit(self, songs: dict[str, MediaFile], member: User) -> None:
        everything: dict[str, Any] = {"all": []}
        assert self.chosen(songs, member, **everything, sort="year", order="desc") == "bac"
        assert self.chosen(songs, member, **everything, sort="-year") == "bac"
        assert self.chosen(songs, member, **everything, sort="-year", order="desc") == "cab"
        assert self.chosen(songs, member, **everything, sort="albumartist, -title") == "cba"
        assert self.chosen(songs, member, **everything, sort="playcount", order="desc", limit=2) == "bc"
        assert self.chosen(songs, member, **everything, sort="lastPlayed", order="desc") == "bca"
        assert self.chosen(songs, member, **everything, limitPercent=34) == "ab"
        assert sorted(self.chosen(songs, member, **everything, sort="random")) == ["a", "b", "c"]

    def test_another_playlist(self, songs: dict[str, MediaFile], member: User, admin: User) -> None:
        own, private = make_playlist(member, "Own", songs["b"]), make_playlist(admin, "Private", songs["c"])
        for operator, wanted in (("inPlaylist", "b"), ("notInPlaylist", "ac")):
            assert self.chosen(songs, member, all=[{operator: {"id": own.pk}}]) == wanted
        assert self.chosen(songs, member, all=[{"inPlaylist": {"id": private.pk}}]) == ""

    def test_kept_until_they_are_due(self, songs: dict[str, MediaFile], member: User, configure: Configure) -> None:
        playlist = make_playlist(member, "Smart", rules={"all": [{"is": {"loved": True}}]})
        refresh(playlist)
        assert list(playlist.tracks.values_list("title", flat=True)) == ["Alpha Mix"]
        assert Playlist.objects.get().evaluated_at is not None
        star(member.as_viewer(), [Things(TrackAnnotation, [songs["c"].pk])])
        refresh(playlist)
        assert playlist.tracks.count() == 1
        configure(smart_playlist_refresh_delay=0)
        refresh(playlist)
        assert playlist.tracks.count() == 2
        User.objects.filter(pk=member.pk).update(is_active=False)
        refresh(playlist, again=True)
        assert playlist.tracks.count() == 2

    def test_playlists_that_speak_of_each_other(self, songs: dict[str, MediaFile], member: User) -> None:
        loved = make_playlist(member, "Loved", rules={"all": [{"is": {"loved": True}}]})
        more = make_playlist(member, "More", rules={"all": [{"inPlaylist": {"id": loved.pk}}]})
        Playlist.objects.filter(pk=loved.pk).update(
            rules={"any": [{"is": {"loved": True}}, {"inPlaylist": {"id": more.pk}}]}
        )
        refresh(more)
        assert list(more.tracks.values_list("title", flat=True)) == ["Alpha Mix"]


WORDS = st.sampled_from(["a", "B", "mix", "é", "%", "_", "\\", "alpha"])
TEXT_RULES = st.tuples(
    st.sampled_from(["is", "isNot", "contains", "notContains", "startsWith", "endsWith"]),
    st.sampled_from(["title", "comment"]),
    st.lists(WORDS, min_size=1, max_size=2).map("".join),
).map(lambda rule: {rule[0]: {rule[1]: rule[2]}})
NUMBER_RULES = st.tuples(st.sampled_from(["is", "gt", "lt"]), st.integers(1999, 2002)).map(
    lambda rule: {rule[0]: {"year": rule[1]}}
)
RULES = st.recursive(
    TEXT_RULES | NUMBER_RULES,
    lambda inner: st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, max_size=3)).map(lambda g: {g[0]: g[1]}),
    max_leaves=6,
)


def fold(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def holds(rule: dict[str, Any], song: MediaFile) -> bool:
    """What a rule means, said in Python."""
    ((operator, value),) = rule.items()
    if operator in ("all", "any"):
        return (all if operator == "all" else any)(holds(each, song) for each in value)
    ((field, wanted),) = value.items()
    have = getattr(song, field)
    if field == "year":
        return have is not None and {"is": have == wanted, "gt": have > wanted, "lt": have < wanted}[operator]
    have, wanted = fold(have), fold(wanted)
    positive = {
        "is": have == wanted, "contains": wanted in have, "startswith": have.startswith(wanted),
        "endswith": have.endswith(wanted),
    }  # fmt: skip
    name = operator.lower()
    return not positive[name.replace("isnot", "is").removeprefix("not")] if "not" in name else positive[name]


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=st.lists(RULES, min_size=1, max_size=3))
def test_the_database_means_the_same(library: Library, admin: User, rules: list[dict[str, Any]]) -> None:
    if not MediaFile.objects.exists():
        texts = ["Alpha Mix", "éa%B", "B_mix", "", "a\\b", "É"]
        for number, text in enumerate(texts):
            year = [None, 1999, 2000, 2001, 2002, 2000][number]
            make_track(library, f"A/{number}.mp3", title=text, comment=texts[-number], year=year, missing=False)
    chosen = find_tracks(parse_rules({"all": rules}), admin.as_viewer())
    assert set(chosen) == {song.pk for song in MediaFile.objects.all() if holds({"all": rules}, song)}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], "JSON object"),
        ({}, "either"),
        ({"all": [], "any": []}, "either"),
        ({"all": {}}, "list"),
        ({"all": [{"nope": {"x": 1}}]}, "no operator “nope”"),
        ({"all": [{"is": {"nofield": 1}}]}, "no field “nofield”"),
        ({"all": [{"is": {}}]}, "needs an object"),
        ({"all": [{"is": 1}]}, "needs an object"),
        ({"all": [{"is": {"year": 1}, "gt": {"year": 1}}]}, "one operator"),
        ({"all": [1]}, "one operator"),
        ({"all": [{"contains": {"year": 1}}]}, "cannot be said"),
        ({"all": [{"gt": {"loved": True}}]}, "cannot be said"),
        ({"all": [{"is": {"year": "x"}}]}, "number"),
        ({"all": [{"is": {"year": True}}]}, "number"),
        ({"all": [{"is": {"year": float("nan")}}]}, "number"),
        ({"all": [{"is": {"loved": 2}}]}, "true or false"),
        ({"all": [{"is": {"title": ["x"]}}]}, "text"),
        ({"all": [{"is": {"title": "\0"}}]}, "control"),
        ({"all": [{"is": {"title": "x" * 501}}]}, "too long"),
        ({"all": [{"inTheRange": {"year": [1]}}]}, "two values"),
        ({"all": [{"inTheLast": {"lastplayed": -1}}]}, "days"),
        ({"all": [{"inTheLast": {"year": 1}}]}, "cannot be said"),
        ({"all": [{"before": {"lastplayed": "soon"}}]}, "date"),
        ({"all": [{"inPlaylist": {"name": "x"}}]}, "id of a playlist"),
        ({"all": [{"is": {"title": str(n)}} for n in range(301)]}, "more than 300"),
        ({"all": [], "sort": "nofield"}, "sorted"),
        ({"all": [], "sort": "mood"}, "sorted"),
        ({"all": [], "sort": 1}, "sort"),
        ({"all": [], "order": "up"}, "order"),
        ({"all": [], "limit": -1}, "limit"),
        ({"all": [], "limit": True}, "limit"),
        ({"all": [], "limitPercent": 101}, "limitPercent"),
    ],
)
def test_what_cannot_be_carried_out(rules: Any, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        parse_rules(rules)


def test_depth() -> None:
    rules: dict[str, Any] = {"all": []}
    for _ in range(7):
        rules = {"any": [rules]}
    parse_rules(rules)
    with pytest.raises(RuleError, match="deeply"):
        parse_rules({"all": [rules]})


def test_an_album_that_is_gone_is_no_mistake(db: None, library: Library, member: User) -> None:
    track = make_track(library, "A/1.mp3", missing=False)
    MediaFile.objects.filter(pk=track.pk).update(album_ref=None)
    assert Album.objects.exists()
    assert find_tracks(parse_rules({"all": [{"is": {"albumloved": False}}]}), member.as_viewer()) == [track.pk]
