"""A folder of files that can be made again."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from navidrome_lib.file_cache import PARTIAL, FileCache


@pytest.fixture
def cache(tmp_path: Path) -> FileCache:
    return FileCache(tmp_path / "cache", 10_000)


def test_what_is_kept_is_found_by_its_name(cache: FileCache) -> None:
    assert cache.get("abcd") is None
    cache.put("abcd", b"picture")
    assert cache.get("abcd") == b"picture"
    cache.put("abcd", b"other")
    assert cache.get("abcd") == b"other"
    assert stat.S_IMODE(cache.path("abcd").parent.stat().st_mode) & 0o077 == 0


def test_what_was_not_used_for_the_longest_time_goes_first(cache: FileCache) -> None:
    long_ago = time.time() - 100_000
    for number in range(10):
        cache.put(f"{number:02}", bytes(900))
        os.utime(cache.path(f"{number:02}"), (long_ago + number, long_ago + number))
    assert cache.get("00") is not None, "a use is noted"
    for number in range(10, 15):
        cache.put(f"{number:02}", bytes(900))
    left = {path.name for path in cache.folder.glob("*/*")}
    assert sum(path.stat().st_size for path in cache.folder.glob("*/*")) <= cache.limit
    assert {"00", "14"} < left
    assert "01" not in left


def test_a_cache_of_no_size_keeps_nothing(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 0)
    cache.put("abcd", b"x")
    assert (cache.get("abcd"), list(tmp_path.iterdir())) == (None, [])


def test_a_place_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = FileCache(tmp_path / "file", 1000)
    cache.put("abcd", b"x")
    assert (cache.get("abcd"), cache.open("abcd")) == (None, None)


def test_a_file_that_cannot_be_opened_is_made_again(cache: FileCache) -> None:
    cache.put("abcd", b"x")
    cache.path("abcd").unlink()
    cache.path("abcd").symlink_to("abcd")  # leads to itself
    assert (cache.get("abcd"), cache.open("abcd")) == (None, None)
    cache.put("abcd", b"again")
    assert cache.get("abcd") == b"again"


@pytest.mark.skipif(sys.platform != "linux", reason="a file that opens and cannot be read")
def test_a_file_that_cannot_be_read_is_none(cache: FileCache) -> None:
    cache.put("abcd", b"x")
    cache.path("abcd").unlink()
    cache.path("abcd").symlink_to("/proc/self/mem")
    assert cache.get("abcd") is None


def test_leftovers_of_processes_that_died_are_swept(cache: FileCache) -> None:
    cache.put("abcd", b"x")
    leftover = cache.path(f"abce.1-2{PARTIAL}")
    leftover.write_bytes(b"half")
    cache.prune()
    assert leftover.exists(), "it may still be written"
    os.utime(leftover, (1, 1))
    cache.prune()
    assert not leftover.exists()
