"""One file's tags become one exact record, whatever the tags are."""

from __future__ import annotations

from typing import Any

import pytest

from libraries.choices import Role
from libraries.models import MediaFile
from libraries.scanner.mapping import credits
from libraries.scanner.mapping.identity import album_pid, artist_pid, genre_pid, track_pid
from libraries.scanner.mapping.track import map_track
from libraries.scanner.types import AlbumRecord, Credit, MappedTrack
from tests.support.raw_audio import MBZ_A as A
from tests.support.raw_audio import mapped, raw_audio

B = "22222222-bbbb-4bbb-8bbb-222222222222"
C = "33333333-cccc-4ccc-8ccc-333333333333"
D = "44444444-dddd-4ddd-8ddd-444444444444"
E = "55555555-eeee-4eee-8eee-555555555555"
VARIOUS = credits.VARIOUS_ARTISTS_MBZ_ID

# Columns that tell where the file is and what the catalog thinks of it: they do not come out of the file.
PLACE = {
    "id", "library", "folder", "album_ref", "path", "name_bytes", "size", "mtime_ns", "ctime_ns", "inode", "pid",
    "audio_hash", "missing", "missing_since", "last_seen_at", "purge_id", "left_album", "created_at", "updated_at",
}  # fmt: skip
PLAIN: dict[str, object] = {
    "title": "song", "sort_title": "", "album": "[Unknown Album]", "sort_album": "", "artist": "[Unknown Artist]",
    "sort_artist": "", "album_artist": "[Unknown Artist]", "sort_album_artist": "", "compilation": False,
    "track_number": None, "track_total": None, "disc_number": None, "disc_total": None, "disc_subtitle": "",
    "year": None, "date": "", "original_year": None, "original_date": "", "release_year": None, "release_date": "",
    "genre": "", "comment": "", "has_lyrics": False, "has_picture": False, "bpm": None, "mbz_track_id": "",
    "mbz_recording_id": "", "mbz_album_id": "", "rg_track_gain": None, "rg_track_peak": None, "rg_album_gain": None,
    "rg_album_peak": None, "tags": {}, "codec": "flac", "duration": 0.0, "bit_rate": 0, "sample_rate": 0,
    "bit_depth": 0, "channels": 0, "suffix": "flac", "order_title": "song", "order_album": "[unknown album]",
    "order_artist": "[unknown artist]", "order_album_artist": "[unknown artist]",
}  # fmt: skip


def people_of(record: MappedTrack) -> list[tuple[str, ...]]:
    """Each credit without its pid, which must be that of the name, and without empty ends."""
    found = []
    for each in record.credits:
        assert each.pid == artist_pid(each.name)
        parts = [each.role, each.name, each.sort_name, each.mbz_id, each.sub_role]
        while not parts[-1]:
            parts.pop()
        found.append(tuple(parts))
    return found


def test_every_column_that_comes_out_of_a_file_is_there() -> None:
    columns = {each.name for each in MediaFile._meta.concrete_fields}
    assert set(mapped().columns) == columns - PLACE
    assert set(PLAIN) == columns - PLACE


def test_roles_are_those_of_the_catalog() -> None:
    assert {Role.ARTIST, Role.ALBUM_ARTIST, Role.PERFORMER, *credits.OTHER_ROLES} == set(Role)


def test_a_file_without_tags() -> None:
    unknown = artist_pid("[Unknown Artist]")
    album = album_pid(
        mbz_album_id="", artists=("[Unknown Artist]",), album="[Unknown Album]", version="", release_date=""
    )
    assert mapped() == MappedTrack(
        pid=track_pid(mbz_track_id="", album=album, disc=None, track=None, title="song"),
        columns=PLAIN,
        album=AlbumRecord(album, "[Unknown Album]", "", "", "[Unknown Artist]", unknown, "", ""),
        credits=(
            Credit("artist", unknown, "[Unknown Artist]"),
            Credit("albumartist", unknown, "[Unknown Artist]"),
        ),
        genres=(),
    )


