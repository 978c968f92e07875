"""FLAC: metadata blocks with the facts of the audio, Vorbis comments and pictures in front of the frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from libraries.audio.errors import damaged
from libraries.audio.file import Window
from libraries.audio.formats.bare_stream import without_tail
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.pictures import comment_pictures, read_picture_block
from libraries.audio.tags import id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.describe import raw_frames
from libraries.audio.tags.id3_frames import add_id3
from libraries.audio.tags.vorbis import Comments, add_comments, read_comments
from libraries.audio.types import AudioExtent, Picture, StreamInfo

_STREAM_INFO, _COMMENT, _PICTURE = 0, 4, 6
_STREAM_INFO_SIZE = 34
# a picture block without an image
_EMPTY_PICTURE = 32


@dataclass(slots=True)
class _Blocks:
    """Content of the metadata blocks: (offset, size) of each picture, and where the audio begins."""

    stream_info: bytes = b""
    comments: Comments = field(default_factory=list)
    pictures: list[tuple[int, int]] = field(default_factory=list)
    audio_at: int = 0


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags: Vorbis comments, then what only an ID3 tag in front says."""
    blocks = _walk(file.source, file.audio_at)
    add_comments(file.tags, blocks.comments)
    if file.audio_at:
        extra = TagBuilder()
        add_id3(extra, file.source, 0)
        file.tags.fill(extra)
    file.tags.has_picture |= any(size > _EMPTY_PICTURE for _, size in blocks.pictures)
    packed = int.from_bytes(blocks.stream_info[10:18], "big")
    rate = packed >> 44
    if not rate:
        raise damaged("the sample rate is zero")
    duration = (packed & 0xFFFFFFFFF) / rate
    depth, channels = (packed >> 36 & 31) + 1, (packed >> 41 & 7) + 1
    return StreamInfo("flac", duration, 0, rate, depth, channels, file.source.size - blocks.audio_at)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the frames of an ID3 tag in front, the comments and the pictures."""
    blocks = _walk(file.source, file.audio_at)
    if file.audio_at:
        yield from raw_frames(file.source, 0)
    yield from blocks.comments
    for picture in _block_pictures(file.source, blocks):
        yield "PICTURE", picture.image
    for picture in comment_pictures(blocks.comments):
        yield "PICTURE", picture.image


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of an ID3 tag in front, of the blocks and of the comments."""
    blocks = _walk(file.source, file.audio_at)
    if file.audio_at:
        yield from id3.read_pictures(file.source, 0)
    yield from _block_pictures(file.source, blocks)
    yield from comment_pictures(blocks.comments)


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return the frames, with the encoder's own signature of the audio."""
    blocks = _walk(file.source, file.audio_at)
    return without_tail(file.source, blocks.audio_at, blocks.stream_info[18:34])


def _walk(source: Window, start: int) -> _Blocks:
    blocks = _Blocks()
    at = start + 4
    last = False
    while not last:
        head = source.get_exactly(at, 4)
        last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:4], "big")
        at += 4
        if kind == _STREAM_INFO and size >= _STREAM_INFO_SIZE:
            blocks.stream_info = source.get_exactly(at, size)
        elif kind == _COMMENT:
            blocks.comments += read_comments(source.get_exactly(at, size))[0]
        elif kind == _PICTURE:
            blocks.pictures.append((at, size))
        at += size
        if at > source.size:
            raise damaged("it ends within its header")
    if not blocks.stream_info:
        raise damaged("the description of the stream is absent")
    blocks.audio_at = at
    return blocks


def _block_pictures(source: Window, blocks: _Blocks) -> Iterator[Picture]:
    for at, size in blocks.pictures:
        yield from read_picture_block(source.get(at, size))
