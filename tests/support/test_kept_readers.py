"""Readers that outlive the scans of tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from libraries.scanner.read import readers
from tests.support.kept_readers import kept_readers
from tests.support.scans import write_track


def read(path: Path) -> tuple[int, bool]:
    """The process that read the file, and whether it could."""
    with readers.make_pool(1) as pool:
        (result,) = pool.read_many([os.fsencode(path)])
        return pool.pids[0], result.converted is not None


def test_a_reader_serves_many_scans_as_long_as_it_lives(tmp_path: Path) -> None:
    good, bad = write_track(tmp_path / "1.flac", "Song"), tmp_path / "2.flac"
    bad.write_bytes(b"no music")
    with kept_readers():  # those of other tests wait for scans, too, and take turns
        (pid, could), (again, could_not) = read(good), read(bad)
        assert (could, could_not, again) == (True, False, pid)
        os.kill(pid, signal.SIGKILL)
        other, could = read(good)
    assert could
    assert other != pid


@pytest.mark.usefixtures("own_readers")
def test_a_test_can_have_its_own(tmp_path: Path) -> None:
    good = write_track(tmp_path / "1.flac", "Song")
    assert read(good)[0] != read(good)[0]
