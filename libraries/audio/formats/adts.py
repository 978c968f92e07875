"""AAC without a container (ADTS): its frames are of any length, so only a walk over all tells how long they play."""

from __future__ import annotations

from typing import Final, NamedTuple

from libraries.audio.errors import UnusualFile, damaged
from libraries.audio.formats import bare_stream, frames
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.types import StreamInfo

_HEADER: Final = 7
_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHANNELS: Final = (0, 1, 2, 3, 4, 5, 6, 8)
_SAMPLES: Final = 1024


class AdtsFrame(NamedTuple):
    """What the header of a frame tells."""

    rate: int
    channels: int
    length: int
    seconds: float
    family: int


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags; raises UnusualFile."""
    source, end = file.source, file.tail().begin
    if source.get(file.audio_at, 4) == b"ADIF":
        raise UnusualFile
    at, first = frames.find_first(source, file.audio_at, end, parse)
    assert isinstance(first, AdtsFrame)
    walked = frames.walk(source, at, end, first, parse)
    if not walked.frames:
        raise damaged("there is no audio in it")
    bare_stream.add_tags(file)
    bit_rate = walked.size * 8 / walked.seconds
    return StreamInfo("aac", walked.seconds, bit_rate, first.rate, channels=first.channels)


raw_tags = bare_stream.raw_tags
pictures = bare_stream.pictures
audio_extent = bare_stream.audio_extent


def parse(data: bytes, at: int) -> AdtsFrame | None:
    """Return the frame at a place; None where none begins."""
    head = data[at : at + _HEADER]
    if len(head) < _HEADER or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_RATES) or length < _HEADER:
        return None
    hertz = _RATES[rate]
    channels = _CHANNELS[(head[2] & 1) << 2 | head[3] >> 6]
    # number, version, profile and rate; some encoders change the channels in a stream
    family = (head[1] & 0xF8) << 8 | head[2] & 0xFC
    return AdtsFrame(hertz, channels, length, _SAMPLES * ((head[6] & 3) + 1) / hertz, family)
