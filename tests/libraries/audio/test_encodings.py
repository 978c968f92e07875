"""Text of tags in encodings of before Unicode: found where it is, and nowhere else."""

from __future__ import annotations

import itertools
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from libraries.audio import inspect
from libraries.audio.pool.pool import TagReader
from libraries.audio.tags.encodings import decode_tags
from libraries.audio.tags.text import keep_bytes
from libraries.choices import TextEncoding
from navidrome_lib.runner.services import REPOSITORY
from tests.support import audio

# encoding → Python's codec, and the texts of two files: artist, title, album
TEXTS = {
    "gbk": ("gbk", [("王菲", "红豆", "唱游"), ("崔健", "一无所有", "新长征路上的摇滚")]),
    "big5": ("big5", [("鄧麗君", "月亮代表我的心", "島國之情歌"), ("伍佰", "愛情的盡頭", "愛情的盡頭")]),
    "shift_jis": ("cp932", [("坂本九", "上を向いて歩こう", "坂本九ベスト"), ("ゆず", "夏色", "風街ろまん")]),
    "euc-kr": ("cp949", [("김광석", "서른 즈음에", "네번째"), ("들국화", "그것만이 내 세상", "들국화")]),
    "windows-1251": ("cp1251", [("Кино", "Группа крови", "Группа крови"), ("Земфира", "Хочешь?", "Прости меня")]),
    "utf-8": ("utf-8", [("Beyoncé", "Déjà Vu", "B'Day"), ("Beyoncé", "Halo", "I Am"), ("Кино", "Лето", "Ночь")]),
}  # fmt: skip
CASES = [(name, codec, texts) for name, (codec, files) in TEXTS.items() for texts in files]
# all that a person may name, and a text that tells it from the others
NAMED = {
    "windows-1250": "Dvořák", "iso-8859-2": "Dvořák", "windows-1252": "Don’t", "iso-8859-1": "Sigur Rós",
    "windows-1253": "Βαγγέλης", "windows-1254": "Barış", "windows-1255": "עברית", "windows-1256": "فيروز",
    "windows-1257": "Prāta Vētra", "windows-1258": "Trịnh", "windows-874": "คาราบาว", "koi8-r": "Кино",
    "ibm866": "Кино", "euc-jp": "宇多田ヒカル", "gbk": "王", "big5": "王", "shift_jis": "嵐", "euc-kr": "꿈",
    "windows-1251": "ДДТ", "utf-8": "É",
}  # fmt: skip

WESTERN = (
    "Sigur Rós", "Ágætis byrjun", "Motörhead", "MOTÖRHEAD", "Mötley Crüe", "Hüsker Dü", "Queensrÿche", "Björk", "Jóga",
    "Café Tacvba", "Beyoncé", "Déjà Vu", "Þorn", "Þú ert jörðin", "Dýrð í dauðaþögn", "Édith Piaf", "Ænima", "Mø",
    "L'été", "À toi", "Où est l'été", "Tous les garçons et les filles", "Cœur de pirate", "Œuvre", "Noël", "NOËL", "É",
    "Die Ärzte", "Männer sind Schweine", "Größenwahn", "STRASSENMÄDCHEN ÜBERALL", "Süß", "Öl", "ÄÖÜ", "Åäö", "ÆØÅ", "Å",
    "¿Dónde jugarán los niños?", "¡Ole!", "Soñé", "Ñu", "ÑANDÚ", "Señora", "Construção", "CORAÇÃO", "João", "Água", "Ñ",
    "“Weird Al” Yankovic", "Don’t – Stop…", "© 2001 Sony ® ™", "«Élan»", "N°5", "½", "µ-Ziq", "AC·DC", "€uro", "Yö",
    "Häkkinen", "Täällä yö", "Løvebørn og æblegrød", "ØRESUND", "Øystein Sevåg", "CAFÉ’S", "ÉTÉ’S", "Šárka", "Žižek",
    "TXÈQUIA", "ÀÉÎÔÛ", "Öøæ", "OOOOÔÔÔÔ", "Ooooôôôô", "Þið", "Ætla ég", "Ýdalir", "Tiësto", "Ÿ",
)  # fmt: skip


