"""Synthetic files keep the rules of their formats: checksums, page and frame structure, decoded samples."""

import hashlib
import io
import math
import struct
import wave
import zlib
from array import array
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mutagen
import pytest

from synth import FORMATS, Tone, Track, make_cover, make_library, make_png, track_bytes, write_track
from synth.bits import crc8, crc16, ogg_crc
from synth.tones import pcm16

FULL = Track(
    title="Tïtle ☃ 夜",
    artists=("Ada",),
    album="Älbum",
    track_number=3,
    date="2001",
    picture=make_cover(64, (200, 40, 90), grain=4),
    tone=Tone(1.25, 440, 44100, 2),
)


@pytest.mark.parametrize("fmt", ["ogg", "opus", "oga"])
@pytest.mark.parametrize("filler", [0, 60_000, 65_025, 65_300, 200_000])
def test_ogg_pages_have_checksums_numbers_and_whole_packets(fmt: str, filler: int) -> None:
    data = track_bytes(replace(FULL, picture=None, lyrics="x" * filler), fmt)
    position, number, granules = 0, 0, []
    while position < len(data):
        magic, _, flags, granule, _, sequence, checksum, count = struct.unpack_from("<4sBBqIIIB", data, position)
        end = position + 27 + count + sum(data[position + 27 : position + 27 + count])
        page = bytearray(data[position:end])
        page[22:26] = bytes(4)
        assert (magic, sequence) == (b"OggS", number)
        assert ogg_crc(bytes(page)) == checksum
        assert bool(flags & 2) == (number == 0)
        assert bool(flags & 4) == (end == len(data))
        granules += [granule] if granule >= 0 else []
        position, number = end, number + 1
    assert granules == sorted(granules)
    assert mutagen.File(io.BytesIO(data)).tags["title"] == [FULL.title]


def test_checksums_match_their_published_check_values() -> None:
    assert crc8(b"123456789") == 0xF4
    assert crc16(b"123456789") == 0xFEE8
    assert ogg_crc(b"123456789") == 0x89A1897F


class Bits:
    """Reads bit fields from a text of zeros and ones."""

    def __init__(self, data: bytes) -> None:
        self.text = f"{int.from_bytes(data, 'big'):0{len(data) * 8}b}"
        self.at = 0

    def take(self, width: int) -> int:
        self.at += width
        return int(self.text[self.at - width : self.at] or "0", 2)

    def signed(self, width: int) -> int:
        value = self.take(width)
        return value - (1 << width) if value >> (width - 1) else value

    def rice(self, parameter: int) -> int:
        end = self.text.index("1", self.at)
        high = end - self.at
        self.at = end + 1
        value = high << parameter | self.take(parameter)
        return value >> 1 if value % 2 == 0 else -(value >> 1) - 1


def subframe(bits: Bits, width: int, count: int) -> list[int]:
    kind = bits.take(8)
    if kind == 0:
        return [bits.signed(width)] * count
    assert kind == 0b00010100  # fixed predictor of order 2
    samples = [bits.signed(width), bits.signed(width)]
    assert bits.take(6) == 0
    parameter = bits.take(4)
    for _ in range(count - 2):
        samples.append(2 * samples[-1] - samples[-2] + bits.rice(parameter))
    return samples


@pytest.mark.parametrize("tone", [Tone(0.35, 440, 44100, 2), Tone(0.3, 0, 48000, 2), Tone(0.25, 990, 8000, 1)])
def test_flac_frames_decode_to_the_signed_samples(tone: Tone) -> None:
    stream = FORMATS["flac"].stream(tone)
    sound = array("h")
    for number, frame in enumerate(stream.packets):
        assert frame[:2] == b"\xff\xf8"
        assert crc8(frame[:7]) == frame[7]
        assert frame[4] == number
        assert crc16(frame[:-2]) == int.from_bytes(frame[-2:], "big")
        count = int.from_bytes(frame[5:7], "big") + 1
        bits = Bits(frame[8:-2])
        left = subframe(bits, 16, count)
        if tone.channels == 2:
            side = subframe(bits, 17, count)
            left = [value for pair in zip(left, side, strict=True) for value in (pair[0], pair[0] - pair[1])]
        sound.extend(left)
    assert len(sound) == stream.samples * tone.channels
    assert sound.tobytes() == pcm16(tone)
    assert hashlib.md5(sound.tobytes()).digest() == stream.head[-16:]  # noqa: S324 - the format's own signature


