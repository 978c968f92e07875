"""The tags and facts of one file become a track, its album, its artists and its genres. No Django, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from libraries.audio.types import RawAudio
from libraries.choices import Role
from libraries.order_names import order_name, shared_order_name
from libraries.scanner.mapping import credits, identity, values
from libraries.scanner.mapping.pids import USUAL, PidRules, Pids, pids_of, places
from libraries.scanner.mapping.splitting import DEFAULT_SPLITTERS, Splitters
from libraries.scanner.mapping.text import body, clean_tags, first_lines, joined, line
from libraries.scanner.mapping.values import PartialDate, first_date
from libraries.scanner.paths import display
from libraries.scanner.types import AlbumRecord, Artists, MappedAlbum, MappedTrack

UNKNOWN_ALBUM: Final = "[Unknown Album]"

_YES: Final = frozenset({"1", "true", "yes", "y", "on", "t"})
_MAX_SUFFIX: Final = 8
_MAX_CODEC: Final = 16

# The tags that `map_shared` reads, and others that are of an album rather than of one of its tracks.
_SHARED_TAGS: Final = frozenset(
    {
        "album", "albumsort", "albumversion", "albumartist", "albumartists", "albumartistsort", "albumartistssort",
        "musicbrainz_albumartistid", "musicbrainz_albumid", "musicbrainz_releasegroupid", "compilation", "discnumber",
        "disctotal", "discsubtitle", "date", "year", "originaldate", "originalyear", "releasedate", "genre",
        "replaygain_album_gain", "replaygain_album_peak", "r128_album_gain", "label", "catalognumber", "barcode",
        "asin", "media", "releasetype", "releasestatus", "releasecountry", "script", "encodedby", "encodersettings",
    }
)  # fmt: skip
# where no album artist is named, the artists of the track are those of its album
_SHARED_WITHOUT_ALBUM_ARTIST: Final = _SHARED_TAGS | {
    "artist", "artists", "artistsort", "artistssort", "musicbrainz_artistid",
}  # fmt: skip


def make_pids(rules: PidRules) -> Pids:
    """What albums and tracks are told apart by under some rules."""
    return pids_of(rules, _SHARED_TAGS)


USUAL_PIDS: Final = make_pids(USUAL)

Values = Sequence[str]
Tags = Mapping[str, Values]
Firsts = dict[str, str]
Texts = tuple[str, ...]


class _Dates(NamedTuple):
    """The dates that are shown."""

    date: PartialDate
    original: PartialDate
    release: PartialDate


_NOBODY: Final = Artists("", "", ())


def map_track(
    raw: RawAudio, *, path: bytes, splitters: Splitters = DEFAULT_SPLITTERS, pids: Pids = USUAL_PIDS
) -> MappedTrack:
    """The track of the file at `path`: any tags give storable values; pids follow from tags and path alone."""
    own_tags, shared_tags = split_tags(clean_tags(raw.tags), splitters)
    shared = map_shared(shared_tags, splitters, pids, pids.of_track(own_tags, path))
    own = map_own(own_tags, shared, raw, path=path, splitters=splitters, pids=pids, shared_tags=shared_tags)
    return own._replace(columns={**shared.columns, **own.columns, "tags": {**own_tags, **shared_tags}})


def split_tags(tags: Mapping[str, Values], splitters: Splitters) -> tuple[dict[str, Values], dict[str, Values]]:
    """The tags of one track alone, with one value for each mood, and those for `map_shared`."""
    named = "albumartist" in tags or "albumartists" in tags
    shared = _SHARED_TAGS if named else _SHARED_WITHOUT_ALBUM_ARTIST
    own = {key: values for key, values in tags.items() if key not in shared}
    if "mood" in own:
        own["mood"] = list(credits.find_moods(splitters, tuple(own["mood"]))) or own["mood"]
    return own, {key: values for key, values in tags.items() if key in shared}


def map_shared(
    tags: Tags, splitters: Splitters = DEFAULT_SPLITTERS, pids: Pids = USUAL_PIDS, extra: Tags | None = None
) -> MappedAlbum:
    """What follows from the clean tags that the tracks of an album have in common; `extra` is for its identity."""
    firsts = first_lines(tags)
    compilation = firsts.get("compilation", "").lower() in _YES
    artist = _read_artists(splitters, tags, Role.ARTIST)
    album_artist = _read_artists(splitters, tags, Role.ALBUM_ARTIST)
    if not album_artist.credits:
        album_artist = _various_artists() if compilation else _first_artist(artist)
    dates = _map_dates(firsts)
    album = _map_album(firsts, album_artist)
    if pids.album is not None:
        every = {**(extra or {}), **tags}
        known = _named(album_artist, _read_artists(splitters, every, Role.ARTIST))
        known |= {name: tuple(every[name]) for name in ("folder", "filename") if name in every}
        album = album._replace(pid=pids.album.pid(b"album-rule", every, known))
    genres = credits.make_genres(splitters, tuple(tags["genre"])) if "genre" in tags else ()
    disc, disc_total = values.parse_pair(firsts.get("discnumber", ""), firsts.get("disctotal", ""))
    columns: dict[str, object] = {
        "album": album.name,
        "sort_album": album.sort_name,
        "album_artist": album_artist.display,
        "sort_album_artist": album_artist.sort,
        "order_album": shared_order_name(album.name, splitters.articles),
        "order_album_artist": shared_order_name(album_artist.credits[0].name, splitters.articles),
        "compilation": compilation,
        "disc_number": disc,
        "disc_total": disc_total,
        "disc_subtitle": firsts.get("discsubtitle", ""),
        "year": dates.date.year,
        "date": dates.date.text,
        "original_year": dates.original.year,
        "original_date": dates.original.text,
        "release_year": dates.release.year,
        "release_date": dates.release.text,
        "genre": genres[0][1] if genres else "",
        "mbz_album_id": album.mbz_album_id,
        "rg_album_gain": _gain(firsts, "replaygain_album_gain", "r128_album_gain"),
        "rg_album_peak": values.parse_peak(firsts.get("replaygain_album_peak", "")),
    }
    return MappedAlbum(columns, album, genres, artist, album_artist, disc)


def map_own(
    tags: Tags, shared: MappedAlbum, raw: RawAudio, *, path: bytes, splitters: Splitters = DEFAULT_SPLITTERS,
    pids: Pids = USUAL_PIDS, shared_tags: Tags | None = None,
) -> MappedTrack:  # fmt: skip
    """The track of these tags; its columns lack those of `shared`, and the column of the tags."""
    firsts = first_lines(tags)
    artist = _map_artist(splitters, tags, shared)
    title = firsts.get("title", "") or _title_of(path)
    track, track_total = values.parse_pair(firsts.get("tracknumber", ""), firsts.get("tracktotal", ""))
    release_track = values.parse_uuid(firsts.get("musicbrainz_trackid", ""))
    comments = raw.tags.get("comment")
    columns: dict[str, object] = {
        "suffix": _suffix_of(path),
        "title": title,
        "sort_title": firsts.get("titlesort", ""),
        "artist": artist.display,
        "sort_artist": artist.sort,
        "order_title": order_name(title),
        "order_artist": shared_order_name(artist.credits[0].name, splitters.articles),
        "track_number": track,
        "track_total": track_total,
        "comment": body(comments[0]) if comments else "",
        "has_lyrics": raw.has_lyrics or "lyrics" in raw.tags,
        "has_picture": raw.has_picture,
        "bpm": values.parse_tempo(firsts.get("bpm", "")),
        "mbz_track_id": release_track,
        "mbz_recording_id": values.parse_uuid(firsts.get("musicbrainz_recordingid", "")),
        "rg_track_gain": _gain(firsts, "replaygain_track_gain", "r128_track_gain"),
        "rg_track_peak": values.parse_peak(firsts.get("replaygain_track_peak", "")),
        "codec": line(raw.codec, _MAX_CODEC),
        "duration": values.bounded_duration(raw.duration),
        "bit_rate": values.bounded(raw.bit_rate),
        "sample_rate": values.bounded(raw.sample_rate),
        "bit_depth": values.bounded(raw.bit_depth, values.MAX_SMALL_INT),
        "channels": values.bounded(raw.channels, values.MAX_SMALL_INT),
    }
    pid = identity.track_pid(
        mbz_track_id=release_track, album=shared.album.pid, disc=shared.disc, track=track, title=title
    )
    if pids.track is not None:
        known = _named(shared.album_artist, artist) | places(path) | {"albumid": (shared.album.pid,)}
        known |= {"title": (identity.normal(title),)}
        pid = pids.track.pid(b"track-rule", {**(shared_tags or {}), **tags}, known)
    all_credits = (*artist.credits, *shared.album_artist.credits, *credits.other_credits(splitters, tags))
    return MappedTrack(pid, columns, shared.album, credits.share_ids(all_credits), shared.genres)


def _gain(firsts: Firsts, key: str, r128: str) -> float | None:
    return values.parse_gain(firsts.get(key, ""), firsts.get(r128, ""))


def _read_artists(splitters: Splitters, tags: Tags, role: str) -> Artists:
    """The artists under `artist` and `artists` (or `albumartist…`): the list names them, the single one is shown."""
    shown, listed = tags.get(role), tags.get(role + "s")
    if not shown and not listed:
        return _NOBODY
    sorts, all_sorts = tags.get(role + "sort", ()), tags.get(role + "ssort", ())
    ids = tags.get(f"musicbrainz_{role}id", ())
    return _make_artists(
        splitters, role, tuple(shown or ()), tuple(listed or ()), tuple(sorts), tuple(all_sorts), tuple(ids)
    )


@lru_cache(maxsize=512)
def _make_artists(
    splitters: Splitters, role: str, shown: Texts, listed: Texts, sorts: Texts, all_sorts: Texts, ids: Texts
) -> Artists:  # fmt: skip
    found = credits.make_credits(splitters, role, shown, listed, sorts, all_sorts, ids)
    # A tag of nothing but space names no artist.
    return Artists(joined(shown or listed), joined(sorts or all_sorts), found) if found else _NOBODY


def _map_artist(splitters: Splitters, tags: Tags, shared: MappedAlbum) -> Artists:
    """The track's artists: who is not named is that of the album, unless that stands for many, or unknown."""
    artist = _read_artists(splitters, tags, Role.ARTIST)
    if artist.credits:
        return artist
    if shared.artist.credits:
        return shared.artist
    named = not credits.is_various(shared.album_artist.credits)
    return _as_role(shared.album_artist, Role.ARTIST) if named else _unknown_artist()


