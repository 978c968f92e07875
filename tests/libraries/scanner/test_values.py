"""Dates, numbers, gains and technical facts: exact, or unknown."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest

from libraries.scanner.mapping.track import map_track
from tests.support.raw_audio import mapped, raw_audio


@pytest.mark.parametrize(
    ("text", "date", "year"),
    [
        ("2004", "2004", 2004),
        ("2004-05", "2004-05", 2004),
        ("2004-05-06", "2004-05-06", 2004),
        ("2004-05-06T07:08:09Z", "2004-05-06", 2004),
        ("2004-05-06 07:08", "2004-05-06", 2004),
        ("2004/05/06", "2004-05-06", 2004),
        ("2004.05.06", "2004-05-06", 2004),
        ("20040506", "2004-05-06", 2004),
        ("2004-00-00", "2004", 2004),
        ("2004-13-01", "2004", 2004),
        ("2004-02-31", "2004-02", 2004),
        ("2004-5-6", "2004", 2004),
        ("06/05/2004", "2004", 2004),
        ("May 2004", "2004", 2004),
        ("c. 1033", "1033", 1033),
        ("0033", "", None),
        ("0001-01-01T00:00:00", "", None),
        ("9999-12-31", "", None),
        ("0605 or 1999", "1999", 1999),
        ("31122004", "", None),
        ("0000", "", None),
        ("0000-01-01", "", None),
        ("12345", "", None),
        ("99", "", None),
        ("unknown", "", None),
        ("٢٠٠٤", "", None),
        ("9" * 400, "", None),
    ],
)
def test_dates(text: str, date: str, year: int | None) -> None:
    columns = mapped(date=text, originaldate=text, releasedate=text).columns
    for prefix in ("", "original_", "release_"):
        assert (columns[prefix + "date"], columns[prefix + "year"]) == (date, year)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"year": "1999"}, ("1999", "", "")),
        ({"originaldate": "1999", "releasedate": "2004"}, ("1999", "1999", "2004")),
        ({"originalyear": "1999"}, ("1999", "1999", "")),
        ({"releasedate": "2004-05"}, ("2004-05", "", "2004-05")),
        ({"date": "nonsense", "releasedate": "2004"}, ("2004", "", "2004")),
        ({"date": "nonsense", "year": "1999"}, ("1999", "", "")),
        ({"originaldate": "0000", "originalyear": "1999"}, ("1999", "1999", "")),
    ],
)
def test_dates_stand_in_for_each_other(tags: dict[str, Any], expected: tuple[str, str, str]) -> None:
    columns = mapped(**tags).columns
    assert (columns["date"], columns["original_date"], columns["release_date"]) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        # a reissue: its own date stands in that of the recording
        ({"date": "1999", "originaldate": "1997"}, ("1997", "1997", "1999")),
        ({"date": "1999-05", "originalyear": "1997"}, ("1997", "1997", "1999-05")),
        # of two equal years the more precise
        ({"date": "1997-05-06", "originaldate": "1997"}, ("1997-05-06", "1997", "1997-05-06")),
        ({"date": "1997", "originaldate": "1997-05"}, ("1997-05", "1997-05", "1997")),
        ({"date": "1997", "originaldate": "1997"}, ("1997", "1997", "1997")),
        ({"date": "1997-06", "originaldate": "1997-05"}, ("1997-05", "1997-05", "1997-06")),
        # recorded before it came out first, and a release of its own
        ({"date": "1997-04-01", "originaldate": "1997-05"}, ("1997-04-01", "1997-05", "")),
        ({"date": "1969", "originaldate": "1997"}, ("1969", "1997", "")),
        ({"date": "1999", "originaldate": "1997", "releasedate": "2002"}, ("1999", "1997", "2002")),
    ],
)
def test_a_reissue_shows_its_first_date(tags: dict[str, Any], expected: tuple[str, str, str]) -> None:
    columns = mapped(**tags).columns
    assert (columns["date"], columns["original_date"], columns["release_date"]) == expected
    assert columns["year"] == int(expected[0][:4])
    assert columns["release_year"] == (int(expected[2][:4]) if expected[2] else None)


def test_the_date_of_a_reissue_is_no_release_date_of_its_album() -> None:
    tags = {"album": "One", "artist": "A", "date": "1999", "originaldate": "1997"}
    record = mapped(**tags)
    assert record.columns["release_date"] == "1999"
    assert record.album.pid == mapped(**tags | {"date": "1999-05-06"}).album.pid
    assert record.album.pid != mapped(**tags, releasedate="1998").album.pid
    assert "releasedate" not in cast("dict[str, Any]", record.columns["tags"])


@pytest.mark.parametrize(
    ("text", "bpm"),
    [
        ("128", 128),
        ("97.6", 98),
        ("127,6", 128),
        ("127.4", 127),
        ("0.5", 1),
        ("0", None),
        ("0.4", None),
        (" 128 BPM", 128),
        ("128bpm", 128),
        ("fast", None),
        ("-12", None),
        ("", None),
        ("9" * 5000, None),
        ("12345678901", None),
    ],
)
def test_beats_per_minute(text: str, bpm: int | None) -> None:
    assert mapped(bpm=text).columns["bpm"] == bpm


@pytest.mark.parametrize(
    ("number", "total", "expected"),
    [
        ("3", "", (3, None)),
        ("003/012", "", (3, 12)),
        ("3 / 12", "", (3, 12)),
        ("3/12", "13", (3, 13)),
        ("3 of 12", "", (3, 12)),
        ("3 OF 12", "", (3, 12)),
        ("3 offset 12", "", (3, None)),
        ("3/", "x", (3, None)),
        ("3.0", "", (3, None)),
        ("0", "0", (None, None)),
        ("-1", "-1", (None, None)),
        ("A1", "", (None, None)),
        ("", "12", (None, 12)),
        ("2147483647", "2147483648", (2147483647, None)),
        ("9" * 5000, "1" * 11, (None, None)),
        ("0" * 5000 + "7", "", (7, None)),
        ("٣", "", (None, None)),
    ],
)
def test_track_and_disc_numbers(number: str, total: str, expected: tuple[int | None, int | None]) -> None:
    columns = mapped(tracknumber=number, tracktotal=total, discnumber=number, disctotal=total).columns
    assert (columns["track_number"], columns["track_total"]) == expected
    assert (columns["disc_number"], columns["disc_total"]) == expected


@pytest.mark.parametrize(
    ("text", "gain", "peak"),
    [
        ("-7.5 dB", -7.5, None),
        ("+3.25dB", 3.25, 3.25),
        ("0,5", 0.5, 0.5),
        (".5", 0.5, 0.5),
        ("1e-05", 1e-05, 1e-05),
        ("-200 dB", None, None),
        ("5000", None, None),
        ("1e99", None, None),
        ("1e999", None, None),
        ("nan", None, None),
        ("-inf dB", None, None),
        ("1_0", None, None),
        ("5" + " " * 9000 + "x", None, None),
        ("", None, None),
    ],
)
def test_replay_gain(text: str, gain: float | None, peak: float | None) -> None:
    columns = mapped(replaygain_track_gain=text, replaygain_album_peak=text).columns
    assert (columns["rg_track_gain"], columns["rg_album_peak"]) == (gain, peak)


def test_r128_gain_stands_in() -> None:
    columns = mapped(r128_track_gain="-1280", r128_album_gain="256", replaygain_album_gain="-1 dB").columns
    assert (columns["rg_track_gain"], columns["rg_album_gain"]) == (0.0, -1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 10**400, 2**31])
def test_impossible_facts_are_unknown(value: Any) -> None:
    columns = map_track(raw_audio({}, "x" * 99, value, value, value, value, value), path=b"x.mp3").columns
    assert columns["codec"] == "x" * 16
    assert [columns[key] for key in ("duration", "bit_rate", "sample_rate", "bit_depth", "channels")] == [0, 0, 0, 0, 0]
