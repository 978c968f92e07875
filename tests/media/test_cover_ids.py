"""Ids of covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.choices import CoverKind
from media.covers.ids import CoverId, cover_id, parse_cover_id

ITEM = "0dzdFmcxR99YCmuPaNXTT0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"al-{ITEM}_14050114ab023d8b", CoverId(CoverKind.ALBUM, ITEM, 0, "14050114ab023d8b")),
        (f"mf-{ITEM}", CoverId(CoverKind.TRACK, ITEM)),
        (f"dc-{ITEM}:2_0", CoverId(CoverKind.DISC, ITEM, 2, "0")),
        (f"ar-{ITEM}_", CoverId(CoverKind.ARTIST, ITEM)),
        (ITEM, CoverId(None, ITEM)),
        (f"{ITEM}_14050114ab023d8b", CoverId(None, ITEM, 0, "14050114ab023d8b")),
        (f"xx-{ITEM}", None),
        (f"al-{ITEM}:1", None),
        (f"dc-{ITEM}", None),
        ("al-../../etc", None),
        ("", None),
    ],
)
def test_ids(text: str, expected: CoverId | None) -> None:
    assert parse_cover_id(text) == expected


@given(st.sampled_from(CoverKind), st.from_regex(r"\A[A-Za-z0-9]{22}\Z"), st.integers(1, 99), st.booleans())
def test_what_is_written_is_read(kind: CoverKind, item: str, disc: int, named: bool) -> None:
    digest = "0123456789abcdef" if named else ""
    disc = disc if kind is CoverKind.DISC else 0
    assert parse_cover_id(cover_id(kind, item, digest, disc=disc)) == CoverId(kind, item, disc, digest)
