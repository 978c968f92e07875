"""Canonical keys of tags, the free-form names that lead to them, and which of several names counts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from libraries.audio.tags.text import clean

MAX_KEY_CHARS: Final = 100
# What is looked at of a name: names are remembered, those of hostile files too.
MAX_NAME_CHARS: Final = 400

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
    "website", "license", "script", "version", "work", "movement", "movementname", "movementtotal", "showmovement",
    "acoustid_id",
    "writer", "musicbrainz_composerid", "musicbrainz_lyricistid", "musicbrainz_conductorid", "musicbrainz_arrangerid",
    "musicbrainz_performerid", "musicbrainz_producerid", "musicbrainz_directorid", "musicbrainz_engineerid",
    "musicbrainz_mixerid", "musicbrainz_remixerid", "musicbrainz_djmixerid",
)  # fmt: skip

# Free-form names (Vorbis comments, TXXX, APEv2, MP4 freeforms, WM/…), squashed to letters and digits → canonical key.
# Where a file has several names of one key, the first of them here counts.
_ALIASES: Final[dict[str, str]] = {re.sub("[^a-z0-9]", "", key): key for key in _PLAIN} | {
    # The names are historical: everywhere but in MP4/ID3 labels "track id" is the recording.
    "musicbrainztrackid": "musicbrainz_recordingid",
    "musicbrainzreleasetrackid": "musicbrainz_trackid",
    "musicbrainzreleaseid": "musicbrainz_albumid",
    "musicbrainzalbumtype": "releasetype",
    "musicbrainzalbumstatus": "releasestatus",
    "musicbrainzalbumreleasecountry": "releasecountry",
    "musicbrainzalbumcomment": "albumversion",
    "name": "title",
    "author": "artist",
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
    "partofaset": "discnumber",
    "totaldiscs": "disctotal",
    "disccount": "disctotal",
    "discc": "disctotal",
    "setsubtitle": "discsubtitle",
    "disctitle": "discsubtitle",
    "discname": "discsubtitle",
    "tdrc": "date",
    "wmyear": "date",
    "recordingdate": "date",
    "recorddate": "date",
    "tdor": "originaldate",
    "originalreleasetime": "originaldate",
    "originalreleasedate": "originaldate",
    "tory": "originalyear",
    "originalreleaseyear": "originalyear",
    "origyear": "originalyear",
    "tdrl": "releasedate",
    "releasetime": "releasedate",
    "genres": "genre",
    "moods": "mood",
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
    "lyricwriter": "lyricist",
    "wmwriter": "lyricist",
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
    "tbpm": "bpm",
    "tmpo": "bpm",
    "beatsperminute": "bpm",
    "tempo": "bpm",
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

# WM/Track of old files; WM/TrackNumber is the one that counts
_COUNTS_FROM_ZERO: Final = "wmtrack"
_SQUASH: Final = re.compile("[^a-z0-9]")

CANONICAL_KEYS: Final = frozenset(_PLAIN)

# Spellings (see `plain_name`) that do not count in the order of the table above. An ID3 TYER stands between others.
_PRECEDENCE: Final[dict[str, tuple[str, ...]]] = {
    "date": ("", "date", "tdrc", "day", "wmyear", "tyer"),
    "originaldate": ("", "originaldate", "tdor", "wmoriginalreleasetime"),
    "bpm": ("bpm", ""),
}
_RANKS: Final = {name: rank for rank, name in enumerate(_ALIASES, start=10)}
_LAST_RANK: Final = len(_ALIASES) + 10

# Roles in the people lists of ID3 (TIPL, IPLS), squashed → canonical key; others are performers with that role.
ROLES: Final[dict[str, str]] = {
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

# keys whose values may be "3/12" → the keys of the number and of the total
NUMBERED: Final[dict[str, tuple[str, str]]] = {
    "tracknumber": ("tracknumber", "tracktotal"),
    "discnumber": ("discnumber", "disctotal"),
}


@lru_cache(maxsize=1024)
def canonical_key(name: str) -> str:
    """Return the canonical key of a free-form name; an unknown name is kept in lower case."""
    squashed = squash(name)
    known = _ALIASES.get(squashed)
    if known is None and name.strip()[:3].upper() == "WM/" and squashed != _COUNTS_FROM_ZERO:
        known = _ALIASES.get(squashed[2:])
    return known or clean(name.strip().lower())[:MAX_KEY_CHARS]


@lru_cache(maxsize=1024)
def plain_key(name: str) -> str:
    """Return the key of a free-form name that is its usual one and takes values as they are; else an empty text."""
    key, spelling = plain_name(name)
    return "" if spelling else key


@lru_cache(maxsize=1024)
def plain_name(name: str) -> tuple[str, str]:
    """Return the key and the spelling of a free-form name: an empty text for the key itself, else it in lower case.

    The key is an empty text where it does not take its values as they are.
    """
    key = canonical_key(name)
    spelling = name.strip().lower()
    if key == "lyrics" or key in NUMBERED or key.startswith("performer:"):
        return "", "" if spelling == key else spelling
    # each of the performers is another one's part, whatever they are called by
    return key, "" if spelling == key or key == "performer" else spelling


@lru_cache(maxsize=1024)
def free_name(name: str) -> tuple[str, str]:
    """Return what `plain_name` does, for a tag whose usual names are other ones: no spelling is the usual one."""
    key, _ = plain_name(name)
    return key, "" if key == "performer" else name.strip().lower()


def rank_of(key: str, spelling: str) -> tuple[int, int, str]:
    """Return what to compare spellings of a key by: of several in one file, the least one counts.

    First comes the tag or frame that is made for it, then the key itself, then other names in the order of the table;
    of names that differ in their spaces alone the shortest.
    """
    squashed = squash(spelling)
    order = _PRECEDENCE.get(key, ("", squash(key)))
    rank = order.index(squashed) if squashed in order else _RANKS.get(squashed, _LAST_RANK)
    return rank, len(spelling), spelling


def squash(name: str) -> str:
    """Return a name as its lower-case letters and digits alone."""
    return _SQUASH.sub("", name.lower())
