"""MP4 files that are put together in another way than iTunes does it: fragments, odd atoms, tags in other places."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from libraries.audio.errors import AudioError, UnusualFile, damaged
from libraries.audio.file import Source, Window
from libraries.audio.formats import mp4_lengths as lengths
from libraries.audio.formats.mp4_atoms import MAX_ATOMS, Atom, children, find_lost_movie, first, inside
from libraries.audio.formats.mp4_codecs import read_sample_entry
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags import mp4 as tags
from libraries.audio.types import StreamInfo
from libraries.choices import ProblemKind

_MAX_ITEM: Final = 1024 * 1024
_MAX_PICTURE: Final = 64 * 1024 * 1024
_MAX_ENTRY: Final = 64 * 1024
_MAX_NAMES: Final = 500
_MAX_NAME: Final = 400


@dataclass(slots=True)
class _Layout:
    """The atoms of a file that matter."""

    movie: Atom | None = None
    fragments: list[Atom] = field(default_factory=list)
    index: Atom | None = None
    others: list[Atom] = field(default_factory=list)
    audio_size: int = 0


def read(file: OpenFile) -> tuple[tags.Items, StreamInfo]:
    """Return the items of all tags and the facts of the audio; raises UnusualFile and AudioError."""
    layout = _find_atoms(file)
    movie = layout.movie
    if movie is None:
        raise damaged("the description of the audio is absent")
    source = file.source
    track = _find_track(source, movie)
    info = _read_entry(source, track)
    info = info._replace(duration=_measure(source, layout, movie, track))
    if not info.bit_rate:
        info = info._replace(audio_size=layout.audio_size)
    return _read_tags(source, layout), info


def pictures(file: OpenFile) -> Iterator[bytes]:
    """Return the covers in all tags."""
    source = file.source
    for items, _ in _item_lists(source, _places(source, _find_atoms(file))):
        for item in children(source, items.begin, items.end):
            for atom in children(source, item.begin, item.end) if item.name == b"covr" else ():
                if atom.name == b"data" and 8 < atom.end - atom.begin <= _MAX_PICTURE:
                    yield source.get(atom.begin + 8, atom.end - atom.begin - 8)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, Any]]:
    """Return the items of all tags as far as they matter to the catalog."""
    for key, values in _read_tags(file.source, _find_atoms(file)).items():
        for value in values:
            yield key, value if isinstance(value, bytes | tuple) else str(value)


def _find_atoms(file: OpenFile) -> _Layout:
    found = _Layout()
    for atom in children(file.source, file.audio_at, file.source.size):
        if atom.name == b"moov":
            found.movie = found.movie or atom
        elif atom.name == b"moof":
            found.fragments.append(atom)
        elif atom.name == b"sidx":
            found.index = found.index or atom
        elif atom.name == b"mdat":
            found.audio_size += atom.end - atom.begin
        elif atom.name in (b"meta", b"udta"):
            found.others.append(atom)
    found.movie = found.movie or find_lost_movie(file.source)
    return found


def _find_track(source: Window, movie: Atom) -> Atom:
    """Return the first track of audio: by its handler, or by the header that only sound has."""
    others = 0
    for track in children(source, movie.begin, movie.end):
        if track.name != b"trak":
            continue
        handler = first(source, track, b"mdia", b"hdlr")
        kind = source.get(handler.begin + 8, 4) if handler else b""
        if kind == b"soun" or first(source, track, b"mdia", b"minf", b"smhd"):
            return track
        others += kind.isalnum()
    if others:
        raise AudioError(ProblemKind.UNSUPPORTED, "This file holds no audio.")
    raise damaged("there is no audio in it")


def _read_entry(source: Window, track: Atom) -> StreamInfo:
    table = first(source, track, b"mdia", b"minf", b"stbl", b"stsd")
    if table is None:
        raise UnusualFile
    entry = next(children(source, table.begin + 8, table.end), None)
    if entry is None:
        raise UnusualFile
    return read_sample_entry(entry.name, source.get(entry.begin, min(entry.end - entry.begin, _MAX_ENTRY)))


def _measure(source: Source, layout: _Layout, movie: Atom, track: Atom) -> float:
    """Return the seconds of a track: what its header says, or what its samples play if it is in fragments."""
    clock = lengths.read_clock(source, first(source, track, b"mdia", b"mdhd"))
    whole = lengths.read_clock(source, first(source, movie, b"mvhd"))
    if clock.length and not layout.fragments:
        return clock.seconds()
    head = first(source, track, b"tkhd")
    data = source.get(head.begin, 24) if head else b""
    place = 20 if data[:1] == b"\1" else 12
    number = int.from_bytes(data[place : place + 4], "big")
    units = lengths.count_table(source, first(source, track, b"mdia", b"minf", b"stbl", b"stts"))
    default = lengths.default_duration(source, movie, number)
    units += sum(lengths.count_fragment(source, moof, number, default) for moof in layout.fragments[:MAX_ATOMS])
    measured = units / clock.unit if clock.unit else 0.0
    listed = lengths.read_index(source, layout.index) if layout.index else 0.0
    return measured or clock.seconds() or listed or whole.seconds()


def _places(source: Window, layout: _Layout) -> list[Atom]:
    """Return the atoms that may hold tags, the usual place first."""
    places: list[Atom] = []
    if layout.movie is not None:
        inner = list(children(source, layout.movie.begin, layout.movie.end))
        places += [atom for atom in inner if atom.name == b"udta"]
        places += [atom for atom in inner if atom.name == b"meta"]
        for track in inner:
            if track.name == b"trak":
                places += [atom for atom in children(source, track.begin, track.end) if atom.name in (b"udta", b"meta")]
    return places + layout.others


def _item_lists(source: Window, places: list[Atom]) -> Iterator[tuple[Atom, list[str]]]:
    """Return the lists of items, each with the names that stand in a list beside it."""
    for place in places:
        metas = (
            (place,)
            if place.name == b"meta"
            else [atom for atom in children(source, place.begin, place.end) if atom.name == b"meta"]
        )
        for meta in metas:
            names: list[str] = []
            for atom in children(source, *inside(source, meta)):
                if atom.name == b"keys":
                    names = _read_names(source, atom)
                elif atom.name == b"ilst":
                    yield atom, names


def _read_names(source: Window, keys: Atom) -> list[str]:
    """Return the names of items that are numbers: version and count stand in front of the list."""
    listed = islice(children(source, keys.begin + 8, keys.end), _MAX_NAMES)
    return [
        source.get(name.begin, min(name.end - name.begin, _MAX_NAME)).decode("utf-8", "replace")
        if name.name == b"mdta"
        else ""
        for name in listed
    ]


def _read_tags(source: Window, layout: _Layout) -> tags.Items:
    """Return the items of all lists; what the first of them says is not changed by the others.

    Without any the texts count that QuickTime has outside of lists.
    """
    items: tags.Items = {}
    places = _places(source, layout)
    for place, names in _item_lists(source, places):
        own: tags.Items = {}
        for atom in children(source, place.begin, place.end):
            number = int.from_bytes(atom.name, "big")
            if number <= len(names):
                _add_named(own, source, atom, names[number - 1] if number else "")
            else:
                _add_item(own, source, atom)
        for key, values in own.items():
            items.setdefault(key, values)
    return items or _read_plain_texts(source, places)


def _read_plain_texts(source: Window, places: list[Atom]) -> tags.Items:
    items: tags.Items = {}
    for place in places:
        for atom in children(source, place.begin, place.end) if place.name == b"udta" else ():
            if atom.name.startswith(b"\xa9") and tags.is_known(atom.name):
                data = source.get(atom.begin, min(atom.end - atom.begin, _MAX_ITEM))
                items.setdefault(atom.name.decode("latin-1"), tags.read_plain_text(data))
    return items


def _add_named(items: tags.Items, source: Window, atom: Atom, name: str) -> None:
    if name and atom.end - atom.begin <= _MAX_ITEM:
        key, values = tags.read_named_item(name, source.get(atom.begin, atom.end - atom.begin))
        items.setdefault(key, []).extend(values)


def _add_item(items: tags.Items, source: Window, atom: Atom) -> None:
    if atom.name == b"covr":
        items["covr"] = [True]
    elif tags.is_known(atom.name) and atom.end - atom.begin <= _MAX_ITEM:
        data = source.get(atom.begin, atom.end - atom.begin)
        try:
            key, values = tags.read_item(atom.name, data)
        except (tags.UnreadableItem, UnusualFile, struct.error, IndexError):
            key, values = tags.read_odd_item(atom.name, data)
        else:
            if not values:
                key, values = tags.read_odd_item(atom.name, data)
        items.setdefault(key, []).extend(values)