def id3_file(texts: dict[str, bytes]) -> bytes:
    names = {"artist": b"TPE1", "title": b"TIT2", "album": b"TALB", "comment": b"COMM"}
    frames = [
        audio.id3_frame(names[key], b"\0" + (b"eng\0" if key == "comment" else b"") + text)
        for key, text in texts.items()
    ]
    return audio.id3_tag(*frames) + audio.mp3()


def id3v1_file(texts: dict[str, bytes]) -> bytes:
    fields = b"".join(texts[key][:30].ljust(30, b"\0") for key in ("title", "artist", "album"))
    return audio.mp3() + b"TAG" + fields + b"2001" + bytes(30) + b"\xff"


def info_file(texts: dict[str, bytes]) -> bytes:
    chunks = b""
    for name, key in ((b"IART", "artist"), (b"INAM", "title"), (b"IPRD", "album")):
        text = texts[key] + b"\0"
        chunks += name + struct.pack("<I", len(text)) + text + bytes(len(text) % 2)
    body = audio.wav()[8:] + b"LIST" + struct.pack("<I", len(chunks) + 4) + b"INFO" + chunks
    return b"RIFF" + struct.pack("<I", len(body)) + body


def ape_file(texts: dict[str, bytes]) -> bytes:
    items = b"".join(
        struct.pack("<II", len(text), 0) + key.title().encode() + b"\0" + text for key, text in texts.items()
    )
    return audio.mp3() + items + b"APETAGEX" + struct.pack("<IIII8x", 2000, len(items) + 32, len(texts), 0)


def vorbis_file(texts: dict[str, bytes]) -> bytes:
    comments = [key.encode() + b"=" + text for key, text in texts.items()]
    block = struct.pack("<II", 0, len(comments)) + b"".join(struct.pack("<I", len(c)) + c for c in comments)
    head = b"fLaC\x00" + len(audio.flac_info()).to_bytes(3, "big") + audio.flac_info()
    return head + b"\x84" + len(block).to_bytes(3, "big") + block + b"\xff\xf8" + bytes(range(256)) * 40


FILES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "a.mp3": id3_file, "v1.mp3": id3v1_file, "a.wav": info_file, "ape.mp3": ape_file, "a.flac": vorbis_file,
}  # fmt: skip


def write(folder: Path, name: str, texts: dict[str, bytes]) -> bytes:
    path = folder / name
    path.write_bytes(FILES[name](texts))
    return bytes(path)


def tags_of(path: bytes, encoding: str = "auto") -> dict[str, str]:
    found = inspect.read_file(path, encoding).tags
    return {key: "|".join(found.get(key, [])) for key in ("artist", "title", "album")}


def decoded(*texts: str, codec: str = "cp1252", wanted: str = "auto") -> list[str]:
    """Texts that are kept as bytes of the codec, and decoded together."""
    tags = {f"key {number}": [keep_bytes(text.encode(codec))] for number, text in enumerate(texts)}
    decode_tags(tags, wanted)
    return ["".join(tags.get(f"key {number}", [])) for number in range(len(texts))]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("encoding", "codec", "texts"), CASES, ids=lambda value: str(value[0]))
def test_text_is_found_in_every_family_of_tags(
    tmp_path: Path, name: str, encoding: str, codec: str, texts: tuple[str, str, str]
) -> None:
    expected = dict(zip(("artist", "title", "album"), texts, strict=True))
    path = write(tmp_path, name, {key: text.encode(codec) for key, text in expected.items()})
    found = inspect.read_file(path)
    assert {key: "|".join(found.tags[key]) for key in expected} == expected
    # text that should be UTF-8 anyway, and is, has nothing to decide about
    assert found.text_encoding == ("" if encoding == "utf-8" and name in ("a.wav", "ape.mp3", "a.flac") else encoding)
    assert set(texts) <= {text for values in inspect.read_raw_tags(path).values() for text in values}