def test_a_file_with_everything() -> None:
    tags = {
        "title": ["Army of Me"], "titlesort": ["Army"], "artist": ["Björk feat. Skunk"], "artists": ["Björk", "Skunk"],
        "artistsort": ["Bjork & Skunk"], "artistssort": ["Bjork", "Skunk S."], "album": ["Post"], "albumsort": ["post"],
        "albumartist": ["Björk"], "albumartistsort": ["Bjork"], "albumversion": ["Deluxe"], "tracknumber": ["03"],
        "tracktotal": ["11"], "discnumber": ["1/2"], "discsubtitle": ["MoveCandidate A"], "date": ["1995-06-13T00:00"],
        "originaldate": ["1995"], "releasedate": ["2004-05"], "genre": ["Pop; Trip Hop", "pop", "Art/Rock"],
        "comment": ["one\r\ntwo", "three"], "bpm": ["88.6"], "composer": ["Björk/Graham Massey"],
        "composersort": ["Bjork; Massey, Graham"], "producer": ["Nellee Hooper"],
        "performer": ["Skunk (bass guitar)", "Skunk (bass guitar)", "Skunk (vocals)", "Anon"],
        "musicbrainz_albumid": [A.upper()], "musicbrainz_trackid": [B], "musicbrainz_recordingid": [C],
        "musicbrainz_artistid": [D, E], "musicbrainz_albumartistid": [D], "musicbrainz_releasegroupid": [E],
        "replaygain_track_gain": ["-7.5 dB"], "replaygain_track_peak": ["0.988"], "replaygain_album_gain": ["+1,25 db"],
        "replaygain_album_peak": ["1.0e-1"], "isrc": ["GBAAA9500001"],
    }  # fmt: skip
    raw = raw_audio(tags, "flac", 234.5, 900, 44100, 16, 2, True, True)
    record = map_track(raw, path="Björk/Post/03.FLAC".encode())
    assert record.pid == track_pid(mbz_track_id=B, album="", disc=None, track=None, title="")
    assert record.columns == {
        "title": "Army of Me", "sort_title": "Army", "album": "Post", "sort_album": "post",
        "artist": "Björk feat. Skunk", "sort_artist": "Bjork & Skunk", "album_artist": "Björk",
        "sort_album_artist": "Bjork", "compilation": False, "track_number": 3, "track_total": 11, "disc_number": 1,
        "disc_total": 2, "disc_subtitle": "MoveCandidate A", "year": 1995, "date": "1995-06-13", "original_year": 1995,
        "original_date": "1995", "release_year": 2004, "release_date": "2004-05", "genre": "Pop",
        "comment": "one\ntwo", "has_lyrics": True, "has_picture": True, "bpm": 89, "mbz_track_id": B,
        "mbz_recording_id": C, "mbz_album_id": A, "rg_track_gain": -7.5, "rg_track_peak": 0.988, "rg_album_gain": 1.25,
        "rg_album_peak": 0.1, "tags": tags | {"comment": ["one\ntwo", "three"]}, "codec": "flac", "duration": 234.5,
        "bit_rate": 900, "sample_rate": 44100, "bit_depth": 16, "channels": 2, "suffix": "flac",
        "order_title": "army of me", "order_album": "post", "order_artist": "bjork", "order_album_artist": "bjork",
    }  # fmt: skip
    assert record.album == AlbumRecord(
        pid=album_pid(mbz_album_id=A, artists=(), album="", version="", release_date=""),
        name="Post", sort_name="post", version="Deluxe", album_artist="Björk", artist_pid=artist_pid("Björk"),
        mbz_album_id=A, mbz_release_group_id=E,
    )  # fmt: skip
    assert people_of(record) == [
        ("artist", "Björk", "Bjork", D),
        ("artist", "Skunk", "Skunk S.", E),
        ("albumartist", "Björk", "Bjork", D),
        ("composer", "Björk", "Bjork", D),
        ("composer", "Graham Massey", "Massey, Graham"),
        ("producer", "Nellee Hooper"),
        ("performer", "Skunk", "", E, "Bass Guitar"),
        ("performer", "Skunk", "", E, "Vocals"),
        ("performer", "Anon"),
    ]
    assert record.genres == tuple((genre_pid(name), name) for name in ("Pop", "Trip Hop", "Art", "Rock"))


