"""The main job from end to end: the real command, a real worker, a generated library, and every figure checked."""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from synth import Manifest, make_library
from tests.support.server import Server
from tests.support.waiting import eventually

pytestmark = pytest.mark.database

PASSWORD = "correct horse battery"
TRACKS = 120


class Api:
    """A client of the running server that knows nothing of its code."""

    def __init__(self, port: int) -> None:
        self.home = f"http://127.0.0.1:{port}"
        self.token = ""

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(self.home + path, method=method)  # noqa: S310 - our own server
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def rest(self, method: str, **params: str) -> dict[str, Any]:
        query = "&".join(f"{key}={quote(value)}" for key, value in params.items())
        sign_in = f"u=admin&p={quote(PASSWORD)}&v=1.16.1&c=test&f=json"
        _, answer = self("GET", f"/rest/{method}?{sign_in}&{query}")
        found: dict[str, Any] = answer["subsonic-response"]
        return found

    def wait_for_rest(self) -> None:
        """Until no scan is active."""
        at_rest = eventually(lambda: not self.rest("getScanStatus")["scanStatus"]["scanning"], seconds=300)
        assert at_rest, self("GET", "/api/scan")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    root = tmp_path_factory.mktemp("music") / "Music"
    return root, make_library(root, tracks=TRACKS, seed=7)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    environ = {name: os.environ[name] for name in ("DATABASE_URL",) if name in os.environ}
    server = Server(tmp_path_factory.mktemp("server"), environ=environ)
    try:
        server.wait_until_it_says("Press Ctrl-C to stop.")
        yield Api(server.port)
    finally:
        server.process.terminate()
        server.process.wait(timeout=60)


def test_from_an_empty_server_to_a_scanned_library(api: Api, music: tuple[Path, Manifest]) -> None:
    root, manifest = music
    assert api("GET", "/api/library")[0] == 401
    status, admin = api("POST", "/auth/createAdmin", {"username": "admin", "password": PASSWORD})
    assert status == 200
    assert api("POST", "/auth/createAdmin", {"username": "other", "password": PASSWORD})[0] == 403
    api.token = admin["token"]

    status, library = api("POST", "/api/library", {"name": "Music", "path": str(root)})
    assert status == 201
    assert library["scanActive"] is True
    api.wait_for_rest()

    status, (found,) = api("GET", "/api/library")
    assert status == 200
    untagged = bool(manifest.totals.untagged)  # one unknown album of one unknown artist
    expected = {
        "scanActive": False,
        "songCount": manifest.totals.songs,
        "totalSongs": manifest.totals.songs,
        "totalFiles": manifest.totals.songs,
        "totalAlbums": manifest.totals.albums + untagged,
        "totalArtists": manifest.totals.contributors + untagged,
        "totalFolders": manifest.totals.folders,
        "size": manifest.totals.size,
        "totalSize": manifest.totals.size,
        "totalMissingFiles": 0,
        "status": "online",
    }
    assert {key: found[key] for key in expected} == expected
    assert found["duration"] == pytest.approx(manifest.totals.duration, abs=0.05 * TRACKS)
    assert found["lastScanTime"] > found["createdAt"]
    (scan,) = api("GET", "/api/scan")[1]
    assert (scan["state"], scan["added"], scan["failed"], scan["error"]) == ("finished", TRACKS, 0, "")


def test_a_lost_folder_is_missing_and_comes_back(api: Api, music: tuple[Path, Manifest], tmp_path: Path) -> None:
    root, manifest = music
    folder = (root / manifest.tracks[0].path).parent
    lost = [track for track in manifest.tracks if (root / track.path).parent == folder]
    shutil.move(folder, tmp_path / "away")
    assert api.rest("startScan")["scanStatus"]["scanning"] is True
    api.wait_for_rest()
    status, missing = api("GET", "/api/missing")
    assert status == 200
    assert sorted(row["path"] for row in missing) == sorted(track.path for track in lost)
    assert api("GET", "/api/library")[1][0]["songCount"] == TRACKS - len(lost)

    shutil.move(tmp_path / "away", folder)
    api.rest("startScan", fullScan="true")
    api.wait_for_rest()
    assert api("GET", "/api/missing")[1] == []
    assert api("GET", "/api/library")[1][0]["songCount"] == TRACKS
    assert api("GET", "/api/scan")[1][0]["restored"] == len(lost)


def test_a_disk_that_is_unplugged_loses_nothing(api: Api, music: tuple[Path, Manifest], tmp_path: Path) -> None:
    root, _ = music
    before = api("GET", "/api/library")[1][0]
    root.rename(tmp_path / "unplugged")
    api.rest("startScan")
    api.wait_for_rest()
    offline = api("GET", "/api/library")[1][0]
    assert (offline["status"], offline["songCount"], offline["totalMissingFiles"]) == ("offline", TRACKS, 0)
    assert str(root) in offline["statusReason"]
    assert offline["lastScanTime"] == before["lastScanTime"]
    assert api("GET", "/api/scan")[1][0]["state"] == "offline"

    root.mkdir()  # what is left of a mount point
    api.rest("startScan", fullScan="true")
    api.wait_for_rest()
    assert api("GET", "/api/library")[1][0]["status"] == "offline"
    assert api("GET", "/api/missing")[1] == []

    root.rmdir()
    (tmp_path / "unplugged").rename(root)
    api.rest("startScan")
    api.wait_for_rest()
    back = api("GET", "/api/library")[1][0]
    assert (back["status"], back["statusReason"], back["songCount"]) == ("online", "", TRACKS)
    last = api("GET", "/api/scan")[1][0]
    assert (last["state"], last["added"], last["updated"], last["missing"]) == ("finished", 0, 0, 0)


def test_a_member_can_access_what_was_granted(api: Api) -> None:
    library_id = api("GET", "/api/library")[1][0]["id"]
    body = {"userName": "member", "name": "Member", "password": PASSWORD, "isAdmin": False}
    status, member = api("POST", "/api/user", body)
    assert status == 201
    assert member["libraries"] == []
    status, granted = api("PUT", f"/api/user/{member['id']}/library", {"libraryIds": [library_id]})
    assert status == 200
    assert [(row["id"], row["hasAccess"]) for row in granted] == [(library_id, True)]

    as_member = Api(int(api.home.rpartition(":")[2]))
    as_member.token = as_member("POST", "/auth/login", {"username": "member", "password": PASSWORD})[1]["token"]
    (seen,) = as_member("GET", f"/api/user/{member['id']}")[1]["libraries"]
    assert (seen["id"], seen["songCount"]) == (int(library_id), TRACKS)
    assert as_member("GET", "/api/library")[0] == 403
    assert as_member("GET", f"/api/user/{member['id']}/library")[0] == 403


def test_a_removed_library_leaves_nothing_but_its_files(api: Api, music: tuple[Path, Manifest]) -> None:
    root, manifest = music
    library_id = api("GET", "/api/library")[1][0]["id"]
    status, answer = api("DELETE", f"/api/library/{library_id}")
    assert (status, answer["id"], answer["songs"]) == (200, library_id, len(manifest.tracks))
    assert api("GET", "/api/library")[1] == []
    assert api.rest("getScanStatus")["scanStatus"]["count"] == 0
    assert all((root / track.path).stat().st_size == track.size for track in manifest.tracks)
