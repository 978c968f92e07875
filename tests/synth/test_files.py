"""Every synthetic file reads back, by an independent tag reader, exactly as it was described."""

import base64
import io
from dataclasses import replace
from typing import Any

import mutagen
import pytest

from synth import (
    ALL_FORMATS,
    FORMATS,
    Tone,
    Track,
    make_cover,
    track_bytes,
)

ID = "11111111-2222-4333-8444-{:012}"
FULL = Track(
    title="Tïtle ☃ 夜",
    artists=("Ada/Zoë", "Bé"),
    artist_credit="Ada/Zoë feat. Bé",
    album="Älbum",
    album_artists=("Ada/Zoë",),
    track_number=3,
    track_total=9,
    disc_number=2,
    disc_total=4,
    disc_subtitle="Night",
    date="2001-02-03",
    original_date="1974",
    genres=("Rock", "Free Jazz"),
    compilation=True,
    composers=("C One", "C Two"),
    conductors=("K",),
    lyricists=("L",),
    arrangers=("R",),
    producers=("P",),
    remixers=("X",),
    performers=(("violin", "V"),),
    label="Lab",
    comment="a comment",
    lyrics="la\nla",
    bpm=120,
    title_sort="T sort",
    artist_sort="A sort",
    mb_recording_id=ID.format(1),
    mb_track_id=ID.format(2),
    mb_album_id=ID.format(3),
    mb_artist_ids=(ID.format(4), ID.format(5)),
    track_gain=-3.5,
    track_peak=0.75,
    extra=(("WEATHER", ("rain", "fog")),),
    picture=make_cover(64, (200, 40, 90), grain=4),
    tone=Tone(1.25, 440, 44100, 2),
)
# One name per fact, and how each family of tags spells it; the values are the same for all.
FACTS: dict[str, tuple[str, ...]] = {
    "TITLE": ("Tïtle ☃ 夜",),
    "ARTIST": ("Ada/Zoë feat. Bé",),
    "ARTISTS": ("Ada/Zoë", "Bé"),
    "ALBUM": ("Älbum",),
    "ALBUMARTIST": ("Ada/Zoë",),
    "GENRE": ("Rock", "Free Jazz"),
    "COMPOSER": ("C One", "C Two"),
    "CONDUCTOR": ("K",),
    "LYRICIST": ("L",),
    "REMIXER": ("X",),
    "LABEL": ("Lab",),
    "LYRICS": ("la\nla",),
    "TITLESORT": ("T sort",),
    "ARTISTSORT": ("A sort",),
    "MUSICBRAINZ_RELEASETRACKID": (ID.format(2),),
    "MUSICBRAINZ_ALBUMID": (ID.format(3),),
    "MUSICBRAINZ_ARTISTID": (ID.format(4), ID.format(5)),
    "WEATHER": ("rain", "fog"),
}
GAIN = {"REPLAYGAIN_TRACK_GAIN": ("-3.50 dB",), "REPLAYGAIN_TRACK_PEAK": ("0.750000",)}
ID3_LATER = ("TPUB", "USLT::eng", "TSOT", "TSOP")
ID3_NAMES = dict(
    zip(
        FACTS,
        (*("TIT2", "TPE1", "TXXX:ARTISTS", "TALB", "TPE2", "TCON", "TCOM", "TPE3", "TEXT", "TPE4"), *ID3_LATER),
        strict=False,
    )
)
APE_NAMES = {"ALBUMARTIST": "Album Artist", "REMIXER": "MixArtist"}
ASF_NAMES = {
    "TITLE": "Title",
    "ARTIST": "Author",
    "ARTISTS": "WM/ARTISTS",
    "ALBUM": "WM/AlbumTitle",
    "ALBUMARTIST": "WM/AlbumArtist",
    "REMIXER": "WM/ModifiedBy",
    "LYRICIST": "WM/Writer",
    "LABEL": "WM/Publisher",
    "TITLESORT": "WM/TitleSortOrder",
    "ARTISTSORT": "WM/ArtistSortOrder",
}
MP4_NAMES = dict(
    zip(
        ("TITLE", "ARTIST", "ALBUM", "ALBUMARTIST", "GENRE", "COMPOSER", "LYRICS", "TITLESORT", "ARTISTSORT"),
        ("\xa9nam", "\xa9ART", "\xa9alb", "aART", "\xa9gen", "\xa9wrt", "\xa9lyr", "sonm", "soar"),
        strict=True,
    )
)
BRAINZ = {
    "MUSICBRAINZ_RELEASETRACKID": "Release Track Id",
    "MUSICBRAINZ_ALBUMID": "Album Id",
    "MUSICBRAINZ_ARTISTID": "Artist Id",
}
ID3_FORMATS = ("mp3", "mp3-v23", "wav", "aiff", "dsf")
VORBIS_FORMATS = ("flac", "ogg", "opus", "oga")
APE_FORMATS = ("ape", "wv", "mpc")
MP4_FORMATS = ("m4a", "alac")


