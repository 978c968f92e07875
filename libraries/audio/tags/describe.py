"""MP4, ASF and APEv2 tags → canonical keys, and any tags → text for an inspection.

Works on the objects that the tag library hands out, by their shape alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from libraries.audio.file import Window
from libraries.audio.formats.open_file import Sound
from libraries.audio.tags import id3
from libraries.audio.tags.builder import MAX_KEYS, MAX_VALUES, TagBuilder, clean

_MP4_TEXT: Final = {
    "\xa9nam": "title", "\xa9alb": "album", "\xa9ART": "artist", "aART": "albumartist", "\xa9wrt": "composer",
    "\xa9day": "date", "\xa9cmt": "comment", "\xa9grp": "grouping", "\xa9gen": "genre", "cprt": "copyright",
    "soal": "albumsort", "soaa": "albumartistsort", "soar": "artistsort", "sonm": "titlesort", "soco": "composersort",
    "\xa9too": "encodedby", "\xa9con": "conductor", "\xa9dir": "director", "\xa9prd": "producer", "\xa9lab": "label",
    "\xa9mvn": "movementname", "\xa9wrk": "work", "purl": "website", "\xa9st3": "subtitle", "\xa9prf": "performer",
}  # fmt: skip
_MP4_NUMBERS: Final = {"tmpo": "bpm", "\xa9mvi": "movement", "\xa9mvc": "movementtotal"}
_MP4_PAIRS: Final = {"trkn": ("tracknumber", "tracktotal"), "disk": ("discnumber", "disctotal")}
# iTunes: 1 and the older 4 mark explicit, 2 a cleaned version.
_MP4_RATING: Final = {1: "explicit", 4: "explicit", 2: "clean"}

_ASF_NAMES: Final = {
    "Title": "title", "Author": "artist", "Copyright": "copyright", "Description": "comment", "WM/AlbumTitle": "album",
    "WM/AlbumArtist": "albumartist", "WM/SubTitle": "subtitle", "WM/Year": "date", "WM/Genre": "genre",
    "WM/OriginalReleaseYear": "originalyear", "WM/OriginalReleaseTime": "originaldate", "WM/Composer": "composer",
    "WM/Writer": "lyricist", "WM/Conductor": "conductor", "WM/Producer": "producer", "WM/ModifiedBy": "remixer",
    "WM/Publisher": "label", "WM/SetSubTitle": "discsubtitle", "WM/BeatsPerMinute": "bpm", "WM/InitialKey": "key",
    "WM/Mood": "mood", "WM/Language": "language", "WM/ISRC": "isrc", "WM/EncodedBy": "encodedby",
    "WM/EncodingSettings": "encodersettings", "WM/Barcode": "barcode", "WM/CatalogNo": "catalognumber",
    "WM/ContentGroupDescription": "grouping", "WM/IsCompilation": "compilation", "WM/Director": "director",
    "WM/Media": "media", "WM/AuthorURL": "website", "WM/TrackNumber": "tracknumber", "WM/PartOfSet": "discnumber",
    "WM/TitleSortOrder": "titlesort", "WM/ArtistSortOrder": "artistsort", "WM/AlbumSortOrder": "albumsort",
    "WM/AlbumArtistSortOrder": "albumartistsort", "WM/ComposerSortOrder": "composersort",
}  # fmt: skip
_ASF_LYRICS: Final = frozenset({"WM/Lyrics", "WM/Lyrics_Synchronised"})
# Older files count tracks from zero in WM/Track; WM/TrackNumber is the one that counts.
_ASF_IGNORED: Final = frozenset({"IsVBR", "WM/Track"})
_ASF_CODECS: Final = (("lossless", "wmalossless"), ("voice", "wmavoice"), ("professional", "wmapro"), ("pro", "wmapro"))


def add_mp4(tags: TagBuilder, source: Any) -> None:
    """Add iTunes atoms and freeforms."""
    for key, value in source.items():
        if key == "covr":
            tags.has_picture = bool(value)
        elif key == "\xa9lyr":
            tags.has_lyrics = any(text.strip() for text in value)
        elif key.startswith("----:"):
            tags.add_named(key.rpartition(":")[2], [bytes(item).decode("utf-8", "replace") for item in value])
        elif key in _MP4_TEXT:
            tags.add(_MP4_TEXT[key], [item for item in value if isinstance(item, str)])
        elif key in _MP4_PAIRS:
            for name, number in zip(_MP4_PAIRS[key], value[0] if value else (), strict=False):
                tags.add(name, (str(number),) if number else ())
        else:
            _add_mp4_number(tags, key, value)


def _add_mp4_number(tags: TagBuilder, key: str, value: Any) -> None:
    if key == "cpil":
        tags.add("compilation", ("1",) if value else ())
    elif key == "rtng" and value:
        tags.add("explicitstatus", (_MP4_RATING.get(value[0], ""),))
    elif key in _MP4_NUMBERS:
        tags.add(_MP4_NUMBERS[key], [str(number) for number in value if number])


MP4_TEXT_KEYS: Final = frozenset(_MP4_TEXT) | {"\xa9lyr"}


def mp4_sound(codec: str, duration: float, bits: float, rate: int, depth: int, channels: int) -> Sound:
    """The facts of the sound in an MP4 file; a depth is told of those that have one."""
    name = mp4_codec(codec)
    return Sound(name, duration, bits, rate, depth if name in {"alac", "flac", "pcm"} else 0, channels)


def mp4_codec(name: str) -> str:
    """A plain codec name for the four-letter name in the stream description."""
    if name.startswith("mp4a.40") or name == "mp4a":
        return "aac"
    if name.startswith(("mp4a.69", "mp4a.6B")):
        return "mp3"
    return {"fLaC": "flac", "Opus": "opus", "ac-3": "ac3", "ec-3": "eac3", "sowt": "pcm", "lpcm": "pcm"}.get(name, name)


def add_asf(tags: TagBuilder, pairs: Iterable[tuple[str, str | None]]) -> None:
    """Add ASF attributes; the text of what is binary is None."""
    for name, text in pairs:
        if name == "WM/Picture":
            tags.has_picture = True
        elif name in _ASF_LYRICS:
            tags.has_lyrics = True
        elif text is not None and name not in _ASF_IGNORED:
            tags.add_named(_ASF_NAMES.get(name) or name.removeprefix("WM/"), (text,))


def asf_codec(description: str) -> str:
    """A plain codec name for the free text in an ASF header."""
    lowered = description.lower()
    return next((codec for word, codec in _ASF_CODECS if word in lowered), "wma")


def add_ape(tags: TagBuilder, source: Any) -> None:
    """Add APEv2 items."""
    for name, value in source.items():
        lowered = name.lower()
        if value.kind == 1:
            tags.has_picture = tags.has_picture or lowered.startswith("cover art")
        elif lowered == "comment" or value.kind == 0:
            tags.add_named(name, value.value.split("\0"))


def id3_native(source: Window, start: int) -> Iterable[tuple[str, Any]]:
    """The frames of an ID3v2 tag as (name, text or bytes)."""
    for name, data, size in id3.read_frames(source, start, frozenset({b"APIC", b"PIC"})):
        label = name.decode("ascii")
        if data is None:
            yield label, f"<picture {size} bytes>"
        elif name in {b"TXXX", b"WXXX"}:
            key, *values = id3.text_values(data)
            for value in values:
                yield f"{label}:{key}", value
        elif name in {b"COMM", b"USLT"}:
            language = data[1:4].decode("latin-1")
            key, _, text = id3.decode_text(data[0], data[4:]).partition("\0")
            yield f"{label}:{key}:{language}", text
        elif name.startswith(b"T") or name in {b"IPLS", b"GRP1", b"MVNM", b"MVIN"}:
            for value in id3.text_values(data):
                yield label, value
        elif name.startswith(b"W"):
            yield label, data.decode("latin-1")
        elif name == b"UFID":
            owner, _, identifier = data.partition(b"\0")
            yield f"UFID:{owner.decode('latin-1')}", identifier.decode("latin-1")
        else:
            yield label, data


def native_items(source: Any) -> Iterable[tuple[str, Any]]:
    """The (name, value) pairs of a parsed tag, one per value."""
    if source is None:
        return
    # Vorbis comments and ASF attributes are lists of pairs; MP4 and APEv2 are mappings.
    pairs = source if isinstance(source, list) else source.items()
    for name, value in pairs:
        is_list = isinstance(value, list)
        for item in value if is_list else (value,):
            yield str(name), item


def describe(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[str]]:
    """Bounded text of (name, value) pairs; pictures and other binary values as their size."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        key = clean(name)
        if key not in found and len(found) >= MAX_KEYS:
            continue
        values = found.setdefault(key, [])
        if len(values) < MAX_VALUES:
            values.append(_describe_value(key, value))
    return found


def _describe_value(key: str, value: Any) -> str:
    lowered = key.lower()
    data = getattr(value, "value", value)
    is_picture = lowered in {"covr", "picture", "wm/picture", "metadata_block_picture", "coverart"} or (
        lowered.startswith("cover art") and isinstance(data, bytes)
    )
    if is_picture:
        return f"<picture {len(data)} bytes>"
    if isinstance(data, bytes):
        if not key.startswith("----:"):
            return f"<binary {len(data)} bytes>"
        return clean(bytes(data).decode("utf-8", "replace"))
    if isinstance(data, tuple):
        return "/".join(str(part) for part in data)
    return clean(str(data))
