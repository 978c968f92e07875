"""The ground truth of a synthetic library: what a scanner should find."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from typing import Any, Self

from synth.files import FORMATS
from synth.track import Track

_ROLES = (
    ("composers", "composer"),
    ("conductors", "conductor"),
    ("lyricists", "lyricist"),
    ("arrangers", "arranger"),
    ("producers", "producer"),
    ("remixers", "remixer"),
)


@dataclass(frozen=True, slots=True)
class TrackEntry:
    """One file. Texts are empty and numbers 0 where the file says nothing."""

    path: str
    """Relative to the root, with forward slashes."""
    fmt: str
    suffix: str
    size: int
    duration: float
    sample_rate: int
    channels: int
    bit_depth: int
    tagged: bool
    title: str
    artist: str
    artists: tuple[str, ...]
    album: str
    album_artist: str
    album_artists: tuple[str, ...]
    roles: tuple[tuple[str, str], ...]
    """Pairs of role and name, artists and album artists not among them; performers as "performer:instrument"."""
    genres: tuple[str, ...]
    track_number: int
    track_total: int
    disc_number: int
    disc_total: int
    year: int
    compilation: bool
    mb_recording_id: str
    mb_album_id: str
    picture: bool

    @property
    def album_key(self) -> tuple[str, ...]:
        """What makes tracks one album: the MusicBrainz release, else album artist and album."""
        return (self.mb_album_id,) if self.mb_album_id else (self.album_artist, self.album)


@dataclass(frozen=True, slots=True)
class AlbumEntry:
    """One album and what it adds up to."""

    name: str
    album_artist: str
    year: int
    mb_album_id: str
    songs: int
    discs: int
    size: int
    duration: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the library."""

    songs: int
    albums: int
    """Albums with a name; files without tags belong to none."""
    artists: int
    """Different names among artists and album artists."""
    contributors: int
    """Different names in any role."""
    genres: int
    folders: int
    """Folders below the root, at any depth."""
    audio_folders: int
    """Folders that hold audio files themselves."""
    untagged: int
    size: int
    duration: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole library."""

    seed: int
    tracks: tuple[TrackEntry, ...]
    albums: tuple[AlbumEntry, ...]
    totals: Totals

    @classmethod
    def of(cls, seed: int, tracks: list[TrackEntry]) -> Self:
        """Add up albums and totals."""
        albums = _albums(tracks)
        return cls(seed, tuple(tracks), albums, _totals(tracks, len(albums)))

    def to_json(self) -> str:
        """The manifest as text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        tracks = tuple(_revived(TrackEntry, row) for row in raw["tracks"])
        albums = tuple(AlbumEntry(**row) for row in raw["albums"])
        return cls(raw["seed"], tracks, albums, Totals(**raw["totals"]))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _revived(kind: type[TrackEntry], row: dict[str, Any]) -> TrackEntry:
    return kind(**{field.name: _tuples(row[field.name]) for field in fields(kind)})


def track_roles(track: Track) -> tuple[tuple[str, str], ...]:
    """Pairs of role and name of everybody but the artists."""
    pairs = [(role, name) for key, role in _ROLES for name in getattr(track, key)]
    pairs += [(f"performer:{instrument}", name) for instrument, name in track.performers]
    return tuple(pairs)


def track_entry(path: str, track: Track, fmt: str, size: int) -> TrackEntry:
    """What the file at `path` says, which is nothing but its sound when it has no tags."""
    stream = FORMATS[fmt].stream(track.tone)
    said = track if track.tagged else Track()
    return TrackEntry(
        path=path,
        fmt=fmt,
        suffix=FORMATS[fmt].suffix,
        size=size,
        duration=stream.duration,
        sample_rate=stream.sample_rate,
        channels=stream.channels,
        bit_depth=stream.bit_depth,
        tagged=track.tagged,
        title=said.title,
        artist=said.artist,
        artists=said.artists,
        album=said.album,
        album_artist=said.album_artist,
        album_artists=said.album_artists,
        roles=track_roles(said),
        genres=said.genres,
        track_number=said.track_number,
        track_total=said.track_total,
        disc_number=said.disc_number,
        disc_total=said.disc_total,
        year=said.year,
        compilation=said.compilation,
        mb_recording_id=said.mb_recording_id,
        mb_album_id=said.mb_album_id,
        picture=said.picture is not None,
    )


def _albums(tracks: list[TrackEntry]) -> tuple[AlbumEntry, ...]:
    groups: dict[tuple[str, ...], list[TrackEntry]] = {}
    for track in tracks:
        if track.album:
            groups.setdefault(track.album_key, []).append(track)
    return tuple(
        AlbumEntry(
            name=group[0].album,
            album_artist=group[0].album_artist,
            year=group[0].year,
            mb_album_id=group[0].mb_album_id,
            songs=len(group),
            discs=len({track.disc_number for track in group}),
            size=sum(track.size for track in group),
            duration=sum(track.duration for track in group),
        )
        for group in groups.values()
    )


def _totals(tracks: list[TrackEntry], albums: int) -> Totals:
    artists = {name for track in tracks for name in (*track.artists, *track.album_artists)}
    others = {name for track in tracks for _, name in track.roles}
    parents = {PurePosixPath(track.path).parent for track in tracks}
    folders = {folder for parent in parents for folder in (parent, *parent.parents)} - {PurePosixPath()}
    return Totals(
        songs=len(tracks),
        albums=albums,
        artists=len(artists),
        contributors=len(artists | others),
        genres=len({genre for track in tracks for genre in track.genres}),
        folders=len(folders),
        audio_folders=len(parents),
        untagged=sum(not track.tagged for track in tracks),
        size=sum(track.size for track in tracks),
        duration=sum(track.duration for track in tracks),
    )
