"""Files below a root: what lies elsewhere is never opened, whatever links say and whenever they are made."""

from __future__ import annotations

import itertools
import os
import threading
import time
from pathlib import Path

import pytest

from libraries.storage.opening import OutsideRoot, list_below, open_below


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A library with a song in a folder, and a secret beside it."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "song.mp3").write_bytes(b"secret")
    (tmp_path / "root" / "album").mkdir(parents=True)
    (tmp_path / "root" / "album" / "song.mp3").write_bytes(b"music")
    return tmp_path / "root"


def read(root: Path, path: str, *, follow_links: bool = False) -> bytes:
    fd = open_below(os.fsencode(root), os.fsencode(path), follow_links=follow_links)
    try:
        return os.read(fd, 100)
    finally:
        os.close(fd)


def test_a_file_in_a_folder(root: Path) -> None:
    assert read(root, "album/song.mp3") == b"music"
    assert list_below(os.fsencode(root), b"album", follow_links=False) == [b"song.mp3"]
    assert list_below(os.fsencode(root), b"", follow_links=False) == [b"album"]


@pytest.mark.parametrize("path", ["../secret/song.mp3", "album/../../secret/song.mp3"])
def test_no_path_leads_out(root: Path, path: str) -> None:
    with pytest.raises(OutsideRoot):
        read(root, path)


@pytest.mark.parametrize("target", ["../secret", "{tmp}/secret", "album/../../secret"])
@pytest.mark.parametrize("ending", ["", "/song.mp3"])
def test_no_link_leads_out_unless_the_library_follows_them(root: Path, target: str, ending: str) -> None:
    (root / "link").symlink_to(target.format(tmp=root.parent) + ending)
    path = "link" if ending else "link/song.mp3"
    with pytest.raises(OutsideRoot):
        read(root, path)
    assert read(root, path, follow_links=True) == b"secret"


@pytest.mark.parametrize("target", ["album", "./album", "album/../album", "{root}/album"])
def test_links_that_stay_below_the_root_are_followed(root: Path, target: str) -> None:
    (root / "link").symlink_to(target.format(root=root))
    (root / "again").symlink_to("link")
    assert read(root, "link/song.mp3") == read(root, "again/song.mp3") == b"music"


def test_a_circle_of_links_ends(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(OSError, match=r"[Tt]oo many"):
        read(root, "a/song.mp3")


def test_only_regular_files_are_opened_and_none_makes_wait(root: Path) -> None:
    os.mkfifo(root / "pipe.mp3")
    for path in ("pipe.mp3", "album", "", "album/none.mp3", "album/song.mp3/x"):
        with pytest.raises(OSError):  # noqa: PT011 - the errno differs
            read(root, path)


def test_a_folder_that_is_swapped_for_a_link_meanwhile_shows_nothing_of_the_other_place(root: Path) -> None:
    """As somebody with the right to write there would do it, all the time, while the server opens the file."""
    ended = threading.Event()
    os.symlink("../secret", root / "decoy")

    def swap() -> None:
        # every second link stays for a moment, so that a reader on a busy machine meets it at all
        for moment in itertools.cycle((0, 0.0005)):
            if ended.is_set():
                return
            os.rename(root / "album", root / "original")
            os.rename(root / "decoy", root / "album")
            time.sleep(moment)
            os.rename(root / "album", root / "decoy")
            os.rename(root / "original", root / "album")
            time.sleep(moment)

    thread = threading.Thread(target=swap)
    thread.start()
    met: set[object] = {OutsideRoot, b"music"}
    rounds = 0
    try:
        found: set[object] = set()
        deadline = time.monotonic() + 60
        while rounds < 3000 or (not met <= found and time.monotonic() < deadline):
            rounds += 1
            try:
                found.add(read(root, "album/song.mp3"))
            except OSError as error:
                found.add(type(error))
    finally:
        ended.set()
        thread.join()
    assert b"secret" not in found
    assert met <= found, "the folder was met as itself and as a link"


def test_no_descriptor_is_left_open(root: Path) -> None:
    (root / "out").symlink_to("../secret")
    before = len(os.listdir("/dev/fd"))
    for path in ("album/song.mp3", "out/song.mp3", "album/none", "album/song.mp3/x", "../x"):
        try:
            read(root, path)
        except OSError:
            continue
    assert len(os.listdir("/dev/fd")) == before
