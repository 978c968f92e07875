"""Identity by rules of the options: what makes one album or one track, and what a change of rules keeps."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from libraries.audio.inspect import read_file
from libraries.audio.pool.pool import ReaderPool
from libraries.audio.tags.names import CANONICAL_KEYS
from libraries.models import Album, Library, MediaFile
from libraries.scanner.mapping.pids import PidRules
from libraries.scanner.mapping.splitting import SplitRules
from libraries.scanner.mapping.track import make_pids, map_track
from libraries.scanner.options import pid_rules
from libraries.scanner.read.transport import TrackPacker, conversion_by, unpack
from navidrome_lib.config.conf import ConfigError, load
from navidrome_lib.config.pids import TAG_FIELDS
from system.inspection import mapped
from tests.support.raw_audio import MBZ_A as A
from tests.support.raw_audio import raw_audio
from tests.support.scans import ids, scan, write_album

MBZ = "musicbrainz_albumid|album"

Given = dict[str, str | list[str]]


def pids(rule: str, given: Given, path: bytes) -> tuple[str, str]:
    """The identities of a track's album and of the track by a rule for both, also where they come from a reader."""
    rules = make_pids(PidRules(album=rule, track=rule))
    tags = {key: [value] if isinstance(value, str) else value for key, value in given.items()}
    record = map_track(raw_audio(tags), path=path, pids=rules)
    pack = TrackPacker(pids=rules)
    pack(raw_audio({"album": ["Other"], "artist": ["Z"], "disctotal": ["7"]}), b"other/place.mp3")
    own, shared = pack(raw_audio(tags), path)
    assert (own[0], shared[1][0]) == (record.pid, record.album.pid)
    return record.album.pid, record.pid


@pytest.mark.alike
@pytest.mark.parametrize(
    ("rule", "one", "other", "same"),
    [
        ("folder", ({}, b"a/1.mp3"), ({"album": "B"}, b"a/2.mp3"), True),
        ("folder", ({}, b"a/1.mp3"), ({}, b"b/1.mp3"), False),
        ("folder", ({}, b"1.mp3"), ({}, b"a/1.mp3"), False),
        ("filename", ({}, b"a/1.mp3"), ({}, b"b/1.mp3"), True),
        ("album", ({"album": "One", "artist": "A"}, b"1"), ({"album": "ONE ", "artist": "B"}, b"2"), True),
        ("album,title", ({"album": "One", "title": "x"}, b"1"), ({"album": "One", "title": "y"}, b"1"), False),
        ("artistid", ({"artist": "A; B"}, b"1"), ({"artists": ["a", "b"], "albumartist": "C"}, b"2"), True),
        ("artistid", ({"artist": "A", "albumartist": "C"}, b"1"), ({"artist": "B", "albumartist": "C"}, b"2"), False),
        ("albumartistid", ({"artist": "A", "albumartist": "C"}, b"1"), ({"artist": "C feat. D"}, b"2"), True),
        ("isrc", ({"isrc": "x"}, b"1"), ({"isrc": "y"}, b"1"), False),
        ("discnumber", ({"discnumber": "01/02"}, b"1"), ({"discnumber": "1"}, b"2"), True),
        ("releasedate", ({"releasedate": "2011-01-24T00:00"}, b"1"), ({"releasedate": "2011-01-24"}, b"2"), True),
        (MBZ, ({"musicbrainz_albumid": A}, b"1"), ({"musicbrainz_albumid": A.upper()}, b"2"), True),
        (MBZ, ({"musicbrainz_albumid": "x", "album": "o"}, b"1"), ({"album": "O"}, b"2"), True),
        ("barcode|catalognumber,album", ({"barcode": "1"}, b"1"), ({"catalognumber": "1"}, b"1"), False),
        ("genre,mood", ({"genre": ["a", "b"]}, b"1"), ({"genre": ["a"], "mood": ["b"]}, b"1"), False),
    ],
)  # fmt: skip
def test_rules(rule: str, one: tuple[Given, bytes], other: tuple[Given, bytes], same: bool) -> None:
    first, second = pids(rule, *one), pids(rule, *other)
    assert (first[0] == second[0], first[1] == second[1]) == (same, same)


@pytest.mark.alike
def test_the_usual_rules_are_those_of_the_options() -> None:
    assert pid_rules(load({})) == PidRules()
    assert CANONICAL_KEYS - {"lyrics", "comment"} == TAG_FIELDS
    rules = pid_rules(load({"ND_PID_ALBUM": " folder | Album , ALBUMVERSION ", "ND_PID_TRACK": "albumid,title"}))
    assert rules == PidRules(album="folder|album,albumversion", track="albumid,title")


@pytest.mark.alike
@pytest.mark.parametrize(
    ("variable", "text", "why"),
    [
        ("ND_PID_ALBUM", "albumid", 'not "albumid"'),
        ("ND_PID_ALBUM", "albm", 'not "albm"'),
        ("ND_PID_ALBUM", "album|", "a field is empty"),
        ("ND_PID_TRACK", "title,,album", "a field is empty"),
        ("ND_PID_TRACK", "lyrics", 'not "lyrics"'),
    ],
)
def test_nonsense_is_refused(variable: str, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load({variable: text})


@pytest.mark.django_db(transaction=True)
def test_a_change_of_rules_keeps_songs_and_albums(tmp_path: Path, settings: Settings) -> None:
    """At the next full scan: where all songs of an album stay together, its row stays, too."""
    write_album(tmp_path / "cd1", 2, album="Whole")
    write_album(tmp_path / "a", 3, album="Torn")
    write_album(tmp_path / "b", 2, album="Torn", genres=("Pop",))
    library = Library.objects.create(name="Music", path=str(tmp_path))
    scan(library)

    def albums() -> dict[str, Any]:
        rows = MediaFile.objects.order_by("path").values_list("path", "album_ref_id", "album_ref__created_at")
        return {path.partition("/")[0]: (pk, at) for path, pk, at in rows}

    songs, before = ids(library), albums()
    assert before["a"] == before["b"]
    settings.CONF = dataclasses.replace(settings.CONF, pid=dataclasses.replace(settings.CONF.pid, album="folder"))
    scan(library)
    assert albums() == before
    scan(library, full=True)
    after = albums()
    assert (ids(library), after["cd1"], after["a"]) == (songs, before["cd1"], before["a"])
    assert after["b"][0] != before["b"][0]
    assert after["b"][1] == before["b"][1]
    inspected = mapped(read_file(bytes(tmp_path / "a/01.flac")), b"a/01.flac")
    assert inspected["album_record"]["pid"] == Album.objects.get(pk=after["a"][0]).pid


def test_rules_travel_to_the_readers(tmp_path: Path) -> None:
    (path, *_) = write_album(tmp_path / "a", 1)
    found = []
    for rules in (PidRules(), PidRules(album="folder"), PidRules(track="filename")):
        with ReaderPool(1, conversion=conversion_by(SplitRules(), rules)) as pool:
            (result,) = pool.read_many([bytes(path)])
        assert result.converted is not None
        track = unpack(result.converted.own, result.converted.common)
        expected = map_track(read_file(bytes(path)), path=bytes(path), pids=make_pids(rules))
        assert (track.pid, track.shared.album.pid) == (expected.pid, expected.album.pid)
        found.append((track.pid, track.shared.album.pid))
    assert len(set(found)) == 3
