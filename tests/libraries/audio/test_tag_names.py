"""Several names of one tag in a file: their values are never mixed, and the order in the file does not count."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, cast

import pytest

from libraries.audio import inspect
from tests.support import audio

flac, mp4, asf = (cast("Any", importlib.import_module(f"mutagen.{name}")) for name in ("flac", "mp4", "asf"))

A = "11111111-1111-4111-8111-111111111111"
B = "22222222-2222-4222-8222-222222222222"
C = "33333333-3333-4333-8333-333333333333"

Pairs = list[tuple[str, str]]


def of_comments(folder: Path, pairs: Pairs) -> dict[str, list[str]]:
    path = folder / "a.flac"
    path.write_bytes(audio.flac())
    file = flac.FLAC(path)
    file.add_tags()
    file.tags.extend(pairs)
    file.save()
    return inspect.read_file(bytes(path)).tags


@pytest.mark.parametrize(
    ("pairs", "key", "expected"),
    [
        ([("RECORDINGDATE", "1990"), ("DATE", "2004"), ("RECORD DATE", "1980")], "date", ["2004"]),
        ([("YEAR", "1999"), ("RECORD DATE", "1980"), ("RECORDINGDATE", "1990")], "date", ["1990"]),
        ([("YEAR", "1999")], "date", ["1999"]),
        ([("DATE", "0000-00-00"), ("RECORDINGDATE", "1990")], "date", ["1990"]),
        ([("ORIGYEAR", "1975")], "originaldate", ["1975"]),
        ([("ORIGYEAR", "1975"), ("ORIGINALYEAR", "1976"), ("ORIGINALDATE", "1977-01")], "originaldate", ["1977-01"]),
        ([("ORIGYEAR", "1975"), ("ORIGINALYEAR", "1976")], "originaldate", ["1976"]),
        ([("RELEASETIME", "2001"), ("RELEASEDATE", "2002")], "releasedate", ["2002"]),
        ([("RECORDINGDATE", "1975"), ("DATE", "0001-01-01")], "date", ["1975"]),
        ([("WM/AlbumArtist", "W")], "albumartist", ["W"]),
        ([("WM/Year", "1999"), ("DATE", "2001")], "date", ["2001"]),
        ([("WM/Year", "1999"), ("RECORDINGDATE", "2001")], "date", ["1999"]),
        ([("WM/Writer", "L"), ("WM/Composer", "C")], "lyricist", ["L"]),
        ([("WM/Track", "0"), ("WM/TrackNumber", "1")], "tracknumber", ["1"]),
        ([("Part of a set", "2/3")], "disctotal", ["3"]),
        ([("TEMPO", "Slow"), ("BPM", "124")], "bpm", ["124"]),
        ([("TEMPO", "99"), ("TBPM", "98"), ("BPM", "97.6")], "bpm", ["97.6"]),
        ([("TEMPO", "99"), ("TBPM", "98")], "bpm", ["98"]),
        ([("BPM", "fast"), ("TEMPO", "124")], "bpm", ["124"]),
        ([("ALBUM ARTIST", "One"), ("ALBUMARTIST", "Two")], "albumartist", ["Two"]),
        ([("GENRES", "Rock"), ("GENRES", "Pop")], "genre", ["Rock", "Pop"]),
        ([("GENRES", "Rock"), ("genre", "Jazz"), ("GENRE", "Pop")], "genre", ["Jazz", "Pop"]),
        ([("WRITER", "W"), ("COMPOSER", "C")], "composer", ["C"]),
        ([("WRITER", "W"), ("COMPOSER", "C")], "writer", ["W"]),
        ([("ORGANIZATION", "O"), ("PUBLISHER", "P"), ("LABEL", "L")], "label", ["L"]),
        ([("SETSUBTITLE", "S"), ("DISCSUBTITLE", "D")], "discsubtitle", ["D"]),
        ([("DISK", "2 of 3"), ("TRACKNUMBER", "5 OF 9")], "discnumber", ["2"]),
        ([("DISK", "2 of 3"), ("TRACKNUMBER", "5 OF 9")], "tracktotal", ["9"]),
        ([("TRACK", "1/2"), ("TRACKTOTAL", "12"), ("TRACKNUMBER", "3/11")], "tracknumber", ["3"]),
        ([("TRACK", "1/2"), ("TRACKTOTAL", "12"), ("TRACKNUMBER", "3/11")], "tracktotal", ["12"]),
        ([("PERFORMER", "Ann (cello)"), ("PERFORMER:viola", "Bob"), ("PERFORMER", "Cy")], "performer",
         ["Ann (cello)", "Bob (viola)", "Cy"]),
        ([("PERFORMER:Lead Guitar", "The (Other) One")], "performer:lead guitar", ["The (Other) One"]),
    ],
)  # fmt: skip
def test_one_name_counts(tmp_path: Path, pairs: Pairs, key: str, expected: list[str]) -> None:
    assert of_comments(tmp_path, pairs)[key] == expected
    # the values of one name stay in their order
    names = dict.fromkeys(name for name, _ in reversed(pairs))
    turned = [pair for name in names for pair in pairs if pair[0] == name]
    if len({name.upper() for name in names}) == len(names):
        found = of_comments(tmp_path, turned)[key]
        assert (sorted(found) if key == "performer" else found) == expected


@pytest.mark.parametrize(
    ("names", "ids", "expected"),
    [
        ([("ARTISTS", "Vera"), ("ARTISTS", "Willi")], {"MUSICBRAINZ_ARTISTID": [A], "MusicBrainz Artist Id": [B, C]},
         [B, C]),
        ([("ARTIST", "Vera")], {"MUSICBRAINZ_ARTISTID": [A], "MusicBrainz Artist Id": [B, C]}, [A]),
        ([("ARTIST", "Vera & Willi")], {"MUSICBRAINZ_ARTISTID": [A], "MusicBrainz Artist Id": [B, C]}, [B, C]),
        ([("ARTIST", "Vera")], {"MUSICBRAINZ_ARTISTID": [f"{A}/{B}"], "MusicBrainz Artist Id": [C]}, [C]),
        ([("ARTIST", "Vera")], {"MusicBrainz Artist Id": [B], "MUSICBRAINZ_ARTISTID": [A]}, [A]),
        ([], {"MusicBrainz Artist Id": [B], "MUSICBRAINZ_ARTISTID": [A]}, [A]),
    ],
)  # fmt: skip
def test_ids_that_fit_the_names_count(
    tmp_path: Path, names: Pairs, ids: dict[str, list[str]], expected: list[str]
) -> None:
    pairs = [(name, value) for name, values in ids.items() for value in values]
    assert of_comments(tmp_path, pairs + names)["musicbrainz_artistid"] == expected
    assert of_comments(tmp_path, names + pairs[::-1])["musicbrainz_artistid"] == expected[::-1]


def text(name: bytes, value: str) -> bytes:
    return audio.id3_frame(name, b"\0" + value.encode("latin-1"))


@pytest.mark.parametrize(
    ("frames", "key", "expected"),
    [
        ([(b"TXXX", "RECORDINGDATE\x001990"), (b"TYER", "1999"), (b"TDAT", "3112")], "date", ["1999-12-31"]),
        ([(b"TXXX", "DATE\x001990"), (b"TYER", "1999")], "date", ["1990"]),
        ([(b"TYER", "1999"), (b"TXXX", "DATE\x001990"), (b"TDRC", "2004")], "date", ["2004"]),
        ([(b"XDOR", "1970-01-02"), (b"TORY", "1975")], "originaldate", ["1975"]),
        ([(b"XDOR", "1970-01-02")], "originaldate", ["1970-01-02"]),
        ([(b"TXXX", "ORIGINALDATE\x001971"), (b"TDOR", "1970")], "originaldate", ["1970"]),
        ([(b"TXXX", "ARTIST\0Other"), (b"TPE1", "One")], "artist", ["One"]),
        ([(b"TBPM", "127"), (b"TXXX", "BPM\x00127.6")], "bpm", ["127.6"]),
        ([(b"TIPL", "producer\0Ann\0catering\0Bob\0mix\0Cy"), (b"TXXX", "PRODUCER\0Dee")], "producer", ["Ann"]),
        ([(b"TIPL", "producer\0Ann\0catering\0Bob\0mix\0Cy")], "mixer", ["Cy"]),
        ([(b"TMCL", "guitar\0Bob (the cat)")], "performer:guitar", ["Bob (the cat)"]),
        ([(b"TMCL", "guitar\0Ann"), (b"TXXX", "PERFORMER\0Cy (bass)")], "performer", ["Ann (guitar)", "Cy (bass)"]),
        ([(b"TXXX", "MusicBrainz Composer Id\0" + A)], "musicbrainz_composerid", [A]),
    ],
)  # fmt: skip
def test_frames_and_free_texts(tmp_path: Path, frames: list[tuple[bytes, str]], key: str, expected: list[str]) -> None:
    path = tmp_path / "a.mp3"
    for order in (frames, frames[::-1]):
        path.write_bytes(audio.id3_tag(*(text(*frame) for frame in order)) + audio.mp3())
        found = inspect.read_file(bytes(path)).tags
        assert sorted(found[key]) == expected
        assert "xdor" not in found


def test_mp4_names(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(audio.mp4())
    file = mp4.MP4(path)
    file.add_tags()
    own = "----:com.apple.iTunes:"
    file.tags.update({"\xa9day": ["2004"], own + "DATE": [b"1999"], "aART": ["One"], own + "ALBUMARTIST": [b"Two"]})
    file.save()
    found = inspect.read_file(bytes(path)).tags
    assert (found["date"], found["albumartist"]) == (["1999"], ["One"])


def test_asf_names(tmp_path: Path) -> None:
    path = tmp_path / "a.wma"
    path.write_bytes(audio.asf())
    file = asf.ASF(path)
    file.tags.update({
        "WM/Year": "2004", "DATE": "1999", "WM/OriginalReleaseTime": "1980", "ORIGINALDATE": "1970", "WM/Writer": "L",
        "WRITER": "C", "Author": "One", "ARTIST": "Two",
    })  # fmt: skip
    file.save()
    found = inspect.read_file(bytes(path)).tags
    assert (found["date"], found["originaldate"], found["artist"]) == (["1999"], ["1970"], ["One"])
    assert (found["lyricist"], found["writer"]) == (["L"], ["C"])


def test_info_texts(tmp_path: Path) -> None:
    texts = {
        b"IBPM": b"128", b"IPRT": b"8", b"ITRK": b"7/9", b"IMUS": b"Composer", b"IWRI": b"Writer", b"IMED": b"CD",
        b"ICNT": b"DE", b"ILYC": b"la la",
    }  # fmt: skip
    chunks = b"".join(
        name + len(value).to_bytes(4, "little") + value + b"\0" * (len(value) & 1) for name, value in texts.items()
    )
    path = tmp_path / "a.wav"
    path.write_bytes(audio.wav() + b"LIST" + (4 + len(chunks)).to_bytes(4, "little") + b"INFO" + chunks)
    found = inspect.read_file(bytes(path))
    assert found.tags == {
        "bpm": ["128"], "tracknumber": ["7"], "tracktotal": ["9"], "composer": ["Composer"], "writer": ["Writer"],
        "media": ["CD"], "releasecountry": ["DE"],
    }  # fmt: skip
    assert found.has_lyrics
