"""A track as it travels from the process that reads its file to the one that saves it. No Django, no database.

Readers map the tags themselves and send plain tuples, in the form that the table takes: the process that writes is the
one that cannot be shared out, so it gets as little as possible to do.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson

from libraries.audio.model import RawAudio
from libraries.scanner.context import AlbumRecord, Credit, TrackRecord, display
from libraries.scanner.mapping import map_track
from libraries.words import song_words

# what tags and sound decide: the columns of `libraries.models.MediaFile` that `values` has, in this order
COLUMNS: Final = (
    "suffix", "title", "sort_title", "album", "sort_album", "artist", "sort_artist", "album_artist",
    "sort_album_artist", "compilation", "track_number", "track_total", "disc_number", "disc_total", "disc_subtitle",
    "year", "date", "original_year", "original_date", "release_year", "release_date", "genre", "comment", "has_lyrics",
    "has_picture", "bpm", "mbz_track_id", "mbz_recording_id", "mbz_album_id", "rg_track_gain", "rg_track_peak",
    "rg_album_gain", "rg_album_peak", "codec", "duration", "bit_rate", "sample_rate", "bit_depth", "channels",
)  # fmt: skip
# names a function for the readers, who do not know the scanner
PACK_AUDIO: Final = f"{__name__}:pack_audio"

_values_of = itemgetter(*COLUMNS)
_DURATION: Final = COLUMNS.index("duration")
_MBZ_TRACK_ID: Final = COLUMNS.index("mbz_track_id")

Packed = tuple[Any, ...]


class FlatTrack(NamedTuple):
    """A `TrackRecord` with its columns as a tuple in the order of `COLUMNS`, and its tags as JSON."""

    pid: str
    values: tuple[Any, ...]
    tags: str
    album: AlbumRecord
    credits: tuple[Credit, ...]
    genres: tuple[tuple[str, str], ...]
    """(pid, name) of each genre."""
    words: str
    """What the track is found by, without its folder (see libraries.words)."""

    @property
    def columns(self) -> dict[str, Any]:
        """The values by their columns."""
        return dict(zip(COLUMNS, self.values, strict=True))

    @property
    def duration(self) -> float:
        return float(self.values[_DURATION])

    @property
    def mbz_track_id(self) -> str:
        return str(self.values[_MBZ_TRACK_ID])


def pack_audio(audio: RawAudio, path: bytes) -> Packed:
    """The track in a file that was read, as plain tuples."""
    return pack(map_track(audio, path=path), path)


def pack(record: TrackRecord, path: bytes) -> Packed:
    """A record as plain tuples and texts."""
    columns = record.columns
    tags = orjson.dumps(columns["tags"]).decode()
    name = display(path.rpartition(b"/")[2])
    words = song_words(str(columns["title"]), str(columns["artist"]), str(columns["album"]), name)
    credits_ = tuple(map(tuple, record.credits))
    return record.pid, _values_of(columns), tags, tuple(record.album), credits_, record.genres, words


def unpack(packed: Packed) -> FlatTrack:
    """The track that was packed; albums and credits that were met before are the same objects again."""
    pid, values, tags, album, credits_, genres, words = packed
    return FlatTrack(pid, values, tags, _album(album), _credits(credits_), _genres(genres), words)


@lru_cache(maxsize=1024)
def _album(fields: tuple[Any, ...]) -> AlbumRecord:
    return AlbumRecord._make(fields)


@lru_cache(maxsize=4096)
def _credits(credits_: tuple[tuple[str, ...], ...]) -> tuple[Credit, ...]:
    return tuple(map(Credit._make, credits_))


@lru_cache(maxsize=1024)
def _genres(genres: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return genres
