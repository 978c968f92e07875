"""Every tag family gives the same canonical keys."""

from __future__ import annotations

import base64
import contextlib
import importlib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from libraries.audio import inspect
from libraries.audio.errors import AudioError
from libraries.audio.types import RawAudio
from tests.support import audio

# The library's constructors are not annotated.
mutagen: Any = importlib.import_module("mutagen")
aiff, apev2, asf, dsf, flac, id3, mp4, wave = (
    cast("Any", importlib.import_module(f"mutagen.{name}"))
    for name in ("aiff", "apev2", "asf", "dsf", "flac", "id3", "mp4", "wave")
)

FILES: dict[str, tuple[Callable[[], bytes], str, float, int, int, int]] = {
    # name: maker, codec, seconds, sample rate, channels, depth
    "a.mp3": (audio.mp3, "mp3", 1.04, 44100, 2, 0),
    "a.wav": (audio.wav, "pcm", 1, 8000, 2, 16),
    "a.flac": (audio.flac, "flac", 2, 96000, 2, 24),
    "a.ogg": (audio.vorbis, "vorbis", 2, 44100, 2, 0),
    "a.opus": (audio.opus, "opus", 2, 48000, 2, 0),
    "a.spx": (audio.speex, "speex", 2, 16000, 1, 0),
    "a.oga": (audio.oggflac, "flac", 2, 96000, 2, 24),
    "a.m4a": (audio.mp4, "aac", 2, 44100, 2, 0),
    "a.aac": (audio.aac, "aac", 0.46, 44100, 2, 0),
    "a.aif": (audio.aiff, "pcm", 1, 44100, 2, 16),
    "a.dsf": (audio.dsf, "dsd", 1, 2822400, 2, 1),
    "a.wma": (audio.asf, "wma", 2, 44100, 2, 0),
    "a.ape": (audio.monkeys, "ape", 2, 44100, 2, 16),
    "a.wv": (audio.wavpack, "wavpack", 1, 44100, 2, 16),
    "a.mpc": (audio.musepack, "musepack", 2.6, 44100, 2, 0),
}
VORBIS_FAMILY = ["a.flac", "a.ogg", "a.opus", "a.spx", "a.oga"]
ID3_FAMILY = ["a.mp3", "a.wav", "a.aif", "a.dsf"]
APE_FAMILY = ["a.ape", "a.wv", "a.mpc"]

SHARED = {
    "title": ["Żółta łódź"],
    "artist": ["Björk"],
    "album": ["Homogenic"],
    "albumartist": ["Various"],
    "tracknumber": ["3"],
    "tracktotal": ["12"],
    "discnumber": ["1"],
    "disctotal": ["2"],
    "date": ["1997-09-22"],
    "genre": ["Electronic"],
    "composer": ["Someone"],
    "compilation": ["1"],
    "musicbrainz_albumid": ["album-id"],
    "musicbrainz_trackid": ["track-id"],
    "musicbrainz_recordingid": ["recording-id"],
    "replaygain_track_gain": ["-7.10 dB"],
}


def put(folder: Path, name: str, data: bytes | None = None) -> Path:
    path = folder / name
    path.write_bytes(FILES[name][0]() if data is None else data)
    return path


def read(path: Path) -> RawAudio:
    return inspect.read_file(bytes(path))


def holds(found: RawAudio, wanted: dict[str, list[str]]) -> None:
    assert {key: found.tags.get(key) for key in wanted} == wanted


@pytest.mark.parametrize("name", FILES)
def test_facts(tmp_path: Path, name: str) -> None:
    _, codec, seconds, rate, channels, depth = FILES[name]
    found = read(put(tmp_path, name))
    assert (found.codec, found.sample_rate, found.channels, found.bit_depth) == (codec, rate, channels, depth)
    assert found.duration == pytest.approx(seconds, abs=0.01)
    assert found.bit_rate > 0
    assert found.tags == {}
    assert not found.has_picture
    assert found.size == (tmp_path / name).stat().st_size