def test_wav_sounds_at_the_pitch() -> None:
    with wave.open(io.BytesIO(track_bytes(FULL, "wav"))) as file:
        assert file.getparams()[:4] == (2, 2, 44100, round(1.25 * 44100))
        samples = array("h", file.readframes(44100))[::2]
    crossings = sum(a < 0 <= b for a, b in pairwise(samples))
    assert abs(crossings - 440) <= 1
    assert 5000 < max(samples) < 12000
    assert math.sqrt(sum(value * value for value in samples) / len(samples)) > 3000


def test_alac_frames_hold_the_samples() -> None:
    tone = Tone(0.2, 440, 44100, 2)
    data = track_bytes(Track(tone=tone), "alac")
    start = data.index(b"mdat") + 4
    bits = Bits(data[start : start + 3 + 4096 * 4 + 1])
    assert (bits.take(3), bits.take(16), bits.take(3), bits.take(1)) == (1, 0, 0, 1)
    assert [bits.signed(16) for _ in range(200)] == array("h", pcm16(tone)[:400]).tolist()


def test_mp3_frames_follow_each_other() -> None:
    tone = Tone(1.0, 440, 44100, 2, 128)
    data = FORMATS["mp3"].stream(tone).body
    position, frames = 0, 0
    while position < len(data):
        assert data[position : position + 2] == b"\xff\xfb"
        position += 144000 * 128 // 44100 + (data[position + 2] >> 1 & 1)
        frames += 1
    assert position == len(data)
    assert frames == 1 + 39
    assert abs(len(data) / frames - 144000 * 128 / 44100) < 1


def test_id3v1_ends_the_older_mp3() -> None:
    tag = track_bytes(FULL, "mp3-v23")[-128:]
    assert tag[:3] == b"TAG"
    assert tag[3:33].rstrip(b"\0") == "Tïtle ? ?".encode("latin-1")
    assert (tag[93:97], tag[126]) == (b"2001", 3)
    assert b"TAG" not in track_bytes(replace(FULL, tagged=False), "mp3-v23")[-128:]


def test_wav_repeats_the_basics_as_riff_info() -> None:
    data = track_bytes(FULL, "wav")
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    start = data.index(b"LIST")
    info = data[start + 8 : start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")]
    assert info.startswith(b"INFOINAM")
    assert "Tïtle ☃ 夜\0".encode() in info


@pytest.mark.parametrize("fmt", ["mp3", "m4a", "alac", "dsf"])
def test_a_mark_changes_the_sound_but_not_its_length(fmt: str) -> None:
    plain, marked = (track_bytes(Track(tone=FULL.tone, mark=mark), fmt) for mark in (0, 2**64 - 1))
    assert plain != marked
    assert len(plain) == len(marked)
    assert sum(a != b for a, b in zip(plain, marked, strict=True)) <= 8


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tone(0),
        lambda: Tone(1, 440, 22050),
        lambda: Tone(1, 440, 44100, 6),
        lambda: Tone(1, 5000),
        lambda: track_bytes(Track(tone=Tone(1, 440, 8000)), "mp3"),
        lambda: make_library(Path("/nonexistent"), tracks=0, seed=1),
        lambda: make_library(Path("/nonexistent"), tracks=1, seed=1, formats=("mid",)),
    ],
)
def test_impossible_wishes_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"cannot|must"):
        make()


def test_a_png_is_a_png() -> None:
    data = make_png(50, (10, 200, 30), grain=8)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (50, 50)
    position, image = 8, b""
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        chunk = data[position + 4 : position + 8 + size]
        assert zlib.crc32(chunk) == int.from_bytes(data[position + 8 + size : position + 12 + size], "big")
        image += chunk[4:] if chunk[:4] == b"IDAT" else b""
        position += 12 + size
    assert len(zlib.decompress(image)) == 50 * 151


def test_writing_leaves_only_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.flac"
    write_track(path, FULL, "flac")
    assert path.read_bytes() == track_bytes(FULL, "flac")
    assert [entry.name for entry in path.parent.iterdir()] == ["b.flac"]
