"""What is taken of the words of others."""

from __future__ import annotations

import pytest

from media.external.texts import MAX_TEXT, lastfm_url, mbz_id, name_in, plain_text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<p>One</p><p>Two<br/>three</p>", "One\n\nTwo\nthree"),
        ("A &amp; B<script>alert('x')</script><style>p{}</style> C", "A & B C"),
        ("&lt;img src=x onerror=y&gt;", "‹img src=x onerror=y›"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("a < b", "a ‹ b"),
        ("x\x00\x1b[31m\u202ey", "x[31m\u202ey"),
        ("\ud800", ""),
        ({"#text": "x"}, ""),
        (None, ""),
    ],
)
def test_texts_have_no_tags(given: object, expected: str) -> None:
    assert plain_text(given) == expected


def test_texts_are_bounded() -> None:
    found = plain_text("wörd " * MAX_TEXT)
    assert len(found) <= MAX_TEXT
    assert found.endswith("…")
    assert name_in("x" * 301) == ""
    assert name_in(" Ada\n") == "Ada"


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("https://www.last.fm/music/Ada", True),
        ("https://last.fm/music/Ada", True),
        ("http://www.last.fm/music/Ada", False),
        ("javascript:alert(1)//last.fm", False),
        ("https://last.fm.example.org/", False),
        ("https://me@last.fm/", False),
        ('https://www.last.fm/"><script>', False),
        ("https://www.last.fm:x/", False),
        (["https://last.fm/"], False),
    ],
)
def test_addresses(given: object, is_taken: bool) -> None:
    assert lastfm_url(given) == (given if is_taken else "")


def test_ids() -> None:
    known = "0A000000-0000-4000-8000-000000000001"
    assert mbz_id(known) == known.lower()
    assert mbz_id("../../etc") == mbz_id(7) == mbz_id(f"{known}0") == ""
