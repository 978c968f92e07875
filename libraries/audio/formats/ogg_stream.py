"""Ogg files of all kinds and conditions: several streams side by side or one behind the other, and damaged ones.

`ogg` reads the usual files of Vorbis and Opus in fewer steps.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from libraries.audio.errors import AudioError
from libraries.audio.file import Source
from libraries.audio.formats import front_tags, ogg_length
from libraries.audio.formats.ogg_packets import audio_packets
from libraries.audio.formats.ogg_pages import Page, find_audio, iter_packets
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.pictures import MAX_PICTURE, comment_pictures, read_picture_block
from libraries.audio.tags.vorbis import Comments, add_comments, read_comments
from libraries.audio.types import FRONT_COVER, AudioPackets, Picture, StreamInfo
from libraries.choices import ProblemKind

_MAX_HEADERS: Final = 256
_MAX_HEADER_BYTES: Final = 64 * 1024 * 1024
# how the packet with the comments begins; those of Speex have no mark
_COMMENT_MARKS: Final = {"vorbis": b"\x03vorbis", "opus": b"OpusTags"}
_COMMENT_BLOCK, _PICTURE_BLOCK = 4, 6
_LAST_BLOCK: Final = 0x80


@dataclass(slots=True)
class _Headers:
    """The packets in front of the audio: what they say, and where the pages of the audio begin."""

    codec: str
    first: Page
    head: bytes = b""
    comments: Comments = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    audio_at: int = 0


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags: the comments, then what only the tags around the file say."""
    headers = _read_headers(file)
    file.kind = headers.codec
    add_comments(file.tags, headers.comments)
    file.tags.has_picture |= bool(headers.pictures)
    front_tags.fill_from_around(file)
    facts = ogg_length.facts_of(headers.codec, headers.head)
    samples = facts.samples / facts.rate if facts.samples else 0.0
    seconds = samples or ogg_length.seconds(file.source, headers.first, facts, headers.audio_at)
    codec = "flac" if headers.codec == "oggflac" else headers.codec
    size = max(0, file.source.size - headers.audio_at)
    return StreamInfo(codec, seconds, 0, facts.rate, facts.depth, facts.channels, size)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the comments as they stand in the file, pictures of FLAC, and the tags around the file."""
    headers = _read_headers(file)
    yield from headers.comments
    for block in headers.pictures:
        for picture in read_picture_block(block):
            yield "PICTURE", picture.image
    yield from front_tags.raw_tags(file)


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the blocks, of the comments, and of the tags around the file."""
    headers = _read_headers(file)
    for block in headers.pictures:
        yield from read_picture_block(block)
    yield from comment_pictures(headers.comments)
    for name, text in headers.comments:
        # the form before there were picture blocks: the image alone
        if name.lower() == "coverart" and len(text) <= MAX_PICTURE * 2:
            with suppress(ValueError):
                yield Picture(base64.b64decode(text), FRONT_COVER)
    yield from front_tags.pictures(file)


def audio_extent(file: OpenFile) -> AudioPackets:
    """Return the packets of audio."""
    return audio_packets(file.source, file.audio_at)


def _read_headers(file: OpenFile) -> _Headers:
    found = find_audio(file.source, file.audio_at)
    if found is None:
        raise AudioError(ProblemKind.UNSUPPORTED, "This file holds no audio of a kind that the server knows.")
    first, codec = found
    headers = _Headers(codec, first, audio_at=first.end)
    for packet, page in _header_packets(file.source, first, codec):
        _add_header(headers, packet)
        headers.audio_at = page.end
    return headers


def _header_packets(source: Source, first: Page, codec: str) -> Iterator[tuple[bytes, Page]]:
    """Return the packets of a stream until its headers are complete, or its audio begins without them."""
    wanted = {"vorbis": 3, "opus": 2, "speex": 2}.get(codec, _MAX_HEADERS)
    size = 0
    for number, (packet, page) in enumerate(iter_packets(source, first)):
        size += len(packet)
        if number and (page.position > 0 or size > _MAX_HEADER_BYTES):
            return
        yield packet, page
        is_last_block = codec == "oggflac" and number and packet[:1] and packet[0] & _LAST_BLOCK
        if number + 1 >= wanted or is_last_block:
            return


def _add_header(headers: _Headers, packet: bytes) -> None:
    if not headers.head:
        headers.head = packet
    elif headers.codec == "oggflac":
        _add_block(headers, packet)
    elif headers.codec == "speex":
        headers.comments = headers.comments or read_comments(packet)[0]
    elif packet.startswith(mark := _COMMENT_MARKS[headers.codec]):
        headers.comments = headers.comments or read_comments(packet, len(mark))[0]


def _add_block(headers: _Headers, packet: bytes) -> None:
    """Add a metadata block of FLAC; the oldest streams have the facts of the audio in the second packet."""
    kind = packet[0] & ~_LAST_BLOCK if packet else -1
    if kind == 0 and headers.head.startswith(b"fLaC"):
        headers.head = headers.head + packet
    elif kind == _COMMENT_BLOCK:
        headers.comments = headers.comments or read_comments(packet, 4)[0]
    elif kind == _PICTURE_BLOCK and len(packet) > 4:
        headers.pictures.append(packet[4:])
