"""Synthetic libraries: repeatable to the byte, and their manifest tells the truth."""

import json
import random
from pathlib import Path
from typing import Any

import mutagen
import pytest

from synth import ALL_FORMATS, Manifest, make_demo_library, make_library
from synth.__main__ import main


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = make_library(tmp_path / "a", tracks=150, seed=5)
    random.seed(99)
    second = make_library(tmp_path / "b", tracks=150, seed=5)
    other = make_library(tmp_path / "c", tracks=150, seed=6)
    assert first == second
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert first.tracks != other.tracks


def said(found: Any, key: str) -> str:
    """The first value under any of the names that formats use for title and album."""
    names = {"title": ("title", "TIT2", "\xa9nam", "Title"), "album": ("album", "TALB", "\xa9alb", "WM/AlbumTitle")}
    for name in names[key]:
        try:
            if found.tags and (value := found.tags.get(name)):
                return str(value[0])
        except ValueError:
            continue
    return ""


def test_the_manifest_tells_the_truth(tmp_path: Path) -> None:
    manifest = make_library(tmp_path, tracks=400, seed=11)
    files = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*") if path.is_file()}
    assert set(files) == {track.path for track in manifest.tracks}
    for track in manifest.tracks:
        assert files[track.path].stat().st_size == track.size
        found = mutagen.File(files[track.path])
        assert abs(found.info.length - track.duration) < 1e-6, track.path
        assert (said(found, "title"), said(found, "album")) == (track.title, track.album), track.path
    totals = manifest.totals
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert (totals.songs, totals.folders) == (400, len(folders))
    assert totals.size == sum(path.stat().st_size for path in files.values())
    assert totals.albums == len(manifest.albums) == len({track.album_key for track in manifest.tracks if track.album})
    assert sum(album.songs for album in manifest.albums) + totals.untagged == 400
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_library_has_a_little_of_everything(tmp_path: Path) -> None:
    tracks = make_library(tmp_path, tracks=600, seed=3).tracks
    assert {track.fmt for track in tracks} == set(ALL_FORMATS)
    assert any(not track.tagged for track in tracks)
    assert any(track.compilation for track in tracks)
    assert any(len(track.artists) > 1 and " feat. " in track.artist for track in tracks)
    assert any(len(track.genres) > 1 for track in tracks)
    assert any(track.disc_number > 1 and "/CD" in track.path for track in tracks)
    assert any(role == "conductor" for track in tracks for role, _ in track.roles)
    assert any(not track.path.isascii() for track in tracks)
    assert {track.mb_album_id != "" for track in tracks} == {True, False}
    assert {track.picture for track in tracks} == {True, False}


def test_one_format_without_covers(tmp_path: Path) -> None:
    manifest = make_library(tmp_path, tracks=40, seed=3, formats=("opus",), pictures=False)
    assert {track.suffix for track in manifest.tracks} == {"opus"}
    assert not any(track.picture for track in manifest.tracks)


def test_the_demo_library(tmp_path: Path) -> None:
    manifest = make_demo_library(tmp_path / "a")
    assert make_demo_library(tmp_path / "b") == manifest
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert {track.fmt for track in manifest.tracks} == set(ALL_FORMATS)
    assert 50 <= manifest.totals.songs <= 70
    assert all(2 <= track.duration < 5.1 for track in manifest.tracks)
    for track in manifest.tracks:
        found = mutagen.File(tmp_path / "a" / track.path)
        assert (said(found, "title"), said(found, "album")) == (track.title, track.album)
    assert sum(album.discs == 2 for album in manifest.albums) == 1
    assert len(list((tmp_path / "a").rglob("cover.png"))) == 7


def test_the_command_writes_library_and_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "truth.json"
    assert main([str(tmp_path / "lib"), "--tracks", "30", "--seed", "9", "--manifest", str(target)]) == 0
    manifest = Manifest.from_json(target.read_text(encoding="utf-8"))
    assert manifest.totals.songs == len(contents(tmp_path / "lib")) == 30
    assert json.loads(target.read_text(encoding="utf-8"))["seed"] == 9
    assert capsys.readouterr().out.startswith("30 songs, ")
    with pytest.raises(SystemExit):
        main([str(tmp_path / "lib"), "--tracks", "0"])
