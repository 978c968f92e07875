"""Who is credited in a track: the MusicBrainz ids decide what is one name, and rules decide where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libraries.scanner.mapping.credits import OTHER_ROLES
from libraries.scanner.mapping.splitting import SplitRules, Splitter, splitters_of
from libraries.scanner.mapping.track import map_track
from libraries.scanner.types import MappedTrack
from tests.support.raw_audio import mapped, raw_audio

A = "11111111-aaaa-4aaa-8aaa-111111111111"
B = "22222222-bbbb-4bbb-8bbb-222222222222"
C = "33333333-cccc-4ccc-8ccc-333333333333"


def people(record: MappedTrack, role: str) -> list[tuple[str, str]]:
    return [(each.name, each.mbz_id) for each in record.credits if each.role == role]


def names(record: MappedTrack, role: str = "artist") -> list[str]:
    return [name for name, _ in people(record, role)]


@pytest.mark.parametrize(
    ("artist", "artists", "ids", "expected"),
    [
        # one id: one name, whatever is in it
        ("10 ft. Green House", None, [A], [("10 ft. Green House", A)]),
        ("Ann / Bob; Cy", None, [A], [("Ann / Bob; Cy", A)]),
        ("10 ft. Green House", ["10 ft. Green House"], [A], [("10 ft. Green House", A)]),
        ("A; B", ["A; B"], [A], [("A; B", A)]),
        # as many ids as parts at a usual separator
        ("Ann feat. Bob", None, [A, B], [("Ann", A), ("Bob", B)]),
        ("Ann feat. Bob & Cy", None, [A, B], [("Ann", A), ("Bob & Cy", B)]),
        ("Ann; Bob ft Cy", None, [f"{A}; {B}", C], [("Ann", A), ("Bob", B), ("Cy", C)]),
        # as many as parts at another one
        ("Nina & Otto", ["Nina/Otto"], [f"{A}/{B}"], [("Nina", A), ("Otto", B)]),
        ("Nina/Otto", None, [A, B], [("Nina", A), ("Otto", B)]),
        ("Nina & Otto", None, [A, B], [("Nina", A), ("Otto", B)]),
        ("Nina, Otto", None, [A, B], [("Nina", A), ("Otto", B)]),
        ("Nina x Otto", None, [A, B], [("Nina", A), ("Otto", B)]),
        ("Nina VS. Otto", None, [A, B], [("Nina", A), ("Otto", B)]),
        ("Nina, Otto & Pia", None, [A, B, C], [("Nina", A), ("Otto", B), ("Pia", C)]),
        ("Nina & Otto feat. Pia x Q", None, [A, B, C], [("Nina", A), ("Otto", B), ("Pia x Q", C)]),
        # the list goes first, the shown text where the list does not fit
        ("Ann & Bob", ["Ann", "Bob"], [A, B], [("Ann", A), ("Bob", B)]),
        ("Ann & Bob", ["Ann"], [A, B], [("Ann", A), ("Bob", B)]),
        ("Ann & Bob", ["Ann", "Bob"], [A], [("Ann", ""), ("Bob", "")]),
        (["Ann", "Bob, Cy"], None, [A, B, C], [("Ann", A), ("Bob", B), ("Cy", C)]),
        # ids that fit nothing, or are none, decide nothing
        ("Ann feat. Bob", None, [A, B, C], [("Ann", ""), ("Bob", "")]),
        ("Ann feat. Bob", None, ["nonsense"], [("Ann", ""), ("Bob", "")]),
        ("Nina & Otto", None, ["x", "y"], [("Nina & Otto", "")]),
        # without ids a list tag is split at its own separator only
        ("Ann feat. Bob", ["Ann feat. Bob"], [], [("Ann feat. Bob", "")]),
        ("Ann feat. Bob", ["Ann; Bob / Cy"], [], [("Ann", ""), ("Bob / Cy", "")]),
        ("Nina/Otto", ["Nina/Otto"], [], [("Nina/Otto", "")]),
    ],
)
@pytest.mark.parametrize("role", ["artist", "albumartist"])
def test_ids_decide_splits(
    role: str, artist: str | list[str], artists: list[str] | None, ids: list[str], expected: list[tuple[str, str]]
) -> None:
    tags: dict[str, Any] = {"artist": "Z", role: artist, f"musicbrainz_{role}id": ids}
    if artists is not None:
        tags[role + "s"] = artists
    assert people(mapped(**tags), role) == expected


def test_the_shown_text_is_that_of_the_tag() -> None:
    assert mapped(artist="Nina x Otto", musicbrainz_artistid=[A, B]).columns["artist"] == "Nina x Otto"


def test_sort_names_are_split_as_the_names() -> None:
    record = mapped(artist="Nina & Otto", artistsort="nina; otto", musicbrainz_artistid=[A, B])
    assert [each.sort_name for each in record.credits if each.role == "artist"] == ["nina", "otto"]


@pytest.mark.parametrize("role", OTHER_ROLES)
def test_roles_have_ids_of_their_own(role: str) -> None:
    record = mapped(**{role: ["Ann/Bob", "Cy"], f"musicbrainz_{role}id": [A, B, C]})
    assert people(record, role) == [("Ann", A), ("Bob", B), ("Cy", C)]
    assert people(mapped(**{role: "AC/DC", f"musicbrainz_{role}id": A}), role) == [("AC/DC", A)]
    assert people(mapped(**{role: ["Ann; Bob", "Cy/Dee"]}), role) == [("Ann", ""), ("Bob", ""), ("Cy", ""), ("Dee", "")]


def test_a_name_without_an_id_has_that_of_the_same_name_in_the_file() -> None:
    record = mapped(
        artist=["Ann", "Bob"], musicbrainz_artistid=[A, B], albumartist="ANN", composer=["bob", "Cy"],
        performer=["Ann (voice)", "Eve"], producer="Eve", musicbrainz_producerid=C,
    )  # fmt: skip
    assert people(record, "albumartist") == [("ANN", A)]
    assert people(record, "composer") == [("bob", B), ("Cy", "")]
    assert people(record, "performer") == [("Ann", A), ("Eve", C)]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"performer": ["Ann (GUITAR)", "ann (guitar)", "Ann (Voice)"]}, [("Ann", "Guitar"), ("Ann", "Voice")]),
        ({"performer": ["Ann (lead vocals)"], "performer:Lead Vocals": ["Ann"]}, [("Ann", "Lead Vocals")]),
        ({"performer": ["Bob (double-bass)", "Cy (children's choir)"]},
         [("Bob", "Double-Bass"), ("Cy", "Children's Choir")]),
        ({"performer": ["Ann (drums (drum set)) (live)"]}, [("Ann", "Drums (Drum Set)")]),
        ({"performer": ["Ann (bass) (live)"]}, [("Ann", "Bass")]),
        ({"performer": ["(The) Band", "Ann (x) Smith", "()"]}, [("(The) Band", ""), ("Ann (x) Smith", ""), ("()", "")]),
        ({"performer": ["Ann (bass; voice)/Bob (drums); Cy"]}, [("Ann", "Bass; Voice"), ("Bob", "Drums"), ("Cy", "")]),
        ({"performer:guitar": ["Ann; Bob", "Cy (the cat)"]},
         [("Ann", "Guitar"), ("Bob", "Guitar"), ("Cy (the cat)", "Guitar")]),
    ],
)  # fmt: skip
def test_performers(tags: dict[str, list[str]], expected: list[tuple[str, str]]) -> None:
    found = [(each.name, each.sub_role) for each in mapped(**tags).credits if each.role == "performer"]
    assert found == expected


def test_performers_have_ids_by_position() -> None:
    record = mapped(performer=["Ann (voice)", "Bob"], musicbrainz_performerid=[A, B])
    assert people(record, "performer") == [("Ann", A), ("Bob", B)]


def test_moods_are_split_like_genres() -> None:
    record = mapped(mood=["Calm; Dark/warm", "calm,Odd"], genre=["Calm; Dark/warm", "calm,Odd"])
    assert record.columns["tags"] == {"mood": ["Calm", "Dark", "warm", "Odd"], "genre": ["Calm; Dark/warm", "calm,Odd"]}
    assert [name for _, name in record.genres] == ["Calm", "Dark", "warm", "Odd"]
    assert mapped(mood=[";"]).columns["tags"] == {"mood": [";"]}


def with_rules(tags: dict[str, list[str]], **rules: Sequence[str]) -> MappedTrack:
    splitters = splitters_of(SplitRules(**{key: tuple(texts) for key, texts in rules.items()}))
    return map_track(raw_audio(tags), path=b"x.mp3", splitters=splitters)


def test_separators_of_each_tag() -> None:
    tags = {
        "artist": ["A with B"], "albumartist": ["A + B; C"], "composer": ["A, B/C"], "genre": ["Rock|Pop, Jazz"],
        "mood": ["Calm; Dark"],
    }  # fmt: skip
    record = with_rules(
        tags, artist=[" WITH "], albumartist=[" + "], roles=[", "], genre=["|"], mood=[]
    )  # fmt: skip
    assert names(record) == ["A", "B"]
    assert names(record, "albumartist") == ["A", "B; C"]
    assert names(record, "composer") == ["A", "B/C"]
    assert [name for _, name in record.genres] == ["Rock", "Pop, Jazz"]
    assert record.columns["tags"] == tags
    # rules of one scan say nothing of another
    assert names(mapped(artist="A with B")) == ["A with B"]
    assert names(mapped(composer="A, B/C"), "composer") == ["A, B", "C"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AC / DC feat. Bob", ["AC / DC", "Bob"]),
        ("Bob / ac  /  dc", ["Bob", "ac  /  dc"]),
        ("MAC / DC", ["MAC", "DC"]),
        ("AC / DCs", ["AC", "DCs"]),
        ("Earth; Wind; Fire / Bob", ["Earth; Wind; Fire", "Bob"]),
        ("Earth; Wind; Rain", ["Earth; Wind", "Rain"]),
        ("!!! / Bob", ["!!!", "Bob"]),
    ],
)
def test_names_that_are_never_split(text: str, expected: list[str]) -> None:
    """Whole words, the longest first, in any case."""
    kept = ["Earth; Wind", "Earth; Wind; Fire", "AC / DC", "!!!", " "]
    tags = {"artist": [text], "artists": [text], "albumartist": [text], "albumartists": [text], "composer": [text]}
    del tags["artists"], tags["albumartists"]
    record = with_rules(tags, exceptions=kept, roles=[" / ", "; ", " feat. "])
    assert names(record) == names(record, "albumartist") == names(record, "composer") == expected


def test_a_name_that_is_never_split_is_kept_by_ids_too() -> None:
    tags = {"artist": ["Ann & Simon & Garfunkel"], "musicbrainz_artistid": [A, B]}
    assert people(with_rules(tags, exceptions=["Simon & Garfunkel"]), "artist") == [
        ("Ann", A),
        ("Simon & Garfunkel", B),
    ]
    assert names(with_rules({"artist": ["x"], "artists": ["Ann; Bob"]}, exceptions=["ann; bob"])) == ["Ann; Bob"]


@given(st.text("aB;/ .", max_size=30), st.lists(st.text("aB;/ ", max_size=4), max_size=4), st.integers(1, 5))
def test_splitting_drops_nothing_but_separators(text: str, kept: list[str], most: int) -> None:
    parts = Splitter([";", " / "], kept).split(text, most)
    assert len(parts) <= most
    assert "".join(parts).replace(";", "").replace(" / ", "").replace("/", "").replace(" ", "") == text.replace(
        ";", ""
    ).replace(" / ", "").replace("/", "").replace(" ", "")