def read(data: bytes, fmt: str) -> Any:
    file = io.BytesIO(data)
    file.name = f"x.{FORMATS[fmt].suffix}"
    found = mutagen.File(file)
    assert found is not None
    return found


def full(fmt: str) -> Any:
    return read(track_bytes(FULL, fmt), fmt)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("fmt", ALL_FORMATS)
def test_the_sound_is_what_the_stream_says(fmt: str, channels: int) -> None:
    tone = Tone(1.25, 440, 44100, channels)
    stream = FORMATS[fmt].stream(tone)
    info = read(track_bytes(Track(title="t", tone=tone), fmt), fmt).info
    assert info.length == pytest.approx(stream.duration, abs=1e-6)
    assert abs(stream.duration - 1.25) < 0.05
    assert info.channels == stream.channels == channels
    if fmt != "opus":  # the reader does not tell the rate of Opus, which is always 48 kHz
        assert info.sample_rate == stream.sample_rate
    if fmt in ("flac", "oga", "alac", "wav", "aiff", "ape", "wv", "dsf"):
        assert info.bits_per_sample == stream.bit_depth


@pytest.mark.parametrize("fmt", VORBIS_FORMATS)
def test_vorbis_comments(fmt: str) -> None:
    tags = full(fmt).tags.as_dict()
    expected = FACTS | {
        "DATE": ("2001-02-03",),
        "ORIGINALDATE": ("1974",),
        "TRACKNUMBER": ("3",),
        "TRACKTOTAL": ("9",),
        "DISCNUMBER": ("2",),
        "DISCTOTAL": ("4",),
        "DISCSUBTITLE": ("Night",),
        "COMPILATION": ("1",),
        "ARRANGER": ("R",),
        "PRODUCER": ("P",),
        "PERFORMER": ("V (violin)",),
        "COMMENT": ("a comment",),
        "BPM": ("120",),
        "MUSICBRAINZ_TRACKID": (ID.format(1),),
    }
    expected |= {"R128_TRACK_GAIN": ("-2176",)} if fmt == "opus" else GAIN
    tags.pop("metadata_block_picture", None)
    assert {name.upper(): tuple(values) for name, values in tags.items()} == expected


@pytest.mark.parametrize("fmt", ID3_FORMATS)
def test_id3_frames(fmt: str) -> None:
    tags = full(fmt).tags
    assert tags.version[:2] == ((2, 3) if fmt == "mp3-v23" else (2, 4))
    names = ID3_NAMES | {key: f"TXXX:MusicBrainz {label}" for key, label in BRAINZ.items()}
    for key, values in (FACTS | GAIN).items():
        frame = tags[names.get(key, f"TXXX:{key}")]
        text = [frame.text] if isinstance(frame.text, str) else list(frame.text)
        assert tuple(map(str, text)) == values, key
    assert (tags["TRCK"].text, tags["TPOS"].text, tags["TCMP"].text) == (["3/9"], ["2/4"], ["1"])
    assert str(tags["TDRC"]) == "2001-02-03"
    assert str(tags["TDOR"]) == "1974"
    assert tags["COMM::eng"].text == ["a comment"]
    assert tags["UFID:http://musicbrainz.org"].data == ID.format(1).encode()
    people = [["arranger", "R"], ["producer", "P"]]
    if fmt == "mp3-v23":
        assert tags["TIPL"].people == [*people, ["violin", "V"]]
    else:
        assert tags["TIPL"].people == people
        assert tags["TMCL"].people == [["violin", "V"]]