def id3_of(version: int) -> Any:
    encoding = 3 if version == 4 else 1
    tag = id3.ID3()
    text: dict[str, list[str]] = {
        "TIT2": SHARED["title"], "TPE1": ["Björk"], "TALB": ["Homogenic"], "TPE2": ["Various"], "TRCK": ["3/12"],
        "TPOS": ["1/2"], "TDRC": ["1997-09-22"], "TCON": ["(52)"], "TCOM": ["Someone"], "TCMP": ["1"],
    }  # fmt: skip
    for name, value in text.items():
        tag.add(getattr(id3, name)(encoding=encoding, text=value))
    for name, word in {"MusicBrainz Album Id": "album-id", "MusicBrainz Release Track Id": "track-id",
                        "REPLAYGAIN_TRACK_GAIN": "-7.10 dB"}.items():  # fmt: skip
        tag.add(id3.TXXX(encoding=encoding, desc=name, text=[word]))
    tag.add(id3.UFID(owner="http://musicbrainz.org", data=b"recording-id"))
    tag.add(id3.TIPL(encoding=encoding, people=[["producer", "P"], ["mix", "M"], ["DJ-mix", "D"], ["guitar", "G"]]))
    tag.add(id3.COMM(encoding=encoding, lang="eng", desc="", text=["Nice"]))
    tag.add(id3.COMM(encoding=encoding, lang="eng", desc="iTunNORM", text=["0000"]))
    tag.add(id3.USLT(encoding=encoding, lang="eng", desc="", text="la la"))
    tag.add(id3.APIC(encoding=encoding, mime="image/png", type=4, desc="back", data=audio.PNG))
    tag.add(id3.APIC(encoding=encoding, mime="image/jpeg", type=3, desc="Vördere", data=audio.JPEG))
    if version == 3:
        tag.update_to_v23()
    return tag


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("name", ID3_FAMILY)
def test_id3(tmp_path: Path, name: str, version: int) -> None:
    path = put(tmp_path, name)
    holder = {"a.wav": wave.WAVE, "a.aif": aiff.AIFF, "a.dsf": dsf.DSF}.get(name)
    if holder is None:
        id3_of(version).save(path, v2_version=version)
    else:
        file = holder(path)
        file.add_tags()
        for frame in id3_of(version).values():
            file.tags.add(frame)
        file.tags.save(path, v2_version=version)
    found = read(path)
    holds(found, SHARED | {"producer": ["P"], "mixer": ["M"], "djmixer": ["D"], "performer": ["G (guitar)"]})
    assert found.tags["comment"] == ["Nice"]
    assert found.has_picture
    assert found.has_lyrics
    assert inspect.read_picture(bytes(path)) == (audio.JPEG, "image/jpeg")
    raw = inspect.read_raw_tags(bytes(path))
    assert raw["TIT2"] == SHARED["title"]
    assert all(text.startswith("<picture ") for text in raw["APIC"])


@pytest.mark.parametrize("name", VORBIS_FAMILY)
def test_vorbis_comments(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name)
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    picture = flac.Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", audio.PNG
    file.tags.extend(
        [("TITLE", "Żółta łódź"), ("Artist", "Björk"), ("ALBUM", "Homogenic"), ("ALBUM ARTIST", "Various"),
         ("TRACKNUMBER", "3"), ("TRACKTOTAL", "12"), ("DISCNUMBER", "1/2"), ("DATE", "1997-09-22"),
         ("GENRE", "Electronic"), ("COMPOSER", "Someone"), ("COMPILATION", "1"), ("MUSICBRAINZ_ALBUMID", "album-id"),
         ("MUSICBRAINZ_RELEASETRACKID", "track-id"), ("MUSICBRAINZ_TRACKID", "recording-id"),
         ("REPLAYGAIN_TRACK_GAIN", "-7.10 dB"), ("ARTISTS", "One"), ("ARTISTS", "Two"), ("ORGANIZATION", "Label"),
         ("PERFORMER", "Ann (cello)"), ("PERFORMER:viola", "Bob"), ("LYRICS", "la la"), ("R128_TRACK_GAIN", "-512"),
         ("METADATA_BLOCK_PICTURE", base64.b64encode(picture.write()).decode())]
    )  # fmt: skip
    file.save()
    found = read(path)
    holds(found, SHARED | {"artists": ["One", "Two"], "label": ["Label"], "r128_track_gain": ["-512"]})
    assert found.tags["performer"] == ["Ann (cello)", "Bob (viola)"]
    assert found.has_lyrics
    assert found.has_picture
    assert "lyrics" not in found.tags
    assert inspect.read_picture(bytes(path)) == (audio.PNG, "image/png")
    assert any(
        text.startswith("<picture ") for values in inspect.read_raw_tags(bytes(path)).values() for text in values
    )


