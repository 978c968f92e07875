"""Answers go before scans: what the web server tells, and how long scans wait."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from navidrome_lib import giving_way
from navidrome_lib.giving_way import LONGEST_WAIT_SECONDS, Sign, share, sign_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="only there processes share such a clock")


@linux
def test_what_one_process_sets_others_find(tmp_path: Path) -> None:
    web, worker = Sign(share(tmp_path / "sign")), Sign(share(tmp_path / "sign"))
    assert (worker.until(), worker.wait_seconds()) == (0, 0)
    web.set_at_work()
    assert worker.until() == web.until() > 0


@linux
def test_a_scan_goes_on_whatever_the_time_is(tmp_path: Path) -> None:
    (tmp_path / "sign").write_bytes((2**62).to_bytes(8, sys.byteorder))
    sign = Sign(share(tmp_path / "sign"))
    assert sign.wait_seconds() == LONGEST_WAIT_SECONDS
    sign.give_way()


@linux
def test_each_data_folder_has_its_own(tmp_path: Path) -> None:
    one, other, again = (sign_of(tmp_path / name, tmp_path) for name in ("one", "other", "one/../one"))
    one.set_at_work()
    assert (other.until(), again.until()) == (0, one.until())
    files = [path for path in tmp_path.iterdir() if path.name.startswith("navidrome-lib-")]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * 2


@linux
def test_files_of_others_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(bytes(8))
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="link"):
        share(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PermissionError):
        share(tmp_path / "pipe")


def test_without_such_memory_nothing_waits(tmp_path: Path) -> None:
    sign = sign_of(tmp_path, tmp_path / "nowhere")
    sign.set_at_work()
    sign.give_way()
    assert (sign.until(), sign.wait_seconds()) == (0, 0)
    assert giving_way.AT_WORK_SECONDS > LONGEST_WAIT_SECONDS
