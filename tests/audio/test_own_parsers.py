"""Our parsers of streams and tags against the tag library, over sound and damaged files: equal, or not ours."""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from mutagen.id3 import TCON

from libraries.audio.formats import registry as tags
from libraries.audio.tags import genres
from libraries.audio.types import AudioError, RawAudio
from synth import asf
from synth.library import make_library
from synth.tones import Tone

_FORMATS = ("mp3", "mp3-v23", "m4a", "alac", "ogg", "opus", "oga", "wma", "ape", "wv", "mpc")
_SUFFIXES = ("mp3", "m4a", "ogg", "opus", "oga", "wma", "ape", "wv", "mpc")
_FUNCTIONS = ("read_mpeg", "read_ape_tag")
_OURS = {*_FUNCTIONS, *tags.PARSERS}
# the first bytes hold the headers, where damage matters most
_REGIONS = (64, 600, 3000, 1 << 30)

Read = tuple[Any, ...] | str


class Parsers:
    """Reads a file with our parsers, and without them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._functions = {name: getattr(tags, name) for name in _FUNCTIONS}
        self._kinds = dict(tags.PARSERS)
        # how often each of ours had an answer, and how often not
        self.answered = Counter[tuple[str, bool]]()

    def own(self, path: Path) -> Read:
        return self._read(path, self._counting)

    def library(self, path: Path) -> Read:
        return self._read(path, lambda _name, _parse: lambda *_: None)

    def _read(self, path: Path, wrap: Callable[[str, Any], Any]) -> Read:
        for name, parse in self._functions.items():
            self._patch.setattr(tags, name, wrap(name, parse))
        for kind, (parse, add) in self._kinds.items():
            self._patch.setitem(tags.PARSERS, kind, (wrap(kind, parse), add))
        return _read(path)

    def _counting(self, name: str, parse: Any) -> Any:
        def count(*arguments: Any) -> Any:
            found = parse(*arguments)
            self.answered[name, found is not None] += 1
            return found

        return count


def _read(path: Path) -> Read:
    try:
        return tuple(tags.read_file(bytes(path)))
    except AudioError as error:
        return error.problem.kind


@pytest.fixture
def parsers(monkeypatch: pytest.MonkeyPatch) -> Parsers:
    return Parsers(monkeypatch)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Files by their suffix, and under "tagged" MP3 files with an APEv2 tag behind the sound."""
    root = tmp_path_factory.mktemp("music")
    make_library(root, tracks=240, seed=4, formats=_FORMATS)
    files = {suffix: sorted(root.rglob(f"*.{suffix}")) for suffix in _SUFFIXES}
    wavpack = files["wv"][0].read_bytes()
    tag = wavpack[wavpack.index(b"APETAGEX") :]
    for number, version in enumerate(b"\x07\x17\x08"):
        files["mpc"].append(root / f"old {number}.mpc")
        files["mpc"][-1].write_bytes(struct.pack("<3sBII20x", b"MP+", version, 40 + number, number << 16) + tag)
    files["tagged"] = [root / f"tagged {number}.mp3" for number in range(8)]
    for plain, tagged in zip(files["mp3"], files["tagged"], strict=False):
        tagged.write_bytes(plain.read_bytes() + tag)
    return files


def test_sound_files_are_ours_and_read_alike(library: dict[str, list[Path]], parsers: Parsers) -> None:
    for path in chain.from_iterable(library.values()):
        own = parsers.own(path)
        assert isinstance(own, tuple), path
        assert own == parsers.library(path), path
    assert all(answered for _, answered in parsers.answered)
    assert {name for name, _ in parsers.answered} == _OURS


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, cut off, put in or taken out."""
    copy = bytearray(data)
    how, at = rng.random(), rng.randrange(len(copy))
    if how < 0.6:
        for _ in range(rng.choice((1, 1, 2, 8))):
            copy[rng.randrange(min(len(copy), rng.choice(_REGIONS)))] = rng.randrange(256)
    elif how < 0.7:
        del copy[max(1, at) :]
    elif how < 0.8:
        copy[at:at] = rng.randbytes(rng.randrange(1, 40))
    elif how < 0.9:
        del copy[at : at + rng.randrange(1, 40)]
    else:
        copy[-rng.randrange(1, 300)] = rng.randrange(256)
    return bytes(copy)


def _all_damaged(library: dict[str, list[Path]], target: Path, count: int) -> Iterator[Path]:
    rng = random.Random(11)
    for files in library.values():
        path = target / f"damaged{files[0].suffix}"
        for _ in range(count):
            path.write_bytes(damaged(rng.choice(files).read_bytes(), rng))
            yield path


def test_damaged_files_read_alike(library: dict[str, list[Path]], parsers: Parsers, tmp_path: Path) -> None:
    outcomes = Counter[bool]()
    for path in _all_damaged(library, tmp_path, 300):
        own, theirs = parsers.own(path), parsers.library(path)
        assert own == theirs, (own, theirs)
        outcomes[isinstance(own, tuple)] += 1
    assert min(outcomes.values()) > 100
    for name in _OURS:
        assert parsers.answered[name, True] > 60
        assert parsers.answered[name, False] > 10


def test_genres_have_the_numbers_of_the_format() -> None:
    assert list(genres.GENRES) == list(TCON.GENRES)
    assert genres.GENRES[17] == "Rock"


def test_attributes_of_every_type(parsers: Parsers, tmp_path: Path) -> None:
    values = (
        ("WM/Publisher", 0, "Label\0".encode("utf-16-le")),
        ("Notes", 1, b"binary"),
        ("WM/IsCompilation", 2, b"\x01\0"),
        ("WM/BeatsPerMinute", 3, struct.pack("<I", 120)),
        ("Big", 4, struct.pack("<Q", 1 << 40)),
        ("WM/Year", 5, struct.pack("<H", 1999)),
        ("WM/MediaClassPrimaryID", 6, bytes(16)),
    )
    rows = []
    for name, kind, value in values:
        label = f"{name}\0".encode("utf-16-le")
        rows.append(struct.pack("<4HI", 0, 0, len(label), kind, len(value)) + label + value)
    library = asf.asf_object(asf.LIBRARY, struct.pack("<H", len(rows)), *rows)
    path = tmp_path / "song.wma"
    path.write_bytes(asf.asf_file(Tone(), asf.content_object("Song", "Artist", ""), b"", library))
    own = parsers.own(path)
    assert own == parsers.library(path)
    assert parsers.answered == {("asf", True): 1}
    assert own[RawAudio._fields.index("tags")] == {
        "title": ["Song"], "artist": ["Artist"], "label": ["Label"], "compilation": ["1"], "bpm": ["120"],
        "big": [str(1 << 40)], "date": ["1999"],
    }  # fmt: skip