def _named(album_artist: Artists, artist: Artists) -> dict[str, Texts]:
    """The artists as parts of an identity."""
    people = {"albumartistid": album_artist, "artistid": artist}
    return {name: tuple(identity.normal(each.name) for each in who.credits) for name, who in people.items()}


def _first_artist(artists: Artists) -> Artists:
    """The album artist of an album that names none: guests of some of its tracks do not make it another one."""
    named = artists if artists.credits else _unknown_artist()
    first = named.credits[:1]
    return Artists(first[0].name, first[0].sort_name, credits.in_role(first, Role.ALBUM_ARTIST))


def _as_role(artists: Artists, role: str) -> Artists:
    return artists._replace(credits=credits.in_role(artists.credits, role))


def _unknown_artist() -> Artists:
    return Artists(credits.UNKNOWN_ARTIST, "", (credits.make_credit(Role.ARTIST, credits.UNKNOWN_ARTIST),))


def _various_artists() -> Artists:
    credit = credits.make_credit(Role.ALBUM_ARTIST, credits.VARIOUS_ARTISTS, "", credits.VARIOUS_ARTISTS_MBZ_ID)
    return Artists(credits.VARIOUS_ARTISTS, "", (credit,))


def _map_dates(firsts: Firsts) -> _Dates:
    tagged = first_date(firsts.get("date", ""), firsts.get("year", ""))
    original = first_date(firsts.get("originaldate", ""), firsts.get("originalyear", ""))
    release = first_date(firsts.get("releasedate", ""))
    if original.text and tagged.text and not release.text and values.not_before(tagged, original):
        # Most programs write the date of a reissue where that of the recording belongs.
        return _Dates(values.more_precise(original, tagged), original, tagged)
    shown = next((each for each in (tagged, original, release) if each.text), tagged)
    return _Dates(shown, original, release)


def _map_album(firsts: Firsts, artist: Artists) -> AlbumRecord:
    return _make_album(
        firsts.get("album", ""),
        firsts.get("albumsort", ""),
        firsts.get("albumversion", ""),
        artist,
        # what the tag itself says: the swap of dates for showing leaves identity alone
        first_date(firsts.get("releasedate", "")).text,
        values.parse_uuid(firsts.get("musicbrainz_albumid", "")),
        values.parse_uuid(firsts.get("musicbrainz_releasegroupid", "")),
    )


@lru_cache(maxsize=512)
def _make_album(
    name: str, sort_name: str, version: str, artist: Artists, release_date: str, mbz_album_id: str,
    mbz_release_group_id: str,
) -> AlbumRecord:  # fmt: skip
    names = tuple(credit.name for credit in artist.credits)
    pid = identity.album_pid(
        mbz_album_id=mbz_album_id,
        artists=names,
        album=name or UNKNOWN_ALBUM,
        version=version if name else "",
        release_date=release_date if name else "",
    )
    return AlbumRecord(
        pid=pid,
        name=name or UNKNOWN_ALBUM,
        sort_name=sort_name,
        version=version,
        album_artist=artist.display,
        artist_pid=artist.credits[0].pid,
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
