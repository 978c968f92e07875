"""The media types of files."""

from __future__ import annotations

from libraries.audio.formats.kinds import SUFFIX_KINDS
from media.content_types import OTHER, content_type


def test_every_suffix_that_is_read_has_one() -> None:
    assert [suffix for suffix in SUFFIX_KINDS if content_type(suffix) == OTHER] == []
    assert content_type("FLAC") == "audio/flac"
    assert content_type("exe") == OTHER
