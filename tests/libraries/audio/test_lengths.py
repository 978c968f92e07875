"""Lengths of files whose headers do not tell them, or wrongly."""

from __future__ import annotations

import contextlib
import random
import struct
from pathlib import Path
from time import monotonic

import pytest

from libraries.audio import inspect
from libraries.audio.errors import AudioError
from libraries.audio.types import RawAudio
from tests.support import audio
from tests.support.reads import counting

# layer III of MPEG 1 at 44.1 kHz, by the four bits of its bit rate
_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
SECONDS = 1152 / 44100


def read(folder: Path, data: bytes, name: str = "a.mp3") -> RawAudio:
    path = folder / name
    path.write_bytes(data)
    return inspect.read_file(bytes(path))


def mp3_frame(kbits: int, padding: int = 0) -> bytes:
    length = 144_000 * kbits // 44100 + padding
    return b"\xff\xfb" + bytes([_KBITS.index(kbits) << 4 | padding << 1, 0x64]) + bytes(length - 4)


def variable(frames: int, seed: int = 1) -> bytes:
    """Frames of many bit rates behind a long silence."""
    dice = random.Random(seed)
    return mp3_frame(32) * 70 + b"".join(mp3_frame(dice.choice(_KBITS[1:])) for _ in range(frames - 70))


def xing(word: bytes, frames: int | None, size: int | None, kbits: int = 64) -> bytes:
    flags = (frames is not None) | (size is not None) << 1
    numbers = b"".join(struct.pack(">I", number) for number in (frames, size) if number is not None)
    frame = mp3_frame(kbits)
    return frame[:36] + (word + struct.pack(">I", flags) + numbers).ljust(160, b"\0") + frame[196:]


def vbri(frames: int, size: int) -> bytes:
    return mp3_frame(64)[:36] + b"VBRI" + struct.pack(">HHHII", 1, 0, 0, size, frames).ljust(100, b"\0") + bytes(68)


@pytest.mark.parametrize(("hours", "plays"), [(999, True), (1001, False)])
def test_a_length_beyond_a_thousand_hours_is_a_problem(tmp_path: Path, hours: int, plays: bool) -> None:
    data = audio.mp4().replace(struct.pack(">2I", 44100, 88200), struct.pack(">2I", 1, hours * 3600))
    if plays:
        assert read(tmp_path, data, "a.m4a").duration == hours * 3600
    else:
        with pytest.raises(AudioError, match="more than 1,000 hours") as caught:
            read(tmp_path, data, "a.m4a")
        assert caught.value.problem.kind == "corrupt"


def holds(found: RawAudio, frames: int, data: bytes) -> None:
    """The length and the average bit rate are those of so many frames."""
    assert found.duration == pytest.approx(frames * SECONDS, abs=0.03)
    assert found.bit_rate == pytest.approx(len(data) * 8 / (frames * SECONDS) / 1000, rel=0.02, abs=1)


def test_variable_bit_rate_without_a_header(tmp_path: Path) -> None:
    data = variable(900)
    holds(read(tmp_path, data), 900, data)


@pytest.mark.parametrize(
    "junk", [b"\0" * 900, b"\xff" * 5000, b"TAG" + bytes(125), audio.id3_tag(bytes(500)), b"\xff\xfb"]
)
def test_junk_within_a_stream(tmp_path: Path, junk: bytes) -> None:
    one, two = variable(300), variable(200, 2)
    holds(read(tmp_path, one + junk + two), 500, one + two)


def test_frames_around_the_bounds_of_what_is_read_at_once(tmp_path: Path) -> None:
    data = variable(3000)
    assert len(data) > 3 * 256 * 1024
    holds(read(tmp_path, b"junk" * 20_000 + data), 3000, data)


