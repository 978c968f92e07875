"""MPEG audio of all layers: length and rate, and the tags around it.

What the first frame tells of the whole stream is believed where it agrees with the file. A stream of one bit rate is as
long as its bytes say; every other is walked frame by frame.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from libraries.audio.errors import damaged
from libraries.audio.file import WINDOW, Source
from libraries.audio.formats import bare_stream, frames, mpeg
from libraries.audio.formats.mpeg import MpegFrame, VbrHeader
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.types import StreamInfo

_XING: Final = (b"Xing", b"Info")
# The frames that must follow each other before a stream is believed at the first look.
_FRAMES: Final = 4
# frames that are compared where they are in memory anyway
_COMPARED: Final = 64
# bytes by which a header may be wrong about the size of its stream, and the share of them
_TOLERANCE: Final = 2 * mpeg.LONGEST_FRAME
_TOLERATED_SHARE: Final = 200
# places at which a stream is checked to be of one bit rate
_PROBES: Final = 4


class Mpeg(NamedTuple):
    """The facts of an MPEG stream; gains in dB, None where the encoder left none."""

    info: StreamInfo
    track_gain: float | None = None
    album_gain: float | None = None


class _Run(NamedTuple):
    """Frames side by side, all of one length but for padding: how many, their bytes, and whether one is padded."""

    frames: int
    size: int
    padded: bool


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags."""
    # in a small file this look at the first frames covers the tags at the end as well
    file.source.get(file.audio_at, _FRAMES * mpeg.LONGEST_FRAME)
    end = file.tail().begin
    mpeg_ = _read_stream(file.source, file.audio_at, end) or _search_stream(file.source, file.audio_at, end)
    return add_tags(file, mpeg_)


def add_tags(file: OpenFile, mpeg: Mpeg) -> StreamInfo:
    """Add the tags around a stream of known facts; a gain in its first frame stands in for an absent tag."""
    bare_stream.add_tags(file)
    for key, gain in (("replaygain_track_gain", mpeg.track_gain), ("replaygain_album_gain", mpeg.album_gain)):
        if gain is not None and key not in file.tags.tags:
            file.tags.add(key, (f"{gain:.2f} dB",))
    return mpeg.info


raw_tags = bare_stream.raw_tags
pictures = bare_stream.pictures
audio_extent = bare_stream.audio_extent


def _read_stream(source: Source, begin: int, end: int) -> Mpeg | None:
    """Return the facts of a stream that begins at once; None where it does not."""
    data = source.get(begin, _FRAMES * mpeg.LONGEST_FRAME)
    place = 0
    first: MpegFrame | None = None
    for number in range(_FRAMES):
        frame = mpeg.parse(data, place)
        if frame is None or (first is not None and frame.family != first.family):
            return None
        mark = place + frame.xing_at
        if data[mark : mark + 4] in _XING:
            header = mpeg.read_xing(frame, data[mark : mark + mpeg.HEADER_SIZE])
        elif not number and data[mpeg.VBRI_AT : mpeg.VBRI_AT + 4] == b"VBRI":
            header = mpeg.read_vbri(frame, data[mpeg.VBRI_AT :])
        else:
            first = first or frame
            place += frame.length
            continue
        at, following = begin + place, mpeg.parse(data, place + frame.length)
        if header is not None and _agrees(source, header, frame, following, at, end):
            return _by_header(header, frame)
        # the frame of the header is silence
        return _measure(source, at + frame.length, end, following) if following is not None else None
    assert first is not None
    return _measure(source, begin, end, first)


def _search_stream(source: Source, begin: int, end: int) -> Mpeg:
    """Return the facts of a stream that begins behind junk, or whose frames do not tell their length."""
    free = mpeg.find_free_format(source.get(begin, 4 * WINDOW))
    if free is not None and (first := free.parse(source.get(begin, 4), 0)) is not None:
        return _walk(source, begin, end, first, free.parse)
    at, found = frames.find_first(source, begin, end, mpeg.parse)
    assert isinstance(found, MpegFrame)
    return (_read_stream(source, at, end) if at > begin else None) or _measure(source, at, end, found)


