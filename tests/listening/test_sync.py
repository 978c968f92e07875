"""Playlist files in libraries are playlists, kept in step by scans until a person takes them over."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from libraries.cleanup import clear_library
from libraries.models import Library
from libraries.services.libraries import delete_library
from listening.models import Playlist
from tests.conftest import Configure
from tests.support.scans import ids, scan, write_album
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def root(library: Library, admin: User) -> Path:
    """A library of three songs, with a folder for playlists."""
    folder = Path(library.path)
    write_album(folder / "Ann")
    (folder / "Lists").mkdir()
    return folder


def write_list(path: Path, *lines: str | bytes, at: int = 1_700_000_000) -> Path:
    """Write a file as it was at some time."""
    path.write_bytes(b"".join(os.fsencode(line) + b"\n" for line in lines))
    os.utime(path, (at, at))
    return path


def tracks(name: str) -> list[str]:
    entries = Playlist.objects.get(name=name).entries.order_by("position")
    return [path.rpartition("/")[2][:2] for path in entries.values_list("media_file__path", flat=True)]


def test_found_and_kept_in_step(library: Library, root: Path, admin: User, as_admin: APIClient) -> None:
    path = write_list(
        root / "Lists" / "mix.m3u", "#EXTM3U", "#PLAYLIST:Mix", "../Ann/02.flac", "nowhere.mp3", "../Ann/01.flac"
    )
    write_list(root / "Ünï.M3U8", str(root / "Ann" / "03.flac"))
    write_list(root / ".hidden.m3u", "Ann/01.flac")
    os.symlink(path, root / "link.m3u")
    scan(library)
    assert sorted(Playlist.objects.values_list("name", flat=True)) == ["Mix", "Ünï"]
    assert (tracks("Mix"), tracks("Ünï")) == (["02", "01"], ["03"])
    row = next(row for row in as_admin.get("/api/playlist").json() if row["name"] == "Mix")
    assert (row["path"], row["sync"], row["public"]) == (str(path), True, False)
    assert (row["comment"], row["ownerName"]) == ("Auto-imported from 'mix.m3u'", "admin")
    before = Playlist.objects.get(name="Mix").updated_at
    scan(library)
    assert Playlist.objects.get(name="Mix").updated_at == before
    write_list(path, "../Ann/03.flac", at=1_700_000_001)
    scan(library)
    assert tracks("Mix") == ["03"]
    assert Playlist.objects.count() == 2


def test_songs_that_come_later(library: Library, root: Path) -> None:
    """The file is as it was; it is read again because there are new songs."""
    write_list(root / "mix.m3u", "Ann/01.flac", "Late/01.flac")
    scan(library)
    assert tracks("mix") == ["01"]
    write_album(root / "Late", 1, album="Late")
    scan(library)
    assert tracks("mix") == ["01", "01"]


def test_songs_that_go_and_move(library: Library, root: Path) -> None:
    write_list(root / "mix.m3u", "Ann/01.flac", "Ann/02.flac")
    scan(library)
    known = ids(library)["Ann/01.flac"]
    (root / "Ann" / "02.flac").unlink()
    scan(library)
    assert tracks("mix") == ["01", "02"]
    shutil.move(root / "Ann" / "01.flac", root / "Ann" / "10.flac")
    scan(library)
    # the file names another path now: what it means follows it
    assert ids(library)["Ann/10.flac"] == known
    assert tracks("mix") == ["02"]


def test_taken_over(library: Library, root: Path, as_admin: APIClient) -> None:
    path = write_list(root / "mix.m3u", "Ann/01.flac")
    scan(library)
    address = f"/api/playlist/{Playlist.objects.get().pk}"
    assert as_admin.post(f"{address}/tracks", {"ids": [ids(library)["Ann/02.flac"]]}).status_code == 409
    assert as_admin.put(address, {"sync": False}).json()["sync"] is False
    as_admin.post(f"{address}/tracks", {"ids": [ids(library)["Ann/02.flac"]]})
    write_list(path, "Ann/03.flac", at=1_700_000_001)
    scan(library)
    assert tracks("mix") == ["01", "02"]
    as_admin.put(address, {"sync": True})
    scan(library)
    assert tracks("mix") == ["03"]


def test_deleted_by_hand(library: Library, root: Path, as_admin: APIClient) -> None:
    """It does not come back until its file changes."""
    path = write_list(root / "mix.m3u", "Ann/01.flac")
    scan(library)
    as_admin.delete(f"/api/playlist/{Playlist.objects.get().pk}")
    write_album(root / "Late", 1, album="Late")
    scan(library)
    assert not Playlist.objects.exists()
    write_list(path, "Ann/02.flac", at=1_700_000_001)
    scan(library)
    assert tracks("mix") == ["02"]


def test_a_file_that_is_moved_gone_or_cannot_be_read(
    library: Library, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_list(root / "mix.m3u", "Ann/01.flac")
    scan(library)
    pk = Playlist.objects.get().pk
    shutil.move(root / "mix.m3u", root / "Lists" / "renamed.m3u")
    write_list(root / "Lists" / "other.m3u", "../Ann/02.flac", at=1_600_000_000)
    scan(library)
    moved = Playlist.objects.get(pk=pk)
    assert (moved.name, moved.file_path, Playlist.objects.count()) == ("mix", "Lists/renamed.m3u", 2)
    (root / "Lists" / "renamed.m3u").unlink()
    (root / "Lists" / "other.m3u").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert scan(library).state == "finished"
    assert "Lists/other.m3u could not be read: The file is empty." in caplog.text
    assert Playlist.objects.filter(sync=True).count() == 2
    assert tracks("other") == ["02"]


def test_smart_files(library: Library, root: Path, as_admin: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    rules = {"all": [{"contains": {"title": "Song"}}], "sort": "-trackNumber", "limit": 2}
    path = write_list(
        root / "rock.nsp", "// by rules", json.dumps({"name": "By rule", "comment": "c", "public": True, **rules})
    )
    write_list(root / "bad.nsp", json.dumps({"all": [{"is": {"nofield": 1}}]}))
    write_list(root / "worse.nsp", "{")
    with caplog.at_level(logging.WARNING):
        scan(library)
    assert "bad.nsp is left out: There is no field “nofield”." in caplog.text
    playlist = Playlist.objects.get()
    assert (playlist.name, playlist.comment, playlist.public, playlist.rules) == ("By rule", "c", True, rules)
    assert tracks("By rule") == ["03", "02"]
    address = f"/api/playlist/{playlist.pk}"
    assert set(as_admin.put(address, {"rules": {"all": []}}).json()["errors"]) == {"rules"}
    write_list(path, json.dumps({"any": [{"is": {"title": "Song 1"}}]}), at=1_700_000_001)
    scan(library)
    assert tracks("By rule") == ["01"]


def test_switched_off_excluded_and_without_an_admin(
    library: Library, root: Path, admin: User, configure: Configure
) -> None:
    write_list(root / "mix.m3u", "Ann/01.flac")
    write_list(root / "Lists" / "ex.m3u", "../Ann/01.flac")
    Library.objects.update(exclude_patterns=["/Lists/*.m3u"])
    configure(auto_import_playlists=False)
    scan(library)
    assert not Playlist.objects.exists()
    configure(auto_import_playlists=True, default_playlist_public_visibility=True)
    User.objects.update(is_superuser=False)
    scan(library)
    assert not Playlist.objects.exists()
    User.objects.update(is_superuser=True)
    scan(library)
    assert [(row.name, row.public) for row in Playlist.objects.all()] == [("mix", True)]


def test_a_scan_of_one_folder_leaves_others_alone(library: Library, root: Path) -> None:
    write_list(root / "mix.m3u", "Ann/01.flac")
    write_list(root / "Lists" / "b.m3u", "../Ann/02.flac")
    scan(library)
    write_list(root / "mix.m3u", "Ann/03.flac", at=1_700_000_001)
    scan(library, targets=["Lists"])
    assert (tracks("mix"), tracks("b")) == (["01"], ["02"])


def test_the_library_is_deleted(library: Library, root: Path, as_admin: APIClient) -> None:
    """The playlist stays with its owner, as one that follows no file."""
    write_list(root / "mix.m3u", "Ann/01.flac")
    scan(library)
    delete_library(library)
    assert clear_library(library.pk)
    (row,) = as_admin.get("/api/playlist").json()
    assert (row["name"], row["path"], row["sync"], row["songCount"]) == ("mix", "", False, 0)
    assert as_admin.post(f"/api/playlist/{row['id']}/tracks", {"ids": []}).json() == {"added": 0}