def test_flac_picture_block(tmp_path: Path) -> None:
    path = put(tmp_path, "a.flac")
    file = flac.FLAC(path)
    picture = flac.Picture()
    picture.type, picture.mime, picture.data = 3, "image/jpeg", audio.JPEG
    file.add_picture(picture)
    file.save()
    assert read(path).has_picture
    assert inspect.read_picture(bytes(path)) == (audio.JPEG, "image/jpeg")


def test_mp4(tmp_path: Path) -> None:
    path = put(tmp_path, "a.m4a")
    file = mp4.MP4(path)
    file.add_tags()
    own = "----:com.apple.iTunes:"
    file.tags.update({
        "\xa9nam": ["Żółta łódź"], "\xa9ART": ["Björk"], "\xa9alb": ["Homogenic"], "aART": ["Various"],
        "trkn": [(3, 12)], "disk": [(1, 2)], "\xa9day": ["1997-09-22"], "\xa9gen": ["Electronic"],
        "\xa9wrt": ["Someone"], "cpil": True, "tmpo": [120], "rtng": [1], "\xa9lyr": ["la la"],
        own + "MusicBrainz Album Id": [b"album-id"], own + "MusicBrainz Release Track Id": [b"track-id"],
        own + "MusicBrainz Track Id": [b"recording-id"], own + "replaygain_track_gain": [b"-7.10 dB"],
        own + "ARTISTS": [b"One", b"Two"], own + "LABEL": [b"Label"],
        "covr": [mp4.MP4Cover(audio.JPEG)],
    })  # fmt: skip
    file.save()
    found = read(path)
    holds(found, SHARED | {"bpm": ["120"], "explicitstatus": ["explicit"], "artists": ["One", "Two"]})
    assert found.has_picture
    assert found.has_lyrics
    assert inspect.read_picture(bytes(path)) == (audio.JPEG, "image/jpeg")
    assert inspect.read_raw_tags(bytes(path))["covr"] == [f"<picture {len(audio.JPEG)} bytes>"]


def test_asf(tmp_path: Path) -> None:
    path = put(tmp_path, "a.wma")
    file = asf.ASF(path)
    picture = b"\x03" + len(audio.PNG).to_bytes(4, "little") + "image/png\0\0".encode("utf-16-le") + audio.PNG
    for name, value in {
        "Title": "Żółta łódź", "Author": "Björk", "WM/AlbumTitle": "Homogenic", "WM/AlbumArtist": "Various",
        "WM/TrackNumber": "3/12", "WM/PartOfSet": "1/2", "WM/Year": "1997-09-22", "WM/Genre": "Electronic",
        "WM/Composer": "Someone", "WM/IsCompilation": asf.ASFBoolAttribute(value=True),
        "MusicBrainz/Album Id": "album-id", "MusicBrainz/Release Track Id": "track-id",
        "MusicBrainz/Track Id": "recording-id", "replaygain_track_gain": "-7.10 dB",
        "WM/Picture": asf.ASFByteArrayAttribute(picture),
    }.items():  # fmt: skip
        file.tags[name] = value
    file.save()
    found = read(path)
    holds(found, SHARED)
    assert found.has_picture
    assert inspect.read_picture(bytes(path)) == (audio.PNG, "image/png")


@pytest.mark.parametrize("name", [*APE_FAMILY, "a.mp3"])
def test_ape(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name)
    tag = apev2.APEv2()
    for key, value in {
        "Title": "Żółta łódź", "Artist": "Björk", "Album": "Homogenic", "Album Artist": "Various", "Track": "3/12",
        "Disc": "1/2", "Year": "1997-09-22", "Genre": "Electronic", "Composer": "Someone", "Compilation": "1",
        "MUSICBRAINZ_ALBUMID": "album-id", "MUSICBRAINZ_RELEASETRACKID": "track-id",
        "MUSICBRAINZ_TRACKID": "recording-id", "REPLAYGAIN_TRACK_GAIN": "-7.10 dB", "Mood": ["A", "B"],
    }.items():  # fmt: skip
        tag[key] = value
    tag["Cover Art (Front)"] = apev2.APEValue(b"cover.png\0" + audio.PNG, apev2.BINARY)
    tag.save(path)
    found = read(path)
    holds(found, SHARED | {"mood": ["A", "B"]})
    assert found.has_picture
    assert inspect.read_picture(bytes(path)) == (audio.PNG, "image/png")
    assert inspect.read_raw_tags(bytes(path))["Mood"] == ["A", "B"]


