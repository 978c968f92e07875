"""The options of what makes files one album, or one track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from navidrome_lib.config.env import Reader
from navidrome_lib.config.option import option
from navidrome_lib.config.tags import TAGS

# every canonical key of a tag (see libraries.audio.tags.names), but those of long texts
TAG_FIELDS: Final = frozenset({
    "acoustid_id", "album", "albumartist", "albumartists", "albumartistsort", "albumartistssort", "albumsort",
    "albumversion", "arranger", "artist", "artists", "artistsort", "artistssort", "asin", "barcode", "bpm",
    "catalognumber", "compilation", "composer", "composersort", "conductor", "copyright", "date", "director",
    "discnumber", "discsubtitle", "disctotal", "djmixer", "encodedby", "encodersettings", "engineer",
    "explicitstatus", "genre", "grouping", "isrc", "key", "label", "language", "license", "lyricist",
    "lyricistsort", "media", "mixer", "mood", "movement", "movementname", "movementtotal",
    "musicbrainz_albumartistid", "musicbrainz_albumid", "musicbrainz_arrangerid", "musicbrainz_artistid",
    "musicbrainz_composerid", "musicbrainz_conductorid", "musicbrainz_directorid", "musicbrainz_discid",
    "musicbrainz_djmixerid", "musicbrainz_engineerid", "musicbrainz_lyricistid", "musicbrainz_mixerid",
    "musicbrainz_performerid", "musicbrainz_producerid", "musicbrainz_recordingid", "musicbrainz_releasegroupid",
    "musicbrainz_remixerid", "musicbrainz_trackid", "musicbrainz_workid", "originaldate", "originalyear",
    "performer", "producer", "r128_album_gain", "r128_track_gain", "releasecountry", "releasedate", "releasestatus",
    "releasetype", "remixer", "replaygain_album_gain", "replaygain_album_peak", "replaygain_track_gain",
    "replaygain_track_peak", "script", "showmovement", "subtitle", "title", "titlesort", "tracknumber",
    "tracktotal", "version", "website", "work", "writer", "year",
})  # fmt: skip
ALBUM_FIELDS: Final = TAG_FIELDS | {"albumartistid", "artistid", "folder", "filename"}
TRACK_FIELDS: Final = ALBUM_FIELDS | {"albumid"}
_TAKES: Final = "fields with `,` between them, and alternatives with `|` between them"
_EFFECT: Final = (
    "The first alternative counts of which any field is there. "
    "A change takes effect at the next full scan, which keeps the ids of songs, and of albums where all of their "
    "songs stay together."
)


def _reader(fields: frozenset[str]) -> Reader[str]:
    def read(text: str) -> str:
        alternatives = [[name.strip().lower() for name in part.split(",")] for part in text.split("|")]
        for name in (name for names in alternatives for name in names):
            if not name:
                raise ValueError(f'must be {_TAKES}, not "{text}": a field is empty')
            if name not in fields:
                raise ValueError(f'must name tags and other fields that it can go by, not "{name}"')
        return "|".join(",".join(names) for names in alternatives)

    return Reader(read, _TAKES)


@dataclass(frozen=True, kw_only=True)
class Pid:
    """Rules of identity: alternatives of fields."""

    album: str = option(
        "ND_PID_ALBUM",
        _reader(ALBUM_FIELDS),
        "What makes tracks of a library one album: names of tags, and albumartistid, artistid, folder, filename. "
        f"{_EFFECT}",
        chapter=TAGS,
        default="musicbrainz_albumid|albumartistid,album,albumversion,releasedate",
        example="folder",
        nonsense="album,,folder",
    )
    track: str = option(
        "ND_PID_TRACK",
        _reader(TRACK_FIELDS),
        "What makes two files the same track, where one is gone and one is new: as for albums, and albumid. "
        "A song that stays at its place keeps its id in any case. A change takes effect at the next full scan.",
        chapter=TAGS,
        default="musicbrainz_trackid|albumid,discnumber,tracknumber,title",
        example="musicbrainz_trackid|albumid,title",
        nonsense="albumid|name of the song",
    )
