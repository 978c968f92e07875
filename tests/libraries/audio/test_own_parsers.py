"""Our parsers of streams and tags against mutagen, over intact and damaged files: equal, or left to mutagen."""

from __future__ import annotations

import importlib
import random
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, cast

import pytest
from mutagen.id3 import TCON

from libraries.audio import inspect
from libraries.audio.errors import AudioError, UnusualFile
from libraries.audio.file import open_regular
from libraries.audio.formats.open_file import OpenFile, use_file
from libraries.audio.formats.registry import fallback, own_format
from libraries.audio.tags import ape, genres
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import RawAudio
from synth import Track, make_library, write_track
from synth.pictures import Picture
from synth.tones import Tone
from tests.support.reads import counting

_FORMATS = ("mp3", "mp3-v23", "m4a", "alac", "ogg", "opus", "wv")
_SUFFIXES = ("mp3", "m4a", "ogg", "opus")
_KINDS = {"mp3", "mp4", "vorbis", "opus"}
# the first bytes hold the headers, where damage matters most
_REGIONS = (64, 600, 3000, 1 << 30)

# The library's constructors are not annotated.
apev2, asf = (cast("Any", importlib.import_module(f"mutagen.{name}")) for name in ("apev2", "asf"))

Read = tuple[Any, ...] | str


class Parsers:
    """Reads files with our parsers and with mutagen, and counts per kind whether ours had an answer."""

    def __init__(self) -> None:
        self.answered = Counter[tuple[str, bool]]()

    def own(self, path: Path) -> Read:
        """Read with ours, or, as the registry does, with mutagen where a file is unusual."""
        return outcome(path, self._own)

    def _own(self, file: OpenFile) -> RawAudio:
        # what is damaged may turn out to be of a kind that mutagen alone reads
        own = own_format(file.kind) if file.kind in _KINDS else None
        if own is not None:
            try:
                found = file.result(own.read(file))
            except UnusualFile:
                self.answered[file.kind, False] += 1
            else:
                self.answered[file.kind, True] += 1
                return found
        return by_mutagen(file)


def by_mutagen(file: OpenFile) -> RawAudio:
    file.tags = TagBuilder()
    return file.result(fallback(file.kind).read(file))