@pytest.mark.parametrize("name", [*APE_FAMILY, "a.mp3", "a.aac"])
def test_a_damaged_ape_item_costs_that_item_and_what_follows(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name)
    tag = apev2.APEv2()
    tag["Title"], tag["Artist"], tag["Comment"] = "A song", "An artist", "A comment that is longer"
    tag.save(path)
    data = path.read_bytes()
    at = data.index(b"Comment\0") - 8
    # the size of the last item reaches beyond the tag
    path.write_bytes(data[:at] + b"\xff\xff\xff\x00" + data[at + 4 :])
    assert read(path).tags == {"title": ["A song"], "artist": ["An artist"]}
    assert inspect.read_raw_tags(bytes(path)) == {"Title": ["A song"], "Artist": ["An artist"]}


def test_id3v22_and_utf16_without_mark(tmp_path: Path) -> None:
    def frame(name: bytes, payload: bytes) -> bytes:
        return name + len(payload).to_bytes(3, "big") + payload

    tag = audio.id3_tag(
        frame(b"TT2", b"\x01" + "Łódź".encode("utf-16-le")), frame(b"TYE", b"\0002001\0"), frame(b"TDA", b"\x003112\0"),
        frame(b"TCO", b"\0(17)\0"), frame(b"PIC", b"\0PNG\x03\0" + audio.PNG), version=2,
    )  # fmt: skip
    path = put(tmp_path, "a.mp3", tag + audio.mp3())
    found = read(path)
    holds(found, {"title": ["Łódź"], "date": ["2001-12-31"], "genre": ["Rock"]})
    assert found.has_picture
    assert inspect.read_picture(bytes(path)) == (audio.PNG, "image/png")


@pytest.mark.parametrize(
    ("text", "names"),
    [(b"17", ["Rock"]), (b"(17)", ["Rock"]), (b"(17)Rock", ["Rock"]), (b"(4)Eurodisco", ["Disco", "Eurodisco"]),
     (b"(RX)", ["Remix"]), (b"Rock\0Pop", ["Rock", "Pop"]), (b"17\0" + b"999", ["Rock"]), (b"((Odd)", ["(Odd)"])],
)  # fmt: skip
def test_genres(tmp_path: Path, text: bytes, names: list[str]) -> None:
    tag = audio.id3_tag(audio.id3_frame(b"TCON", b"\0" + text))
    assert read(put(tmp_path, "a.mp3", tag + audio.mp3())).tags["genre"] == names


def test_id3v1_fills_what_is_absent(tmp_path: Path) -> None:
    def field(text: bytes, size: int) -> bytes:
        return text.ljust(size, b"\0")

    old = b"TAG" + field(b"Old title", 30) + field(b"Old artist", 30) + field(b"Old album", 30) + b"1999"
    old += field(b"Old comment", 28) + b"\0\x07\x11"
    tag = audio.id3_tag(audio.id3_frame(b"TIT2", b"\0New title"))
    found = read(put(tmp_path, "a.mp3", tag + audio.mp3() + old))
    assert found.tags == {
        "title": ["New title"], "artist": ["Old artist"], "album": ["Old album"], "date": ["1999"],
        "comment": ["Old comment"], "tracknumber": ["7"], "genre": ["Rock"],
    }  # fmt: skip


def test_unsynchronised_and_compressed_frames(tmp_path: Path) -> None:
    packed = zlib.compress(b"\0Packed artist")
    tag = audio.id3_tag(
        audio.id3_frame(b"TIT2", b"\x01\xff\x00\xfeA\0").replace(b"\x00\x00\x00\x06", b"\x00\x00\x00\x05"),
        flags=0x80,
    )
    assert read(put(tmp_path, "a.mp3", tag + audio.mp3())).tags["title"] == ["A"]
    tag = audio.id3_tag(audio.id3_frame(b"TPE1", len(packed).to_bytes(4, "big") + packed, flags=0x80))
    assert read(put(tmp_path, "a.mp3", tag + audio.mp3())).tags["artist"] == ["Packed artist"]