@pytest.mark.parametrize("fmt", MP4_FORMATS)
def test_mp4_items(fmt: str) -> None:
    found = full(fmt)
    tags = found.tags
    assert found.info.codec == {"m4a": "mp4a.40.2", "alac": "alac"}[fmt]
    for key, values in (FACTS | GAIN | {"PERFORMER": ("V (violin)",), "PRODUCER": ("P",)}).items():
        name = MP4_NAMES.get(key, f"----:com.apple.iTunes:{'MusicBrainz ' + BRAINZ[key] if key in BRAINZ else key}")
        texts = tuple(value.decode() if isinstance(value, bytes) else value for value in tags[name])
        assert texts == values, key
    assert (tags["trkn"], tags["disk"], tags["tmpo"], tags["cpil"]) == ([(3, 9)], [(2, 4)], [120], True)
    assert (tags["\xa9day"], tags["\xa9cmt"]) == (["2001-02-03"], ["a comment"])


@pytest.mark.parametrize("fmt", APE_FORMATS)
def test_apev2_items(fmt: str) -> None:
    tags = full(fmt).tags
    for key, values in (FACTS | GAIN | {"PERFORMER": ("V (violin)",)}).items():
        assert tuple(tags[APE_NAMES.get(key, key)]) == values, key
    texts = [str(tags[name]) for name in ("Track", "Disc", "Year", "Compilation")]
    assert texts == ["3/9", "2/4", "2001-02-03", "1"]


def test_asf_attributes() -> None:
    found = full("wma")
    assert found.info.codec_name == "PCM"
    for key, values in (FACTS | GAIN).items():
        name = ASF_NAMES.get(key)
        name = name or (
            f"MusicBrainz/{BRAINZ[key]}"
            if key in BRAINZ
            else key
            if key in GAIN
            else key
            if key == "WEATHER"
            else f"WM/{key.title()}"
        )
        assert tuple(str(value) for value in found.tags[name]) == values, key
    texts = [str(found.tags[name][0]) for name in ("WM/TrackNumber", "WM/PartOfSet", "WM/Year", "Description")]
    assert texts == ["3/9", "2/4", "2001-02-03", "a comment"]


def cover_of(found: Any, fmt: str) -> Any:
    if fmt == "flac":
        return found.pictures[0].data
    if fmt in VORBIS_FORMATS:
        block = base64.b64decode(found.tags["metadata_block_picture"][0])
        return block[-int.from_bytes(block[37:41], "big") :]
    if fmt in MP4_FORMATS:
        return bytes(found.tags["covr"][0])
    if fmt in APE_FORMATS:
        return found.tags["Cover Art (Front)"].value.split(b"\0", 1)[1]
    if fmt == "wma":
        return found.tags["WM/Picture"][0].value.partition("image/png\0\0".encode("utf-16-le"))[2]
    return found.tags["APIC:"].data


@pytest.mark.parametrize("fmt", ALL_FORMATS)
@pytest.mark.parametrize("size", [64, 400])
def test_covers_come_back_whole(fmt: str, size: int) -> None:
    picture = make_cover(size, (200, 40, 90), grain=6)
    assert (len(picture.data) > 300_000) == (size == 400)
    found = read(track_bytes(replace(FULL, picture=picture), fmt), fmt)
    assert cover_of(found, fmt) == picture.data
    assert found.info.length == pytest.approx(FORMATS[fmt].stream(FULL.tone).duration)


@pytest.mark.parametrize("fmt", ALL_FORMATS)
def test_a_file_without_tags_says_nothing(fmt: str) -> None:
    found = read(track_bytes(replace(FULL, tagged=False), fmt), fmt)
    assert not found.tags
    assert not getattr(found, "pictures", [])
    assert found.info.length > 1.2
