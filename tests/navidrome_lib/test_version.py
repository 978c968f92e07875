"""The version of the server: `NUMBER (COMMIT)`, everywhere the same."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from navidrome_lib import version

COMMIT = "3fd391fa" * 5


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init")
    git(folder, "commit", "--allow-empty", "-m", "First")
    return folder


def test_of_a_checkout(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert version.find_commit(repository) == head[:7]
    git(repository, "pack-refs", "--all")
    assert version.find_commit(repository) == head[:7]
    git(repository, "checkout", "--detach")
    assert version.find_commit(repository) == head[:7]


def test_of_a_further_work_tree(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-b", "other", str(tmp_path / "other"))
    git(tmp_path / "other", "commit", "--allow-empty", "-m", "Second")
    found = version.find_commit(tmp_path / "other")
    assert found == git(tmp_path / "other", "rev-parse", "HEAD")[:7]
    assert found != version.find_commit(repository)


def test_of_an_archive(repository: Path, tmp_path: Path) -> None:
    (repository / "version").write_text(version.ARCHIVED)
    (repository / ".gitattributes").write_text("version export-subst\n")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "Files")
    git(repository, "archive", "--output=archive.tar", "HEAD")
    subprocess.run(["tar", "-xf", repository / "archive.tar"], cwd=tmp_path, check=True)
    archived = (tmp_path / "version").read_text()
    assert version.find_commit(tmp_path, archived) == git(repository, "rev-parse", "HEAD")[:7]


def test_the_module_is_what_archives_fill_in() -> None:
    attributes = (Path(__file__).resolve().parents[2] / ".gitattributes").read_text()
    assert "navidrome_lib/version.py export-subst" in attributes.splitlines()


def test_of_an_installation_from_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "navidrome_lib-0.2.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: navidrome-lib\nVersion: 0.2.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert version.find_commit(tmp_path) == "unknown"
    (about / "direct_url.json").write_text(json.dumps({"url": "https://x.example", "vcs_info": {"commit_id": COMMIT}}))
    assert version.find_commit(tmp_path) == "3fd391f"
    assert version.find_commit(tmp_path / "elsewhere") == "unknown"


@pytest.mark.parametrize("head", ["", "ref: refs/heads/none", "ref: HEAD", "nonsense", "\xff"])
def test_of_a_damaged_checkout(tmp_path: Path, head: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text(head, encoding="latin-1")
    assert version.find_commit(tmp_path) == "unknown"


def test_it_is_the_same_everywhere() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+ \([0-9a-f]{7}\)|\d+\.\d+\.\d+ \(unknown\)", version.SERVER_VERSION)
    answer = Client().get("/rest/getOpenSubsonicExtensions?f=json").json()["subsonic-response"]
    assert answer["serverVersion"] == version.SERVER_VERSION
    xml = Client().get("/rest/getOpenSubsonicExtensions").content.decode()
    assert f'serverVersion="{version.SERVER_VERSION}"' in xml
    document = Client().get("/api/schema/").content.decode()
    assert f"version: {version.SERVER_VERSION}\n" in document
