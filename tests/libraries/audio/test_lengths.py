"""Lengths of files whose headers are wrong about them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from libraries.audio import inspect
from libraries.audio.errors import AudioError
from tests.support import audio


@pytest.mark.parametrize(("hours", "plays"), [(999, True), (1001, False)])
def test_a_length_beyond_a_thousand_hours_is_a_problem(tmp_path: Path, hours: int, plays: bool) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(audio.mp4().replace(struct.pack(">2I", 44100, 88200), struct.pack(">2I", 1, hours * 3600)))
    if plays:
        assert inspect.read_file(bytes(path)).duration == hours * 3600
    else:
        with pytest.raises(AudioError, match="more than 1,000 hours") as caught:
            inspect.read_file(bytes(path))
        assert caught.value.problem.kind == "corrupt"