def test_damage_in_a_tag_costs_one_frame(tmp_path: Path) -> None:
    one, two, three = (audio.id3_frame(name, b"\0" + name) for name in (b"TIT2", b"TPE1", b"TALB"))
    tag = audio.id3_tag(one, two.replace(b"TPE1\0", b"T\xe61\x01\0", 1), three, bytes(50))
    assert read(put(tmp_path, "a.mp3", tag + audio.mp3())).tags == {"title": ["TIT2"], "album": ["TALB"]}
    tag = audio.id3_tag(audio.id3_frame(b"TIT2", b"\x03caf\xe9"))
    assert read(put(tmp_path, "a.mp3", tag + audio.mp3())).tags == {"title": ["caf\ufffd"]}


@pytest.mark.parametrize("size", [100, 300, 70_000, 300_000])
@pytest.mark.parametrize("plain", [True, False])
def test_frames_around_a_large_picture(tmp_path: Path, size: int, plain: bool) -> None:
    """ID3v2.4 sizes are synchsafe; old iTunes wrote plain ones."""

    def frame(name: bytes, body: bytes) -> bytes:
        length = len(body)
        safe = bytes([length >> 21 & 127, length >> 14 & 127, length >> 7 & 127, length & 127])
        return name + (length.to_bytes(4, "big") if plain else safe) + b"\0\0" + body

    image = audio.JPEG + bytes(size)
    tag = audio.id3_tag(
        frame(b"TIT2", b"\3Title"), frame(b"APIC", b"\0image/jpeg\0\3\0" + image), frame(b"TPE1", b"\3" + b"A" * 200),
        bytes(100), version=4,
    )  # fmt: skip
    path = put(tmp_path, "a.mp3", tag + audio.mp3())
    found = read(path)
    assert found.tags == {"title": ["Title"], "artist": ["A" * 200]}
    assert found.has_picture
    assert inspect.read_picture(bytes(path)) == (image, "image/jpeg")


def test_values_are_clean_and_bounded(tmp_path: Path) -> None:
    path = put(tmp_path, "a.flac")
    file = flac.FLAC(path)
    file.add_tags()
    file.tags.append(("TITLE", "A\x07B\x00C\u2028 "))
    file.tags.append(("COMMENT", "ż" * 40_000))
    file.tags.extend(("MOOD", str(number)) for number in range(300))
    file.tags.extend((f"X{number}", "1") for number in range(700))
    file.save()
    found = read(path)
    assert found.tags["title"] == ["ABC"]
    assert len(found.tags["comment"][0].encode()) <= 32 * 1024
    assert len(found.tags["mood"]) == 200
    assert len(found.tags) <= 500


@pytest.mark.parametrize("name", FILES)
def test_fingerprint_ignores_tags(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name)
    before = inspect.read_fingerprint(bytes(path))
    if name == "a.aac":
        path.write_bytes(audio.id3_tag(audio.id3_frame(b"TIT2", b"\0Title")) + path.read_bytes())
    else:
        file = mutagen.File(path)
        if file.tags is None:
            file.add_tags()
        if name in ID3_FAMILY:
            file.tags.add(id3.TIT2(encoding=3, text=["Title" * 300]))
        else:
            file.tags["\xa9nam" if name == "a.m4a" else "Title"] = ["Title" * 300]
        file.save()
    assert read(path).tags["title"]
    assert inspect.read_fingerprint(bytes(path)) == before


@pytest.mark.parametrize("name", [name for name in FILES if name not in {"a.spx"}])
def test_content_wins_over_suffix(tmp_path: Path, name: str) -> None:
    wrong = "x.flac" if name != "a.flac" else "x.mp3"
    found = read(put(tmp_path, wrong, FILES[name][0]()))
    assert found.codec == FILES[name][1]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"", "empty"), (b"\0" * 5000, "corrupt"), (audio.PNG, "unsupported"), (audio.flac()[:30], "corrupt"),
     (audio.mp4()[:60], "corrupt"), (audio.id3_tag(audio.id3_frame(b"TIT2", b"\0A")), "corrupt")],
)  # fmt: skip
def test_problems(tmp_path: Path, data: bytes, kind: str) -> None:
    path = put(tmp_path, "x.mp3", data)
    with pytest.raises(AudioError) as caught:
        read(path)
    assert caught.value.problem.kind == kind
    assert caught.value.problem.message.endswith(".")
    with contextlib.suppress(AudioError):
        assert inspect.read_picture(bytes(path)) is None
