"""MP4 files that are put together in other ways than that of iTunes."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from libraries.audio import inspect
from libraries.audio.errors import AudioError
from libraries.audio.types import RawAudio
from tests.support import audio
from tests.support.audio import atom

MOVIE_SECONDS = 2.0
RATE = 44100


def read(folder: Path, data: bytes) -> RawAudio:
    path = folder / "a.m4a"
    path.write_bytes(data)
    return inspect.read_file(bytes(path))


def item(name: bytes, value: bytes, kind: int = 1) -> bytes:
    return atom(name, atom(b"data", struct.pack(">II", kind, 0), value))


ITEMS = item(b"\xa9nam", b"A title") + item(b"\xa9ART", b"An artist")
NAMED = {"title": ["A title"], "artist": ["An artist"]}
HANDLER = atom(b"hdlr", bytes(8), b"mdirappl", bytes(9))
FTYP = atom(b"ftyp", b"M4A \0\0\0\0M4A ")
MDAT = atom(b"mdat", bytes(range(256)) * 64)


def meta(items: bytes = ITEMS, *, full: bool = True) -> bytes:
    return atom(b"meta", bytes(4 * full), HANDLER, atom(b"ilst", items))


def entry(name: bytes = b"mp4a", *extra: bytes, channels: int = 2, rate: int = RATE) -> bytes:
    return atom(name, bytes(6), struct.pack(">H8xHHHHI", 1, channels, 16, 0, 0, rate << 16), *extra)


def track(
    *more: bytes, length: int = 2 * RATE, sound: bytes | None = None, handler: bytes = b"soun", stts: bytes = b""
) -> bytes:
    mdhd = atom(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, RATE, length, 0))
    hdlr = atom(b"hdlr", bytes(8), handler, bytes(13))
    stsd = atom(b"stsd", struct.pack(">II", 0, 1), entry() if sound is None else sound)
    tkhd = atom(b"tkhd", struct.pack(">IIII", 0, 0, 0, 1), bytes(68))
    return atom(b"trak", tkhd, atom(b"mdia", mdhd, hdlr, atom(b"minf", atom(b"stbl", stsd, stts))), *more)


def movie(*content: bytes, length: int = 2000) -> bytes:
    return atom(b"moov", atom(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, length), bytes(80)), *content)


def wide(data: bytes) -> bytes:
    """The same atom with a size of 64 bits."""
    return struct.pack(">I4sQ", 1, data[4:8], len(data) + 8) + data[8:]


def endless(data: bytes) -> bytes:
    """The same atom, which reaches to the end."""
    return bytes(4) + data[4:]


UDTA = atom(b"udta", meta())
FORMS: dict[str, bytes] = {
    "meta without version": FTYP + movie(track(), atom(b"udta", meta(full=False))) + MDAT,
    "meta in moov": FTYP + movie(track(), meta()) + MDAT,
    "meta in moov without version": FTYP + movie(track(), meta(full=False)) + MDAT,
    "meta in trak": FTYP + movie(track(meta())) + MDAT,
    "udta in trak": FTYP + movie(track(UDTA)) + MDAT,
    "meta at the top": FTYP + movie(track()) + meta() + MDAT,
    "two udta": FTYP + movie(track(), atom(b"udta", atom(b"name", b"x")), UDTA) + MDAT,
    "empty udta": FTYP + movie(track(), atom(b"udta"), UDTA) + MDAT,
    "chapters": FTYP + movie(track(), atom(b"udta", atom(b"chpl", bytes(9)), meta())) + MDAT,
    "terminator in udta": FTYP + movie(track(), atom(b"udta", meta(), bytes(4))) + MDAT,
    "terminator in front": FTYP + movie(track(), atom(b"udta", bytes(4)), UDTA) + MDAT,
    "terminator in ilst": FTYP + movie(track(), atom(b"udta", meta(ITEMS + bytes(4)))) + MDAT,
    "free atoms": FTYP + atom(b"free", bytes(99)) + movie(atom(b"free"), track(), atom(b"skip", b"x"), UDTA) + MDAT,
    "free in ilst": FTYP + movie(track(), atom(b"udta", meta(atom(b"free", bytes(20)) + ITEMS))) + MDAT,
    "movie behind": FTYP + MDAT + movie(track(), UDTA),
    "movie to the end": FTYP + MDAT + endless(movie(track(), UDTA)),
    "data to the end": FTYP + movie(track(), UDTA) + endless(MDAT),
    "wide data": FTYP + wide(MDAT) + movie(track(), UDTA),
    "wide movie": FTYP + MDAT + wide(movie(track(), UDTA)),
    "wide atoms": FTYP + MDAT + movie(wide(track()), wide(UDTA)),
    "udta to the end": FTYP + MDAT + movie(track(), endless(UDTA)),
    "no ftyp": movie(track(), UDTA) + MDAT,
    "data first": MDAT + movie(track(), UDTA),
    "wide first": atom(b"wide") + MDAT + movie(track(), UDTA),
    "truncated data": FTYP + movie(track(), UDTA) + MDAT[:2000],
    "junk behind": FTYP + movie(track(), UDTA) + MDAT + b"junk",
    "zeros behind": FTYP + movie(track(), UDTA) + MDAT + bytes(200),
    "wrong size of data": FTYP + (1 << 30).to_bytes(4, "big") + MDAT[4:] + movie(track(), UDTA),
    "ilst too long": FTYP + MDAT + movie(track(), atom(b"udta", meta())).replace(
        struct.pack(">I", len(ITEMS) + 8) + b"ilst", struct.pack(">I", len(ITEMS) + 900) + b"ilst"),
    "video first": FTYP + movie(track(handler=b"vide", sound=atom(b"avc1", bytes(70))), track(), UDTA) + MDAT,
    "ID3 in front": audio.id3_tag(audio.id3_frame(b"TALB", b"\0An album")) + FTYP + movie(track(), UDTA) + MDAT,
    "list again": FTYP + movie(track(), atom(b"udta", meta(), meta(item(b"\xa9nam", b"No")))) + MDAT,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms(tmp_path: Path, form: str) -> None:
    found = read(tmp_path, FORMS[form])
    assert found.tags == NAMED | ({"album": ["An album"]} if "ID3" in form else {})
    assert (found.codec, found.sample_rate, found.channels) == ("aac", RATE, 2)
    assert found.duration == MOVIE_SECONDS
    assert inspect.read_raw_tags(bytes(tmp_path / "a.m4a"))
    assert inspect.read_fingerprint(bytes(tmp_path / "a.m4a"))


@pytest.mark.parametrize("form", ["no ftyp", "data first", "wide first"])
def test_files_without_a_type_under_the_suffix_of_another(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(FORMS[form])
    assert inspect.read_file(bytes(path)).kind == "mp4"


@pytest.mark.parametrize("full", [True, False])
def test_pictures_in_other_places(tmp_path: Path, full: bool) -> None:
    picture = item(b"covr", audio.JPEG, 13)
    assert read(tmp_path, FTYP + movie(track(), meta(ITEMS + picture, full=full)) + MDAT).has_picture
    assert inspect.read_picture(bytes(tmp_path / "a.m4a")) == (audio.JPEG, "image/jpeg")


CALM = b"\0\0\0\x14data\0\0\0\1\0\0\0\0Calm"
FREE = b"\0\0\0\x1cmean\0\0\0\0com.apple.iTunes"


@pytest.mark.parametrize(
    ("items", "tags"),
    [
        (item(b"\xa9nam", "Łódź".encode("utf-16-be"), 2), {"title": ["Łódź"]}),
        (item(b"\xa9nam", "\ufeffŁódź".encode("utf-16-le"), 2), {"title": ["Łódź"]}),
        (item(b"\xa9nam", b"caf\xe9"), {"title": ["café"]}),
        (item(b"trkn", struct.pack(">HH", 0, 3), 0), {"tracknumber": ["3"]}),
        (item(b"trkn", b"3/12"), {"tracknumber": ["3"], "tracktotal": ["12"]}),
        (item(b"tmpo", b"128"), {"bpm": ["128"]}),
        (item(b"cpil", b"\0\1", 21), {"compilation": ["1"]}),
        (item(b"cpil", b"1"), {"compilation": ["1"]}),
        (item(b"gnre", b"\0\x12", 0), {"genre": ["Rock"]}),
        (item(b"gnre", b"\x12", 0), {"genre": ["Rock"]}),
        (item(b"gnre", b"\xff\xff", 0), {}),
        (item(b"\xa9ART", b"One") + item(b"\xa9ART", b"Two"), {"artist": ["One", "Two"]}),
        (atom(b"----", FREE, atom(b"name", bytes(4), b"MOOD"), CALM), {"mood": ["Calm"]}),
        (atom(b"----", atom(b"name", bytes(4), b"MOOD"), CALM), {"mood": ["Calm"]}),
    ],
)  # fmt: skip
def test_items_of_any_form(tmp_path: Path, items: bytes, tags: dict[str, list[str]]) -> None:
    data = FTYP + movie(track(), atom(b"udta", meta(items + item(b"\xa9alb", b"An album")))) + MDAT
    assert read(tmp_path, data).tags == tags | {"album": ["An album"]}


def keyed(*pairs: tuple[str, bytes, int], namespace: bytes = b"mdta") -> bytes:
    """The metadata of QuickTime: a list of names, and items whose own names are numbers in it."""
    names = b"".join(atom(namespace, name.encode()) for name, _, _ in pairs)
    keys = atom(b"keys", bytes(4), len(pairs).to_bytes(4, "big"), names)
    items = b"".join(
        item(number.to_bytes(4, "big"), value, kind) for number, (_, value, kind) in enumerate(pairs, start=1)
    )
    return atom(b"meta", bytes(4), atom(b"hdlr", bytes(8), b"mdta", bytes(13)), keys, atom(b"ilst", items))


KEYED = keyed(
    ("title", b"A title", 1), ("com.apple.quicktime.artist", "Łódź".encode("utf-16-be"), 2), ("track", b"3/9", 1),
    ("com.apple.quicktime.picture", b"\x89PNG", 14), ("", b"No", 1), ("album", b"", 1),
)  # fmt: skip
KEYED_TAGS = {"title": ["A title"], "artist": ["Łódź"], "tracknumber": ["3"], "tracktotal": ["9"]}


@pytest.mark.parametrize("place", [KEYED, atom(b"udta", KEYED)])
def test_items_named_by_a_list(tmp_path: Path, place: bytes) -> None:
    assert read(tmp_path, FTYP + movie(track(), place) + MDAT).tags == KEYED_TAGS
    assert inspect.read_raw_tags(bytes(tmp_path / "a.m4a"))["----:mdta:title"] == ["A title"]


def test_items_named_by_a_list_that_is_cut_off(tmp_path: Path) -> None:
    data = KEYED.replace(struct.pack(">I", 6) + b"\0\0\0\x0dmdta", struct.pack(">I", 1 << 31) + b"\0\0\0\x0dmdta")
    assert data != KEYED
    assert read(tmp_path, FTYP + movie(track(), data) + MDAT).tags == KEYED_TAGS
    strange = keyed(("title", b"A title", 1), namespace=b"udta")
    assert read(tmp_path, FTYP + movie(track(), strange) + MDAT).tags == {}


def said(name: bytes, *texts: tuple[bytes, int]) -> bytes:
    """Texts of QuickTime, each in a language, which says whether they are in an encoding of old Macs."""
    return atom(name, *(struct.pack(">HH", len(text), language) + text for text, language in texts))


def test_texts_of_quicktime(tmp_path: Path) -> None:
    texts = (
        said(b"\xa9nam", (b"A title", 0x55C4), (b"Ein Titel", 0x1215))
        + said(b"\xa9ART", (b"Caf\x8e", 0))
        + said(b"\xa9alb", ("Łódź".encode(), 0x55C4))
        + said(b"\xa9day", (b"1999", 0x55C4))
        + atom(b"\xa9cmt", b"\x7f\xff\x00\x00cut")
        + atom(b"\xa9wrt", b"\0")
    )
    found = read(tmp_path, FTYP + movie(track(), atom(b"udta", texts)) + MDAT)
    assert found.tags == {
        "title": ["A title"], "artist": ["Café"], "album": ["Łódź"], "date": ["1999"], "comment": ["cut"],
    }  # fmt: skip
    both = atom(b"udta", said(b"\xa9nam", (b"Other", 0)) + said(b"\xa9alb", (b"An album", 0)), meta())
    assert read(tmp_path, FTYP + movie(track(), both) + atom(b"free") + MDAT).tags == NAMED


def test_an_item_that_reaches_beyond_its_list_costs_itself(tmp_path: Path) -> None:
    broken = bytearray(item(b"\xa9alb", b"An album"))
    broken[:4] = (5000).to_bytes(4, "big")
    broken[8:12] = (4990).to_bytes(4, "big")
    found = read(tmp_path, FTYP + movie(track(), atom(b"udta", meta(ITEMS + bytes(broken)))) + MDAT)
    assert {key: found.tags[key] for key in NAMED} == NAMED


def trun(durations: list[int] | None, count: int = 0) -> bytes:
    if durations is None:
        return atom(b"trun", struct.pack(">IIi", 0x201, count, 0), struct.pack(f">{count}I", *[9] * count))
    rows = b"".join(struct.pack(">II", duration, 9) for duration in durations)
    return atom(b"trun", struct.pack(">III", 0x305, len(durations), 0), bytes(4), rows)


def fragment(*runs: bytes, default: int = 0, number: int = 1) -> bytes:
    tfhd = struct.pack(">II", 0x20008 if default else 0x20000, number) + (
        struct.pack(">I", default) if default else b""
    )
    other = atom(b"traf", atom(b"tfhd", struct.pack(">II", 0x20000, 7)), trun([1 << 20] * 9))
    return atom(b"moof", atom(b"mfhd", bytes(8)), other, atom(b"traf", atom(b"tfhd", tfhd), *runs)) + atom(
        b"mdat", bytes(90)
    )


TREX = atom(b"mvex", atom(b"trex", struct.pack(">IIIIII", 0, 1, 1, 1024, 0, 0)))


@pytest.mark.parametrize(
    ("fragments", "units"),
    [
        ([fragment(trun([1024] * 40 + [500])) for _ in range(3)], 3 * (40 * 1024 + 500)),
        ([fragment(trun(None, 50), default=2048) for _ in range(70)], 70 * 50 * 2048),
        ([fragment(trun(None, 50), trun(None, 3)) for _ in range(5)], 5 * 53 * 1024),
    ],
    ids=["by sample", "by fragment", "by track"],
)
@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 1])
def test_fragments_are_measured(tmp_path: Path, fragments: list[bytes], units: int, length: int) -> None:
    head = FTYP + movie(track(length=length), TREX, UDTA, length=0)
    found = read(tmp_path, head + b"".join(fragments) + atom(b"mfra", bytes(30)))
    assert found.duration == pytest.approx(units / RATE)
    assert found.tags == NAMED


STTS = atom(b"stts", struct.pack(">IIIIII", 0, 2, 80, 1024, 1, 100))
INDEX = atom(b"sidx", struct.pack(">IIIIIHHIII", 0, 1, 1000, 0, 0, 0, 1, 9, 5000, 0))


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (FTYP + movie(track(length=0, stts=STTS), UDTA) + MDAT, (80 * 1024 + 100) / RATE),
        (FTYP + movie(track(length=0xFFFFFFFF, stts=STTS), UDTA) + MDAT, (80 * 1024 + 100) / RATE),
        (FTYP + movie(track(length=0), UDTA) + INDEX + MDAT, 5.0),
        (FTYP + movie(track(length=0), UDTA, length=7000) + MDAT, 7.0),
    ],
    ids=["table", "unknown", "index", "movie"],
)
def test_lengths_that_the_track_does_not_tell(tmp_path: Path, data: bytes, seconds: float) -> None:
    assert read(tmp_path, data).duration == pytest.approx(seconds)


def descriptor(kind: int, config: bytes, bits: int = 96000) -> bytes:
    inner = struct.pack(">BBBHII", kind, 0x15, 0, 0, bits, bits) + bytes((5, len(config))) + config
    stream = struct.pack(">HB", 1, 0) + bytes((4, len(inner))) + inner
    return atom(b"esds", bytes(4), bytes((3, len(stream))) + stream)


DFLA = atom(b"dfLa", bytes(4), b"\x80\0\0\x22", audio.flac_info())


@pytest.mark.parametrize(
    ("sound", "facts"),
    [
        (entry(b"mp4a", descriptor(0x40, bytes.fromhex("2b920800")), rate=22050), ("aac", 44100, 2)),
        (entry(b"mp4a", descriptor(0x40, bytes.fromhex("eb8a0800")), channels=1, rate=22050), ("aac", 44100, 2)),
        (entry(b"mp4a", descriptor(0x6B, b"")), ("mp3", 44100, 2)),
        (entry(b"fLaC", DFLA), ("flac", 96000, 2)),
        (entry(b"Opus", atom(b"dOps", bytes(11))), ("opus", 48000, 2)),
        (entry(b"ac-3", atom(b"dac3", bytes(3)), channels=6, rate=48000), ("ac3", 48000, 6)),
        (entry(b"ec-3", atom(b"dec3", bytes(5)), rate=48000), ("eac3", 48000, 2)),
        (entry(b"sowt"), ("pcm", 44100, 2)),
    ],
    ids=["HE-AAC", "HE-AAC v2", "MP3", "FLAC", "Opus", "AC-3", "E-AC-3", "PCM"],
)  # fmt: skip
def test_codecs(tmp_path: Path, sound: bytes, facts: tuple[str, int, int]) -> None:
    found = read(tmp_path, FTYP + movie(track(sound=sound), UDTA) + MDAT)
    assert (found.codec, found.sample_rate, found.channels) == facts
    assert found.duration == MOVIE_SECONDS
    assert found.bit_rate > 0


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (FTYP + movie(track(handler=b"vide")) + MDAT, "unsupported"),
        (FTYP + movie() + MDAT, "corrupt"),
        (FTYP + MDAT, "corrupt"),
        (FTYP + endless(atom(b"moov")) * 3, "corrupt"),
    ],
)
def test_files_without_audio(tmp_path: Path, data: bytes, kind: str) -> None:
    with pytest.raises(AudioError) as caught:
        read(tmp_path, data)
    assert caught.value.problem.kind == kind


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty atoms": lambda: FTYP + atom(b"free") * 300_000,
    "empty fragments": lambda: FTYP + movie(track(length=0)) + atom(b"moof") * 100_000,
    "deep": lambda: FTYP + movie(track(length=0), atom(b"udta", meta(full=False)) * 5000),
    "lost movies": lambda: FTYP + endless(MDAT) + b"moov" * 500_000,
}


@pytest.mark.parametrize("form", HOSTILE)
def test_a_hostile_file_takes_a_bounded_time(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(HOSTILE[form]())
    started = time.monotonic()
    with contextlib.suppress(AudioError):
        inspect.read_file(bytes(path))
    assert time.monotonic() - started < 4