def test_good_latin_1_stays() -> None:
    """Alone, in upper case, and two or three in a file."""
    shouted = [text for word in WESTERN if (text := word.upper()).encode("cp1252", "replace").decode("cp1252") == text]
    groups: list[tuple[str, ...]] = [(text,) for text in (*WESTERN, *shouted)]
    groups += itertools.combinations(WESTERN, 2)
    groups += [tuple((WESTERN * 4)[n :: len(WESTERN) // 3 - 1][:3]) for n in range(len(WESTERN))]
    for texts in groups:
        assert decoded(*texts) == list(texts)


@pytest.mark.parametrize("name", ["a.mp3", "v1.mp3", "a.wav"])
def test_good_latin_1_in_files(tmp_path: Path, name: str) -> None:
    texts = {"artist": "Motörhead", "title": "Þú ert jörðin", "album": "Don’t – Stop…"}
    path = write(tmp_path, name, {key: text.encode("cp1252") for key, text in texts.items()})
    assert tags_of(path) == texts
    assert inspect.read_file(path).text_encoding == "windows-1252"
    # without a look at it, the signs that Latin-1 does not have are control characters
    assert tags_of(path, "off") == texts | {"album": "Dont  Stop"}
    assert inspect.read_file(path, "off").text_encoding == "iso-8859-1"


def test_off_reads_latin_1(tmp_path: Path) -> None:
    texts = {"artist": "王菲", "title": "红豆", "album": "唱游"}
    data = {key: text.encode("gbk") for key, text in texts.items()}
    plain = {key: text.decode("latin-1") for key, text in data.items()}
    assert tags_of(write(tmp_path, "a.mp3", data), "off") == plain
    # what should be UTF-8 was never Latin-1
    assert set("".join(tags_of(write(tmp_path, "a.flac", data), "off").values())) >= {"\ufffd"}


@pytest.mark.parametrize(("encoding", "text"), NAMED.items())
def test_a_named_encoding_needs_no_proof(tmp_path: Path, encoding: str, text: str) -> None:
    codec = {"windows-874": "cp874", "euc-kr": "cp949", "windows-1258": "cp1258"}.get(encoding, encoding)
    if encoding == "windows-1258":
        text = "Tr\u1ecbnh".replace("\u1ecb", "i\u0323")  # it writes marks behind their letters
    path = write(tmp_path, "a.mp3", {"title": text.encode(codec)})
    assert inspect.read_file(path, encoding).tags["title"] == [text]


def test_every_encoding_can_be_named() -> None:
    assert {*NAMED, "off", "auto"} == set(TextEncoding)


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "windows-1251", "koi8-r", "windows-1255"])
def test_a_named_encoding_spares_good_latin_1(encoding: str) -> None:
    for text in ("Motörhead", "Sigur Rós", "Beyoncé", "Don’t Stop", "Mötley Crüe", "Café Tacvba"):
        assert decoded(text, wanted=encoding) == [text]


def test_good_latin_1_beside_other_text_stays() -> None:
    tags = {
        "artist": [keep_bytes("宇多田ヒカル".encode("cp932"))],
        "title": [keep_bytes("花束を君に".encode("cp932"))],
        "album": [keep_bytes("Fantôme".encode("cp1252"))],
    }
    assert decode_tags(tags, "auto") == "shift_jis"
    assert tags == {"artist": ["宇多田ヒカル"], "title": ["花束を君に"], "album": ["Fantôme"]}


def test_tracks_of_an_album_are_read_alike() -> None:
    """A title that looks like another encoding does not part a track from its album."""
    titles = ["1", "爱", "红豆", "Café", "Å", "我愿意", "Love", "人间", "约定 (Live)", "Ñu", "天空", "执迷不悔"]
    albums = set()
    for title in titles:
        data = title.encode("gbk" if max(title) > "\xff" else "cp1252")
        tags = {
            "album": [keep_bytes("将爱进行到底".encode("gbk"))],
            "artist": [keep_bytes("王菲".encode("gbk"))],
            "title": [keep_bytes(data)],
        }
        decode_tags(tags, "auto")
        albums.add((*tags["album"], *tags["artist"]))
    assert albums == {("将爱进行到底", "王菲")}


@pytest.mark.parametrize(
    ("codec", "text"),
    [("gbk", "新长征路上的摇滚一无所有花房姑娘"), ("cp932", "上を向いて歩こう見上げてごらん夜"),
     ("cp949", "어쩌다마주친그대모두다사랑하리라")],
)  # fmt: skip
def test_a_field_of_id3v1_may_end_in_half_a_character(tmp_path: Path, codec: str, text: str) -> None:
    data = b"1" + text.encode(codec)
    path = write(tmp_path, "v1.mp3", {"title": data, "artist": b"Ann", "album": b"One"})
    assert tags_of(path) == {"title": "1" + text[:14], "artist": "Ann", "album": "One"}


def test_damage_in_utf_8_is_no_other_encoding(tmp_path: Path) -> None:
    bad = {"title": b"caf\xe9 and more", "artist": "Björk".encode(), "album": "月亮代表我的心".encode()[:-1]}
    path = write(tmp_path, "a.flac", bad)
    assert tags_of(path) == {"title": "caf\ufffd and more", "artist": "Björk", "album": "月亮代表我的\ufffd"}
    assert inspect.read_file(path).text_encoding == ""


def test_names_of_tags_hold_no_bytes(tmp_path: Path) -> None:
    name, value = "Год".encode("cp1251"), "Группа крови".encode("cp1251")
    tag = audio.id3_tag(audio.id3_frame(b"TXXX", b"\0" + name + b"\0" + value))
    path = tmp_path / "a.mp3"
    path.write_bytes(tag + audio.mp3())
    found = inspect.read_file(bytes(path))
    assert found.tags == {name.decode("latin-1").lower(): ["Группа крови"]}
    assert inspect.read_raw_tags(bytes(path)) == {f"TXXX:{name.decode('latin-1')}": ["Группа крови"]}


def test_values_are_clean_and_bounded_when_they_are_decoded() -> None:
    """As are all others: no repetition, no space around them, no empty value, no control character."""
    kept = [keep_bytes(data) for data in (b"\xa0Caf\xe9\xa0", b"Caf\xe9", b"\xa0", b"\x8d\x8f")]
    tags = {"title": kept, "comment": [keep_bytes(b"\x90")], "album": [keep_bytes(b"x" + b"\xe9" * 60_000)]}
    decode_tags(tags, "windows-1252")
    assert (tags["title"], "comment" in tags) == (["Café"], False)
    assert 30_000 < len(tags["album"][0].encode()) <= 32 * 1024


def test_files_without_such_text_do_not_load_the_detector(tmp_path: Path) -> None:
    """A reader process that meets nothing but ASCII and Unicode pays nothing."""
    wide = audio.id3_tag(
        audio.id3_frame(b"TIT2", b"\x01" + "王菲".encode("utf-16")), audio.id3_frame(b"TPE1", b"\0Ann")
    )
    (tmp_path / "a.mp3").write_bytes(wide + audio.mp3())
    write(tmp_path, "a.flac", {"title": "王菲".encode()})
    write(tmp_path, "a.wav", {"artist": b"Ann", "title": "红豆".encode(), "album": b"One"})
    (tmp_path / "b.mp3").write_bytes(id3_file({"title": "Motörhead".encode("latin-1")}))
    code = (
        "import sys; from libraries.audio import inspect\n"
        "print([inspect.read_file(p.encode()).text_encoding for p in sys.argv[1:]], 'chardetng_py' in sys.modules)"
    )
    paths = [str(tmp_path / name) for name in ("a.mp3", "a.flac", "a.wav", "b.mp3")]
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], cwd=REPOSITORY, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.stdout.strip() == "['', '', '', 'windows-1252'] False"


def test_the_encoding_travels_with_each_request(tmp_path: Path) -> None:
    path = write(tmp_path, "a.mp3", {"title": "Дом".encode("koi8-r")})
    with TagReader(encoding="koi8-r") as reader:
        titles = []
        for encoding in ("koi8-r", "windows-1251", "off", "auto"):
            reader.encoding = encoding
            found = reader.read(path).audio
            assert found is not None
            titles.append((found.tags["title"], found.text_encoding))
            assert reader.read_raw_tags(path) == {"TIT2": found.tags["title"]}
        pids = reader.pids
    assert titles == [
        (["Дом"], "koi8-r"), (["дПН"], "windows-1251"), (["äÏÍ"], "iso-8859-1"), (["äÏÍ"], "windows-1252"),
    ]  # fmt: skip
    assert len(pids) == 1
