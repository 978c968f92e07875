"""The canonical tag keys, and the builder that collects cleaned values under them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MAX_VALUE_BYTES: Final = 32 * 1024
MAX_VALUES: Final = 200
MAX_KEYS: Final = 500
MAX_KEY_CHARS: Final = 100
# What is looked at of a name: names are remembered, those of hostile files too.
MAX_NAME_CHARS: Final = 400
_SHORT: Final = MAX_VALUE_BYTES // 4

_PLAIN: Final = (
    "title", "subtitle", "artist", "artists", "album", "albumartist", "albumartists", "albumversion", "tracknumber",
    "tracktotal", "discnumber", "disctotal", "discsubtitle", "date", "originaldate", "releasedate", "year",
    "originalyear", "genre", "compilation", "composer", "lyricist", "conductor", "arranger", "performer", "producer",
    "engineer", "mixer", "remixer", "djmixer", "director", "comment", "lyrics", "bpm", "musicbrainz_albumid",
    "musicbrainz_trackid", "musicbrainz_recordingid", "musicbrainz_artistid", "musicbrainz_albumartistid",
    "musicbrainz_releasegroupid", "musicbrainz_workid", "musicbrainz_discid", "replaygain_track_gain",
    "replaygain_track_peak", "replaygain_album_gain", "replaygain_album_peak", "r128_track_gain", "r128_album_gain",
    "titlesort", "artistsort", "artistssort", "albumsort", "albumartistsort", "albumartistssort", "composersort",
    "lyricistsort", "releasetype", "media", "label", "catalognumber", "isrc", "barcode", "asin", "mood", "grouping",
    "copyright", "explicitstatus", "releasecountry", "releasestatus", "key", "language", "encodedby", "encodersettings",
    "website", "license", "script", "work", "movement", "movementname", "movementtotal", "showmovement", "acoustid_id",
)  # fmt: skip

# Free-form names (Vorbis comments, TXXX, APEv2, MP4 freeforms, WM/…), squashed to letters and digits → canonical key.
_ALIASES: Final[dict[str, str]] = {re.sub("[^a-z0-9]", "", key): key for key in _PLAIN} | {
    # The names are historical: everywhere but in MP4/ID3 labels "track id" is the recording.
    "musicbrainztrackid": "musicbrainz_recordingid",
    "musicbrainzreleasetrackid": "musicbrainz_trackid",
    "musicbrainzreleaseid": "musicbrainz_albumid",
    "musicbrainzalbumtype": "releasetype",
    "musicbrainzalbumstatus": "releasestatus",
    "musicbrainzalbumreleasecountry": "releasecountry",
    "musicbrainzalbumcomment": "albumversion",
    "version": "albumversion",
    "name": "title",
    "author": "artist",
    "ensemble": "albumartist",
    "band": "albumartist",
    "albumartistsortorder": "albumartistsort",
    "artistsortorder": "artistsort",
    "titlesortorder": "titlesort",
    "albumsortorder": "albumsort",
    "albumtitle": "album",
    "track": "tracknumber",
    "totaltracks": "tracktotal",
    "trackcount": "tracktotal",
    "trackc": "tracktotal",
    "disc": "discnumber",
    "disk": "discnumber",
    "disknumber": "discnumber",
    "partofset": "discnumber",
    "totaldiscs": "disctotal",
    "disccount": "disctotal",
    "discc": "disctotal",
    "setsubtitle": "discsubtitle",
    "disctitle": "discsubtitle",
    "discname": "discsubtitle",
    "recordingdate": "date",
    "recorddate": "date",
    "originalreleasedate": "originaldate",
    "originalreleasetime": "originaldate",
    "originalreleaseyear": "originalyear",
    "releasetime": "releasedate",
    "publisher": "label",
    "organization": "label",
    "recordlabel": "label",
    "labelno": "catalognumber",
    "catalog": "catalognumber",
    "catalogno": "catalognumber",
    "upc": "barcode",
    "ean": "barcode",
    "eanupn": "barcode",
    "eanupc": "barcode",
    "mediatype": "media",
    "sourcemedia": "media",
    "itunescompilation": "compilation",
    "iscompilation": "compilation",
    "contentgroup": "grouping",
    "contentgroupdescription": "grouping",
    "writer": "lyricist",
    "lyricwriter": "lyricist",
    "textwriter": "lyricist",
    "mixartist": "remixer",
    "modifiedby": "remixer",
    "djmix": "djmixer",
    "mix": "mixer",
    "mixedby": "mixer",
    "producedby": "producer",
    "arrangedby": "arranger",
    "description": "comment",
    "comments": "comment",
    "unsyncedlyrics": "lyrics",
    "unsynchronisedlyrics": "lyrics",
    "syncedlyrics": "lyrics",
    "lyricssynchronised": "lyrics",
    "tempo": "bpm",
    "beatsperminute": "bpm",
    "initialkey": "key",
    "itunesadvisory": "explicitstatus",
    "advisory": "explicitstatus",
    "encodingsettings": "encodersettings",
    "encodersettings": "encodersettings",
    "url": "website",
    "weblink": "website",
    "authorurl": "website",
    "officialurl": "website",
    "www": "website",
}

_SQUASH: Final = re.compile("[^a-z0-9]")
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# Roles in the people lists of ID3 (TIPL, IPLS), squashed → canonical key; others are performers with that role.
_ROLES: Final[dict[str, str]] = {
    "arranger": "arranger",
    "engineer": "engineer",
    "producer": "producer",
    "mix": "mixer",
    "mixer": "mixer",
    "djmix": "djmixer",
    "djmixer": "djmixer",
    "director": "director",
    "remixer": "remixer",
    "conductor": "conductor",
    "composer": "composer",
    "lyricist": "lyricist",
}


@lru_cache(maxsize=4096)
def canonical_key(name: str) -> str:
    """The canonical key of a free-form name; an unknown name is kept in lower case."""
    lowered = name.strip().lower()
    known = _ALIASES.get(_SQUASH.sub("", lowered))
    return known or clean(lowered)[:MAX_KEY_CHARS]


@lru_cache(maxsize=4096)
def plain_key(name: str) -> str:
    """The canonical key of a free-form name, where that key takes its values as they are; else an empty text."""
    key = canonical_key(name)
    return "" if key == "lyrics" or key in _NUMBERED or key.startswith("performer:") else key


def clean(value: str) -> str:
    """The value without control characters, lone surrogates and outer space, at most MAX_VALUE_BYTES of UTF-8."""
    if not value.isprintable():
        value = _UNSAFE.sub("", value.replace("\r\n", "\n"))
    value = value.strip()
    if len(value) * 4 > MAX_VALUE_BYTES:
        value = value.encode("utf-8", "ignore")[:MAX_VALUE_BYTES].decode("utf-8", "ignore")
    return value


class TagBuilder:
    """Collects values under canonical keys; whatever is added, the result is clean and bounded."""

    __slots__ = ("has_lyrics", "has_picture", "tags")

    def __init__(self) -> None:
        self.tags: dict[str, list[str]] = {}
        self.has_picture = False
        self.has_lyrics = False

    def add(self, key: str, values: Iterable[str]) -> None:
        """Add values under a canonical key; empty ones and repetitions are left out."""
        found = self.tags.get(key)
        if found is None:
            if len(self.tags) >= MAX_KEYS:
                return
            found = []
        for value in values:
            # the short way for nearly all of them
            text = value.strip() if len(value) <= _SHORT and value.isprintable() else clean(value)
            if text and text not in found and len(found) < MAX_VALUES:
                found.append(text)
        if found and key:
            self.tags[key] = found

    def add_text(self, key: str, text: str) -> None:
        """Add the values of a text, which are separated by NULs, under a canonical key."""
        if "\0" in text:
            self.add(key, text.rstrip("\0").split("\0"))
        else:
            self.add_one(key, text)

    def add_one(self, key: str, text: str) -> None:
        """Add one value under a canonical key."""
        tags = self.tags
        if key not in tags and text.isprintable() and len(text) <= _SHORT and len(tags) < MAX_KEYS:
            if key and (text := text.strip()):
                tags[key] = [text]
        else:
            self.add(key, (text,))

    def add_named(self, name: str, values: Iterable[str]) -> None:
        """Add values under a free-form name."""
        key = canonical_key(name[:MAX_NAME_CHARS])
        if key == "lyrics":
            self.has_lyrics = self.has_lyrics or any(value.strip() for value in values)
        elif key.startswith("performer:"):
            self.add_people("performer", ((key.partition(":")[2], value) for value in values))
        elif key in _NUMBERED:
            self.add_numbered(*_NUMBERED[key], values)
        else:
            self.add(key, values)

    def add_named_text(self, name: str, text: str) -> None:
        """Add the values of a text, which are separated by NULs, under a free-form name."""
        if key := plain_key(name[:MAX_NAME_CHARS]):
            self.add_text(key, text)
        else:
            self.add_named(name, text.rstrip("\0").split("\0"))

    def add_numbered(self, number: str, total: str, values: Iterable[str]) -> None:
        """Add "3/12" as a number and a total."""
        for value in values:
            first, _, second = value.partition("/")
            self.add_one(number, first)
            if second:
                self.add_one(total, second)

    def add_people(self, fallback: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Add (role, name) pairs: known roles under their own key, others as "name (role)" under the fallback."""
        for role, name in pairs:
            known = _ROLES.get(_SQUASH.sub("", role.lower()))
            name = clean(name)
            if known and fallback != "performer":
                self.add(known, (name,))
            elif name:
                role = clean(role)
                self.add("performer", (f"{name} ({role})" if role else name,))

    def fill(self, other: TagBuilder) -> None:
        """Take over what another source knows and this one does not."""
        for key, values in other.tags.items():
            if key not in self.tags and len(self.tags) < MAX_KEYS:
                self.tags[key] = values
        self.has_picture = self.has_picture or other.has_picture
        self.has_lyrics = self.has_lyrics or other.has_lyrics

    def finish(self) -> dict[str, list[str]]:
        """The collected tags, with the year standing in for an absent date."""
        for year, date in (("year", "date"), ("originalyear", "originaldate")):
            if year in self.tags:
                self.tags.setdefault(date, self.tags[year])
        return self.tags


_NUMBERED: Final[dict[str, tuple[str, str]]] = {
    "tracknumber": ("tracknumber", "tracktotal"),
    "discnumber": ("discnumber", "disctotal"),
}