@pytest.mark.parametrize(
    ("tags", "artist", "names"),
    [
        ({"artist": ["A / B"]}, "A / B", ["A", "B"]),
        ({"artist": ["A Feat. B"]}, "A Feat. B", ["A", "B"]),
        ({"artist": ["A feat B ft. C ft D; E"]}, "A feat B ft. C ft D; E", ["A", "B", "C", "D", "E"]),
        ({"artist": ["AC/DC"]}, "AC/DC", ["AC/DC"]),
        ({"artist": ["Simon & Garfunkel"]}, "Simon & Garfunkel", ["Simon & Garfunkel"]),
        ({"artist": ["A;B, C"]}, "A;B, C", ["A;B, C"]),
        ({"artist": ["A", "B / C"]}, "A • B / C", ["A", "B / C"]),
        ({"artist": ["A with B"], "artists": ["A", "B"]}, "A with B", ["A", "B"]),
        ({"artists": ["A", "B"]}, "A • B", ["A", "B"]),
        ({"artist": ["A", "a", "A  "]}, "A • a • A", ["A"]),
        ({"artist": ["BB", "bb"]}, "BB • bb", ["BB"]),
        ({"artist": [" \t"]}, "[Unknown Artist]", ["[Unknown Artist]"]),
        ({"albumartist": ["A; B"]}, "A; B", ["A", "B"]),
        ({"albumartist": ["Various Artists"]}, "[Unknown Artist]", ["[Unknown Artist]"]),
    ],
)
def test_artists(tags: dict[str, list[str]], artist: str, names: list[str]) -> None:
    record = map_track(raw_audio(tags), path=b"x.mp3")
    assert record.columns["artist"] == artist
    assert [each.name for each in record.credits if each.role == "artist"] == names


@pytest.mark.parametrize(
    ("tags", "album_artist", "credits_"),
    [
        ({"artist": "A; B", "albumartist": "C"}, "C", [("albumartist", "C")]),
        ({"artist": "A", "compilation": "1"}, "Various Artists", [("albumartist", "Various Artists", "", VARIOUS)]),
        ({"artist": "A", "albumartist": "C", "compilation": "1"}, "C", [("albumartist", "C")]),
        ({"artist": "A", "compilation": "0"}, "A", [("albumartist", "A")]),
        (
            {"artist": "A; B", "artistsort": "a; b", "musicbrainz_artistid": f"{A}/{B}"},
            "A",
            [("albumartist", "A", "a", A)],
        ),
        (
            {"albumartists": ["C", "D"], "albumartist": "C and D"},
            "C and D",
            [("albumartist", "C"), ("albumartist", "D")],
        ),
    ],
)
def test_album_artists(tags: dict[str, Any], album_artist: str, credits_: list[tuple[str, ...]]) -> None:
    record = mapped(**tags)
    assert record.columns["album_artist"] == record.album.album_artist == album_artist
    assert [each for each in people_of(record) if each[0] == "albumartist"] == credits_
    assert record.album.artist_pid == artist_pid(credits_[0][1])


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([A, B], [A, B]),
        ([f"{A}; {B}"], [A, B]),
        ([A], ["", ""]),
        ([A, B, C], ["", ""]),
        ([A, "nonsense"], [A, ""]),
        ([A.replace("-", ""), B.upper()], ["", B]),
    ],
)
def test_musicbrainz_ids_go_by_position_or_not_at_all(ids: list[str], expected: list[str]) -> None:
    record = mapped(artist=["A", "B"], albumartist="C", musicbrainz_artistid=ids)
    assert [each.mbz_id for each in record.credits if each.role == "artist"] == expected


def test_a_sort_name_belongs_to_the_whole_name() -> None:
    record = mapped(artist="Lennon", artistsort="Lennon; John", composer="A;B", composersort=["a", "b"])
    assert people_of(record)[0] == ("artist", "Lennon", "Lennon; John")
    assert people_of(record)[2:] == [("composer", "A", "a"), ("composer", "B", "b")]


def test_a_writer_is_a_composer_once() -> None:
    record = mapped(composer=["Ann"], composersort=["ann"], writer=["Bob; ANN"], lyricist="Cy")
    assert people_of(record)[2:] == [("composer", "Ann", "ann"), ("lyricist", "Cy"), ("composer", "Bob")]


def test_a_part_may_itself_have_parentheses() -> None:
    record = mapped(performer=["Ada (drums (drum set))"])
    assert [(credit.name, credit.sub_role) for credit in record.credits if credit.role == "performer"] == [
        ("Ada", "Drums (Drum Set)")
    ]


def test_performers_with_the_part_in_the_key() -> None:
    record = mapped(**{"performer:guitar": ["Ann", "Bob (b)"], "performersort": "x", "performer": "Cy (a) (drums)"})
    assert people_of(record)[2:] == [
        ("performer", "Ann", "", "", "Guitar"),
        ("performer", "Bob (b)", "", "", "Guitar"),
        ("performer", "Cy", "", "", "A"),
    ]


