"""Matroska and WebM: the facts of the first track of audio, the tags, and the attached pictures.

A small reader of our own: see docs/decisions/matroska.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from libraries.audio.errors import AudioError, damaged
from libraries.audio.file import Window
from libraries.audio.formats import ebml, front_tags
from libraries.audio.formats.ebml import Element, children, iter_elements, read_element
from libraries.audio.formats.matroska_tags import SimpleTag, add_tags, read_tags
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.pictures import MAX_PICTURE
from libraries.audio.types import FRONT_COVER, AudioExtent, Picture, StreamInfo
from libraries.choices import ProblemKind

_HEADER, _SEGMENT, _SEEK_HEAD, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x114D9B74, 0x1F43B675
_INFO, _TRACKS, _TAGS, _ATTACHMENTS = 0x1549A966, 0x1654AE6B, 0x1254C367, 0x1941A469
_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_TIME_SCALE, _DURATION, _TITLE = 0x2AD7B1, 0x4489, 0x7BA9
_TRACK, _TRACK_TYPE, _CODEC, _AUDIO = 0xAE, 0x83, 0x86, 0xE1
_RATE, _OUTPUT_RATE, _CHANNELS, _DEPTH = 0xB5, 0x78B5, 0x9F, 0x6264
_CLUSTER_TIME, _SIMPLE_BLOCK, _GROUP, _BLOCK, _BLOCK_DURATION = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_FILE, _FILE_NAME, _FILE_TYPE, _FILE_DATA = 0x61A7, 0x466E, 0x4660, 0x465C
_IS_AUDIO: Final = 2
_NANOSECONDS: Final = 1_000_000_000
_CODECS: Final = {
    "A_MPEG/L3": "mp3", "A_MPEG/L2": "mp2", "A_MPEG/L1": "mp1", "A_WAVPACK4": "wavpack", "A_TTA1": "tta",
}  # fmt: skip


@dataclass(slots=True)
class _Track:
    codec: str = ""
    rate: float = 0.0
    channels: int = 1
    depth: int = 0


@dataclass(slots=True)
class _Segment:
    """What was found of a file; `places` are the elements that the list at its beginning names."""

    at: int
    end: int
    time_scale: int = 1_000_000
    duration: float = 0.0
    title: str = ""
    track: _Track | None = None
    tags: list[SimpleTag] = field(default_factory=list)
    # (place and size, name, type) of each attached file
    attachments: list[tuple[Element, str, str]] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    cluster_at: int = -1


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the first track of audio and add the tags."""
    segment = _read_segment(file)
    track = segment.track
    if track is None:
        raise AudioError(ProblemKind.UNSUPPORTED, "This file holds no audio.")
    add_tags(file.tags, segment.tags, segment.title)
    file.tags.has_picture |= any(_is_image(kind) for _, _, kind in segment.attachments)
    front_tags.fill_from_around(file)
    seconds = segment.duration * segment.time_scale / _NANOSECONDS or _measure(file.source, segment)
    size = file.source.size - segment.at - sum(element.size for element, _, _ in segment.attachments)
    codec = _CODECS.get(track.codec) or track.codec.removeprefix("A_").partition("/")[0].lower()
    return StreamInfo(codec, seconds, 0, round(track.rate), track.depth, track.channels, max(0, size))


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the tags as they stand in the file."""
    segment = _read_segment(file)
    if segment.title:
        yield "Title", segment.title
    for tag in segment.tags:
        yield f"{tag.name}:{tag.level}" if tag.level else tag.name, tag.value
    for picture in _pictures(file.source, segment):
        yield "PICTURE", picture.image
    yield from front_tags.raw_tags(file)


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the attached pictures."""
    return _pictures(file.source, _read_segment(file))


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return all clusters: the tags are in front of them or behind."""
    source, segment = file.source, _read_segment(file)
    end = segment.cluster_at
    if end < 0:
        raise damaged("there is no audio in it")
    for element in iter_elements(source, segment.cluster_at, segment.end):
        if (element.id == _CLUSTER and not element.is_open) or element.id in (_SIMPLE_BLOCK, _GROUP):
            end = element.end
    return AudioExtent(segment.cluster_at, end - segment.cluster_at)


def _read_segment(file: OpenFile) -> _Segment:
    source = file.source
    for element in iter_elements(source, file.audio_at, source.size):
        if element.id == _SEGMENT:
            segment = _Segment(element.at, element.end)
            _walk(source, segment)
            return segment
        if element.id != _HEADER and element.begin > file.audio_at + 4096:
            break
    raise damaged("there is no segment in it")


def _walk(source: Window, segment: _Segment) -> None:
    """Read what is in front of the audio, then what the list of places or the rest of the file has behind it."""
    at = segment.at
    for element in iter_elements(source, at, segment.end):
        if element.id == _CLUSTER:
            segment.cluster_at = element.begin if segment.cluster_at < 0 else segment.cluster_at
            if segment.places and segment.track is not None:
                break
        else:
            _take(source, segment, element)
    for place in sorted(segment.places.values()):
        element_at = segment.at + place
        behind = read_element(source, element_at, segment.end) if element_at < segment.end else None
        if behind is not None and behind.begin not in segment.seen:
            _take(source, segment, behind)


def _take(source: Window, segment: _Segment, element: Element) -> None:
    reader = _READERS.get(element.id)
    if reader is not None and element.begin not in segment.seen:
        segment.seen.add(element.begin)
        reader(source, segment, element)


def _read_places(source: Window, segment: _Segment, element: Element) -> None:
    for seek in children(source, element):
        found = {item.id: item for item in children(source, seek)} if seek.id == _SEEK else {}
        if _SEEK_ID in found and _SEEK_POSITION in found:
            name = ebml.number(source, found[_SEEK_ID])
            if name in (_INFO, _TRACKS, _TAGS, _ATTACHMENTS):
                segment.places[name] = ebml.number(source, found[_SEEK_POSITION])


def _read_info(source: Window, segment: _Segment, element: Element) -> None:
    for item in children(source, element):
        if item.id == _TIME_SCALE:
            segment.time_scale = ebml.number(source, item) or segment.time_scale
        elif item.id == _DURATION:
            segment.duration = ebml.real(source, item)
        elif item.id == _TITLE:
            segment.title = ebml.text(source, item)


def _read_tracks(source: Window, segment: _Segment, element: Element) -> None:
    for entry in children(source, element):
        if entry.id != _TRACK or segment.track is not None:
            continue
        found = {item.id: item for item in children(source, entry)}
        if _TRACK_TYPE in found and ebml.number(source, found[_TRACK_TYPE]) == _IS_AUDIO:
            track = segment.track = _Track()
            track.codec = ebml.text(source, found[_CODEC]) if _CODEC in found else ""
            audio = {item.id: item for item in children(source, found[_AUDIO])} if _AUDIO in found else {}
            track.rate = ebml.real(source, audio[_RATE]) if _RATE in audio else 8000.0
            if _OUTPUT_RATE in audio:
                track.rate = ebml.real(source, audio[_OUTPUT_RATE])
            track.channels = ebml.number(source, audio[_CHANNELS]) if _CHANNELS in audio else 1
            track.depth = ebml.number(source, audio[_DEPTH]) if _DEPTH in audio else 0


def _read_all_tags(source: Window, segment: _Segment, element: Element) -> None:
    segment.tags += read_tags(source, element)


def _read_attachments(source: Window, segment: _Segment, element: Element) -> None:
    for entry in children(source, element):
        found = {item.id: item for item in children(source, entry)} if entry.id == _FILE else {}
        if _FILE_DATA in found:
            name, kind = (ebml.text(source, found[key]) if key in found else "" for key in (_FILE_NAME, _FILE_TYPE))
            segment.attachments.append((found[_FILE_DATA], name, kind))


def _measure(source: Window, segment: _Segment) -> float:
    """Return the length by the time of the last block, for streams that were written without knowing it."""
    if segment.cluster_at < 0:
        return 0.0
    cluster = last = 0
    stack = [iter_elements(source, segment.cluster_at, segment.end)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.id in (_CLUSTER, _GROUP):
            if not element.is_open:
                stack.append(children(source, element))
        elif element.id == _CLUSTER_TIME:
            cluster = ebml.number(source, element)
        elif element.id in (_SIMPLE_BLOCK, _BLOCK):
            # the number of the track stands in front, nearly always in one byte
            relative = int.from_bytes(source.get(element.at + 1, 2), "big", signed=True)
            last = max(last, cluster + relative)
        elif element.id == _BLOCK_DURATION:
            last += ebml.number(source, element)
    return last * segment.time_scale / _NANOSECONDS


def _pictures(source: Window, segment: _Segment) -> Iterator[Picture]:
    for element, name, kind in segment.attachments:
        if _is_image(kind) and element.size <= MAX_PICTURE:
            front = name.lower().startswith(("cover", "folder", "front"))
            yield Picture(source.get(element.at, element.size), FRONT_COVER if front else 0)


def _is_image(kind: str) -> bool:
    return kind.startswith("image/")


_READERS: Final[dict[int, Callable[[Window, _Segment, Element], None]]] = {
    _SEEK_HEAD: _read_places,
    _INFO: _read_info,
    _TRACKS: _read_tracks,
    _TAGS: _read_all_tags,
    _ATTACHMENTS: _read_attachments,
}
