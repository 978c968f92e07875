"""Ogg: Vorbis and Opus streams that begin and end as they should. What is unusual is left to `ogg_stream`."""

from __future__ import annotations

import struct
from typing import Final

from libraries.audio.errors import UnusualFile
from libraries.audio.file import Source
from libraries.audio.formats import front_tags, ogg_length, ogg_stream
from libraries.audio.formats.ogg_pages import CONTINUED, FIRST, HEAD, LAST, MARK, Page, codec_of, page_at
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags.vorbis import Comments, add_comments, read_comments
from libraries.audio.types import StreamInfo

# The last page is mostly near the end; it is never farther away than the longest page.
_NEAR: Final = 8 * 1024
_LONGEST_PAGE: Final = 64 * 1024
_MAX_PAGES: Final = 1024


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags; raises UnusualFile."""
    if file.audio_at:
        raise UnusualFile
    try:
        comments, info = _read(file.source, file.kind)
    except (struct.error, IndexError) as exc:
        raise UnusualFile from exc
    add_comments(file.tags, comments)
    front_tags.fill_from_around(file)
    return info


raw_tags = ogg_stream.raw_tags
pictures = ogg_stream.pictures
audio_extent = ogg_stream.audio_extent


def _read(source: Source, kind: str) -> tuple[Comments, StreamInfo]:
    first = _page(source, 0)
    if not first.flags & FIRST or not first.lacing or first.lacing[0] == 255:
        raise UnusualFile
    head = source.get(first.body, first.lacing[0])
    mark, packets = (b"\x03vorbis", 2) if kind == "vorbis" else (b"OpusTags", 1)
    packet, audio_at = _header_packets(source, first, packets)
    if codec_of(head) != kind or len(head) < 19 or not packet.startswith(mark):
        raise UnusualFile
    facts = ogg_length.facts_of(kind, head)
    position = _last_position(source, first.serial)
    most = ogg_length.MOST_SAMPLES_OF_A_PAGE
    if position > most and _page(source, audio_at).position > most:
        raise UnusualFile  # it was cut out of a longer stream
    seconds = max(0, position - facts.skipped) / facts.rate
    size = source.size - audio_at
    comments, _ = read_comments(packet, len(mark))
    return comments, StreamInfo(kind, seconds, 0, facts.rate, channels=facts.channels, audio_size=size)


def _page(source: Source, at: int) -> Page:
    page = page_at(source, at)
    if page is None or page.end > source.size:
        raise UnusualFile
    return page


def _header_packets(source: Source, first: Page, count: int) -> tuple[bytes, int]:
    """Return the packet that begins on the second page, and the end of the page on which `count` packets have ended."""
    pieces: list[bytes] = []
    packet = b""
    ended = 0
    before = first
    for _ in range(_MAX_PAGES):
        page = _page(source, before.end)
        continued = bool(page.flags & CONTINUED)
        if page.serial != first.serial or page.position > 0 or continued != (before.lacing[-1] == 255):
            raise UnusualFile
        size = 0
        for width in page.lacing:
            size += width
            if width < 255:
                ended += 1
                if ended == 1:
                    packet = b"".join((*pieces, source.get(page.body, size)))
                if ended == count:
                    return packet, page.end
        if not ended:
            pieces.append(source.get(page.body, size))
        before = page
    raise UnusualFile


def _last_position(source: Source, serial: int) -> int:
    """Return the position at the end of the stream, out of its last page."""
    data = source.tail(_NEAR)
    at = data.rfind(MARK)
    if at < 0:
        data = source.tail(_LONGEST_PAGE)
        at = data.rfind(MARK)
    if at < 0:
        raise UnusualFile
    _, version, flags, position, own, _, _, segments = HEAD.unpack_from(data, at)
    lacing = data[at + HEAD.size : at + HEAD.size + segments]
    whole = len(lacing) == segments and at + HEAD.size + segments + sum(lacing) <= len(data)
    if version or own != serial or not flags & LAST or position <= 0 or not whole:
        raise UnusualFile
    return int(position)
