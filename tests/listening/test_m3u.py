"""M3U is read as other programs write it, and written so that no text breaks a line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libraries.models import Folder, Library, MediaFile
from listening.playlist_files import m3u
from listening.playlist_files.resolve import resolve_for, resolve_lines
from tests.support.catalog import make_track
from users.models import User


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"Artist/Album/01.mp3", b"Artist/Album/01.mp3"),
        (b"/music/main/a.mp3", b"/music/main/a.mp3"),
        (b"file:///music/a%20b.mp3", b"/music/a b.mp3"),
        (b"..\\Artist\\01.mp3", b"../Artist/01.mp3"),
        (b"D:\\Music\\01.mp3", b"D:/Music/01.mp3"),
        (b"a\\b/c.mp3", b"a\\b/c.mp3"),
        (b"http://radio.example/stream", b""),
        (b"rtsp://radio.example/stream", b""),
    ],
)
def test_lines(line: bytes, path: bytes) -> None:
    assert m3u.path_of(line) == path


def test_a_file() -> None:
    data = b"\xef\xbb\xbf#EXTM3U\r\n#PLAYLIST:Caf\xc3\xa9\r\n\r\n#EXTINF:2,x\r\n a.mp3 \r\nhttp://x/\r\n"
    assert m3u.parse(data) == ("Café", [b"a.mp3"])
    assert m3u.parse(b"#PLAYLIST:Caf\xe9\na.mp3").name == "Café"
    assert m3u.parse(b"") == ("", [])


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for path in m3u.parse(data).paths:
        assert path
        assert b"\n" not in path


@given(st.text(), st.lists(st.tuples(st.text(), st.text(), st.text(min_size=1)), max_size=5))
def test_what_is_written_has_two_lines_for_each_track(name: str, tracks: list[tuple[str, str, str]]) -> None:
    text = m3u.render(name, [m3u.WrittenTrack(1, *track) for track in tracks])
    lines = text.splitlines()
    assert len(lines) == 2 + 2 * len(tracks)
    assert lines[0] == "#EXTM3U"
    assert lines[1].startswith("#PLAYLIST:")


class TestResolving:
    pytestmark = [pytest.mark.django_db, pytest.mark.alike]

    def test_where_a_line_may_lead(self, library: Library, other_library: Library, member: User, admin: User) -> None:
        one = make_track(library, "A/1.mp3", missing=False)
        hidden = make_track(other_library, "A/1.mp3", missing=False)
        hidden_only = make_track(other_library, "B/2.mp3", missing=False)
        lines = [
            b"A/1.mp3", b"./A//1.mp3", b"B/../A/1.mp3", os.fsencode(f"{library.path}/A/1.mp3"), b"B/2.mp3",
            os.fsencode(f"{other_library.path}/A/1.mp3"), b"../A/1.mp3", b"/nowhere/x.mp3", b"A", b"",
        ]  # fmt: skip
        assert resolve_for(member.as_viewer(), lines) == [one.pk] * 4
        assert resolve_for(admin.as_viewer(), lines) == [one.pk] * 4 + [hidden_only.pk, hidden.pk]
        beside = [b"1.mp3", b"../A/1.mp3", b"../../A/1.mp3"]
        assert resolve_lines(beside, [library], base=(library, b"A")) == [one.pk] * 2

    def test_spellings_of_one_name(self, library: Library, admin: User) -> None:
        composed, latin = make_track(library, "Été/1.mp3", missing=False), make_track(library, "é.mp3", missing=False)
        decomposed = "E\u0301te\u0301/1.mp3".encode()
        assert resolve_for(admin.as_viewer(), [decomposed, "é.mp3".encode("cp1252")]) == [composed.pk, latin.pk]

    def test_a_present_track_counts_before_a_missing_one(self, library: Library, admin: User) -> None:
        make_track(library, "A/1.mp3")
        purged = make_track(library, "A/2.mp3", purge_id="x")
        there = make_track(library, "A/1.mp3", missing=False)
        assert Folder.objects.count() == 1
        assert resolve_for(admin.as_viewer(), [b"A/1.mp3", b"A/2.mp3"]) == [there.pk]
        MediaFile.objects.filter(pk=there.pk).delete()
        assert len(resolve_for(admin.as_viewer(), [b"A/1.mp3"])) == 1
        assert purged.pk not in resolve_for(admin.as_viewer(), [b"A/2.mp3"])

    def test_a_root_that_ends_in_a_slash(self, tmp_path: Path, admin: User) -> None:
        library = Library.objects.create(name="x", path=f"{tmp_path}/")
        track = make_track(library, "1.mp3", missing=False)
        assert resolve_for(admin.as_viewer(), [os.fsencode(tmp_path / "1.mp3")]) == [track.pk]
