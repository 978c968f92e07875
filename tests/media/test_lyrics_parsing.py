"""Lyrics as text: LRC and plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.lyrics.parsing import Cue, Line, language_code, parse_lyrics, stamp
from media.lyrics.sidecar import decode_text


def lines(text: str) -> list[tuple[int | None, str]]:
    found = parse_lyrics(text)
    return [(line.start, line.text) for line in found.lines] if found is not None else []


def test_synced() -> None:
    text = "[ti:Song]\n[la:ENG]\n[offset:+100]\n\n[00:01.50]End\n[00:00.00]Start\n[00:01]Middle\n"
    found = parse_lyrics(text)
    assert found is not None
    assert lines(text) == [(0, "Start"), (1000, "Middle"), (1500, "End")]
    assert (found.language, found.offset, found.is_synced, found.text) == ("eng", 100, True, "Start\nMiddle\nEnd\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[00:01.00][00:03.00] Again\n[00:02.00]Between", [(1000, "Again"), (2000, "Between"), (3000, "Again")]),
        ("[1:02:03.4]Late", [(3_723_400, "Late")]),
        ("[00:01:25]Odd sign", [(85_000, "Odd sign")]),
        ("[00:01.250]Thousandths", [(1250, "Thousandths")]),
        ("[00:01.00]<00:01.00>One <00:01.50>two", [(1000, "One two")]),
        ("[00:01.00]Broken\nin two", [(1000, "Broken\nin two")]),
        ("[00:01.00]\n[00:02.00]x", [(1000, ""), (2000, "x")]),
        ("\ufeff\r\nFirst\r\n\r\nSecond\r\n", [(None, "First"), (None, ""), (None, "Second")]),
        ("[Chorus]\nLa la", [(None, "[Chorus]"), (None, "La la")]),
        ("", []),
        ("[ar:Somebody]\n\n", []),
        ("[00:01.00]\n[00:02.00]", []),
    ],
)
def test_forms(text: str, expected: list[tuple[int | None, str]]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[00:01.00]<00:01.00>One <00:01.50>two",
         Line("One two", 1000, (Cue("One", 1000, 0, 2), Cue("two", 1500, 4, 6)))),
        # bytes count, not characters, and a stamp at the end is of no word
        ("[00:01.00] Oh <00:01.20> Été <00:01.50>à<00:02.00>",
         Line("Oh Été à", 1000, (Cue("Été", 1200, 3, 7), Cue("à", 1500, 9, 10)))),
        ("[00:01.00]<00:01.00>   <00:01.10>  x", Line("x", 1000, (Cue("x", 1100, 0, 0),))),
        ("[00:01.00]<00:01.00>syl<00:01.20>lable",
         Line("syllable", 1000, (Cue("syl", 1000, 0, 2), Cue("lable", 1200, 3, 7)))),
        ("[00:01.00]No words with times", Line("No words with times", 1000)),
    ],
)  # fmt: skip
def test_words_with_times(text: str, line: Line) -> None:
    found = parse_lyrics(text)
    assert found is not None
    assert found.lines == (line,)
    for cue in line.cues:
        assert line.text.encode()[cue.first : cue.last + 1].decode() == cue.text


def test_words_of_a_line_that_is_sung_several_times_have_no_times() -> None:
    found = parse_lyrics("[00:01.00][00:05.00]<00:01.00>One <00:01.50>two")
    assert found is not None
    assert found.lines == (Line("One two", 1000), Line("One two", 5000))


@pytest.mark.parametrize(
    ("text", "code"), [("ENG", "eng"), ("pt-BR", "pt-br"), ("XXX", "xxx"), ("", "xxx"), ("1!", "xxx")]
)
def test_languages(text: str, code: str) -> None:
    assert language_code(text) == code


@given(
    st.lists(
        st.tuples(st.integers(0, 5_000_000), st.from_regex(r"\A[a-z]{1,9}( [a-z]{1,9})?\Z")), min_size=1, max_size=30
    )
)
def test_what_is_written_is_read(made: list[tuple[int, str]]) -> None:
    text = "\n".join(stamp(moment) + words for moment, words in made)
    found = parse_lyrics(text)
    assert found is not None
    expected = sorted((Line(words, moment // 10 * 10) for moment, words in made), key=lambda line: line.start or 0)
    assert list(found.lines) == expected


@given(st.text(max_size=400))
def test_no_text_is_too_odd(text: str) -> None:
    found = parse_lyrics(text)
    assert found is None or any(line.text for line in found.lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "shift_jis", "windows-1251"])
def test_encodings(encoding: str) -> None:
    text = {"shift_jis": "こんにちは世界、歌の歌詞です", "windows-1251": "Слова песни на русском языке"}.get(
        encoding, "Été – 日本"
    )
    assert decode_text(text.encode(encoding)) == text
