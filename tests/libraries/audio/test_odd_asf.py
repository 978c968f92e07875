"""ASF files whose first stream is no audio, and recordings of live streams."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import pytest

from libraries.audio import inspect
from libraries.audio.errors import AudioError
from libraries.audio.types import RawAudio
from tests.support import audio

pytestmark = pytest.mark.alike

FRONT: Final = audio.id3_tag(audio.id3_frame(b"TIT2", b"\0Fronted"))


def read(folder: Path, data: bytes) -> RawAudio:
    path = folder / "a.wma"
    path.write_bytes(data)
    return inspect.read_file(bytes(path))


VIDEO: Final = audio.asf_object(
    "9107dcb7b7a9cf118ee600c00c205365", bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b") + bytes(range(60, 130))
)


@pytest.mark.parametrize(
    ("streams", "facts"),
    [
        ((VIDEO, audio.asf_stream(channels=1)), ("wma", 44100, 1, 0, 128)),
        ((audio.asf_stream(0x162, depth=24), VIDEO), ("wmapro", 44100, 2, 0, 128)),
        ((audio.asf_stream(0x163, depth=24), audio.asf_stream()), ("wmalossless", 44100, 2, 24, 128)),
        ((audio.asf_stream(0x55),), ("mp3", 44100, 2, 0, 128)),
        ((audio.asf_stream(0x1234),), ("wma", 44100, 2, 0, 128)),
    ],
)
def test_the_first_stream_of_audio_in_asf_counts(
    tmp_path: Path, streams: tuple[bytes, ...], facts: tuple[str, int, int, int, int]
) -> None:
    found = read(tmp_path, audio.asf(*streams))
    assert (found.codec, found.sample_rate, found.channels, found.bit_depth, found.bit_rate) == facts


def test_an_asf_file_of_pictures_alone_is_no_music(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="holds no audio"):
        read(tmp_path, audio.asf(VIDEO))


def asf_packet(begin: int, length: int, *, flags: int = 0x08, corrected: bool = True) -> bytes:
    """A packet of 100 bytes that plays from a millisecond on."""
    correction = b"\x82\0\0" if corrected else b""
    sizes = bytes((flags >> 3 & 1) + (flags >> 4 & 2))
    return (correction + bytes([flags, 0x5D]) + sizes + struct.pack("<IH", begin, length)).ljust(100, b"x")


@pytest.mark.parametrize("front", [b"", FRONT])
@pytest.mark.parametrize(
    ("packets", "seconds"),
    [
        (asf_packet(500, 200) + asf_packet(2000, 250), 1.75),
        (asf_packet(0, 200, corrected=False) + asf_packet(2000, 500, flags=0), 2.5),
        (asf_packet(0, 200) + asf_packet(3000, 1000) + b"\xff" * 100 + b"cut", 4),
        (b"\xff" * 200, 0),
        (b"", 0),
    ],
)
def test_a_recorded_stream_in_asf_is_measured_by_its_packets(
    tmp_path: Path, packets: bytes, seconds: float, front: bytes
) -> None:
    data = audio.asf(seconds=0, packets=bytes(26) + packets, packet=100)
    found = read(tmp_path, front + data)
    assert found.duration == pytest.approx(seconds)
