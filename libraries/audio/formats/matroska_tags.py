"""Tags of Matroska: names at a level, which is that of the album, of the track, or left open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.file import Window
from libraries.audio.formats import ebml
from libraries.audio.formats.ebml import Element, children
from libraries.audio.tags.builder import TagBuilder

_TAG, _TARGETS, _LEVEL, _SIMPLE, _NAME, _STRING = 0x7373, 0x63C0, 0x68CA, 0x67C8, 0x45A3, 0x4487
_MAX_TAGS: Final = 10_000
_DEEPEST: Final = 3
ALBUM, TRACK = 50, 30
# what a name says of the album, where it says something else of a track
_ALBUM_NAMES: Final = {
    "TITLE": "album", "TITLESORT": "albumsort", "ARTIST": "albumartist", "ARTISTSORT": "albumartistsort",
    "PART_NUMBER": "discnumber", "TOTAL_PARTS": "tracktotal", "REPLAYGAIN_GAIN": "replaygain_album_gain",
    "REPLAYGAIN_PEAK": "replaygain_album_peak", "SUBTITLE": "discsubtitle",
}  # fmt: skip
_TRACK_NAMES: Final = {
    "PART_NUMBER": "tracknumber", "REPLAYGAIN_GAIN": "replaygain_track_gain",
    "REPLAYGAIN_PEAK": "replaygain_track_peak",
}  # fmt: skip
_NAMES: Final = {
    "DATE_RELEASED": "date", "DATE_RECORDED": "date", "LEAD_PERFORMER": "artist", "WRITTEN_BY": "lyricist",
    "REMIXED_BY": "remixer", "MIXED_BY": "mixer", "SOUND_ENGINEER": "engineer", "INITIAL_KEY": "key",
    "CATALOG_NUMBER": "catalognumber", "ENCODER": "encodedby", "ENCODER_SETTINGS": "encodersettings",
}  # fmt: skip
# what mkvmerge counts of each track
_STATISTICS: Final = frozenset({"BPS", "DURATION", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES"})


class SimpleTag(NamedTuple):
    """A name with its text at a level, 0 where the level is left open."""

    name: str
    value: str
    level: int


def read_tags(source: Window, element: Element) -> Iterator[SimpleTag]:
    """Return the texts in the tags of a file."""
    count = 0
    for tag in children(source, element):
        if tag.id != _TAG:
            continue
        level = 0
        simple = []
        for item in children(source, tag):
            if item.id == _TARGETS:
                level = next((ebml.number(source, part) for part in children(source, item) if part.id == _LEVEL), 0)
            elif item.id == _SIMPLE:
                simple.append(item)
        for item in simple:
            for name, value in _read_simple(source, item, "", _DEEPEST):
                count += 1
                if count > _MAX_TAGS:
                    return
                yield SimpleTag(name, value, level)


def _read_simple(source: Window, element: Element, above: str, depth: int) -> Iterator[tuple[str, str]]:
    """Return name and text of a tag and of those inside it: the form to sort by stands inside what it sorts."""
    name = value = ""
    inside = []
    for item in children(source, element):
        if item.id == _NAME:
            name = ebml.text(source, item).upper().replace(" ", "_")
        elif item.id == _STRING:
            value = ebml.text(source, item)
        elif item.id == _SIMPLE and depth:
            inside.append(item)
    if name == "SORT_WITH":
        name = f"{above}SORT" if above else ""
    if name and value and not name.startswith("_STATISTICS") and name not in _STATISTICS:
        yield name, value
    for item in inside:
        yield from (pair for pair in _read_simple(source, item, name, depth - 1) if pair[0].endswith("SORT"))


def add_tags(tags: TagBuilder, found: list[SimpleTag], title: str) -> None:
    """Add tags under canonical keys.

    Programs that know no levels leave them open and mean the track; beside tags of the track that means the album.
    """
    open_level = ALBUM if any(tag.level == TRACK for tag in found) else TRACK
    for tag in found:
        level = tag.level or open_level
        if level > ALBUM:
            if tag.name == "TOTAL_PARTS":
                tags.add_named("disctotal", (tag.value,))
            continue
        own = _ALBUM_NAMES if level == ALBUM else _TRACK_NAMES
        name = own.get(tag.name) or _NAMES.get(tag.name) or tag.name
        if name == "date" and "date" in tags.tags:
            continue
        tags.add_named(name, (tag.value,))
    if title and "title" not in tags.tags:
        tags.add("title", (title,))
