"""`getLyrics` and `getLyricsBySongId`: from files beside the song, and from the song itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile
from libraries.search.index import index_everything
from synth import Track, track_bytes
from tests.conftest import Configure
from tests.media.conftest import Get, MakeSong, error_of
from tests.support.audio import id3_frame, id3_tag, mp3
from users.models import User

pytestmark = pytest.mark.alike

LRC = "[00:00.00]Start of song\n[00:01.00]Middle of song\n[00:01.50]End of song\n"
SYNCED = [
    {"start": 0, "value": "Start of song"}, {"start": 1000, "value": "Middle of song"},
    {"start": 1500, "value": "End of song"},
]  # fmt: skip


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    content = track_bytes(Track(title="Song", lyrics="First line\nSecond line"), "flac")
    return make_song(library, "Ada/First/Song.flac", content, title="Song", artist="Ada", has_lyrics=True)


def beside(song: MediaFile, suffix: str, text: str) -> None:
    Path(song.library.path, "Ada/First", f"Song{suffix}").write_text(text)


def lyrics(get: Get, user: User, song: MediaFile, **query: str) -> list[dict[str, Any]]:
    found = get("getLyricsBySongId", user, id=song.pk, **query).json()["subsonic-response"]
    shown: list[dict[str, Any]] = found["lyricsList"].get("structuredLyrics", [])
    return shown


def test_plain_lyrics_in_the_file(get: Get, member: User, song: MediaFile) -> None:
    expected = {
        "displayArtist": "Ada", "displayTitle": "Song", "lang": "xxx", "synced": False,
        "line": [{"value": "First line"}, {"value": "Second line"}],
    }  # fmt: skip
    assert lyrics(get, member, song) == [expected]
    assert lyrics(get, member, song, enhanced="true") == [{**expected, "kind": "main"}]


@pytest.mark.parametrize("form", ["mp3", "flac", "ogg", "opus", "m4a", "wav", "ape"])
def test_every_format(get: Get, member: User, library: Library, make_song: MakeSong, form: str) -> None:
    content = track_bytes(Track(title="Song", lyrics=LRC), form)
    song = make_song(library, f"Song.{form}", content, has_lyrics=True)
    (found,) = lyrics(get, member, song)
    assert (found["synced"], found["line"]) == (True, SYNCED)


def test_synced_lyrics_of_id3_and_languages(get: Get, member: User, library: Library, make_song: MakeSong) -> None:
    entries = b"".join(
        line["value"].encode() + b"\0" + line["start"].to_bytes(4, "big")  # type: ignore[attr-defined]
        for line in SYNCED
    )
    tag = id3_tag(
        id3_frame(b"TIT2", b"\0Song"),
        id3_frame(b"USLT", b"\3deu\0" + "Wörter".encode()),
        id3_frame(b"SYLT", b"\3eng\2\1about\0" + entries),
        id3_frame(
            b"SYLT", b"\1fra\2\1" + "\ufeffx\0".encode("utf-16-le") + "\ufeffÉté\0".encode("utf-16-le") + bytes(4)
        ),
        version=4,
    )
    song = make_song(library, "Song.mp3", tag + mp3(), has_lyrics=True)
    found = {one["lang"]: (one["synced"], one["line"]) for one in lyrics(get, member, song)}
    assert found == {
        "eng": (True, SYNCED), "fra": (True, [{"start": 0, "value": "Été"}]), "deu": (False, [{"value": "Wörter"}])
    }  # fmt: skip


def test_files_beside_the_song_count_before_it(get: Get, member: User, song: MediaFile) -> None:
    beside(song, ".txt", "Plain")
    assert [one["line"] for one in lyrics(get, member, song)] == [[{"value": "Plain"}]]
    beside(song, ".lrc", f"[offset:100]\n{LRC}")
    (found,) = lyrics(get, member, song)
    assert (found["line"], found["offset"], found["lang"]) == (SYNCED, 100, "xxx")
    beside(song, ".de.lrc", "[00:01.00]Mitte")
    beside(song, "s.lrc", "[00:01.00]Of another song")
    beside(song, ".not a language.lrc", "[00:01.00]Of none")
    assert [one["lang"] for one in lyrics(get, member, song)] == ["de", "xxx"]


def test_the_order_is_an_option(
    get: Get, member: User, song: MediaFile, configure: Configure, settings: Settings
) -> None:
    beside(song, ".lrc", LRC)
    configure(media=dataclasses.replace(settings.CONF.media, lyrics_priority=("embedded", ".lrc")))
    assert lyrics(get, member, song)[0]["line"][0] == {"value": "First line"}


def test_no_lyrics_are_an_empty_list(get: Get, member: User, library: Library, make_song: MakeSong) -> None:
    song = make_song(library, "None.flac", track_bytes(Track(title="x"), "flac"))
    assert get("getLyricsBySongId", member, id=song.pk).json()["subsonic-response"]["lyricsList"] == {}
    Path(library.path, "None.flac").unlink()
    assert lyrics(get, member, song) == []


def test_links_and_huge_files_beside_the_song_are_left_alone(get: Get, member: User, song: MediaFile) -> None:
    folder = Path(song.library.path)
    (folder.parent / "secret.txt").write_text("Secret")
    (folder / "Ada/First/Song.txt").symlink_to(folder.parent / "secret.txt")
    beside(song, ".lrc", "[00:01.00]x\n" * 100_000)
    assert [one["line"][0]["value"] for one in lyrics(get, member, song)] == ["First line"]


def test_by_artist_and_title(get: Get, member: User, song: MediaFile) -> None:
    index_everything()
    beside(song, ".lrc", LRC)
    found = get("getLyrics", member, artist="ADA", title="song").json()["subsonic-response"]["lyrics"]
    assert found == {"artist": "Ada", "title": "Song", "value": "Start of song\nMiddle of song\nEnd of song\n"}
    for query in ({}, {"artist": "Ada"}, {"artist": "Ada", "title": "Son"}, {"artist": "Bea", "title": "Song"}):
        assert get("getLyrics", member, **query).json()["subsonic-response"]["lyrics"] == {"value": ""}
    document = ElementTree.fromstring(get("getLyrics", member, artist="Ada", title="Song", f="xml").content)
    (element,) = document
    assert (element.text, element.attrib) == (found["value"], {"artist": "Ada", "title": "Song"})


def test_only_who_can_access_the_library_reads_them(
    get: Get, member: User, outsider: User, admin: User, other_library: Library, make_song: MakeSong
) -> None:
    hidden = make_song(other_library, "Hidden.flac", track_bytes(Track(lyrics="Words"), "flac"), title="Hidden",
                       artist="Bea", has_lyrics=True)  # fmt: skip
    index_everything()
    unknown = error_of(get("getLyricsBySongId", member, id="nope"))
    assert unknown["code"] == 70
    for user in (member, outsider):
        assert error_of(get("getLyricsBySongId", user, id=hidden.pk)) == unknown
        found = get("getLyrics", user, artist="Bea", title="Hidden").json()["subsonic-response"]["lyrics"]
        assert found == {"value": ""}
    assert get("getLyrics", admin, artist="Bea", title="Hidden").json()["subsonic-response"]["lyrics"]["value"]
