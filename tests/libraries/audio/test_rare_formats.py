"""The formats that few libraries have: facts, tags, pictures and fingerprints."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from libraries.audio import inspect
from libraries.audio.errors import AudioError
from libraries.audio.formats import kinds
from libraries.audio.types import RawAudio
from tests.support import audio, rare_audio
from tests.support.rare_audio import matroska, tag, tags

pytestmark = pytest.mark.alike

FILES: dict[str, tuple[Callable[[], bytes], str, float, int, int, int]] = {
    # name: maker, codec, seconds, sample rate, channels, depth
    "a.tta": (rare_audio.tta, "tta", 2, 44100, 2, 16),
    "a.tak": (rare_audio.tak, "tak", 2, 44100, 2, 16),
    "a.ofr": (rare_audio.optimfrog, "optimfrog", 2, 44100, 2, 16),
    "a.ac3": (rare_audio.ac3, "ac3", 1.6, 48000, 2, 0),
    "a.dff": (rare_audio.dff, "dsd", 1, 2822400, 2, 1),
    "a.caf": (rare_audio.caf, "pcm", 1, 44100, 2, 16),
    "a.mka": (matroska, "opus", 2, 48000, 2, 0),
    "a.webm": (matroska, "opus", 2, 48000, 2, 0),
    "a.mp2": (lambda: (b"\xff\xfd\x80\x04" + bytes(413)) * 40, "mp2", 1.045, 44100, 2, 0),
    "a.mpga": (audio.mp3, "mp3", 1.045, 44100, 2, 0),
    "a.m4r": (audio.mp4, "aac", 2, 44100, 2, 0),
    "a.f4a": (audio.mp4, "aac", 2, 44100, 2, 0),
}
APE_TAG = b"APETAGEX" + struct.pack("<IIII8x", 2000, 32 + 8 + 6 + 4, 1, 0)
_ITEM = struct.pack("<II", 4, 0) + b"Title\0Song"


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read(path: Path) -> RawAudio:
    return inspect.read_file(bytes(path))


@pytest.mark.parametrize("name", FILES)
def test_facts(tmp_path: Path, name: str) -> None:
    maker, codec, seconds, rate, channels, depth = FILES[name]
    found = read(put(tmp_path, name, maker()))
    assert (found.codec, found.sample_rate, found.channels, found.bit_depth) == (codec, rate, channels, depth)
    assert found.duration == pytest.approx(seconds, abs=0.01)
    assert found.bit_rate > 0
    assert found.tags == {}
    assert kinds.is_audio(name)
    assert kinds.sniff(maker()[: kinds.SNIFF_BYTES]) == found.kind == kinds.kind_of_suffix(name)


@pytest.mark.parametrize("name", FILES)
def test_tags_in_front_and_behind_are_read_and_no_part_of_the_audio(tmp_path: Path, name: str) -> None:
    data = FILES[name][0]()
    bare = put(tmp_path, name, data)
    before, sound = read(bare), inspect.read_fingerprint(bytes(bare))
    fronted = put(tmp_path, f"front-{name}", audio.id3_tag(audio.id3_frame(b"TIT2", b"\0Song")) + data)
    if before.kind != "mp4":
        found = read(fronted)
        assert found.tags == {"title": ["Song"]}
        assert found.duration == pytest.approx(before.duration, abs=0.01)
        assert inspect.read_fingerprint(bytes(fronted)) == sound
    if before.kind not in {"mp4", "matroska", "dff", "caf"}:
        found = read(put(tmp_path, f"behind-{name}", data + _ITEM + APE_TAG))
        assert found.tags == {"title": ["Song"]}
        assert found.duration == pytest.approx(before.duration, abs=0.01)
        assert inspect.read_fingerprint(bytes(tmp_path / f"behind-{name}")) == sound


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("length", [3, 12, 40, 90])
def test_a_file_that_is_cut_short_is_a_problem_or_read(tmp_path: Path, name: str, length: int) -> None:
    path = put(tmp_path, name, FILES[name][0]()[:length])
    for look in (inspect.read_file, inspect.read_fingerprint, inspect.read_raw_tags, inspect.read_picture):
        with contextlib.suppress(AudioError):
            look(bytes(path))


def test_dsdiff_with_tags_and_compressed(tmp_path: Path) -> None:
    names = rare_audio.long_chunk(b"DIAR", struct.pack(">I", 6) + b"Artist")
    names += rare_audio.long_chunk(b"DITI", struct.pack(">I", 5) + b"Title")
    id3 = audio.id3_tag(audio.id3_frame(b"TIT2", b"\0Song"), audio.id3_frame(b"APIC", b"\0image/png\0\3\0" + audio.PNG))
    data = rare_audio.dff(rare_audio.long_chunk(b"DIIN", names), rare_audio.long_chunk(b"ID3 ", id3), compressed=True)
    path = put(tmp_path, "a.dff", data)
    found = read(path)
    assert found.tags == {"title": ["Song"], "artist": ["Artist"]}
    assert (found.codec, found.duration, found.has_picture) == ("dst", 1.0, True)
    assert inspect.read_picture(bytes(path)) == (audio.PNG, "image/png")
    assert inspect.read_raw_tags(bytes(path))["TIT2"] == ["Song"]


def test_caf_texts(tmp_path: Path) -> None:
    texts = (b"title", b"Song", b"artist", b"Artist", b"track number", b"3/9", b"recorded date", b"1999")
    path = put(tmp_path, "a.caf", rare_audio.caf(*texts, b"comments", b"Nice", b"channel layout", b"Stereo"))
    assert read(path).tags == {
        "title": ["Song"], "artist": ["Artist"], "tracknumber": ["3"], "tracktotal": ["9"], "date": ["1999"],
        "comment": ["Nice"],
    }  # fmt: skip
    assert inspect.read_raw_tags(bytes(path))["channel layout"] == ["Stereo"]
    assert inspect.read_picture(bytes(path)) is None


ALBUM = tags(
    50, tag("TITLE", "Album"), tag("ARTIST", "Band", tag("SORT_WITH", "Band, The")), tag("TOTAL_PARTS", "9"),
    tag("DATE_RELEASED", "2001-02-03"), tag("PART_NUMBER", "2"),
)  # fmt: skip
SONG = tags(30, tag("TITLE", "Song"), tag("ARTIST", "Singer"), tag("PART_NUMBER", "3"), tag("GENRE", "Rock"))
SETS = tags(60, tag("TOTAL_PARTS", "2"), tag("TITLE", "Box"))
LEVELS = {
    "album": ["Album"], "albumartist": ["Band"], "albumartistsort": ["Band, The"], "tracktotal": ["9"],
    "date": ["2001-02-03"], "discnumber": ["2"], "title": ["Song"], "artist": ["Singer"], "tracknumber": ["3"],
    "genre": ["Rock"], "disctotal": ["2"],
}  # fmt: skip


@pytest.mark.parametrize("behind", [False, True])
def test_matroska_tags_by_their_level(tmp_path: Path, behind: bool) -> None:
    path = put(tmp_path, "a.mka", matroska(ALBUM, SONG, SETS, title="Other", behind=behind))
    found = read(path)
    assert found.tags == LEVELS
    assert found.has_picture
    assert inspect.read_picture(bytes(path)) == (audio.PNG, "image/png")
    assert inspect.read_raw_tags(bytes(path))["TITLE:30"] == ["Song"]
    bare = put(tmp_path, "b.mka", matroska())
    assert inspect.read_fingerprint(bytes(path)) == inspect.read_fingerprint(bytes(bare))


def test_matroska_tags_without_a_level_are_those_of_the_track(tmp_path: Path) -> None:
    flat = tags(0, tag("ARTIST", "Singer"), tag("ALBUM", "Album"), tag("album_artist", "Band"), tag("track", "3"))
    found = read(put(tmp_path, "a.webm", matroska(flat, tags(0, tag("BPS", "128000")), title="Song")))
    assert found.tags == {
        "title": ["Song"], "artist": ["Singer"], "album": ["Album"], "albumartist": ["Band"], "tracknumber": ["3"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("codec", "name", "depth"),
    [
        (b"A_FLAC", "flac", 24),
        (b"A_PCM/INT/LIT", "pcm", 24),
        (b"A_VORBIS", "vorbis", 0),
        (b"A_AAC", "aac", 0),
        (b"A_MPEG/L3", "mp3", 0),
        (b"A_DTS", "dts", 0),
    ],
)
def test_only_codecs_of_samples_have_a_depth(tmp_path: Path, codec: bytes, name: str, depth: int) -> None:
    found = read(put(tmp_path, "a.mka", matroska(codec=codec, depth=24)))
    assert (found.codec, found.bit_depth) == (name, depth)


def test_a_live_stream_is_measured(tmp_path: Path) -> None:
    found = read(put(tmp_path, "a.webm", matroska(live=True)))
    assert found.duration == pytest.approx(1.98)


def test_a_video_without_audio_is_no_music(tmp_path: Path) -> None:
    data = matroska().replace(rare_audio.number(0x83, 2), rare_audio.number(0x83, 1))
    with pytest.raises(AudioError, match="no audio"):
        read(put(tmp_path, "a.webm", data))


def test_elements_of_impossible_size_end_in_a_problem(tmp_path: Path) -> None:
    head = rare_audio.element(0x1A45DFA3, rare_audio.element(0x4282, b"webm"))
    for rest in (b"", b"\0" * 500, b"\x18\x53\x80\x67" + b"\xff" * 400, b"\x18\x53\x80\x67\x08" + b"\x7f" * 400):
        with pytest.raises(AudioError):
            read(put(tmp_path, "a.webm", head + rest))
