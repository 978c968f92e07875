"""Whatever the tags hold, what comes out can be stored."""

from __future__ import annotations

import json
import math
from typing import Any

from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from libraries.models import MediaFile, Participant
from libraries.scanner.mapping.identity import genre_pid
from libraries.scanner.mapping.text import MAX_NAME, MAX_TAGS, MAX_TEXT
from libraries.scanner.mapping.track import map_track
from tests.support.raw_audio import MBZ_A, mapped, raw_audio


def test_hostile_texts_are_cleaned_and_bounded() -> None:
    record = mapped(
        title="a\0b\ud800c\x1b\n\u2028d\ufeff", artist=["x" * 20_000, *(f"n{i}" for i in range(1000))],
        album="\ufffe", comment=["y" * 20_000], lyrics=["z" * 20_000], label=["l" * 20_000], **{"k\0": ["v\0"]},
    )  # fmt: skip
    columns = record.columns
    assert columns["title"] == "abc d"
    assert columns["album"] == "[Unknown Album]"
    assert columns["comment"] == "y" * MAX_TEXT
    assert len(str(columns["artist"])) == MAX_TEXT
    assert [len(each.name) for each in record.credits[:2]] == [MAX_NAME, 2]
    # the first of them alone has the album
    assert [each.role for each in record.credits] == ["artist"] * 100 + ["albumartist"]
    tags = columns["tags"]
    assert isinstance(tags, dict)
    assert set(tags) == {"title", "artist", "label", "k"}
    assert (tags["title"], tags["k"], len(tags["label"][0])) == (["abc\n\nd"], ["v"], MAX_TEXT)
    assert columns["has_lyrics"] is True


def test_all_tags_together_are_bounded() -> None:
    tags = {f"key{i}": ["v" * 900] * 150 for i in range(400)}
    kept = map_track(raw_audio(tags), path=b"x.mp3").columns["tags"]
    assert isinstance(kept, dict)
    assert MAX_TAGS - 900 < sum(len(value) for values in kept.values() for value in values) <= MAX_TAGS


def test_short_values_are_trimmed_and_counted_too() -> None:
    labels = [str(i) for i in range(150)]
    assert mapped(title=" x ").columns["tags"] == {"title": ["x"]}
    assert mapped(label=labels).columns["tags"] == {"label": labels[:100]}
    assert mapped(title="x", mood=["", " "], media=[]).columns["tags"] == {"title": ["x"]}


def test_a_track_has_a_hundred_performers_at_most() -> None:
    parts = {f"performer:{part}": [f"Singer {i}" for i in range(60)] for part in ("alto", "bass")}
    assert sum(each.role == "performer" for each in mapped(**parts).credits) == 100


def test_the_input_is_left_alone() -> None:
    raw = raw_audio({"title": ["a"], "genre": ["b"]})
    stored = map_track(raw, path=b"x.mp3").columns["tags"]
    assert isinstance(stored, dict)
    stored["title"].append("c")
    assert raw.tags == {"title": ["a"], "genre": ["b"]}


KEYS = st.one_of(
    st.sampled_from([
        "title", "artist", "artists", "album", "albumartist", "albumartists", "tracknumber", "discnumber", "date",
        "originaldate", "releasedate", "genre", "compilation", "composer", "composersort", "performer",
        "performer:x", "bpm", "comment", "musicbrainz_albumid", "musicbrainz_artistid", "musicbrainz_trackid",
        "replaygain_track_gain", "replaygain_track_peak", "r128_track_gain", "artistsort", "artistssort",
    ]),
    st.text(st.characters()),
)  # fmt: skip
PIECES = st.sampled_from(
    [MBZ_A, "2004", "-", "/", "; ", " feat. ", "(", ")", "9" * 30, "nan", "dB", "\0", "\ud800", " "]
)
VALUES = st.one_of(st.text(st.characters()), st.lists(PIECES, max_size=6).map("".join))
NUMBERS = st.one_of(st.integers(), st.floats())


def check_text(value: str) -> None:
    value.encode("utf-8")
    assert "\0" not in value


def check_column(column: Any, value: object) -> None:
    """What any of the databases would refuse."""
    assert value is not None or column.null, column.name
    if isinstance(value, str):
        assert isinstance(column, models.TextField) or len(value) <= (column.max_length or 0), column.name
        check_text(value)
    elif isinstance(value, float):
        assert isinstance(column, models.FloatField)
        assert math.isfinite(value), column.name
    elif isinstance(value, int) and not isinstance(value, bool):
        small = isinstance(column, models.PositiveSmallIntegerField)
        assert 0 <= value < (2**15 if small else 2**31), column.name
    elif isinstance(value, dict):
        dumped = json.dumps(value, allow_nan=False)
        assert json.loads(dumped) == value
        assert "\\u0000" not in dumped
        check_text(json.dumps(value, ensure_ascii=False))


@given(st.dictionaries(KEYS, st.lists(VALUES, max_size=4), max_size=12), st.binary(max_size=30), NUMBERS, st.booleans())
def test_any_tags_map_to_storable_values(tags: dict[str, list[str]], path: bytes, number: Any, flag: bool) -> None:
    record = map_track(raw_audio(tags, "c", number, number, number, number, number, flag, flag), path=path)
    for name, value in record.columns.items():
        check_column(MediaFile._meta.get_field(name), value)
    assert record.columns["title"]
    assert {each.role for each in record.credits} >= {"artist", "albumartist"}
    assert len({(each.role, each.pid, each.sub_role) for each in record.credits}) == len(record.credits)
    for credit in record.credits:
        assert credit.name
        check_text(credit.name + credit.sort_name + credit.sub_role)
        assert len(credit.sub_role) <= (Participant._meta.get_field("sub_role").max_length or 0)
        assert len(credit.mbz_id) in (0, 36)
    for pid, name in record.genres:
        assert pid == genre_pid(name)
        check_text(name)
    check_text(record.album.name + record.album.sort_name + record.album.version + record.album.album_artist)
    assert len(record.pid) == len(record.album.pid) == len(record.album.artist_pid) == 32
    assert map_track(raw_audio(tags, "c", number, number, number, number, number, flag, flag), path=path) == record
