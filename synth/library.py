"""Whole libraries of synthetic music with their ground truth."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from synth.files import FORMATS, track_bytes, write_bytes
from synth.manifest import Manifest, TrackEntry, track_entry
from synth.names import GENRES, INSTRUMENTS, Names, file_name, sort_name
from synth.pictures import make_cover
from synth.tones import Tone
from synth.track import Track

ALL_FORMATS = tuple(FORMATS)
_WEIGHTS = {"mp3": 40, "mp3-v23": 12, "flac": 24, "m4a": 8, "ogg": 5, "opus": 4, "alac": 3, "wma": 2}
_KINDS = {"studio": 62, "compilation": 9, "discs": 9, "classical": 9, "single": 7, "untagged": 4}
_LENGTHS = {"studio": (7, 13), "compilation": (10, 18), "discs": (12, 24), "classical": (6, 16), "single": (1, 2)}
# Small sound keeps 100,000 files under a gigabyte: what is large on disk gets a low rate and little time.
_SMALL_RATES = {"flac": 8000, "oga": 8000, "alac": 8000, "wav": 8000, "aiff": 8000, "wma": 8000, "opus": 48000}
_MP3_LIKE = ("mp3", "mp3-v23")


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that is still to be written."""

    path: str
    track: Track
    fmt: str


