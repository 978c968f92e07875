"""The tags and facts of one file become a track, its album, its artists and its genres. No Django, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from libraries.scanner import figures, identity, people
from libraries.scanner.context import AlbumRecord, Credit, TrackRecord, display
from libraries.scanner.figures import PartialDate, parse_date
from libraries.scanner.texts import body, clean_tags, first_lines, joined, line

UNKNOWN_ALBUM: Final = "[Unknown Album]"

_YES: Final = frozenset({"1", "true", "yes", "y", "on", "t"})
_MAX_SUFFIX: Final = 8
_MAX_CODEC: Final = 16

Tags = dict[str, list[str]]
Firsts = dict[str, str]
Values = tuple[str, ...]


class RawTrack(Protocol):
    """What reading a file must give: canonical lower-case tag keys, durations in s, bit rates in kbit/s."""

    @property
    def tags(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def codec(self) -> str: ...
    @property
    def duration(self) -> float: ...
    @property
    def bit_rate(self) -> int: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def bit_depth(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def has_picture(self) -> bool: ...
    @property
    def has_lyrics(self) -> bool: ...


class _Artists(NamedTuple):
    """One side of a track's artists: the text as in the tag, and who is behind it."""

    display: str
    sort: str
    credits: tuple[Credit, ...]


class _Dates(NamedTuple):
    date: PartialDate
    original: PartialDate
    release: PartialDate
    tagged: PartialDate
    """What the `date` tag itself says, without the others standing in."""


_NOBODY: Final = _Artists("", "", ())


def map_track(raw: RawTrack, *, path: bytes) -> TrackRecord:
    """The record of the file at `path`: any tags give storable values; only tags and path decide about pids."""
    tags = clean_tags(raw.tags)
    firsts = first_lines(tags)
    compilation = firsts.get("compilation", "").lower() in _YES
    artist, album_artist = _map_artists(tags, compilation)
    dates = _map_dates(firsts)
    album = _map_album(firsts, album_artist, dates, compilation)
    genres = people.make_genres(tuple(tags["genre"])) if "genre" in tags else ()
    columns: dict[str, object] = {
        "sort_title": firsts.get("titlesort", ""),
        "album": album.name,
        "sort_album": album.sort_name,
        "artist": artist.display,
        "sort_artist": artist.sort,
        "album_artist": album_artist.display,
        "sort_album_artist": album_artist.sort,
        "compilation": compilation,
        "year": dates.date.year,
        "date": dates.date.text,
        "original_year": dates.original.year,
        "original_date": dates.original.text,
        "release_year": dates.release.year,
        "release_date": dates.release.text,
        "genre": genres[0][1] if genres else "",
        "mbz_album_id": album.mbz_album_id,
        "tags": tags,
    }
    title = firsts.get("title", "") or _title_of(path)
    columns["title"] = title
    columns["suffix"] = _suffix_of(path)
    disc, track = _add_numbers(columns, firsts)
    release_track = _add_details(columns, firsts, raw)
    _add_facts(columns, raw)
    pid = identity.track_pid(mbz_track_id=release_track, album=album.pid, disc=disc, track=track, title=title)
    credits_ = (*artist.credits, *album_artist.credits, *people.other_credits(tags))
    return TrackRecord(pid, columns, album, credits_, genres)


def _add_numbers(columns: dict[str, object], firsts: Firsts) -> tuple[int | None, int | None]:
    track, track_total = figures.parse_pair(firsts.get("tracknumber", ""), firsts.get("tracktotal", ""))
    disc, disc_total = figures.parse_pair(firsts.get("discnumber", ""), firsts.get("disctotal", ""))
    columns["track_number"] = track
    columns["track_total"] = track_total
    columns["disc_number"] = disc
    columns["disc_total"] = disc_total
    return disc, track


def _add_details(columns: dict[str, object], firsts: Firsts, raw: RawTrack) -> str:
    """What only some files have; returns the MusicBrainz release track id."""
    release_track = figures.parse_uuid(firsts.get("musicbrainz_trackid", ""))
    comments = raw.tags.get("comment")
    columns["disc_subtitle"] = firsts.get("discsubtitle", "")
    columns["comment"] = body(comments[0]) if comments else ""
    columns["bpm"] = figures.parse_number(firsts.get("bpm", ""))
    columns["mbz_track_id"] = release_track
    columns["mbz_recording_id"] = figures.parse_uuid(firsts.get("musicbrainz_recordingid", ""))
    for scope in ("track", "album"):
        gain = figures.parse_gain(firsts.get(f"replaygain_{scope}_gain", ""), firsts.get(f"r128_{scope}_gain", ""))
        columns[f"rg_{scope}_gain"] = gain
        columns[f"rg_{scope}_peak"] = figures.parse_peak(firsts.get(f"replaygain_{scope}_peak", ""))
    return release_track


def _add_facts(columns: dict[str, object], raw: RawTrack) -> None:
    columns["has_lyrics"] = raw.has_lyrics or "lyrics" in raw.tags
    columns["has_picture"] = raw.has_picture
    columns["codec"] = line(raw.codec, _MAX_CODEC)
    columns["duration"] = figures.bounded_duration(raw.duration)
    columns["bit_rate"] = figures.bounded(raw.bit_rate)
    columns["sample_rate"] = figures.bounded(raw.sample_rate)
    columns["bit_depth"] = figures.bounded(raw.bit_depth, figures.MAX_SMALL_INT)
    columns["channels"] = figures.bounded(raw.channels, figures.MAX_SMALL_INT)