def _by_header(header: VbrHeader, frame: MpegFrame) -> Mpeg:
    samples = frame.samples * header.frames
    # the frame of the header is among the bytes, but not among the frames
    bit_rate = round(max(0, header.size - frame.length) * 8 * frame.rate / samples)
    info = _stream_info((header.samples or samples) / frame.rate, bit_rate, frame)
    return Mpeg(info, header.track_gain, header.album_gain)


def _agrees(
    source: Source, header: VbrHeader, frame: MpegFrame, following: MpegFrame | None, at: int, end: int
) -> bool:
    """Whether a header counts as many frames as its bytes can hold, and as many bytes as the file has."""
    if header.frames <= 0 or header.size <= 0:
        return False
    size = header.size / header.frames
    if not frame.shortest * 0.9 <= size <= frame.longest * 1.1 + frame.length / header.frames:
        return False
    tolerance = _TOLERANCE + header.size // _TOLERATED_SHARE
    if header.constant and following is not None:
        step = following.bitrate * following.seconds / 8
        if abs(header.frames * step - header.size) > tolerance:
            return False
    over = end - at - header.size
    if over <= tolerance:
        return over >= -tolerance
    # what is behind the end that the header tells may be junk, or the rest of the stream
    data = source.get(at + header.size, 2 * mpeg.LONGEST_FRAME)
    return not any(_starts_run(data, place) for place in range(len(data)) if data[place] == 0xFF)


def _starts_run(data: bytes, place: int) -> bool:
    frame = mpeg.parse(data, place)
    following = frame and mpeg.parse(data, place + frame.length)
    return frame is not None and following is not None and following.family == frame.family


def _measure(source: Source, begin: int, end: int, first: MpegFrame) -> Mpeg:
    """Return the facts of a stream without a header: by its bytes where it has one bit rate, else by all its frames."""
    run = _compare(source, begin, end, first)
    if run is not None:
        size, step = end - begin, first.bitrate * first.seconds / 8
        if not run.padded and abs(run.frames * step - run.size) > 2:
            step = run.size / run.frames  # some encoders never pad
        count = round(size / step)
        if abs(count * step - size) > 1.5:  # the last frame is cut off, or there are others than these
            count = int(size / step)
            if not _is_steady(source, begin, end, first, step):
                return _walk(source, begin, end, first, mpeg.parse)
        return Mpeg(_stream_info(count * first.seconds, first.bitrate, first))
    return _walk(source, begin, end, first, mpeg.parse)


def _compare(source: Source, begin: int, end: int, first: MpegFrame) -> _Run | None:
    """Return the frames that are in memory, None where they differ."""
    source.get(begin, 4)
    data, at = source.data, begin - source.base
    stop = min(len(data), end - source.base)
    start, count, padded = at, 0, False
    while count < _COMPARED and at + 4 <= stop:
        frame = mpeg.parse(data, at)
        if frame is None or frame.bitrate != first.bitrate or frame.family != first.family:
            return None
        padded = padded or bool(data[at + 2] & 2)
        at += frame.length
        count += 1
    return _Run(count, at - start, padded) if count else None


def _is_steady(source: Source, begin: int, end: int, first: MpegFrame, step: float) -> bool:
    """Whether frames of the same bit rate stand where they must stand in a stream of one."""
    total = (end - begin) / step
    for probe in range(1, _PROBES + 1):
        number = int(total * probe / _PROBES) - 2
        at = begin + int(number * step) - 2
        if number <= 0:
            continue
        data = source.get(at, 2 * mpeg.LONGEST_FRAME)
        if not any(_is_alike(data, place, first) for place in range(5)):
            return False
    return True


def _is_alike(data: bytes, place: int, first: MpegFrame) -> bool:
    frame = mpeg.parse(data, place)
    return frame is not None and frame.bitrate == first.bitrate and frame.family == first.family


def _walk(source: Source, begin: int, end: int, first: MpegFrame, parse: frames.Parse) -> Mpeg:
    walked = frames.walk(source, begin, end, first, parse)
    if not walked.frames:
        raise damaged("there is no audio in it")
    return Mpeg(_stream_info(walked.seconds, round(walked.size * 8 / walked.seconds), first))


def _stream_info(seconds: float, bit_rate: float, frame: MpegFrame) -> StreamInfo:
    return StreamInfo(f"mp{frame.layer}", seconds, bit_rate, frame.rate, channels=frame.channels)
