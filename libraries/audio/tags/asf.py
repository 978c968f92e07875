"""Attributes of ASF files (Windows Media) → canonical keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import Picture

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
# names of Windows Media that count after the plain ones
_OUTRANKED: Final = {"WM/Year": "wm/year", "WM/OriginalReleaseTime": "wm/originalreleasetime"}
# Older files count tracks from zero in WM/Track; WM/TrackNumber is the one that counts.
_ASF_IGNORED: Final = frozenset({"IsVBR", "WM/Track"})


def add_attributes(tags: TagBuilder, pairs: Iterable[tuple[str, str | None]]) -> None:
    """Add (name, text) pairs; the text of what is binary is None."""
    for name, text in pairs:
        if name == "WM/Picture":
            tags.has_picture = True
        elif name in _ASF_LYRICS:
            tags.has_lyrics = True
        elif text is not None and name not in _ASF_IGNORED:
            known = _ASF_NAMES.get(name)
            if known is None:
                tags.add_free(name.removeprefix("WM/"), (text,))
            else:
                tags.add_usual(known, (text,), _OUTRANKED.get(name, ""))


def read_picture(data: bytes) -> Picture:
    """Return the picture in the value of a WM/Picture attribute; without an image where it is damaged."""
    size = int.from_bytes(data[1:5], "little")
    # Two zero-terminated UTF-16 texts (MIME type and description) stand before the image.
    image = data[len(data) - size :] if 0 < size <= len(data) - 9 else b""
    return Picture(image, data[0] if data else 0)
