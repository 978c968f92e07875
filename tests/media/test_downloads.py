"""`/rest/download` of albums and artists: an archive of what the caller can access."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libraries.models import Library, LibraryArtist, MediaFile
from media.downloads import collections
from media.downloads.collections import Collection, register_collection
from navidrome_lib.viewer import Viewer
from tests.media.conftest import Get, MakeSong, body_of, error_of, unpacked
from tests.support.catalog import make_artist
from users.models import LibraryAccess, User

pytestmark = pytest.mark.alike


@pytest.fixture
def album(library: Library, make_song: MakeSong) -> str:
    """An album of two discs, with names that no system takes."""
    facts = {"album": "AC/DC: Live", "title": "What?"}
    songs = [
        make_song(library, f"Live/{disc}-{number}.mp3", f"{disc}{number}".encode() * 50_000, disc_number=disc,
                  track_number=number, **facts)
        for disc, number in ((2, 1), (1, 2), (1, 1))
    ]  # fmt: skip
    return str(songs[0].album_ref_id)


def test_an_album(get: Get, member: User, album: str) -> None:
    response = get("download", member, id=album)
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert response["Content-Disposition"].startswith('attachment; filename="AC_DC_ Live.zip"')
    data = body_of(response)
    assert len(data) == int(response["Content-Length"])
    assert unpacked(data) == {
        f"{disc}-{number:02} - What_.mp3": f"{disc}{number}".encode() * 50_000
        for disc, number in ((1, 1), (1, 2), (2, 1))
    }
    head = get("download", member, id=album, method="head")
    assert (head["Content-Length"], body_of(head)) == (response["Content-Length"], b"")


def test_an_artist_has_a_folder_for_each_album(
    get: Get, member: User, library: Library, album: str, make_song: MakeSong
) -> None:
    other = make_song(library, "Other/1.mp3", b"other", album="Other", title="Song")
    artist = make_artist("Ada")
    LibraryArtist.objects.create(library=library, artist=artist, song_count=4)
    assert other.artist == artist.name
    names = set(unpacked(body_of(get("download", member, id=artist.pk))))
    assert names == {"Other/Song.mp3", *(f"AC_DC_ Live/{place} - What_.mp3" for place in ("1-01", "1-02", "2-01"))}


def test_what_is_missing_is_named(get: Get, member: User, library: Library, album: str) -> None:
    Path(library.path, "Live/2-1.mp3").unlink()
    MediaFile.objects.filter(path="Live/1-2.mp3").update(missing=True, missing_since="2026-03-02T00:00:00Z")
    found = unpacked(body_of(get("download", member, id=album)))
    assert set(found) == {"1-01 - What_.mp3", "Not included.txt"}
    assert found["Not included.txt"].decode().split() == ["1-02", "-", "What_.mp3", "2-01", "-", "What_.mp3"]


def test_without_its_storage_there_is_no_archive(get: Get, member: User, library: Library, album: str) -> None:
    os.rename(library.path, f"{library.path}-away")
    response = get("download", member, id=album)
    assert (response.status_code, "cannot be reached" in error_of(response)["message"]) == (503, True)


def test_a_file_that_changes_meanwhile_ends_the_archive(get: Get, member: User, library: Library, album: str) -> None:
    response = get("download", member, id=album)
    os.truncate(Path(library.path, "Live/2-1.mp3"), 10)
    with pytest.raises(OSError, match="shorter"):
        body_of(response)


def test_only_what_one_can_access(
    get: Get, member: User, admin: User, library: Library, other_library: Library, album: str, make_song: MakeSong
) -> None:
    hidden = make_song(other_library, "Hidden/1.mp3", b"hidden", album="Hidden", title="Hidden")
    unknown = error_of(get("download", member, id="nope"))
    assert error_of(get("download", member, id=hidden.album_ref_id)) == unknown
    artist = make_artist("Ada")
    for each in (library, other_library):
        LibraryArtist.objects.create(library=each, artist=artist, song_count=1)
    assert "Hidden/Hidden.mp3" not in unpacked(body_of(get("download", member, id=artist.pk)))
    assert "Hidden/Hidden.mp3" in unpacked(body_of(get("download", admin, id=artist.pk)))
    LibraryAccess.objects.create(user=member, library=other_library)
    assert unpacked(body_of(get("download", member, id=hidden.album_ref_id))) == {"Hidden.mp3": b"hidden"}


def test_other_apps_add_collections(get: Get, member: User, album: str) -> None:
    """Such as playlists, in whose order the songs are numbered."""

    def finder(viewer: Viewer, pk: str) -> Collection | None:
        tracks = list(MediaFile.objects.visible_to(viewer).select_related("library", "folder").order_by("path"))
        return Collection("List", tracks, is_ordered=True) if pk == "list" else None

    before = list(collections.registered())
    register_collection(finder)
    try:
        names = list(unpacked(body_of(get("download", member, id="list"))))
    finally:
        collections.registered()[:] = before
    assert names == ["01 - Ada - What_.mp3", "02 - Ada - What_.mp3", "03 - Ada - What_.mp3"]
