"""Artists, genres, albums and tracks: what counts as the same, and what does not."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libraries.scanner.mapping import identity
from libraries.scanner.mapping.identity import album_pid, artist_pid, genre_pid, normal, track_pid

MBZ = "3a909079-a42d-4e3b-8f2f-6b1f5a7d3c11"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Björk", "BJÖRK"),
        ("Bj\u00f6rk", "Bjo\u0308rk"),
        ("Sigur  Rós ", "sigur\u00a0rós"),
        ("Guns N\u2019 Roses", "Guns N' Roses"),
        ("Jay\u2010Z", "JAY-Z"),
        ("\u201cWeird Al\u201d Yankovic", '"weird al" yankovic'),
        ("\uff21\uff22\uff23", "abc"),
        ("Straße", "STRASSE"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("\u200bAir", "Air"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert normal(one) == normal(other)
    assert artist_pid(one) == artist_pid(other)
    assert genre_pid(one) == genre_pid(other)


@pytest.mark.parametrize(("one", "other"), [("Bjork", "Björk"), ("AC/DC", "ACDC"), ("The Band", "Band"), ("a b", "ab")])
def test_different_names(one: str, other: str) -> None:
    assert artist_pid(one) != artist_pid(other)
    assert genre_pid(one) != genre_pid(other)


def test_kinds_do_not_share_digests() -> None:
    assert len({artist_pid("Rock"), genre_pid("Rock")}) == 2
    assert re.fullmatch("[0-9a-f]{32}", artist_pid("Rock"))


def test_digests_stay_what_they_are() -> None:
    """A changed digest would make every catalog a new one at its next scan."""
    assert artist_pid("Björk") == "2fc3893f150f3ef58d0a26d9871cbe68"
    assert genre_pid("Trip Hop") == "44aeab32792082bb2730c9e57efc4003"
    assert album() == "d67118b1e540ce1dc0ca1aa2970f70f8"
    assert track() == "e06850254a1bed40dd738b17ab0e6eca"


def test_every_character_is_normal_after_one_pass() -> None:
    changed = [hex(code) for code in range(sys.maxunicode + 1) if normal(normal(chr(code))) != normal(chr(code))]
    assert changed == []


@given(st.text(st.characters()))
def test_normal_is_stable_and_total(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert len(artist_pid(text)) == 32


def album(**changes: Any) -> str:
    parts: dict[str, Any] = {"mbz_album_id": "", "artists": ("A",), "album": "One", "version": ""}
    return album_pid(**parts | {"release_date": "2004"} | changes)


def track(**changes: Any) -> str:
    parts: dict[str, Any] = {"mbz_track_id": "", "album": "a" * 32, "disc": 1, "track": 2, "title": "Song"}
    return track_pid(**parts | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"artists": ("B",)},
        {"artists": ("A", "B")},
        {"artists": ()},
        {"album": "Two"},
        {"version": "Deluxe"},
        {"release_date": "2005"},
        {"release_date": ""},
        {"mbz_album_id": MBZ},
        {"artists": ("A", "One"), "album": ""},
        {"album": "One2004", "release_date": ""},
        {"album": "", "version": "One"},
    ],
)
def test_each_part_makes_another_album(changes: dict[str, Any]) -> None:
    assert album(**changes) != album()


def test_album_spelling_does_not_matter() -> None:
    assert album(artists=("a ",), album="ONE") == album()


def test_musicbrainz_album_id_is_all_that_counts() -> None:
    expected = album(mbz_album_id=MBZ)
    assert album(mbz_album_id=MBZ.upper(), artists=("B",), album="Two", release_date="1999") == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"album": "b" * 32},
        {"disc": 2},
        {"disc": None},
        {"track": 3},
        {"disc": None, "track": 12},
        {"disc": 12, "track": None},
        {"title": "Other"},
        {"mbz_track_id": MBZ},
    ],
)
def test_each_part_makes_another_track(changes: dict[str, Any]) -> None:
    assert track(**changes) != track()


def test_musicbrainz_track_id_is_all_that_counts() -> None:
    assert track(mbz_track_id=MBZ.upper(), title="x", disc=9) == track(mbz_track_id=MBZ)
    assert track(mbz_track_id=MBZ) != album(mbz_album_id=MBZ)


@given(
    st.lists(st.text(st.characters(), max_size=6), max_size=4),
    st.lists(st.text(st.characters(), max_size=6), max_size=4),
)
def test_parts_never_run_into_each_other(one: list[str], other: list[str]) -> None:
    def clean(parts: list[str]) -> list[bytes]:
        return [part.encode("utf-8", "replace") for part in parts]

    same = identity._digest(b"x", one) == identity._digest(b"x", other)
    assert same == (clean(one) == clean(other))
