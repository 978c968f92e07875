"""Lyrics by the protocol, with the times of single words."""

from __future__ import annotations

from pathlib import Path

import pytest

from libraries.models import Library
from tests.subsonic.conftest import Call
from tests.support.catalog import make_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

LRC = "[00:01.00]<00:01.00>Été <00:01.50>two\n[00:02.00]Plain"


@pytest.fixture
def song(library: Library) -> str:
    folder = Path(library.path, "A")
    folder.mkdir()
    (folder / "song.mp3").write_bytes(b"x")
    (folder / "song.lrc").write_text(LRC, encoding="utf-8")
    return str(make_track(library, "A/song.mp3", missing=False).pk)


def test_words_have_times_for_who_asks_for_them(call: Call, member: User, song: str) -> None:
    lines = [{"start": 1000, "value": "Été two"}, {"start": 2000, "value": "Plain"}]
    (plain,) = call("getLyricsBySongId", member, id=song)["lyricsList"]["structuredLyrics"]
    assert (plain["line"], "cueLine" in plain, "kind" in plain) == (lines, False, False)
    (enhanced,) = call("getLyricsBySongId", member, id=song, enhanced="true")["lyricsList"]["structuredLyrics"]
    assert (enhanced["line"], enhanced["kind"]) == (lines, "main")
    cues = [
        {"start": 1000, "byteStart": 0, "byteEnd": 4, "value": "Été"},
        {"start": 1500, "byteStart": 6, "byteEnd": 8, "value": "two"},
    ]
    assert enhanced["cueLine"] == [{"index": 0, "start": 1000, "value": "Été two", "cue": cues}]
