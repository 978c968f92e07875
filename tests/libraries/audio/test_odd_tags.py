"""Tags that programs wrote in their own way: what is sound in them is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from libraries.audio import inspect
from libraries.audio.types import RawAudio
from tests.support import audio

SONG = audio.mp3()
TITLE, ARTIST, ALBUM = b"\0A title", b"\0An artist", b"\0An album"
NAMED = {"title": ["A title"], "artist": ["An artist"]}


def read(folder: Path, data: bytes, name: str = "a.mp3") -> RawAudio:
    path = folder / name
    path.write_bytes(data)
    return inspect.read_file(bytes(path))


def frame(name: bytes, body: bytes, size: int | None = None, flags: int = 0) -> bytes:
    """A frame with plain sizes; `size` makes it lie."""
    data = audio.id3_frame(name, body, flags)
    return data if size is None else data[:4] + size.to_bytes(4, "big") + data[8:]


def safe(length: int) -> int:
    """A length with seven bits in each byte."""
    return length >> 21 << 24 | (length >> 14 & 127) << 16 | (length >> 7 & 127) << 8 | length & 127


def old_frame(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("blank", [b"\0", b" "])
def test_three_letter_names_in_later_versions(tmp_path: Path, version: int, blank: bytes) -> None:
    tag = audio.id3_tag(
        frame(b"TT2" + blank, TITLE), frame(b"PIC" + blank, b"\0JPG\x03\0" + audio.JPEG), frame(b"TP1" + blank, ARTIST),
        frame(b"TALB", ALBUM), bytes(60), version=version,
    )  # fmt: skip
    found = read(tmp_path, tag + SONG)
    assert found.tags == NAMED | {"album": ["An album"]}
    assert found.has_picture
    assert inspect.read_picture(bytes(tmp_path / "a.mp3")) == (audio.JPEG, "image/jpeg")


@pytest.mark.parametrize("padding", [0, 60])
@pytest.mark.parametrize(
    ("version", "frames"),
    [
        (3, (old_frame(b"TT2", TITLE), old_frame(b"TP1", ARTIST))),
        (4, (old_frame(b"TT2", TITLE), old_frame(b"TP1", ARTIST))),
        (2, (frame(b"TIT2", TITLE), frame(b"TPE1", ARTIST))),
    ],
)
def test_frames_of_another_version(tmp_path: Path, version: int, frames: tuple[bytes, ...], padding: int) -> None:
    assert read(tmp_path, audio.id3_tag(*frames, bytes(padding), version=version) + SONG).tags == NAMED


@pytest.mark.parametrize("length", [200, 20_000])
def test_sizes_of_the_later_version_in_the_earlier_one(tmp_path: Path, length: int) -> None:
    picture = b"\0image/jpeg\0\3\0" + audio.JPEG + bytes(range(256)) * (length // 256 + 1)
    tag = audio.id3_tag(
        frame(b"TIT2", TITLE), frame(b"APIC", picture, safe(len(picture))), frame(b"TPE1", ARTIST), bytes(50)
    )
    assert read(tmp_path, tag + SONG).tags == NAMED


@pytest.mark.parametrize("junk", [b"\0", b"\0\0\0", b"\xff\xfe\0", b"??"])
def test_junk_between_frames(tmp_path: Path, junk: bytes) -> None:
    tag = audio.id3_tag(frame(b"TIT2", TITLE), junk, frame(b"TPE1", ARTIST), bytes(100))
    assert read(tmp_path, tag + SONG).tags == NAMED


@pytest.mark.parametrize(
    ("version", "header"),
    [
        (3, b"\0\0\0\6" + bytes(6)), (3, b"\0\0\0\x0a" + bytes(6)), (4, b"\0\0\0\6\1\0"),
        (4, b"\0\0\0\2\1\0"), (3, b""), (4, b""),
    ],
)  # fmt: skip
def test_extended_headers_of_any_size(tmp_path: Path, version: int, header: bytes) -> None:
    tag = audio.id3_tag(header, frame(b"TIT2", TITLE), frame(b"TPE1", ARTIST), version=version, flags=0x40)
    assert read(tmp_path, tag + SONG).tags == NAMED


def unsynced(data: bytes) -> bytes:
    return data.replace(b"\xff", b"\xff\0")


@pytest.mark.parametrize(
    ("version", "body"),
    [
        # the whole tag, as the version says; frame by frame; not at all, in spite of the flag
        (3, unsynced(frame(b"TIT2", b"\1" + "A title".encode("utf-16")) + frame(b"TPE1", ARTIST))),
        (3, frame(b"TIT2", unsynced(b"\1" + "A title".encode("utf-16"))) + frame(b"TPE1", ARTIST)),
        (3, frame(b"TIT2", b"\1" + "A title".encode("utf-16")) + frame(b"TPE1", ARTIST)),
        (4, frame(b"TIT2", unsynced(b"\1" + "A title".encode("utf-16"))) + frame(b"TPE1", ARTIST)),
        (4, frame(b"TIT2", b"\1" + "A title".encode("utf-16")) + frame(b"TPE1", ARTIST)),
        (2, unsynced(old_frame(b"TT2", b"\1" + "A title".encode("utf-16"))) + old_frame(b"TP1", ARTIST)),
    ],
)
def test_unsynchronisation_of_any_kind(tmp_path: Path, version: int, body: bytes) -> None:
    assert read(tmp_path, audio.id3_tag(body, version=version, flags=0x80) + SONG).tags == NAMED


def test_a_picture_is_whole_where_the_flag_of_unsynchronisation_lies(tmp_path: Path) -> None:
    image = audio.JPEG + b"\xff\x00\xff\xe1" * 9
    read(tmp_path, audio.id3_tag(frame(b"APIC", b"\0image/jpeg\0\3\0" + image), version=4, flags=0x80) + SONG)
    assert inspect.read_picture(bytes(tmp_path / "a.mp3")) == (image, "image/jpeg")


TEXTS = ("Überschrift", "Łódź żółta", "Кино", "音楽の時間です", "A")
ORDERS = ("utf-16-le", "utf-16-be")


@pytest.mark.parametrize("text", TEXTS[:3])
@pytest.mark.parametrize("codec", ORDERS)
def test_utf16_without_a_mark(tmp_path: Path, text: str, codec: str) -> None:
    tag = audio.id3_tag(
        frame(b"TIT2", b"\1" + text.encode(codec)), frame(b"TPE1", b"\1" + text.encode(codec) + b"\0\0")
    )
    assert read(tmp_path, tag + SONG).tags == {"title": [text], "artist": [text]}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("end", [b"", b"\0", b"\0\0", b"\0\0\0"])
@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
@pytest.mark.parametrize("codec", ORDERS)
def test_utf16_with_a_mark_whatever_the_encoding_says(
    tmp_path: Path, text: str, codec: str, encoding: int, end: bytes
) -> None:
    data = bytes((encoding,)) + "\ufeff".encode(codec) + text.encode(codec) + end
    assert read(tmp_path, audio.id3_tag(frame(b"TIT2", data)) + SONG).tags == {"title": [text]}


def test_marks_of_both_orders_in_one_frame(tmp_path: Path) -> None:
    values = "\ufeffOne\0".encode("utf-16-le") + "\ufeffZwö\0".encode("utf-16-be") + "\ufeffThree".encode("utf-16-le")
    found = read(tmp_path, audio.id3_tag(frame(b"TXXX", b"\1" + values), frame(b"TPE1", b"\1" + values)) + SONG)
    assert found.tags == {"one": ["Zwö", "Three"], "artist": ["One", "Zwö", "Three"]}


def test_a_mark_behind_an_empty_description(tmp_path: Path) -> None:
    data = b"\1eng\0\0" + "\ufeffNice".encode("utf-16-be")
    assert read(tmp_path, audio.id3_tag(frame(b"COMM", data)) + SONG).tags == {"comment": ["Nice"]}


@pytest.mark.parametrize("data", [b"A title", "Ä title".encode(), b"\xc4 title", b"\x09" + "Ä title".encode()])
def test_text_without_an_encoding(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, audio.id3_tag(frame(b"TIT2", data)) + SONG).tags["title"][0].endswith(" title")


MAKERS: dict[str, Callable[[], bytes]] = {
    "a.mp3": audio.mp3, "a.aac": audio.aac, "a.flac": audio.flac, "a.wav": audio.wav, "a.ogg": audio.vorbis,
    "a.m4a": audio.mp4, "a.ape": audio.monkeys, "a.wv": audio.wavpack,
}  # fmt: skip
ONE, TWO = audio.id3_tag(frame(b"TIT2", TITLE)), audio.id3_tag(frame(b"TIT2", b"\0No"), frame(b"TPE1", ARTIST))
APE_FRONT = audio.ape_tag(audio.ape_item(b"Title", b"No"), audio.ape_item(b"Artist", b"An artist"))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    "front",
    [
        ONE + TWO, ONE + bytes(70) + TWO + bytes(20_000), b"junk in front" + ONE + TWO, bytes(3000) + ONE + TWO,
        ONE + APE_FRONT, ONE + b"some junk" + TWO, ONE + TWO + b"some junk",
    ],
    ids=["two", "padded", "behind junk", "behind zeros", "APEv2", "junk between", "junk behind"],
)  # fmt: skip
def test_tags_in_front(tmp_path: Path, name: str, front: bytes) -> None:
    sound = MAKERS[name]()
    plain = read(tmp_path, sound, name)
    found = read(tmp_path, front + sound, name)
    assert found.tags == NAMED
    assert found.duration == pytest.approx(plain.duration, abs=0.03)
    assert inspect.read_raw_tags(bytes(tmp_path / name))


@pytest.mark.parametrize("size", [b"\x7f\x7f\x7f\x7f", b"\0\0\x01\x90"])
def test_a_size_of_a_tag_that_is_wrong(tmp_path: Path, size: bytes) -> None:
    """One leads out of the file, the other is a plain integer."""
    tag = audio.id3_tag(frame(b"TIT2", TITLE), frame(b"TPE1", ARTIST), bytes(400))
    tag = tag[:6] + size + tag[10 : 10 + 400]
    found = read(tmp_path, tag + SONG)
    assert found.tags == NAMED
    assert found.duration == pytest.approx(1.04, abs=0.03)


V1 = b"TAG" + b"Old title".ljust(30, b"\0") + b"An artist".ljust(30, b"\0") + bytes(64) + b"\xff"
APE = audio.ape_tag(audio.ape_item(b"Title", b"A title"))
LYRICS = b"LYRICSBEGININD0000200LYR00006wordss"
LYRICS_2 = LYRICS + str(len(LYRICS)).encode().zfill(6) + b"LYRICS200"
LYRICS_1 = b"LYRICSBEGINla la la\r\nLYRICSEND"
ID3_END = audio.id3_tag(frame(b"TIT2", TITLE), frame(b"TPE1", ARTIST), version=4, flags=0x10)
ID3_END += b"3DI" + ID3_END[3:10]


@pytest.mark.parametrize(
    ("tail", "tags"),
    [
        (V1 + APE, NAMED), (APE + V1, NAMED), (APE + LYRICS_2 + V1, NAMED), (LYRICS_1 + V1, NAMED),
        (LYRICS_2 + APE + V1, NAMED), (ID3_END, NAMED), (ID3_END + V1, NAMED), (audio.ape_tag() + V1, NAMED),
        (audio.ape_tag(header=False) + APE + V1, NAMED), (V1 + V1, NAMED),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.mp3", "a.aac"])
def test_tags_at_the_end_are_no_audio(tmp_path: Path, tail: bytes, tags: dict[str, list[str]], name: str) -> None:
    sound = {"a.mp3": audio.mp3, "a.aac": audio.aac}[name]()
    plain = read(tmp_path, sound, name)
    before = inspect.read_fingerprint(bytes(tmp_path / name))
    found = read(tmp_path, sound + tail, name)
    wanted = tags if APE in tail or ID3_END in tail else tags | {"title": ["Old title"]}
    assert found.tags == wanted
    assert found.duration == pytest.approx(plain.duration, abs=0.001)
    assert found.bit_rate == plain.bit_rate
    assert inspect.read_fingerprint(bytes(tmp_path / name)) == before


ITEMS = (audio.ape_item(b"Title", b"A title"), audio.ape_item(b"Artist", b"An artist"))


@pytest.mark.parametrize(
    "tag",
    [
        audio.ape_tag(*ITEMS, count=1), audio.ape_tag(*ITEMS, count=0), audio.ape_tag(*ITEMS, count=9_000_000),
        audio.ape_tag(*ITEMS, header=False), audio.ape_tag(*ITEMS, more=32),
        audio.ape_tag(*ITEMS, audio.ape_item(b"Comment", b"\xc4\xe3\xba\xc3"), header=False),
    ],
    ids=["count too small", "no count", "count too large", "no header", "header counted", "not UTF-8"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.mp3", "a.ape"])
def test_apev2_tags_that_lie(tmp_path: Path, tag: bytes, name: str) -> None:
    sound = {"a.mp3": audio.mp3, "a.ape": audio.monkeys}[name]()
    plain = read(tmp_path, sound, name)
    found = read(tmp_path, sound + tag, name)
    assert {key: found.tags.get(key) for key in NAMED} == NAMED
    assert found.duration == pytest.approx(plain.duration, abs=0.001)


@pytest.mark.parametrize("more", [1 << 20, 0xFFFFFF00, -20])
def test_an_apev2_tag_whose_size_leads_nowhere_costs_itself(tmp_path: Path, more: int) -> None:
    tag = bytearray(audio.ape_tag(*ITEMS, header=False))
    tag[-20:-16] = (len(tag) + more & 0xFFFFFFFF).to_bytes(4, "little")
    found = read(tmp_path, SONG + bytes(tag) + V1)
    assert found.tags["artist"] == ["An artist"]
    assert found.duration == pytest.approx(1.04, abs=0.03)
