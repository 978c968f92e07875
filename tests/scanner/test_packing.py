"""Tracks on their way from the readers to the writer."""

from __future__ import annotations

import json
import marshal
from pathlib import Path

from libraries.audio.reader import ReaderPool
from libraries.audio.synth import make_library
from libraries.models import MediaFile
from libraries.scanner.mapping import map_track
from libraries.scanner.packing import COLUMNS, PACK_AUDIO, pack, unpack
from libraries.scanner.rows import WRITTEN
from tests.scanner.raw import mapped


def test_every_column_of_the_table_is_written_once() -> None:
    columns = [str(field.column) for field in MediaFile._meta.concrete_fields]
    assert sorted([*WRITTEN, "id", "created_at"]) == sorted(columns)


def test_nothing_is_lost_on_the_way() -> None:
    record = mapped(
        title="Töne", artist=["Ann", "Bob"], album="Live", composer="Cyd / Dee", genre=["Rock", "Pop"],
        performer="Eve (drums)", date="1999-05-04", tracknumber="3/9", replaygain_track_gain="-3.5 dB",
    )  # fmt: skip
    flat = unpack(marshal.loads(marshal.dumps(pack(record, b"Live/01 Foo.mp3"))))  # noqa: S302 - our own bytes
    assert (flat.pid, flat.album, flat.credits, flat.genres) == (
        record.pid, record.album, record.credits, record.genres,
    )  # fmt: skip
    assert {**flat.columns, "tags": json.loads(flat.tags)} == record.columns
    assert tuple(flat.columns) == COLUMNS
    assert flat.duration == record.columns["duration"]
    assert flat.mbz_track_id == record.columns["mbz_track_id"]
    assert flat.words == "tone 01 foo ann bob live"


def test_tracks_of_an_album_share_what_they_have_in_common() -> None:
    one, two = (unpack(pack(mapped(title=title, artist="Ann", album="Live", genre="Rock"), b"1.mp3")) for title in "AB")
    assert one.album is two.album
    assert one.credits is two.credits
    assert one.genres is two.genres


def test_readers_map_what_they_read(tmp_path: Path) -> None:
    make_library(tmp_path, tracks=60, seed=3)
    paths = [str(path).encode() for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    with ReaderPool(2) as plain, ReaderPool(2, convert=PACK_AUDIO) as mapping:
        expected = {result.path: result.audio for result in plain.read_many(paths)}
        found = {result.path: result.audio for result in mapping.read_many(paths)}
    assert len(found) == 60
    for path, audio in found.items():
        raw = expected[path]
        assert audio is not None
        assert raw is not None
        assert (audio.size, audio.mtime_ns, audio.tags) == (raw.size, raw.mtime_ns, {})
        assert raw.converted is None
        assert audio.converted == pack(map_track(raw, path=path), path)