def _read_artists(tags: Tags, role: str) -> _Artists:
    """The artists under `artist` and `artists` (or `albumartist…`): the list names them, the single one is shown."""
    shown, listed = tags.get(role), tags.get(role + "s")
    if not shown and not listed:
        return _NOBODY
    sorts, all_sorts = tags.get(role + "sort", ()), tags.get(role + "ssort", ())
    ids = tags.get(f"musicbrainz_{role}id", ())
    return _make_artists(role, tuple(shown or ()), tuple(listed or ()), tuple(sorts), tuple(all_sorts), tuple(ids))


@lru_cache(maxsize=2048)
def _make_artists(
    role: str, shown: Values, listed: Values, sorts: Values, all_sorts: Values, ids: Values
) -> _Artists:  # fmt: skip
    found = people.make_credits(role, listed or shown, all_sorts or sorts, ids)
    # A tag of nothing but space names nobody.
    return _Artists(joined(shown or listed), joined(sorts or all_sorts), found) if found else _NOBODY


def _map_artists(tags: Tags, compilation: bool) -> tuple[_Artists, _Artists]:
    """The track's and the album's artists: who is not named is the other, "Various Artists", or unknown."""
    artist = _read_artists(tags, people.ARTIST)
    album_artist = _read_artists(tags, people.ALBUM_ARTIST)
    if not artist.credits:
        named = album_artist.credits and not people.is_various(album_artist.credits)
        artist = _as_role(album_artist, people.ARTIST) if named else _unknown_artist()
    if not album_artist.credits:
        album_artist = _various_artists() if compilation else _as_role(artist, people.ALBUM_ARTIST)
    return artist, album_artist


def _as_role(artists: _Artists, role: str) -> _Artists:
    return artists._replace(credits=people.in_role(artists.credits, role))


def _unknown_artist() -> _Artists:
    return _Artists(people.UNKNOWN_ARTIST, "", (people.make_credit(people.ARTIST, people.UNKNOWN_ARTIST),))


def _various_artists() -> _Artists:
    credit = people.make_credit(people.ALBUM_ARTIST, people.VARIOUS_ARTISTS, "", people.VARIOUS_ARTISTS_MBZ_ID)
    return _Artists(people.VARIOUS_ARTISTS, "", (credit,))


def _map_dates(firsts: Firsts) -> _Dates:
    tagged = parse_date(firsts.get("date", "") or firsts.get("year", ""))
    original = parse_date(firsts.get("originaldate", "") or firsts.get("originalyear", ""))
    release = parse_date(firsts.get("releasedate", ""))
    shown = next((each for each in (tagged, original, release) if each.text), tagged)
    return _Dates(shown, original, release, tagged)


def _map_album(firsts: Firsts, artist: _Artists, dates: _Dates, compilation: bool) -> AlbumRecord:
    return _make_album(
        firsts.get("album", ""),
        firsts.get("albumsort", ""),
        firsts.get("albumversion", ""),
        artist,
        dates,
        compilation,
        figures.parse_uuid(firsts.get("musicbrainz_albumid", "")),
        figures.parse_uuid(firsts.get("musicbrainz_releasegroupid", "")),
    )


@lru_cache(maxsize=512)
def _make_album(
    name: str, sort_name: str, version: str, artist: _Artists, dates: _Dates, compilation: bool, mbz_album_id: str,
    mbz_release_group_id: str,
) -> AlbumRecord:  # fmt: skip
    names = tuple(credit.name for credit in artist.credits)
    mixed = compilation or people.is_various(artist.credits)
    date = identity.album_date(release_date=dates.release.text, year=dates.tagged.year, compilation=mixed)
    pid = identity.album_pid(
        mbz_album_id=mbz_album_id,
        artists=names,
        album=name or UNKNOWN_ALBUM,
        version=version if name else "",
        date=date if name else "",
    )
    return AlbumRecord(
        pid=pid,
        name=name or UNKNOWN_ALBUM,
        sort_name=sort_name,
        version=version,
        album_artist=artist.display,
        artist_pid=artist.credits[0].pid,
        compilation=compilation,
        year=dates.date.year,
        original_year=dates.original.year,
        date=(dates.release if dates.release.text else dates.date).text,
        mbz_album_id=mbz_album_id,
        mbz_release_group_id=mbz_release_group_id,
    )


def _title_of(path: bytes) -> str:
    """The file name without its suffix, as people read it."""
    name = path.rpartition(b"/")[2]
    return line(display(name.rpartition(b".")[0] or name)) or "?"


def _suffix_of(path: bytes) -> str:
    stem, dot, suffix = path.rpartition(b"/")[2].rpartition(b".")
    return _clean_suffix(suffix) if dot and stem else ""


@lru_cache(maxsize=256)
def _clean_suffix(suffix: bytes) -> str:
    fits = len(suffix) <= _MAX_SUFFIX and suffix.isalnum()
    return suffix.decode("ascii").lower() if fits else ""
