"""Lengths of Ogg streams: by the position of the last page, and over all streams where one follows another."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from libraries.audio.errors import AudioError, damaged
from libraries.audio.file import Source
from libraries.audio.formats.ogg_pages import FIRST, HEAD, MARK, Page, codec_of, iter_pages

# where the last page is looked for, from the end
_TAILS: Final = (8 * 1024, 64 * 1024, 1024 * 1024)
OPUS_RATE: Final = 48000
# A page has at most 255 packets. A first page with more samples was cut out of a longer stream, such as that of a
# radio station, and its position counts from the beginning of that one.
MOST_SAMPLES_OF_A_PAGE: Final = 255 * 8192
_FLAC_MAPPING: Final = 9


class StreamFacts(NamedTuple):
    """What the first packet of a stream says; `skipped` samples at its beginning are not played."""

    codec: str
    rate: int
    channels: int
    depth: int = 0
    skipped: int = 0
    samples: int = 0


def facts_of(codec: str, head: bytes) -> StreamFacts:
    """Return what the first packet of a stream says; raises AudioError."""
    try:
        facts = _PARSERS[codec](head)
    except (struct.error, IndexError) as exc:
        raise damaged("the description of the audio is cut short") from exc
    if not facts.rate:
        raise damaged("the sample rate is zero")
    return facts


def _vorbis(head: bytes) -> StreamFacts:
    channels, rate = struct.unpack_from("<BI", head, 11)
    return StreamFacts("vorbis", rate, channels)


def _opus(head: bytes) -> StreamFacts:
    version, channels, skipped = struct.unpack_from("<BBH", head, 8)
    if version >> 4:
        raise damaged("its version of Opus does not exist")
    return StreamFacts("opus", OPUS_RATE, channels, skipped=skipped)


def _speex(head: bytes) -> StreamFacts:
    (rate,) = struct.unpack_from("<I", head, 36)
    (channels,) = struct.unpack_from("<I", head, 48)
    return StreamFacts("speex", rate, channels)


def _flac(head: bytes) -> StreamFacts:
    """The facts of FLAC stand behind a mark and the head of a block, in old streams without a mapping in front."""
    at = (_FLAC_MAPPING if head.startswith(b"\x7fFLAC") else 0) + 8
    (packed,) = struct.unpack_from(">Q", head, at + 10)
    samples = packed & 0xFFFFFFFFF
    return StreamFacts("oggflac", packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1, samples=samples)


_PARSERS: Final = {"vorbis": _vorbis, "opus": _opus, "speex": _speex, "oggflac": _flac}


def seconds(source: Source, first: Page, facts: StreamFacts, audio_at: int) -> float:
    """Return the length of the stream that begins with the page, and of those that follow it."""
    position = _last_position(source, first)
    if position is None:
        return _walk(source, first, facts)
    return _length(position - _start(source, first, audio_at), facts)


def _length(samples: int, facts: StreamFacts) -> float:
    return max(0, samples - facts.skipped) / facts.rate


def _start(source: Source, first: Page, audio_at: int) -> int:
    """Return the position at which the audio begins: 0, unless it was cut out of a longer stream."""
    for page in iter_pages(source, audio_at):
        if page.serial == first.serial and page.position >= 0:
            return page.position if page.position > MOST_SAMPLES_OF_A_PAGE else 0
    return 0


def _last_position(source: Source, first: Page) -> int | None:
    """Return the position at the end of the last page, None when the file ends with another stream."""
    cut = 0
    for length in _TAILS:
        base = max(first.at, source.size - length)
        data = source.pread(base, source.size - base)
        at = data.rfind(MARK)
        while at >= 0:
            page = _parse(data, at)
            if page is not None:
                serial, position, is_whole = page
                if serial != first.serial:
                    return None
                if position > 0 and is_whole:
                    return position
                cut = cut or max(0, position)
            at = data.rfind(MARK, 0, at)
        if base == first.at:
            # all of it was looked at
            return cut
    return None


def _parse(data: bytes, at: int) -> tuple[int, int, bool] | None:
    """Return serial, position, and whether the page is whole, of the page at the offset."""
    if at + HEAD.size > len(data):
        return None
    _, version, _, position, serial, _, _, segments = HEAD.unpack_from(data, at)
    if version:
        return None
    lacing = data[at + HEAD.size : at + HEAD.size + segments]
    return serial, position, len(lacing) == segments and at + HEAD.size + segments + sum(lacing) <= len(data)


def _walk(source: Source, first: Page, facts: StreamFacts) -> float:
    """Return the length by all pages: streams of other kinds lie between them, or more of this kind follow."""
    total = 0.0
    serial = first.serial
    start, position = -1, 0
    for page in iter_pages(source, first.end):
        if page.flags & FIRST and position > 0 and codec_of(source.get(page.body, 8)) == facts.codec:
            total += _length(position - start, facts)
            try:
                facts = facts_of(facts.codec, source.get(page.body, sum(page.lacing)))
            except AudioError:
                position = 0
                continue
            serial, start, position = page.serial, -1, 0
        elif page.serial == serial and page.position > 0:
            if start < 0:
                start = page.position if page.position > MOST_SAMPLES_OF_A_PAGE else 0
            position = page.position
    return total + _length(position - max(0, start), facts)