def test_a_constant_bit_rate_is_measured_without_a_look_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [mp3_frame(128, (number + 1) * 47 // 49 - number * 47 // 49) for number in range(3000)]
    data = b"".join(frames)
    with counting(monkeypatch) as reads:
        holds(read(tmp_path, data), 3000, data)
    assert sum(reads) < 20_000
    for cut in (1, 200, 417):
        with counting(monkeypatch) as reads:
            holds(read(tmp_path, data[:-cut] + b"x" * (cut % 3)), 2999, data)
        assert sum(reads) < 100_000


@pytest.mark.parametrize("word", [b"Xing", b"Info"])
def test_a_right_header_is_believed_without_a_look_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: bytes
) -> None:
    data = variable(1500) if word == b"Xing" else mp3_frame(128) * 1500
    whole = xing(word, 1500, 208 + len(data)) + data
    with counting(monkeypatch) as reads:
        holds(read(tmp_path, whole), 1500, data)
    assert sum(reads) < 20_000
    with counting(monkeypatch) as reads:
        holds(read(tmp_path, whole + b"something else" * 900), 1500, data)
    assert sum(reads) < 40_000


@pytest.mark.parametrize("size", [0, 1, 1 << 20, None])
@pytest.mark.parametrize("frames", [0, 1, 300, 1 << 31, None])
def test_a_header_with_wrong_counts(tmp_path: Path, frames: int | None, size: int | None) -> None:
    data = variable(600)
    holds(read(tmp_path, xing(b"Xing", frames, size) + data), 600, data)
    if frames is not None and size is not None:
        holds(read(tmp_path, vbri(frames, size) + data), 600, data)


@pytest.mark.parametrize("frames", [1, 300, 1200, 1 << 31])
def test_a_header_that_counts_more_or_fewer_frames_than_its_bytes_hold(tmp_path: Path, frames: int) -> None:
    data = mp3_frame(128) * 600
    holds(read(tmp_path, xing(b"Info", frames, 208 + len(data)) + data), 600, data)


def test_a_header_of_a_stream_that_is_cut_off_or_goes_on(tmp_path: Path) -> None:
    data, more = variable(600), variable(400, 5)
    head = xing(b"Xing", 600, 208 + len(data))
    begun = variable(300)
    holds(read(tmp_path, head + begun), 300, begun)
    holds(read(tmp_path, head + data + more), 1000, data + more)


def test_a_right_header_of_fraunhofer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = variable(900)
    with counting(monkeypatch) as reads:
        holds(read(tmp_path, vbri(900, 208 + len(data)) + data), 900, data)
    assert sum(reads) < 20_000


@pytest.mark.parametrize(
    ("head", "length", "codec", "seconds", "rate"),
    [
        (b"\xff\xff\xa4\x00", 320, "mp1", 384 / 48000, 48000),
        (b"\xff\xfd\x80\x00", 417, "mp2", 1152 / 44100, 44100),
        (b"\xff\xf3\x80\x00", 208, "mp3", 576 / 22050, 22050),
        (b"\xff\xe3\x88\x00", 576, "mp3", 576 / 8000, 8000),
        (b"\xff\xf5\x84\x00", 384, "mp2", 1152 / 24000, 24000),
    ],
)
def test_layers_and_versions(tmp_path: Path, head: bytes, length: int, codec: str, seconds: float, rate: int) -> None:
    found = read(tmp_path, (head + bytes(length - 4)) * 60)
    assert (found.codec, found.sample_rate) == (codec, rate)
    assert found.duration == pytest.approx(60 * seconds, abs=0.001)


@pytest.mark.parametrize("padded", [False, True])
def test_frames_that_do_not_tell_their_length(tmp_path: Path, padded: bool) -> None:
    frames = [b"\xff\xfb" + bytes([(number % 2 and padded) << 1, 0x64]) + bytes(996 + (number % 2 and padded))
              for number in range(200)]  # fmt: skip
    data = b"".join(frames)
    holds(read(tmp_path, data), 200, data)
    holds(read(tmp_path, audio.id3_tag(bytes(300)) + data), 200, data)


@pytest.mark.parametrize("tail", [b"", b"TAG" + bytes(125), audio.ape_tag(audio.ape_item(b"Title", b"x" * 9000))])
@pytest.mark.parametrize("front", [b"", audio.id3_tag(bytes(4000)), b"junk" * 300])
def test_aac_frames_of_any_length(tmp_path: Path, front: bytes, tail: bytes) -> None:
    dice = random.Random(3)
    sizes = [dice.randrange(20, 900) for _ in range(500)]
    data = b"".join(adts(size) for size in sizes)
    found = read(tmp_path, front + data + tail, "a.aac")
    assert found.duration == pytest.approx(500 * 1024 / 44100, abs=0.001)
    assert found.bit_rate == pytest.approx(len(data) * 8 / found.duration / 1000, abs=1)
    assert (found.sample_rate, found.channels) == (44100, 2)


def test_aac_frames_of_several_blocks(tmp_path: Path) -> None:
    assert read(tmp_path, adts(300, 3) * 100, "a.aac").duration == pytest.approx(100 * 3 * 1024 / 44100)


def adts(size: int, blocks: int = 1) -> bytes:
    head = bytes([0xFF, 0xF1, 0x50, 0x80 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC | blocks - 1])
    return head + bytes(size - 7)


@pytest.mark.parametrize("name", ["a.mp3", "a.aac"])
@pytest.mark.parametrize(
    "pattern", [b"\xff\xfb\x90", b"\xff\xf1\x50\x80\x01", b"\xff", b"ID3\4\0", b"\xff\xfb\x00\x00", b"APETAGEX"]
)
def test_a_hostile_file_takes_a_bounded_time(tmp_path: Path, name: str, pattern: bytes) -> None:
    size = 2 << 20
    started = monotonic()
    with contextlib.suppress(AudioError):
        read(tmp_path, pattern * (size // len(pattern)), name)
    assert monotonic() - started < 4