class _Planner:
    """Invents one album after the other."""

    def __init__(self, rng: random.Random, tracks: int, formats: tuple[str, ...], *, pictures: bool) -> None:
        self.rng = rng
        self.names = Names(rng)
        self.formats = formats
        self.weights = [_WEIGHTS.get(fmt, 1) for fmt in formats]
        self.pictures = pictures
        self.artists = [self.names.artist() for _ in range(max(3, tracks // 40))]
        self.ids = {artist: self.names.identifier() for artist in self.artists}
        self.folders: set[str] = set()
        self.albums = 0
        self.sounds = 0

    def album(self) -> list[PlannedFile]:
        """The files of a new album."""
        kind = self.rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        # The first albums go through all formats, so that even a small library has each of them.
        first = self.albums < len(self.formats)
        fmt = self.formats[self.albums] if first else self.rng.choices(self.formats, self.weights)[0]
        self.albums += 1
        if kind == "untagged":
            return self._untagged(fmt)
        count = self.rng.randint(*_LENGTHS[kind])
        base = self._base(kind, count)
        if kind == "classical":
            tracks = self._classical(base, count)
        elif kind == "compilation":
            tracks = [self._song(base, self.rng.choice(self.artists), number) for number in range(1, count + 1)]
        else:
            tracks = [self._song(base, base.album_artists[0], number) for number in range(1, count + 1)]
        if kind == "discs":
            tracks = self._discs(tracks)
        return self._placed(tracks, fmt)

    def _base(self, kind: str, count: int) -> Track:
        """What all tracks of an album share."""
        rng = self.rng
        various = kind == "compilation"
        artists: tuple[str, ...] = ("Various Artists",) if various else (rng.choice(self.artists),)
        if kind == "studio" and rng.random() < 0.06:
            artists = (*artists, rng.choice([name for name in self.artists if name != artists[0]]))
        year = rng.randint(1958, 2024)
        known = rng.random() < 0.6
        colour = (rng.randrange(0, 200, 50), rng.randrange(0, 200, 50), rng.randrange(0, 200, 50))
        album = self.names.album(" & ".join(artists))
        return Track(
            album=album,
            album_artists=artists,
            album_artist_sort="" if various else sort_name(artists[0]),
            date=f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}" if rng.random() < 0.5 else str(year),
            original_date=str(year - rng.randint(0, 20)) if rng.random() < 0.2 else "",
            genres=tuple(rng.sample(GENRES, rng.choice((1, 1, 2, 3)))),
            compilation=various,
            track_total=count,
            disc_number=1,
            disc_total=1,
            label=f"{rng.choice(self.artists)} Records" if rng.random() < 0.3 else "",
            mb_album_id=self.names.identifier() if known else "",
            mb_release_group_id=self.names.identifier() if known else "",
            mb_album_artist_ids=() if various or not known else tuple(self.ids[name] for name in artists),
            album_gain=round(rng.uniform(-12, 3), 2),
            album_peak=round(rng.uniform(0.5, 1), 6),
            picture=make_cover(96, colour, grain=3) if self.pictures and rng.random() < 0.7 else None,
        )

    def _song(self, base: Track, artist: str, number: int) -> Track:
        rng = self.rng
        artists: tuple[str, ...] = (artist,)
        credit = ""
        if rng.random() < 0.12:
            guest = rng.choice(self.artists)
            if guest != artist:
                artists, credit = (artist, guest), f"{artist} feat. {guest}"
        known = bool(base.mb_album_id)
        return replace(
            base,
            title=self.names.song(),
            artists=artists,
            artist_credit=credit,
            artist_sort="; ".join(map(sort_name, artists)),
            track_number=number,
            composers=(self.names.person(),) if rng.random() < 0.3 else (),
            producers=(self.names.person(),) if rng.random() < 0.15 else (),
            remixers=(self.names.person(),) if rng.random() < 0.04 else (),
            comment="Ripped with care" if rng.random() < 0.2 else "",
            lyrics=f"{self.names.song()}\n{self.names.song()}" if rng.random() < 0.1 else "",
            bpm=rng.randint(60, 180) if rng.random() < 0.3 else 0,
            track_gain=round(rng.uniform(-12, 3), 2),
            track_peak=round(rng.uniform(0.4, 1), 6),
            mb_recording_id=self.names.identifier() if known else "",
            mb_track_id=self.names.identifier() if known else "",
            mb_artist_ids=tuple(self.ids[name] for name in artists) if known else (),
        )

    def _classical(self, base: Track, count: int) -> list[Track]:
        composer, conductor = self.names.person(), self.names.person()
        soloists = tuple((instrument, self.names.person()) for instrument in self.rng.sample(INSTRUMENTS, 2))
        tracks = []
        work = ""
        for index in range(count):
            if index % 4 == 0:
                work = self.names.work()
            song = self._song(base, base.album_artists[0], index + 1)
            tracks.append(
                replace(
                    song,
                    title=f"{work}: {self.names.movement(index % 4)}",
                    genres=("Classical", *base.genres[:1]),
                    composers=(composer,),
                    composer_sort=sort_name(composer),
                    conductors=(conductor,),
                    performers=soloists,
                )
            )
        return tracks

    def _discs(self, tracks: list[Track]) -> list[Track]:
        discs = self.rng.choice((2, 2, 3))
        size = -(-len(tracks) // discs)
        used = -(-len(tracks) // size)
        return [
            replace(
                track,
                disc_number=index // size + 1,
                disc_total=used,
                track_number=index % size + 1,
                track_total=min(size, len(tracks) - index // size * size),
            )
            for index, track in enumerate(tracks)
        ]

    def _tone(self, fmt: str) -> Tone:
        """The next sound: pitch and length go round, so that equal sounds are far apart."""
        self.sounds += 1
        rate = _SMALL_RATES.get(fmt, 48000 if fmt in _MP3_LIKE else 44100)
        hertz = 200 + self.sounds % 101 * 10
        if fmt == "dsf":
            return Tone(0.05, hertz, rate, 1)
        if fmt in ("flac", "oga"):  # whole tenths of a second let frames be encoded once
            return Tone((4 + self.sounds % 9) / 10, hertz, rate, 1)
        if fmt == "wv":  # its coder is slow
            hertz = 0
        return Tone((400 + self.sounds * 7 % 900) / 1000, hertz, rate, 1, 32)

    def _folder(self, parent: str, name: str) -> str:
        """A folder that no album has yet on any system."""
        folder, number = f"{file_name(parent)}/{file_name(name)}", 2
        while folder.casefold() in self.folders:
            folder, number = f"{file_name(parent)}/{file_name(name)} [{number}]", number + 1
        self.folders.add(folder.casefold())
        return folder

    def _placed(self, tracks: list[Track], fmt: str) -> list[PlannedFile]:
        lead = tracks[0]
        folder = self._folder(lead.album_artist, f"{lead.album} ({lead.year})")
        split = lead.disc_total > 1 and self.rng.random() < 0.6
        suffix = FORMATS[fmt].suffix
        files = []
        for track in tracks:
            number = f"{track.track_number:02}"
            if lead.disc_total > 1 and not split:
                number = f"{track.disc_number}-{number}"
            inside = f"{folder}/CD{track.disc_number}" if split else folder
            path = f"{inside}/{number} {file_name(track.title)}.{suffix}"
            files.append(PlannedFile(path, self._sounding(track, fmt), fmt))
        return files

    def _sounding(self, track: Track, fmt: str) -> Track:
        return replace(track, tone=self._tone(fmt), mark=self.rng.getrandbits(64))

    def _untagged(self, fmt: str) -> list[PlannedFile]:
        folder = self._folder("Recordings", self.names.album("Recordings"))
        track = Track(tagged=False)
        return [
            PlannedFile(f"{folder}/track{number:02}.{FORMATS[fmt].suffix}", self._sounding(track, fmt), fmt)
            for number in range(1, self.rng.randint(2, 6))
        ]


def _plan(tracks: int, seed: int, formats: tuple[str, ...], *, pictures: bool) -> Iterator[PlannedFile]:
    planner = _Planner(random.Random(seed), tracks, formats, pictures=pictures)  # noqa: S311 - repeatable on purpose
    left = tracks
    while left:
        album = planner.album()[:left]
        left -= len(album)
        yield from album


def write_files(root: Path, files: Iterator[PlannedFile]) -> Iterator[TrackEntry]:
    """Write planned files below `root` and tell what each one says."""
    made: set[Path] = set()
    for file in files:
        path = root / file.path
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        data = track_bytes(file.track, file.fmt)
        write_bytes(path, data)
        yield track_entry(file.path, file.track, file.fmt, len(data))


def make_library(
    root: Path, *, tracks: int, seed: int, formats: tuple[str, ...] = ALL_FORMATS, pictures: bool = True
) -> Manifest:
    """Write `tracks` files below `root`; the same arguments always give the same bytes."""
    if tracks < 1 or not formats or set(formats) - set(ALL_FORMATS):
        raise ValueError(f"tracks must be positive and formats among {', '.join(ALL_FORMATS)}")
    return Manifest.of(seed, list(write_files(root, _plan(tracks, seed, formats, pictures=pictures))))
