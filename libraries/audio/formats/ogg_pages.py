"""Pages of Ogg files, and the packets that they carry, also where junk stands between pages or a page is absent."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.file import Source

MARK: Final = b"OggS"
HEAD: Final = struct.Struct("<4sBBqIIIB")
CONTINUED, FIRST, LAST = 1, 2, 4
_MOST_STREAMS: Final = 64
# junk beyond this is no Ogg file any more
_MOST_JUNK: Final = 1024 * 1024

# how the first packet of a stream begins → its codec
CODECS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x01vorbis", "vorbis"),
    (b"OpusHead", "opus"),
    (b"\x7fFLAC", "oggflac"),
    (b"fLaC", "oggflac"),
    (b"Speex   ", "speex"),
)


class Page(NamedTuple):
    """A page: the position is the number of samples up to its end, or -1 where no packet ends."""

    at: int
    flags: int
    position: int
    serial: int
    sequence: int
    lacing: bytes
    body: int
    end: int


def page_at(source: Source, at: int) -> Page | None:
    """Return the page at the offset, None where there is none; it may end behind the file."""
    data = source.get(at, HEAD.size)
    if len(data) < HEAD.size or not data.startswith(MARK):
        return None
    _, version, flags, position, serial, sequence, _, segments = HEAD.unpack(data)
    lacing = source.get(at + HEAD.size, segments)
    if version or len(lacing) < segments:
        return None
    body = at + HEAD.size + segments
    return Page(at, flags, position, serial, sequence, lacing, body, body + sum(lacing))


def iter_pages(source: Source, at: int) -> Iterator[Page]:
    """Return the whole pages from the offset on; what is no page is stepped over."""
    junk = 0
    while at < source.size:
        page = page_at(source, at)
        if page is not None and page.end <= source.size:
            yield page
            at = page.end
            continue
        behind = _find_mark(source, at + 1)
        junk += behind - at
        if junk > _MOST_JUNK:
            return
        at = behind


def _find_mark(source: Source, at: int) -> int:
    """Return where the next mark of a page is, or the end of the file."""
    while source.get(at, len(MARK)):
        # all of the window that is open is searched, so that every byte is read about once
        found = source.data.find(MARK, at - source.base)
        if found >= 0:
            return source.base + found
        at = max(at, source.base + len(source.data) - len(MARK)) + 1
    return source.size


def codec_of(packet: bytes) -> str | None:
    """Return the codec of the stream that the packet begins."""
    return next((codec for magic, codec in CODECS if packet.startswith(magic)), None)


def find_audio(source: Source, at: int) -> tuple[Page, str] | None:
    """Return the page and the codec with which the first stream of audio begins: others may begin in front of it."""
    for count, page in enumerate(iter_pages(source, at)):
        codec = codec_of(source.get(page.body, 8)) if page.lacing else None
        if codec is not None:
            return page, codec
        if count >= _MOST_STREAMS:
            break
    return None


def iter_packets(source: Source, first: Page) -> Iterator[tuple[bytes, Page]]:
    """Return the packets of the stream that begins with the page, each with the page on which it ends.

    A packet that lost a part is cut there; the rest of one that lost its beginning is left out.
    """
    pending = b""
    lost = False
    for page in iter_pages(source, first.at):
        if page.serial != first.serial:
            continue
        if pending and not page.flags & CONTINUED:
            yield pending, page
            pending = b""
        lost = bool(page.flags & CONTINUED) and not pending and page.at != first.at
        at = page.body
        pieces = [pending]
        for width in page.lacing:
            pieces.append(source.get(at, width))
            at += width
            if width < 255:
                if not lost:
                    yield b"".join(pieces), page
                pieces, lost = [], False
        pending = b"" if lost else b"".join(pieces)
