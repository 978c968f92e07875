"""Tracks on their way from the readers to the writer."""

from __future__ import annotations

import json
import marshal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libraries.audio.errors import AudioError
from libraries.audio.inspect import read_file
from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import Converted
from libraries.models import MediaFile
from libraries.scanner.mapping.track import map_track
from libraries.scanner.read.transport import USUAL_CONVERSION, TrackPacker, unpack, unpack_shared
from libraries.scanner.types import COLUMNS, MappedTrack, ReadTrack
from libraries.scanner.write.tracks import WRITTEN
from synth import make_library
from tests.support.raw_audio import raw_audio

BJORK = {
    "title": ["Töne"], "artist": ["Ann", "Bob"], "album": ["Live"], "composer": ["Cyd / Dee"], "genre": ["Rock", "Pop"],
    "performer": ["Eve (drums)"], "date": ["1999-05-04"], "tracknumber": ["3/9"], "replaygain_track_gain": ["-3.5 dB"],
}  # fmt: skip


def through(pack: TrackPacker, found: list[dict[str, list[str]]], path: bytes = b"Live/01 Foo.mp3") -> list[ReadTrack]:
    """What arrives of tracks with such tags."""
    packed = [pack(raw_audio(each), path) for each in found]
    sent = [(marshal.loads(marshal.dumps(own)), shared) for own, shared in packed]  # noqa: S302 - our own bytes
    return [unpack(own, unpack_shared(marshal.loads(marshal.dumps(shared)))) for own, shared in sent]  # noqa: S302


def whole(flat: ReadTrack) -> MappedTrack:
    columns = {**flat.columns, "tags": json.loads(flat.tags)}
    return MappedTrack(flat.pid, columns, flat.shared.album, flat.credits, flat.shared.genres)


def test_every_column_of_the_table_is_written_once() -> None:
    columns = [str(field.column) for field in MediaFile._meta.concrete_fields]
    # what a track has left is written by a statement of its own, where it did
    assert sorted([*WRITTEN, "id", "created_at", "left_album"]) == sorted(columns)


def test_nothing_is_lost_on_the_way() -> None:
    (flat,) = through(TrackPacker(), [BJORK])
    record = map_track(raw_audio(BJORK), path=b"Live/01 Foo.mp3")
    assert whole(flat) == record
    assert tuple(flat.columns) == COLUMNS
    assert flat.duration == record.columns["duration"]
    assert flat.mbz_track_id == record.columns["mbz_track_id"]
    assert flat.words == "tone 01 foo ann bob live cyd dee eve"


def test_tracks_of_an_album_share_what_they_have_in_common() -> None:
    tags = {"artist": ["Ann"], "albumartist": ["Ann"], "album": ["Live"], "genre": ["Rock"]}
    one, two, other = through(
        TrackPacker(),
        [tags | {"title": ["A"]}, tags | {"title": ["B"], "artist": ["Bob"]}, tags | {"album": ["Studio"]}],
    )
    assert one.shared is two.shared
    assert one.shared is not other.shared
    assert (two.columns["artist"], two.columns["album_artist"]) == ("Bob", "Ann")


def test_the_next_track_is_packed_as_if_there_had_been_none_before() -> None:
    bad = {"title": ["B\0"], "album": [" Live\u2028 "], "artist": ["Ann\ufeff"], "": ["x"], "mood": [""]}
    pack = TrackPacker()
    found = [BJORK, BJORK, bad, BJORK, {}, bad, bad, {"performer:alto": ["Eve"], **BJORK}, {"comment": ["a" * 20_000]}]
    for tags, flat in zip(found, through(pack, found), strict=True):
        assert whole(flat) == map_track(raw_audio(tags), path=b"Live/01 Foo.mp3"), tags


KEYS = st.sampled_from([
    "title", "artist", "artists", "album", "albumartist", "albumartists", "compilation", "date", "discnumber", "genre",
    "composer", "performer", "performer:x", "comment", "tracknumber", "isrc",
])  # fmt: skip
VALUES = st.sampled_from(["Ann", "Bob; Cyd", "Various Artists", "1", "1999-01", " ", "a\nb", "\0", "x" * 10_001])


@given(st.lists(st.dictionaries(KEYS, st.lists(VALUES, max_size=2), max_size=6), max_size=5))
def test_any_tracks_in_a_row(found: list[dict[str, list[str]]]) -> None:
    for tags, flat in zip(found, through(TrackPacker(), found), strict=True):
        assert whole(flat) == map_track(raw_audio(tags), path=b"Live/01 Foo.mp3"), tags


def test_readers_map_what_they_read(tmp_path: Path) -> None:
    make_library(tmp_path, tracks=60, seed=3)
    (tmp_path / "damaged.mp3").write_bytes(b"")
    paths = [str(path).encode() for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    paths.insert(30, str(tmp_path / "damaged.mp3").encode())
    with ReaderPool(2) as plain, ReaderPool(2, conversion=USUAL_CONVERSION) as packing:
        expected = {result.path: result for result in plain.read_many(paths)}
        found = {result.path: result for result in packing.read_many(paths)}
    assert len(found) == 61
    for path, result in found.items():
        raw = expected[path].audio
        assert result.problem == expected[path].problem
        assert result.audio is None
        if raw is None:
            continue
        assert result.converted is not None
        assert (result.converted.size, result.converted.mtime_ns) == (raw.size, raw.mtime_ns)
        assert whole(unpack(result.converted.own, result.converted.common)) == map_track(raw, path=path)


def test_what_is_common_survives_a_problem(tmp_path: Path) -> None:
    """One reader, problems between the tracks of one album."""
    make_library(tmp_path, tracks=12, seed=5)
    good = [str(path).encode() for path in sorted(tmp_path.rglob("*")) if path.is_file() and _reads(path)]
    (tmp_path / "empty.flac").write_bytes(b"")
    paths = [each for path in good for each in (path, path, bytes(tmp_path / "empty.flac"))]
    with ReaderPool(1, conversion=USUAL_CONVERSION) as pool:
        found = list(pool.read_many(paths))
    assert [result.problem is not None for result in found] == [False, False, True] * len(good)
    for result in found:
        if result.problem is None:
            converted: Any = result.converted
            assert isinstance(converted, Converted)
            expected = map_track(read_file(result.path), path=result.path)
            assert whole(unpack(converted.own, converted.common)) == expected


def _reads(path: Path) -> bool:
    try:
        read_file(bytes(path))
    except AudioError:
        return False
    return True
