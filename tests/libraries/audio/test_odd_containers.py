"""Containers as programs write them: sizes that are wrong, blocks that come twice, pages that are absent."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from libraries.audio import inspect
from libraries.audio.errors import AudioError
from libraries.audio.types import RawAudio
from synth import FORMATS, Tone
from tests.support import audio

pytestmark = pytest.mark.alike

FRONT: Final = audio.id3_tag(audio.id3_frame(b"TIT2", b"\0Fronted"), audio.id3_frame(b"TALB", b"\0Front"))


def read(folder: Path, name: str, data: bytes) -> RawAudio:
    path = folder / name
    path.write_bytes(data)
    return inspect.read_file(bytes(path))


def riff(*chunks: bytes, form: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return form + struct.pack("<I", len(body) if size is None else size) + body


def chunk(name: bytes, data: bytes, *, pad: bytes = b"", size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(data) if size is None else size) + data + pad


def fmt(codec: int = 1, *, byte_rate: int = 8000, block: int = 1, depth: int = 8, more: bytes = b"") -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", codec, 1, 8000, byte_rate, block, depth) + more)


SOUND: Final = chunk(b"data", b"\x80" * 8000)
ID3_CHUNK: Final = audio.id3_tag(audio.id3_frame(b"TPE1", b"\0Singer"))
TITLE: Final = {"title": ["Odd"], "artist": ["Nobody"], "album": ["Alb"]}
TEXTS: Final = ((b"INAM", b"Odd\0\0"), (b"IART", b"Nobody"), (b"IPRD", b"Alb"))


def test_riff_info(tmp_path: Path) -> None:
    info = b"INFOINAM\x06\0\0\0Title\0IART\x03\0\0\0Me\0\0"
    found = read(tmp_path, "a.wav", audio.wav() + b"LIST" + len(info).to_bytes(4, "little") + info)
    assert found.tags == {"title": ["Title"], "artist": ["Me"]}


@pytest.mark.parametrize("pad", [b"", b"\0", b"x"])
@pytest.mark.parametrize("form", ["wav", "aif"])
def test_chunks_of_odd_length_with_and_without_their_last_byte(tmp_path: Path, form: str, pad: bytes) -> None:
    if form == "wav":
        info = b"INFO" + b"".join(chunk(name, text, pad=pad if len(text) % 2 else b"") for name, text in TEXTS)
        found = read(tmp_path, "a.wav", riff(fmt(), SOUND, chunk(b"LIST", info)))
    else:
        texts = ((b"NAME", b"Odd\0\0"), (b"AUTH", b"Nobody"), (b"ANNO", b"Alb"))
        more = b"".join(
            name + struct.pack(">I", len(text)) + text + (pad if len(text) % 2 else b"") for name, text in texts
        )
        found = read(tmp_path, "a.aif", audio.aiff() + more)
        found.tags["album"] = found.tags.pop("comment")
    assert found.tags == TITLE
    assert found.duration == 1


@pytest.mark.parametrize(
    "data",
    [
        riff(fmt(), SOUND, size=0),
        riff(fmt(), SOUND, size=0xFFFFFFFF),
        riff(fmt(), SOUND, size=17),
        riff(fmt(), chunk(b"data", b"\x80" * 8000, size=0)),
        riff(fmt(), chunk(b"data", b"\x80" * 8000, size=0xFFFFFFFF), size=0xFFFFFFFF),
        riff(fmt(), chunk(b"data", b"\x80" * 8000, size=9000)),
        riff(fmt(byte_rate=0), SOUND),
        riff(fmt(byte_rate=123456), SOUND),
        riff(chunk(b"fmt ", struct.pack("<HHIIH", 1, 1, 8000, 8000, 1)), SOUND),
        riff(SOUND, fmt()),
        riff(chunk(b"bext", bytes(11)), fmt(), SOUND),
        riff(fmt(), SOUND) + b"\0",
        FRONT + riff(fmt(), SOUND),
    ],
)
def test_a_wave_file_has_the_length_of_its_samples(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, "a.wav", data)
    assert (found.duration, found.codec, found.sample_rate) == (1, "pcm", 8000)


@pytest.mark.parametrize("form", [b"RF64", b"BW64"])
def test_tags_behind_the_audio_of_a_long_wave_file(tmp_path: Path, form: bytes) -> None:
    sizes = chunk(b"ds64", struct.pack("<QQQI", 9000, 8000, 8000, 0))
    sound = chunk(b"data", b"\x80" * 8000, size=0xFFFFFFFF)
    data = riff(sizes, fmt(), sound, chunk(b"id3 ", ID3_CHUNK), form=form, size=0xFFFFFFFF)
    found = read(tmp_path, "a.wav", data)
    assert (found.duration, found.tags) == (1, {"artist": ["Singer"]})


@pytest.mark.parametrize("name", [b"id3 ", b"ID3 ", b"Id3 "])
def test_the_first_id3_chunk_that_holds_a_tag_counts(tmp_path: Path, name: bytes) -> None:
    second = audio.id3_tag(audio.id3_frame(b"TPE1", b"\0Other"))
    chunks = (chunk(b"ID3 ", bytes(20)), chunk(name, ID3_CHUNK, pad=b"\0"), chunk(b"id3 ", second))
    assert read(tmp_path, "a.wav", riff(fmt(), SOUND, *chunks)).tags == {"artist": ["Singer"]}


@pytest.mark.parametrize("counted", [1379, 1379 * 64, 1379 * 64 - 20, 0])
def test_adpcm_of_apple_is_measured_by_its_blocks(tmp_path: Path, counted: int) -> None:
    """Its writers count blocks of 64 samples, or samples, where other files have a count of samples."""
    rate = (16383 + 15).to_bytes(2, "big") + (44100 << 48).to_bytes(8, "big")
    comm = struct.pack(">HIH", 2, counted, 16) + rate + b"ima4" + b"\x00\x00"
    sound = bytes(8) + b"\x80" * (1379 * 34 * 2)
    parts = (b"COMM", comm, b"SSND", sound)
    body = b"AIFC" + b"".join(
        name + struct.pack(">I", len(data)) + data for name, data in zip(parts[::2], parts[1::2], strict=True)
    )
    found = read(tmp_path, "a.aifc", b"FORM" + struct.pack(">I", len(body)) + body)
    assert (found.codec, found.bit_rate) == ("adpcm", 375)
    assert found.duration == pytest.approx(1379 * 64 / 44100, abs=0.001)


@pytest.mark.parametrize(
    ("number", "codec", "depth"),
    [
        (1, "pcm", 8),
        (0x55, "mp3", 0),
        (0x161, "wma", 0),
        (0x2000, "ac3", 0),
        (0xFF, "aac", 0),
        (0x1234, "wave-1234", 8),
    ],
)
def test_codecs_in_a_wave_file(tmp_path: Path, number: int, codec: str, depth: int) -> None:
    found = read(tmp_path, "a.wav", riff(fmt(number), SOUND))
    assert (found.codec, found.bit_depth) == (codec, depth)


@pytest.mark.parametrize(
    ("chunks", "codec", "seconds"),
    [
        # 505 samples to a block of 256 bytes
        ((fmt(0x11, byte_rate=4000, block=256, depth=4, more=struct.pack("<HH", 2, 505)),), "adpcm", 505 * 32 / 8000),
        (
            (
                fmt(2, byte_rate=1, block=256, depth=4, more=struct.pack("<HH", 2, 505)),
                chunk(b"fact", struct.pack("<I", 16000)),
            ),
            "adpcm",
            2,
        ),
        ((fmt(0x55, byte_rate=8000), chunk(b"fact", struct.pack("<I", 8400))), "mp3", 1.05),
        ((fmt(0x55, byte_rate=8000), chunk(b"fact", struct.pack("<I", 800_000_000))), "mp3", 1),
        ((fmt(0x55, byte_rate=0), chunk(b"fact", struct.pack("<I", 16000))), "mp3", 2),
        ((fmt(0xFFFE, more=struct.pack("<HHI", 22, 8, 0) + b"\x06\0" + bytes(14)),), "alaw", 1),
    ],
)
def test_compressed_wave_files_are_measured(
    tmp_path: Path, chunks: tuple[bytes, ...], codec: str, seconds: float
) -> None:
    found = read(tmp_path, "a.wav", riff(*chunks, chunk(b"data", b"\x80" * (8192 if codec == "adpcm" else 8000))))
    assert found.codec == codec
    assert found.duration == pytest.approx(seconds)


def test_mpeg_frames_in_a_wave_file_without_a_count_are_measured(tmp_path: Path) -> None:
    data = riff(fmt(0x55, byte_rate=1000), chunk(b"data", audio.mp3(50)), chunk(b"id3 ", ID3_CHUNK))
    found = read(tmp_path, "a.wav", data)
    assert found.duration == pytest.approx(50 * 1152 / 44100)
    assert (found.codec, found.tags) == ("mp3", {"artist": ["Singer"]})


def block(kind: int, data: bytes, *, last: bool = False, size: int | None = None) -> bytes:
    return bytes((kind | (0x80 if last else 0),)) + (len(data) if size is None else size).to_bytes(3, "big") + data


def comments(*texts: str, count: int | None = None) -> bytes:
    made = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)
    return struct.pack("<I4sI", 4, b"test", len(texts) if count is None else count) + made


INFO: Final = audio.flac_info()
FRAMES: Final = b"\xff\xf8" + bytes(range(256)) * 40
IMAGE: Final = struct.pack(">II", 3, 9) + b"image/png" + bytes(20) + struct.pack(">I", len(audio.PNG)) + audio.PNG
SONG: Final = comments("TITLE=Song")


@pytest.mark.parametrize(
    "blocks",
    [
        block(0, INFO) + block(0, bytes(34)) + block(0, bytes(34)) + block(4, SONG) + block(6, IMAGE, last=True),
        block(0, bytes(34)) + block(0, INFO) + block(6, IMAGE) + block(4, SONG, last=True),
        block(1, b"") + block(0, INFO) + block(3, b"") + block(4, SONG) + block(6, IMAGE) + block(1, b"", last=True),
        block(0, INFO) + block(4, b"") + block(4, SONG) + block(6, IMAGE, last=True),
        block(0, INFO) + block(6, IMAGE, size=50) + block(4, SONG, last=True),
        block(0, INFO) + block(6, IMAGE, size=5000) + block(4, SONG, last=True),
        block(0, INFO) + block(4, SONG) + block(6, IMAGE, last=True, size=40),
        block(0, INFO) + block(4, SONG, size=9) + block(6, IMAGE, last=True),
        block(0, INFO) + block(4, SONG) + block(6, IMAGE) + block(1, bytes(8)),  # the mark of the last block is absent
        block(0, INFO) + block(4, SONG) + block(6, IMAGE) + block(126, b"future", last=True),
    ],
)
@pytest.mark.parametrize("front", [b"", FRONT])
def test_flac_blocks_in_any_order_and_of_wrong_size(tmp_path: Path, blocks: bytes, front: bytes) -> None:
    found = read(tmp_path, "a.flac", front + b"fLaC" + blocks + FRAMES)
    assert found.duration == 2
    assert found.tags == {"title": ["Song"]} | ({"album": ["Front"]} if front else {})
    assert found.has_picture
    assert inspect.read_picture(bytes(tmp_path / "a.flac")) == (audio.PNG, "image/png")
    inspect.read_fingerprint(bytes(tmp_path / "a.flac"))


def test_the_first_flac_comments_win_over_others(tmp_path: Path) -> None:
    other = comments("TITLE=Other", "ARTIST=Singer")
    found = read(tmp_path, "a.flac", b"fLaC" + block(0, INFO) + block(4, SONG) + block(4, other, last=True) + FRAMES)
    assert found.tags == {"title": ["Song"], "artist": ["Singer"]}


def test_a_flac_stream_of_unknown_length_is_measured(tmp_path: Path) -> None:
    stream = FORMATS["flac"].stream(Tone(1.25))
    facts = int.from_bytes(stream.head[10:18], "big") >> 36 << 36
    head = stream.head[:10] + facts.to_bytes(8, "big") + stream.head[18:]
    assert read(tmp_path, "a.flac", b"fLaC" + block(0, head, last=True) + stream.body).duration == 1.25


@pytest.mark.parametrize(
    ("data", "titles"),
    [
        (comments("TITLE=Song", "ARTIST=Singer", count=9), ["Song"]),
        (comments("TITLE=Song", count=0xFFFFFFFF), ["Song"]),
        (comments("TITLE=Song")[:-2], None),
        (comments("TITLE=Song") + b"\xff\xff\xff\xff", ["Song"]),
        (struct.pack("<I", 0xFFFFFFFF), None),
        (b"", None),
    ],
)
def test_of_vorbis_comments_that_are_cut_or_counted_wrong_the_sound_ones_are_read(
    tmp_path: Path, data: bytes, titles: list[str] | None
) -> None:
    first = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 44100, 0, 192000, 0, 0xB8, 1)
    found = read(tmp_path, "a.ogg", audio.ogg([first, b"\x03vorbis" + data, b"\x05vorbis" + bytes(20)], 88200))
    assert found.tags.get("title") == titles
    assert found.duration == 2
    # of these few bytes the header would say 192 kbit/s
    assert found.bit_rate == pytest.approx((found.size - 134 - len(data)) * 8 / 2000, abs=1)


def page(packets: list[bytes], *, serial: int = 7, number: int = 0, position: int = 0, flags: str = "") -> bytes:
    made: Any = audio.new_page()
    made.serial, made.sequence, made.packets, made.position = serial, number, packets, position
    made.first, made.last = "f" in flags, "l" in flags
    return bytes(made.write())


HEAD: Final = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 44100, 0, 192000, 0, 0xB8, 1)
REST: Final = [b"\x03vorbis" + SONG + b"\x01", b"\x05vorbis" + bytes(20)]


def vorbis(serial: int = 7, *, seconds: int = 2, start: int = 0, last: str = "l") -> list[bytes]:
    """Pages of a stream, a second of audio on each."""
    pages = [page([HEAD], serial=serial, flags="f"), page(REST, serial=serial, number=1)]
    for number in range(1, seconds + 1):
        flags = last if number == seconds else ""
        position = start + number * 44100
        pages.append(page([bytes(60)] * 5, serial=serial, number=number + 1, position=position, flags=flags))
    return pages


def between(pages: list[bytes], junk: bytes) -> bytes:
    return junk.join(pages)


SKELETON: Final = page([b"fishead\0" + bytes(56)], serial=1, flags="f")
THEORA: Final = page([b"\x80theora" + bytes(35)], serial=2, flags="f")
BEHIND: Final = page([bytes(300)], serial=2, number=1, position=9, flags="l")


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (b"".join(vorbis()), 2),
        (between(vorbis(), b"junk" * 9), 2),
        (between(vorbis(), b"OggS" * 3), 2),
        (b"".join(vorbis()) + bytes(3000), 2),
        (b"".join(vorbis(last="")), 2),
        (b"".join(vorbis(seconds=3))[:-100], 2),
        (b"".join(vorbis(seconds=3)[:-1]), 2),
        (b"".join([*vorbis(), *vorbis(8, seconds=3)]), 5),
        (b"".join([*vorbis(), b"xx", *vorbis(9), *vorbis(5, seconds=1)]), 5),
        (SKELETON + b"".join(vorbis()), 2),
        (SKELETON + THEORA + b"".join(vorbis()) + BEHIND, 2),
        (THEORA + between(vorbis(), BEHIND), 2),
        # cut out of the stream of a radio station
        (b"".join(vorbis(start=44100 * 86400, seconds=3)), 2),
        (FRONT + b"".join(vorbis()), 2),
        (FRONT + SKELETON + between(vorbis(), b"??"), 2),
    ],
)
def test_ogg_streams_side_by_side_one_behind_the_other_and_damaged(tmp_path: Path, data: bytes, seconds: float) -> None:
    found = read(tmp_path, "a.ogg", data)
    assert (found.codec, found.kind, found.sample_rate) == ("vorbis", "vorbis", 44100)
    assert found.duration == pytest.approx(seconds)
    assert found.tags == {"title": ["Song"]} | ({"album": ["Front"]} if data.startswith(FRONT) else {})
    inspect.read_fingerprint(bytes(tmp_path / "a.ogg"))


def test_pages_around_the_audio_do_not_change_its_fingerprint(tmp_path: Path) -> None:
    paths = [tmp_path / "a.ogg", tmp_path / "b.ogg"]
    paths[0].write_bytes(b"".join(vorbis()))
    paths[1].write_bytes(FRONT + SKELETON + between(vorbis(), b"junk"))
    assert len({inspect.read_fingerprint(bytes(path)) for path in paths}) == 1


def test_an_ogg_file_of_pictures_alone_is_no_music(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no audio"):
        read(tmp_path, "a.ogg", THEORA + BEHIND)


@pytest.mark.parametrize("maker", [audio.speex, audio.oggflac, audio.opus])
def test_other_ogg_streams_with_a_tag_in_front_and_junk_behind(tmp_path: Path, maker: Callable[[], bytes]) -> None:
    found = read(tmp_path, "a.ogg", FRONT + maker() + b"junk" * 400)
    assert found.duration == pytest.approx(2)
    assert found.tags == {"title": ["Fronted"], "album": ["Front"]}


def wavpack(flags: int, *items: bytes, total: int = 44100, samples: int = 44100, at: int = 0) -> bytes:
    body = b"".join(items) + b"\x8a" + (100).to_bytes(3, "little") + bytes(200)
    return b"wvpk" + struct.pack("<IHBBIIIII", 24 + len(body), 0x410, 0, 0, total, at, samples, flags, 0) + body


PLAIN: Final = 1 | 9 << 23 | 0x1800
SIX: Final = bytes((0x4D, 3, 6, 0x3F, 0, 0, 0, 0))
MANY: Final = bytes((0x0D, 3, 11, 11, 0, 0, 0, 0))
ODD_RATE: Final = bytes((0x67, 2)) + (22050).to_bytes(3, "little") + b"\0"


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (wavpack(PLAIN), (1, 2, 44100, 16)),
        (wavpack(PLAIN | 4), (1, 1, 44100, 16)),
        (wavpack(PLAIN, SIX), (1, 6, 44100, 16)),
        (wavpack(PLAIN, MANY), (1, 12, 44100, 16)),
        (wavpack(PLAIN | 15 << 23, ODD_RATE), (2, 2, 22050, 16)),
        # 20 of 24 bits
        (wavpack(2 | 9 << 23 | 4 << 13), (1, 2, 44100, 20)),
        # DSD: a sample is a byte of eight bits, and the rate is shifted by a number of its own
        (wavpack(0x80000000 | 12 << 23, bytes((0x0E, 1, 3, 1)), total=705600), (1, 2, 5644800, 1)),
        (wavpack(0x80000000 | 12 << 23, bytes((0x0E, 1, 2, 1)), total=352800), (1, 2, 2822400, 1)),
        # a length that was not known when the writing began, and a block that has no audio in front
        (wavpack(PLAIN, total=0xFFFFFFFF) + wavpack(PLAIN, total=0xFFFFFFFF, at=44100), (2, 2, 44100, 16)),
        (wavpack(PLAIN, total=0, samples=0) + wavpack(PLAIN), (1, 2, 44100, 16)),
        # the second half of a longer file
        (wavpack(PLAIN, total=88200, at=44100), (1, 2, 44100, 16)),
        (FRONT + wavpack(PLAIN), (1, 2, 44100, 16)),
    ],
)
def test_wavpack_facts(tmp_path: Path, data: bytes, facts: tuple[float, int, int, int]) -> None:
    found = read(tmp_path, "a.wv", data)
    assert (found.duration, found.channels, found.sample_rate, found.bit_depth) == facts
    assert found.bit_rate == round(len(data.removeprefix(FRONT)) * 8 / facts[0] / 1000)


@pytest.mark.parametrize(
    ("name", "maker"), [("a.wma", audio.asf), ("a.dsf", audio.dsf), ("a.ape", audio.monkeys), ("a.mpc", audio.musepack)]
)
def test_a_tag_in_front_of_other_containers(tmp_path: Path, name: str, maker: Callable[[], bytes]) -> None:
    bare = read(tmp_path, name, maker())
    sound = inspect.read_fingerprint(bytes(tmp_path / name))
    found = read(tmp_path, name, FRONT + maker())
    assert found.tags == {"title": ["Fronted"], "album": ["Front"]}
    assert (found.duration, found.codec) == (bare.duration, bare.codec)
    assert inspect.read_fingerprint(bytes(tmp_path / name)) == sound


def test_musepack_without_gains(tmp_path: Path) -> None:
    facts = bytes(4) + b"\x08\x81\xd8\x08\x00" + bytes((0x00, 0x10))  # 27,656 samples
    data = b"MPCK" + b"SH" + bytes((len(facts) + 3,)) + facts + (b"AP\x0a" + bytes(7)) * 20 + b"SE\x03"
    found = read(tmp_path, "a.mpc", data)
    assert (found.sample_rate, found.channels) == (44100, 2)
    assert found.duration == pytest.approx(27656 / 44100)
