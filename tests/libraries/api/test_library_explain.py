"""`GET /api/library/{id}/explain?path=`: why something is or is not in a library."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries.models import Library, MediaFile, Scan
from tests.support.scans import scan, write_album, write_track

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

KEYS = {"path", "status", "reason", "folder", "songId", "pattern", "source", "kind"}
NOT_IN_IT = [
    ("Podcasts/p.flac", "excluded", "/Podcasts/", "excludePatterns"),
    ("Podcasts", "excluded", "/Podcasts/", "excludePatterns"),
    ("b/skip.flac", "excluded", "skip*", "b/.ndignore"),
    ("@eaDir/thumb.flac", "excluded", "@eaDir", "preset"),
    ("a/cover.jpg", "unsupported", "", ""),
    ("pipe.flac", "unsupported", "", ""),
    ("way out", "symlink", "", ""),
    ("way out/secret.flac", "symlink", "", ""),
    ("way out/nothing at all.flac", "symlink", "", ""),
    ("dangling out", "symlink", "", ""),
    ("again/01.flac", "symlink", "", ""),
    ("nowhere.flac", "absent", "", ""),
    ("a/01.flac/x", "absent", "", ""),
    ("x" * 300, "absent", "", ""),
    ("b", "notScanned", "", ""),
    ("/etc/passwd", "outside", "", ""),
    ("/", "outside", "", ""),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A scanned library with a bit of everything."""
    root = tmp_path / "music"
    write_album(root / "a", 2)
    write_track(root / "Podcasts" / "p.flac", "Talk")
    write_track(root / "b" / "skip.flac", "Skip")
    (root / "b" / ".ndignore").write_text("skip*\n")
    write_track(root / "@eaDir" / "thumb.flac", "Thumb")
    (root / "a" / "cover.jpg").write_bytes(b"jpg")
    (root / "bad.flac").write_bytes(b"fLaC nothing")
    os.mkfifo(root / "pipe.flac")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.flac").write_bytes(b"secret")
    (root / "way out").symlink_to(tmp_path / "outside")
    (root / "dangling out").symlink_to(tmp_path / "nothing")
    (root / "again").symlink_to(root / "a")
    return root


@pytest.fixture
def library(root: Path) -> Library:
    library = Library.objects.create(name="Music", path=str(root), exclude_patterns=["/Podcasts/"])
    scan(library)
    return library


@pytest.fixture
def explain(as_admin: APIClient, library: Library) -> Any:
    def ask(path: str) -> dict[str, Any]:
        response = as_admin.get(f"/api/library/{library.pk}/explain", {"path": path})
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        assert set(found) == KEYS
        assert found["reason"][-1] in ".?"
        return found

    return ask


def rest(path: Path) -> None:
    """As if the file had not been touched for long, as far as that can be said of a ctime."""
    deadline = time.monotonic() + 10
    while time.time() - path.stat().st_ctime < 2.05 and time.monotonic() < deadline:
        time.sleep(0.05)


class TestAnswers:
    def test_what_is_in_the_library(self, explain: Any, root: Path) -> None:
        song = MediaFile.objects.get(path="a/01.flac")
        for path in ("a/01.flac", "./a//01.flac", f"{root}/a/01.flac"):
            found = explain(path)
            assert (found["status"], found["songId"], found["path"]) == ("indexed", song.pk, "a/01.flac")
        for path in ("", str(root), "a"):
            assert (explain(path)["status"], explain(path)["folder"]) == ("indexed", True)

    def test_what_is_not(self, explain: Any, root: Path) -> None:
        for path, status, pattern, source in NOT_IN_IT:
            found = explain(path)
            assert (found["status"], found["pattern"], found["source"]) == (status, pattern, source), path
            assert found["songId"] == ""
        assert explain(f"{root}-private/x.flac")["status"] == "outside"

    def test_the_outside_looks_the_same_whether_it_is_there_or_not(self, explain: Any) -> None:
        there, not_there = explain("way out/secret.flac"), explain("dangling out")
        assert there["reason"] == not_there["reason"]
        assert "secret" not in there["reason"]

    def test_a_file_that_cannot_be_read(self, explain: Any, root: Path) -> None:
        rest(root / "bad.flac")
        found = explain("bad.flac")
        assert (found["status"], found["kind"]) == ("problem", "corrupt")

    def test_new_files(self, explain: Any, root: Path) -> None:
        new = write_track(root / "a" / "new.flac", "New")
        assert explain("a/new.flac")["status"] == "settling"
        rest(new)
        assert explain("a/new.flac")["status"] == "notScanned"

    def test_missing_and_changed_rules(self, explain: Any, library: Library, root: Path) -> None:
        song = MediaFile.objects.get(path="a/01.flac")
        (root / "a" / "01.flac").unlink()
        found = explain("a/01.flac")
        assert (found["status"], "next scan" in found["reason"]) == ("indexed", True)
        scan(library)
        found = explain("a/01.flac")
        assert (found["status"], found["songId"]) == ("missing", song.pk)
        Library.objects.update(exclude_patterns=["02*"])
        found = explain("a/02.flac")
        assert (found["status"], found["pattern"]) == ("indexed", "02*")

    def test_not_recursive(self, explain: Any, library: Library) -> None:
        Library.objects.update(recursive=False)
        MediaFile.objects.all().delete()
        assert explain("a/01.flac")["status"] == "notRecursive"
        assert explain("a")["status"] == "notRecursive"

    def test_links_that_are_followed_are_looked_through(self, explain: Any) -> None:
        Library.objects.update(follow_symlinks=True)
        assert explain("way out/secret.flac")["status"] in ("notScanned", "settling")
        assert explain("way out/nothing at all.flac")["status"] == "absent"

    def test_offline(self, explain: Any, root: Path) -> None:
        song = MediaFile.objects.get(path="a/01.flac")
        shutil.rmtree(root)
        found = explain("a/01.flac")
        assert (found["status"], found["songId"]) == ("offline", song.pk)


class TestRefusals:
    @pytest.fixture
    def unscanned(self, tmp_path: Path) -> Library:
        return Library.objects.create(name="Empty", path=str(tmp_path))

    @pytest.mark.parametrize(
        "query", ["", "path=../x", "path=a/../../x", "path=%00", "path=/etc/../etc/passwd", "path=" + "a/" * 5000]
    )
    def test_paths_that_lead_nowhere(self, as_admin: APIClient, unscanned: Library, query: str) -> None:
        response = as_admin.get(f"/api/library/{unscanned.pk}/explain?{query}")
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"path"}

    def test_bytes_that_are_not_utf_8(self, as_admin: APIClient, unscanned: Library) -> None:
        assert as_admin.get(f"/api/library/{unscanned.pk}/explain?path=%FF").json()["status"] == "absent"

    def test_unknown_libraries(self, as_admin: APIClient, unscanned: Library) -> None:
        for unknown in ("999", "x"):
            assert as_admin.get(f"/api/library/{unknown}/explain?path=a").status_code == 404

    def test_rights(
        self, as_member: APIClient, as_outsider: APIClient, as_anonymous: APIClient, unscanned: Library
    ) -> None:
        url = f"/api/library/{unscanned.pk}/explain?path=a"
        assert as_member.get(url).status_code == 403
        assert as_outsider.get(url).status_code == 403
        assert as_anonymous.get(url).status_code == 401

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_it_is_only_read(self, as_admin: APIClient, unscanned: Library, method: str) -> None:
        count = Scan.objects.count()
        assert getattr(as_admin, method)(f"/api/library/{unscanned.pk}/explain?path=a").status_code == 405
        assert Scan.objects.count() == count