def outcome(path: Path, read: Any) -> Read:
    try:
        return tuple(use_file(bytes(path), read))
    except AudioError as error:
        return error.problem.kind


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Files by their suffix, and under "tagged" MP3 files with an APEv2 tag behind the audio."""
    root = tmp_path_factory.mktemp("music")
    make_library(root, tracks=240, seed=4, formats=_FORMATS)
    files = {suffix: sorted(root.rglob(f"*.{suffix}")) for suffix in _SUFFIXES}
    wavpack = min(root.rglob("*.wv")).read_bytes()
    tag = wavpack[wavpack.index(b"APETAGEX") :]
    files["tagged"] = [root / f"tagged {number}.mp3" for number in range(8)]
    for plain, tagged in zip(files["mp3"], files["tagged"], strict=False):
        tagged.write_bytes(plain.read_bytes() + tag)
    return files


def test_intact_files_are_ours_and_read_alike(library: dict[str, list[Path]]) -> None:
    parsers = Parsers()
    for path in chain.from_iterable(library.values()):
        own = parsers.own(path)
        assert isinstance(own, tuple), path
        assert own == outcome(path, by_mutagen), path
    assert all(answered for _, answered in parsers.answered)
    assert {kind for kind, _ in parsers.answered} == _KINDS


@pytest.mark.parametrize(
    ("fmt", "bounds"), [("mp3", (4, 34_000)), ("mp3-v23", (3, 25_000)), ("m4a", (2, 17_000)), ("alac", (3, 25_000))]
)
def test_usual_files_take_few_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fmt: str, bounds: tuple[int, int]
) -> None:
    """Neither a picture nor the audio is read."""
    path = tmp_path / f"song.{'mp3' if fmt.startswith('mp3') else 'm4a'}"
    picture = Picture(b"\xff\xd8\xff" + bytes(300_000), 1, 1, "image/jpeg")
    tone = Tone(20.0, 300, 44100, 2, 128)
    write_track(path, Track(title="Song", artists=("Artist",), picture=picture, tone=tone), fmt)
    assert path.stat().st_size > 300_000
    with counting(monkeypatch) as reads:
        found = inspect.read_file(bytes(path))
    assert (found.tags["title"], found.has_picture) == (["Song"], True)
    assert len(reads) <= bounds[0]
    assert sum(reads) <= bounds[1]


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


def test_damaged_files_read_alike(library: dict[str, list[Path]], tmp_path: Path) -> None:
    parsers = Parsers()
    outcomes = Counter[bool]()
    for path in _all_damaged(library, tmp_path, 400):
        own, theirs = parsers.own(path), outcome(path, by_mutagen)
        assert own == theirs or _is_measured(own, theirs) or _is_rescued(own, theirs), (own, theirs)
        outcomes[isinstance(own, tuple)] += 1
    assert min(outcomes.values()) > 100
    for kind in _KINDS:
        assert parsers.answered[kind, True] > 60
        assert parsers.answered[kind, False] > 10 or kind in {"mp3", "mp4"}


def _is_measured(own: Read, theirs: Read) -> bool:
    """Whether only the length of MPEG audio differs, whose frames ours counts and mutagen does not.

    Mutagen takes two bytes of a picture for the frames of layer I, where a file ends in its tag.
    """
    if isinstance(theirs, str) or theirs[0] != "mp3":
        return False
    if isinstance(own, str):
        return own == "corrupt" and theirs[1] == "mp1"
    return own[:2] + own[4:] == theirs[:2] + theirs[4:]


def _is_rescued(own: Read, theirs: Read) -> bool:
    """Whether ours reads more than mutagen of an MP4 file: one that it refuses, or tags behind a damaged atom.

    Mutagen takes anything for audio, whose codec it then does not know.
    """
    if isinstance(theirs, str):
        return theirs == "corrupt" and (own[0] == "mp4" or own == "unsupported")
    if theirs[0] != "mp4":
        return False
    if isinstance(own, str):
        return not theirs[1]
    # the bit rate in a description is lost with the atom that it is in
    return own[4:7] == theirs[4:7] and own[2] == theirs[2] and theirs[7].items() <= own[7].items()


def _items(path: Path) -> dict[str, bytes]:
    source, _ = open_regular(bytes(path))
    with source:
        return {item.name: item.value for item in ape.read_items(source, ape.find_tail(source, 0).ape_footer)}


def _items_of_mutagen(path: Path) -> dict[str, bytes] | None:
    try:
        tag = apev2.APEv2(path)
    except apev2.error:
        return None
    return {name: value.value if value.kind == apev2.BINARY else value.value.encode() for name, value in tag.items()}


def test_an_apev2_tag_reads_alike(library: dict[str, list[Path]], tmp_path: Path) -> None:
    """Where mutagen refuses a damaged tag for one item, ours has the items before it."""
    path = tmp_path / "tagged.mp3"
    rng = random.Random(7)
    for intact in library["tagged"]:
        assert _items(intact) == _items_of_mutagen(intact)
    rescued = 0
    data = library["tagged"][0].read_bytes()
    start = data.index(b"APETAGEX")
    whole = _items(library["tagged"][0])
    for _ in range(400):
        copy = bytearray(data)
        copy[rng.randrange(start, len(copy))] = rng.randrange(256)
        path.write_bytes(copy)
        own, theirs = _items(path), _items_of_mutagen(path)
        if theirs is not None:
            assert own == theirs
        elif own:
            rescued += 1
            assert own.keys() & whole.keys()
    assert rescued > 10


def test_genres_have_the_numbers_of_the_format() -> None:
    assert list(genres.GENRES) == list(TCON.GENRES)
    assert genres.GENRES[17] == "Rock"


def test_attributes_of_every_type(tmp_path: Path) -> None:
    path = tmp_path / "song.wma"
    write_track(path, Track(title="Song", artists=("Artist",)), "wma")
    file: Any = asf.ASF(path)
    for name, attribute in (
        ("WM/Publisher", asf.ASFUnicodeAttribute("Label")),
        ("Notes", asf.ASFByteArrayAttribute(b"binary")),
        ("WM/IsCompilation", asf.ASFBoolAttribute(value=True)),
        ("WM/BeatsPerMinute", asf.ASFDWordAttribute(120)),
        ("Big", asf.ASFQWordAttribute(1 << 40)),
        ("WM/Year", asf.ASFWordAttribute(1999)),
        ("WM/MediaClassPrimaryID", asf.ASFGUIDAttribute(bytes(16))),
    ):
        file.tags[name] = [attribute]
    file.save()
    assert inspect.read_file(bytes(path)).tags == {
        "title": ["Song"], "artist": ["Artist"], "label": ["Label"], "compilation": ["1"], "bpm": ["120"],
        "big": [str(1 << 40)], "date": ["1999"],
    }  # fmt: skip
