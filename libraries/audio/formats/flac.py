"""FLAC: metadata blocks with the facts of the audio, Vorbis comments and pictures in front of the frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from libraries.audio.errors import damaged
from libraries.audio.file import Window
from libraries.audio.formats import flac_length, front_tags
from libraries.audio.formats.bare_stream import without_tail
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.pictures import comment_pictures, read_picture_block
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.vorbis import Comments, add_comments, read_comments
from libraries.audio.types import AudioExtent, Picture, StreamInfo

_STREAM_INFO, _COMMENT, _PICTURE = 0, 4, 6
_LAST_KNOWN = 6
_STREAM_INFO_SIZE = 34
_MAX_BLOCKS = 1024
# a picture block without an image
_EMPTY_PICTURE = 32
_USUAL_PICTURE_HEAD = 48
_LONGEST_PICTURE_HEAD = 64 * 1024
# what is looked at of a block of comments whose size in the header cannot be
_MAX_COMMENTS = 16 * 1024 * 1024


@dataclass(slots=True)
class _Blocks:
    """Content of the metadata blocks: (offset, size) of each picture, and where the audio begins."""

    stream_info: bytes = b""
    comments: list[Comments] = field(default_factory=list)
    pictures: list[tuple[int, int]] = field(default_factory=list)
    audio_at: int = 0


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags: Vorbis comments, then what only tags around the file say."""
    blocks = _walk(file.source, file.audio_at)
    for number, comments in enumerate(blocks.comments):
        if not number:
            add_comments(file.tags, comments)
            continue
        extra = TagBuilder()
        add_comments(extra, comments)
        file.tags.fill(extra)
    front_tags.fill_from_around(file)
    file.tags.has_picture |= any(size > _EMPTY_PICTURE for _, size in blocks.pictures)
    packed = int.from_bytes(blocks.stream_info[10:18], "big")
    rate = packed >> 44
    samples = packed & 0xFFFFFFFFF or flac_length.count_samples(file.source, blocks.audio_at, blocks.stream_info)
    depth, channels = (packed >> 36 & 31) + 1, (packed >> 41 & 7) + 1
    return StreamInfo("flac", samples / rate, 0, rate, depth, channels, file.source.size - blocks.audio_at)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the comments and the pictures, and the tags around the file."""
    blocks = _walk(file.source, file.audio_at)
    yield from front_tags.raw_tags(file)
    for comments in blocks.comments:
        yield from comments
    for picture in _block_pictures(file.source, blocks):
        yield "PICTURE", picture.image
    for picture in comment_pictures(chain.from_iterable(blocks.comments)):
        yield "PICTURE", picture.image


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the tags around the file, of the blocks and of the comments."""
    blocks = _walk(file.source, file.audio_at)
    if file.audio_at:
        yield from front_tags.pictures(file)
    yield from _block_pictures(file.source, blocks)
    yield from comment_pictures(chain.from_iterable(blocks.comments))


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return the frames, with the encoder's own signature of the audio."""
    blocks = _walk(file.source, file.audio_at)
    return without_tail(file.source, blocks.audio_at, blocks.stream_info[18:34])


def _walk(source: Window, start: int) -> _Blocks:
    blocks = _Blocks()
    at = start + 4
    for _ in range(_MAX_BLOCKS):
        head = source.get_exactly(at, 4)
        if head[0] == 0xFF and _is_frame(head):
            break  # the mark of the last block is absent
        kind, size = head[0] & 0x7F, int.from_bytes(head[1:4], "big")
        at = _add_block(blocks, source, kind, at + 4, size)
        if at > source.size:
            raise damaged("it ends within its header")
        if head[0] & 0x80:
            break
    if not blocks.stream_info:
        raise damaged("the description of the stream is absent")
    blocks.audio_at = at
    return blocks


def _add_block(blocks: _Blocks, source: Window, kind: int, at: int, size: int) -> int:
    """Add what a metadata block says, and return where it ends."""
    if kind == _STREAM_INFO and size >= _STREAM_INFO_SIZE and not blocks.stream_info:
        info = source.get_exactly(at, size)
        # some programs add copies that are all zeros
        if int.from_bytes(info[10:13], "big") >> 4:
            blocks.stream_info = info
    elif kind == _COMMENT:
        comments, end = read_comments(source.get(at, size))
        if end != size and not _leads_to_audio(source, at + size):
            others, end = read_comments(source.get(at, _MAX_COMMENTS))
            if end >= 0 and _leads_to_audio(source, at + end):
                comments, size = others, end
        blocks.comments.append(comments)
    elif kind == _PICTURE:
        real = _picture_size(source, at)
        if real != size and not _leads_to_audio(source, at + size) and _leads_to_audio(source, at + real):
            size = real
        blocks.pictures.append((at, size))
    return at + size


def _leads_to_audio(source: Window, at: int) -> bool:
    """Return whether further blocks or the audio begin at the offset.

    The size of a block has 24 bits. Some programs write larger pictures, or sizes that are wrong.
    """
    for _ in range(_MAX_BLOCKS):
        head = source.get(at, 4)
        if len(head) < 4 or at >= source.size:
            return False
        if _is_frame(head):
            return True
        if head[0] & 0x7F > _LAST_KNOWN:
            return False
        at += 4 + int.from_bytes(head[1:4], "big")
        if head[0] & 0x80:
            return _is_frame(source.get(at, 4))
    return False


def _is_frame(head: bytes) -> bool:
    return head[:1] == b"\xff" and head[1:2] in (b"\xf8", b"\xf9")


def _picture_size(source: Window, at: int) -> int:
    """Return the size of a picture block by its content."""
    head = source.get(at, _USUAL_PICTURE_HEAD)
    size = 8 + int.from_bytes(head[4:8], "big")
    if size + 4 > len(head):
        head = source.get(at, min(size + 4, _LONGEST_PICTURE_HEAD))
    size += 4 + int.from_bytes(head[size : size + 4], "big") + 16
    if size + 4 > len(head):
        head = source.get(at, min(size + 4, _LONGEST_PICTURE_HEAD))
    return size + 4 + int.from_bytes(head[size : size + 4], "big")


def _block_pictures(source: Window, blocks: _Blocks) -> Iterator[Picture]:
    for at, size in blocks.pictures:
        yield from read_picture_block(source.get(at, size))
