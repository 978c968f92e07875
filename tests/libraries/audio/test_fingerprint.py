"""The fingerprint of a file: a digest of its audio alone; test_inspect shows for each format that tags do not count."""

from __future__ import annotations

from pathlib import Path

from libraries.audio import inspect
from tests.support import audio


def test_fingerprint_sees_other_sound(tmp_path: Path) -> None:
    found = []
    for name, last in (("a.flac", b"\0"), ("b.flac", b"\1")):
        path = tmp_path / name
        path.write_bytes(audio.flac(b"\xff\xf8" + bytes(499_999) + last))
        found.append(inspect.read_fingerprint(bytes(path)))
    one, two = found
    assert one != two