@pytest.mark.parametrize(
    ("path", "title", "suffix"),
    [
        (b"03 Song.name.MP3", "03 Song.name", "mp3"),
        (b"a.b/song", "song", ""),
        (b".mp3", ".mp3", ""),
        (b"a/b\xff\n.ogg", "b\ufffd\ufffd", "ogg"),
        (b"song.m\xff4", "song", ""),
        (b"song.ninechars", "song", ""),
        (b"song.", "song", ""),
        ("ä.flac".encode(), "ä", "flac"),
        (b"", "?", ""),
    ],
)
def test_title_and_suffix_from_the_path(path: bytes, title: str, suffix: str) -> None:
    columns = mapped(path).columns
    assert (columns["title"], columns["suffix"]) == (title, suffix)
    assert mapped(path, title=" \0 ").columns["title"] == title


def same_album(one: dict[str, Any], other: dict[str, Any]) -> bool:
    common = {"album": "One", "artist": "A"}
    return mapped(**common | one).album.pid == mapped(**common | other).album.pid


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"title": "x", "tracknumber": "1"}, {"title": "y", "tracknumber": "2", "genre": "Pop"}, True),
        ({"date": "2004"}, {"date": "2004-05-06"}, True),
        ({"date": "2004"}, {"date": "2011"}, True),
        ({"date": "2004"}, {}, True),
        ({"year": "2004"}, {"originalyear": "1999"}, True),
        ({"date": "2004", "releasedate": "2011"}, {"date": "2005", "releasedate": "2011"}, True),
        ({"releasedate": "2011-01-24"}, {"releasedate": "2011-03-01"}, False),
        ({"releasedate": "2011-01-24"}, {"date": "2011-01-24"}, False),
        ({"originaldate": "1981"}, {"originaldate": "1985"}, True),
        ({"albumversion": "Deluxe"}, {}, False),
        ({"version": "Remix"}, {"version": "Radio Edit"}, True),
        ({"catalognumber": "1"}, {"catalognumber": "2", "label": "L", "media": "CD"}, True),
        ({"album": "one "}, {"album": "ONE"}, True),
        ({"artist": "B", "albumartist": "C"}, {"albumartist": "C"}, True),
        ({"albumartist": "A; B"}, {"albumartists": ["a", "b"], "albumartist": "A with B"}, True),
        ({"albumartist": "A; B"}, {"albumartist": "B; A"}, False),
        ({"albumartist": "A", "compilation": "1"}, {"albumartist": "A"}, True),
        ({"compilation": "1"}, {}, False),
        ({"artist": "B"}, {}, False),
        ({"artist": "A feat. B"}, {"artist": ["A", "C"]}, True),
        ({"artist": "A feat. B"}, {"artist": "B feat. A"}, False),
        ({"compilation": "1", "artist": "B", "date": "1981"}, {"compilation": "true", "date": "1985"}, True),
        ({"albumartist": "various artists", "date": "1981"}, {"albumartist": "Various Artists", "date": "1985"}, True),
        (
            {"albumartist": "Divers", "musicbrainz_albumartistid": VARIOUS, "date": "1981"},
            {"albumartist": "Divers", "musicbrainz_albumartistid": VARIOUS, "date": "1985"},
            True,
        ),
        ({"musicbrainz_albumid": A, "date": "1981"}, {"musicbrainz_albumid": A.upper(), "artist": "B"}, True),
        ({"musicbrainz_albumid": A}, {"musicbrainz_albumid": B}, False),
        ({"musicbrainz_albumid": "x"}, {"musicbrainz_albumid": "y"}, True),
        ({"album": "", "date": "1981"}, {"album": "", "date": "1985", "albumversion": "x"}, True),
        ({"album": "", "artist": "B"}, {"album": ""}, False),
    ],
)
def test_what_makes_one_album(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert same_album(one, other) is same


def test_without_album_artist_the_first_artist_is_it_and_all_stay_credited() -> None:
    record = mapped(album="Guests", artist="Main feat. Guest")
    assert record.columns["artist"] == "Main feat. Guest"
    assert record.columns["album_artist"] == record.album.album_artist == "Main"
    assert people_of(record) == [("artist", "Main"), ("artist", "Guest"), ("albumartist", "Main")]
