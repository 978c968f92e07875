"""`/rest/stream` and `/rest/download` of a song: the file as it is."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from pytest_django.fixtures import Settings

from libraries.limits import StorageLimits
from libraries.models import Library, MediaFile
from media.responses import attachment
from navidrome_lib.config.media import ACCEL, SENDFILE
from tests.conftest import Configure
from tests.media.conftest import PATH, SONG, Get, MakeSong, body_of, error_of
from tests.support.hanging_storage import hanging_mount
from tests.support.limits import change_limits
from users.models import LibraryAccess, User

pytestmark = pytest.mark.alike

METHODS = ("stream", "download")


@pytest.fixture
def etag(get: Get, member: User, song: MediaFile) -> str:
    """The validator of the song."""
    return str(get("stream", member, id=song.pk)["ETag"])


@pytest.mark.parametrize("name", METHODS)
def test_the_whole_file(get: Get, member: User, song: MediaFile, name: str) -> None:
    response = get(name, member, id=song.pk)
    assert (response.status_code, body_of(response)) == (200, SONG)
    assert response["Content-Type"] == "audio/mpeg"
    assert response["Content-Length"] == str(len(SONG))
    assert response["Accept-Ranges"] == "bytes"
    assert response["X-Content-Duration"] == "2.5"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-cache"
    assert "Last-Modified" in response.headers
    assert ("Content-Disposition" in response.headers) == (name == "download")


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("bytes=0-99", SONG[:100]), ("bytes=100-", SONG[100:]), ("bytes=-50", SONG[-50:]), ("bytes=7-7", SONG[7:8])],
)
def test_a_range(get: Get, member: User, song: MediaFile, wanted: str, part: bytes) -> None:
    response = get("stream", member, id=song.pk, headers={"Range": wanted})
    assert (response.status_code, body_of(response)) == (206, part)
    assert response["Content-Length"] == str(len(part))
    begin = SONG.index(part) if len(part) > 50 else len(SONG) - 50 if len(part) == 50 else 7
    assert response["Content-Range"] == f"bytes {begin}-{begin + len(part) - 1}/{len(SONG)}"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=x"])
def test_a_range_that_the_file_does_not_have(get: Get, member: User, song: MediaFile, wanted: str) -> None:
    response = get("stream", member, id=song.pk, headers={"Range": wanted})
    assert (response.status_code, body_of(response)) == (416, b"")
    assert response["Content-Range"] == f"bytes */{len(SONG)}"


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-99"}])
def test_a_head_is_that_of_the_answer(get: Get, member: User, song: MediaFile, headers: dict[str, str]) -> None:
    head = get("stream", member, id=song.pk, headers=headers, method="head")
    whole = get("stream", member, id=song.pk, headers=headers)
    assert body_of(head) == b""
    body_of(whole)
    assert (head.status_code, dict(head.items())) == (whole.status_code, dict(whole.items()))


def test_what_the_client_has_is_not_sent_again(get: Get, member: User, song: MediaFile, etag: str) -> None:
    modified = get("stream", member, id=song.pk)["Last-Modified"]
    for headers in ({"If-None-Match": etag}, {"If-None-Match": f'"x", {etag}'}, {"If-Modified-Since": modified}):
        response = get("stream", member, id=song.pk, headers=headers)
        assert (response.status_code, body_of(response)) == (304, b"")
        assert response["ETag"] == etag
    newer = {"If-None-Match": '"other"', "If-Modified-Since": modified}
    assert get("stream", member, id=song.pk, headers=newer).status_code == 200
    assert get("stream", member, id=song.pk, headers={"If-Match": '"other"'}).status_code == 412


def test_a_range_of_another_file_is_not_continued(
    get: Get, member: User, song: MediaFile, library: Library, etag: str
) -> None:
    modified = get("stream", member, id=song.pk)["Last-Modified"]
    for condition, status in ((etag, 206), (modified, 206), ('"x"', 200), ("Mon, 01 Jan 2001 00:00:00 GMT", 200)):
        headers = {"Range": "bytes=100-", "If-Range": condition}
        assert get("stream", member, id=song.pk, headers=headers).status_code == status
    file = Path(library.path, PATH)
    file.write_bytes(SONG[::-1])
    os.utime(file, (1, 1))
    changed = get("stream", member, id=song.pk, headers={"Range": "bytes=100-", "If-Range": etag})
    assert (changed.status_code, body_of(changed)) == (200, SONG[::-1])


@pytest.mark.parametrize("name", METHODS)
def test_only_who_can_access_the_library_plays(
    get: Get, member: User, outsider: User, admin: User, other_library: Library, make_song: MakeSong, name: str
) -> None:
    foreign = make_song(other_library, "a.mp3", SONG)
    unknown = error_of(get(name, member, id="nope"))
    assert unknown["code"] == 70
    for user in (member, outsider):
        assert error_of(get(name, user, id=foreign.pk)) == unknown, "as if it did not exist"
    assert body_of(get(name, admin, id=foreign.pk)) == SONG
    LibraryAccess.objects.create(user=member, library=other_library)
    assert body_of(get(name, member, id=foreign.pk)) == SONG


def test_a_player_on_a_page_of_another_server_reads_what_it_needs(get: Get, member: User, song: MediaFile) -> None:
    headers = {"Origin": "https://player.example.org", "Range": "bytes=0-9"}
    response = get("stream", member, id=song.pk, headers=headers)
    exposed = {name.strip().lower() for name in response["Access-Control-Expose-Headers"].split(",")}
    assert {"content-range", "accept-ranges", "etag", "x-content-duration"} <= exposed
    assert body_of(response) == SONG[:10]


def test_albums_and_nothing_cannot_be_streamed(get: Get, member: User, song: MediaFile) -> None:
    assert error_of(get("stream", member, id=song.album_ref_id))["code"] == 70
    assert error_of(get("stream", member))["code"] == 10


def test_downloads_can_be_switched_off(
    get: Get, member: User, song: MediaFile, configure: Configure, settings: Settings
) -> None:
    configure(media=dataclasses.replace(settings.CONF.media, enable_downloads=False))
    assert error_of(get("download", member, id=song.pk))["code"] == 50
    assert get("stream", member, id=song.pk).status_code == 200


class TestAwayStorage:
    """503 with the reason, in the notation that was asked for."""

    def refusal(self, get: Get, user: User, song: MediaFile) -> str:
        response = get("stream", user, id=song.pk)
        assert response.status_code == 503
        error = error_of(response)
        assert error["code"] == 0
        return str(error["message"])

    def test_a_missing_file(self, get: Get, member: User, library: Library, make_song: MakeSong) -> None:
        song = make_song(library, "gone.mp3", SONG)
        Path(library.path, "gone.mp3").unlink()
        Path(library.path, "other").touch()
        assert self.refusal(get, member, song) == "The file of this song is not where the last scan found it."
        MediaFile.objects.filter(pk=song.pk).update(missing=True, missing_since="2026-03-02T00:00:00Z")
        assert "is missing since 2026-03-02" in self.refusal(get, member, song)

    def test_an_unmounted_disk(self, get: Get, member: User, library: Library, song: MediaFile) -> None:
        for emptied in (False, True):
            os.rename(library.path, f"{library.path}-{emptied}")
            if emptied:
                os.mkdir(library.path)
            message = self.refusal(get, member, song)
            assert message == "The folder of the library “Rock” cannot be reached; its storage may be switched off."
            if not emptied:
                os.rename(f"{library.path}-{emptied}", library.path)

    def test_storage_that_does_not_answer(
        self,
        get: Get,
        member: User,
        library: Library,
        song: MediaFile,
        settings: Settings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        change_limits(settings, StorageLimits, seconds=0.2)
        with hanging_mount(tmp_path / "silent", monkeypatch) as folder:
            Library.objects.filter(pk=library.pk).update(path=str(folder))
            assert self.refusal(get, member, song) == "The storage of the library “Rock” does not answer."

    def test_a_link_out_of_the_library(self, get: Get, member: User, library: Library, song: MediaFile) -> None:
        file = Path(library.path, PATH)
        file.rename(Path(library.path).parent / "elsewhere.mp3")
        file.symlink_to(Path(library.path).parent / "elsewhere.mp3")
        assert self.refusal(get, member, song) == "The path of this song leads out of its library."
        Library.objects.filter(pk=library.pk).update(follow_symlinks=True)
        assert body_of(get("stream", member, id=song.pk)) == SONG

    def test_a_file_that_is_cut_off_meanwhile(self, get: Get, member: User, library: Library, song: MediaFile) -> None:
        response = get("stream", member, id=song.pk)
        os.truncate(Path(library.path, PATH), 70_000)
        with pytest.raises(EOFError):
            body_of(response)


class TestProxies:
    """The proxy in front sends the bytes, and is told the file."""

    def test_headers(
        self, get: Get, member: User, library: Library, song: MediaFile, configure: Configure, settings: Settings
    ) -> None:
        conf = settings.CONF.media
        configure(media=dataclasses.replace(conf, send_files_by=ACCEL, send_files_prefix="/inside/"))
        response = get("stream", member, id=song.pk, headers={"Range": "bytes=0-9"})
        assert (response.status_code, body_of(response)) == (200, b"")
        assert unquote(response["X-Accel-Redirect"]) == f"/inside/{library.pk}/{PATH}"
        assert re.fullmatch(r"[\x21-\x7e]+", response["X-Accel-Redirect"])
        configure(media=dataclasses.replace(conf, send_files_by=SENDFILE))
        response = get("download", member, id=song.pk)
        assert unquote(response["X-Sendfile"]) == f"{library.path}/{PATH}"
        assert "attachment" in response["Content-Disposition"]

    def test_what_cannot_be_read_is_not_left_to_the_proxy(
        self, get: Get, member: User, library: Library, song: MediaFile, configure: Configure, settings: Settings
    ) -> None:
        conf = settings.CONF.media
        configure(media=dataclasses.replace(conf, send_files_by=ACCEL))
        Path(library.path, PATH).unlink()
        assert get("stream", member, id=song.pk).status_code == 503


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Song.mp3", 'attachment; filename="Song.mp3"'),
        ("Été.m4a", "attachment; filename=\"Ete.m4a\"; filename*=UTF-8''%C3%89t%C3%A9.m4a"),
        ('a/b\\c:"d"\r\n.mp3', 'attachment; filename="a_b_c__d___.mp3"'),
        ("日本.flac", "attachment; filename=\"download.flac\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.flac"),
        ("日本", "attachment; filename=\"download\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
    ],
)
def test_names_of_downloads(name: str, expected: str) -> None:
    assert attachment(name) == expected
