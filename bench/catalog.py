"""A catalog of any size straight into the tables: the same rows for everybody, without any file behind them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import connection, models, transaction

from libraries import gathering, totals
from libraries.choices import ProblemKind, ScanState, ScanTrigger
from libraries.models import (
    Album,
    Artist,
    Folder,
    Genre,
    Library,
    MediaFile,
    Participant,
    Scan,
    ScanProblem,
    TrackGenre,
)
from libraries.order_names import order_name
from libraries.search import index
from libraries.search.words import spaced
from missing.models import Purge
from navidrome_lib.audit.actor import Channel
from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.db.bulk import db_datetime, insert_rows
from navidrome_lib.db.ids import first_id
from users.models import User

SEED = 7
START = datetime(2024, 1, 1, tzinfo=UTC)
PIECE = 5000
TRACKS_PER_ALBUM = 10
# what of the songs each library has
SHARES = {"Music": 0.7, "Classical": 0.2, "Podcasts": 0.1}
SUFFIXES = ("mp3", "flac", "m4a", "opus", "ogg")
SUFFIX_SHARES = (55, 30, 8, 5, 2)
GENRES = 300
_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnprstvwz"
_WORDS = 20_000


class Sizes(NamedTuple):
    """How many rows there are of each kind, for a number of songs."""

    songs: int

    @property
    def albums(self) -> int:
        return max(1, self.songs // TRACKS_PER_ALBUM)

    @property
    def artists(self) -> int:
        return max(1, self.songs * 3 // 100)

    @property
    def scans(self) -> int:
        return max(1, self.songs // 200)

    @property
    def problems(self) -> int:
        return max(1, self.songs // 10)

    @property
    def entries(self) -> int:
        return max(1, self.songs // 10)

    @property
    def users(self) -> int:
        return max(1, self.songs // 1000)

    @property
    def purges(self) -> int:
        return max(1, self.songs // 20_000)


class Words:
    """Invented words, of which few are frequent and most are rare, as in real titles."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        found: dict[str, None] = {}
        while len(found) < _WORDS:
            syllables = (chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(chance.randint(2, 4)))
            found["".join(syllables).capitalize()] = None
        self.all = list(found)
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(_WORDS)))

    def text(self, least: int, most: int) -> str:
        return " ".join(self._chance.choices(self.all, cum_weights=self._weights, k=self._chance.randint(least, most)))


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def row_id(number: int) -> str:
    """An id that grows with the number, as those of a scan do with time."""
    return _prefix(number // 200) + f"{number:012}"


@lru_cache(maxsize=16)
def _prefix(seconds: int) -> str:
    return first_id(START + timedelta(seconds=seconds))[:10]


def when(number: int, of: int) -> Any:
    """A point in the two years of this catalog, as the database takes it."""
    return db_datetime(START + timedelta(days=700) * (number / of))


def save(model: type[models.Model], columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Insert in pieces, each a transaction."""
    while piece := [row for _, row in zip(range(PIECE), rows, strict=False)]:
        with transaction.atomic():
            insert_rows(model, columns, piece)


def fill(songs: int, shares: Mapping[str, float] = SHARES) -> None:
    """Write the whole catalog into an empty database; each library has its share of the albums."""
    sizes, chance = Sizes(songs), random.Random(SEED)
    words = Words(chance)
    libraries = [
        Library.objects.create(name=name, path=f"/srv/{name.lower()}", last_scan_at=START + timedelta(days=700))
        for name in shares
    ]
    artists = [words.text(1, 3) + (f" {number}" if number > 500 else "") for number in range(sizes.artists)]
    save_artists(artists)
    save_genres(words)
    save_songs(sizes, {library.pk: shares[library.name] for library in libraries}, artists, words, chance)
    save_scans(sizes, libraries, chance)
    save_problems(sizes, libraries, words, chance)
    save_entries(sizes, words, chance)
    save_purges(sizes, libraries, words, chance)
    User.objects.bulk_create(
        User(id=row_id(number), username=f"user {number}", username_key=f"user {number}", name=words.text(2, 2))
        for number in range(sizes.users)
    )
    index.index_everything()
    for library in libraries:
        totals.refresh_library_artists(library.pk)
        totals.refresh_library_totals(library.pk)
    gathering.gather([library.pk for library in libraries])


def settle() -> None:
    """Let the database come to rest after so much writing, as it does by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")


def save_artists(artists: Sequence[str]) -> None:
    columns = ("id", "pid", "name", "order_name", "words", "sort_name", "mbz_artist_id", "created_at", "updated_at")
    now = db_datetime(START)
    rows = (
        (row_id(number), digest(f"{number}/{name}"), name, order_name(name), spaced(name), "", "", now, now)
        for number, name in enumerate(artists)
    )
    save(Artist, columns, rows)


def save_genres(words: Words) -> None:
    rows = ((row_id(number), digest(f"genre {number}"), words.all[number]) for number in range(GENRES))
    save(Genre, ("id", "pid", "name"), rows)


class Place(NamedTuple):
    """An album with its folder and its artist."""

    number: int
    library: int
    artist: int
    artist_name: str
    name: str
    year: int
    gone: bool


def save_songs(
    sizes: Sizes, shares: Mapping[int, float], artists: Sequence[str], words: Words, chance: random.Random
) -> None:
    """Albums with their folders and songs; one song in twenty is missing, mostly with its whole album."""
    weights = list(accumulate(1 / (rank + 30) for rank in range(len(artists))))
    everybody = range(len(artists))
    for first in range(0, sizes.albums, PIECE // TRACKS_PER_ALBUM):
        numbers = range(first, min(first + PIECE // TRACKS_PER_ALBUM, sizes.albums))
        chosen = chance.choices(everybody, cum_weights=weights, k=len(numbers))
        homes = chance.choices(list(shares), list(shares.values()), k=len(numbers))
        places = [
            Place(number, home, artist, artists[artist], words.text(1, 4), chance.randint(1960, 2025),
                  chance.random() < 0.03)
            for number, home, artist in zip(numbers, homes, chosen, strict=True)
        ]  # fmt: skip
        with transaction.atomic():
            save_albums(places, sizes)
            save_tracks(places, sizes, words, chance)


def save_albums(places: Sequence[Place], sizes: Sizes) -> None:
    folders, albums = [], []
    for place in places:
        pk, path = row_id(place.number), folder_of(place)
        now = when(place.number, sizes.albums)
        folders.append((pk, place.library, path, path.encode(), digest(path), digest(pk), place.gone, now))
        songs = 0 if place.gone else TRACKS_PER_ALBUM
        albums.append(
            (pk, place.library, digest(f"album {place.number}"), place.name, order_name(place.name), "", "",
             place.artist_name, order_name(place.artist_name), row_id(place.artist), place.number % 20 == 0, place.year,
             place.year, str(place.year), "", "", "", "", "", songs, songs * (200.0 + place.number % 90),
             songs * 8_000_000, 0, "", "", now, now)
        )  # fmt: skip
    names = ("id", "library_id", "path", "path_bytes", "path_key", "digest", "missing", "created_at")
    insert_rows(Folder, names, folders)
    insert_rows(
        Album,
        ("id", "library_id", "pid", "name", "order_name", "sort_name", "version", "album_artist", "order_artist",
         "artist_id", "compilation", "min_year", "max_year", "date", "original_date", "release_date", "mbz_album_id",
         "mbz_release_group_id", "described_by", "song_count", "duration", "size", "freshness", "details", "words",
         "created_at", "updated_at"),
        albums,
    )  # fmt: skip


def folder_of(place: Place) -> str:
    return f"{place.artist_name}/{place.name} ({place.number})"


TRACK_COLUMNS = (
    "id", "library_id", "folder_id", "album_ref_id", "path", "name_bytes", "suffix", "size", "mtime_ns", "ctime_ns",
    "inode", "pid", "audio_hash", "title", "order_title", "sort_title", "album", "order_album", "sort_album", "artist",
    "order_artist", "sort_artist", "album_artist", "order_album_artist", "sort_album_artist", "compilation",
    "track_number", "disc_number", "disc_subtitle", "year", "date", "original_date", "release_date", "genre", "comment",
    "has_lyrics", "has_picture", "mbz_track_id", "mbz_recording_id", "mbz_album_id", "tags", "codec", "duration",
    "bit_rate", "sample_rate", "bit_depth", "channels", "bpm", "missing", "missing_since", "last_seen_at", "created_at",
    "updated_at",
)  # fmt: skip


def save_tracks(places: Sequence[Place], sizes: Sizes, words: Words, chance: random.Random) -> None:
    tracks, people, genres = [], [], []
    for place in places:
        for position in range(TRACKS_PER_ALBUM):
            number = place.number * TRACKS_PER_ALBUM + position
            pk = row_id(number)
            tracks.append(track(pk, number, place, position, sizes, words, chance))
            artist = row_id(place.artist)
            guest = row_id(chance.randrange(sizes.artists))
            people += [(pk, artist, "artist", "", 0), (pk, artist, "albumartist", "", 0)]
            if number % 3 == 0:
                people.append((pk, guest, "composer", "", 0))
            genres.append((pk, row_id(place.number % GENRES), 0))
    insert_rows(MediaFile, TRACK_COLUMNS, tracks)
    insert_rows(Participant, ("media_file_id", "artist_id", "role", "sub_role", "position"), people)
    insert_rows(TrackGenre, ("media_file_id", "genre_id", "position"), genres)


def track(
    pk: str, number: int, place: Place, position: int, sizes: Sizes, words: Words, chance: random.Random
) -> tuple[Any, ...]:
    """The values of `TRACK_COLUMNS`."""
    title, suffix = words.text(1, 4), chance.choices(SUFFIXES, SUFFIX_SHARES)[0]
    name = f"{position + 1:02} {title}.{suffix}"
    size, duration = chance.randint(2_000_000, 40_000_000), chance.random() * 400 + 60
    gone = place.gone or number % 50 == 0
    artist = order_name(place.artist_name)
    now = when(number, sizes.songs)
    genre = words.all[place.number % GENRES]
    # one in ten says something, as a rule the same for the whole album
    comment = f"Ripped by {place.artist_name}" if place.number % 10 == 0 else ""
    tags = (
        f'{{"title": ["{title}"], "artist": ["{place.artist_name}"], "album": ["{place.name}"], '
        f'"date": ["{place.year}"], "tracknumber": ["{position + 1}"], "genre": ["{genre}"]}}'
    )
    return (
        pk, place.library, row_id(place.number), row_id(place.number), f"{folder_of(place)}/{name}", name.encode(),
        suffix, size, number * 1_000_003, number * 1_000_003, number, digest(pk), digest(f"sound {pk}"), title,
        order_name(title), "", place.name, order_name(place.name), "", place.artist_name, artist, "",
        place.artist_name, artist, "", place.number % 20 == 0, position + 1, 1, "",
        place.year, str(place.year), "", "", genre, comment, False, True, "", "", "", tags, suffix, duration,
        *sound(suffix, number), gone, when(number * 7919 % sizes.songs, sizes.songs) if gone else None,
        now if gone else None, now, now,
    )  # fmt: skip


def sound(suffix: str, number: int) -> tuple[int, int, int, int, int | None]:
    """Bit rate, sample rate, bit depth, channels and beats per minute, of which few songs have any."""
    beats = 60 + number % 120 if number % 6 == 0 else None
    if suffix == "flac":
        return 700 + number % 400, (44_100, 48_000, 96_000)[number % 3], (16, 24)[number % 4 == 0], 2, beats
    return (128, 192, 256, 320)[number % 4], (44_100, 48_000)[number % 20 == 0], 0, 1 + (number % 40 > 0), beats


def save_scans(sizes: Sizes, libraries: Sequence[Library], chance: random.Random) -> None:
    ends = [ScanState.FINISHED] * 20 + [ScanState.FAILED, ScanState.CANCELLED, ScanState.OFFLINE]
    triggers = list(ScanTrigger)
    Scan.objects.bulk_create(
        (
            Scan(
                library=chance.choice(libraries), full=number % 10 == 0, trigger=chance.choice(triggers),
                state=chance.choice(ends), seen=chance.randrange(1_000_000), added=chance.randrange(1000),
                updated=chance.randrange(1000), missing=chance.randrange(100), requested_at=START,
                started_at=START + timedelta(hours=number), finished_at=START + timedelta(hours=number, minutes=5),
            )
            for number in range(sizes.scans)
        ),
        batch_size=500,
    )  # fmt: skip


def save_problems(sizes: Sizes, libraries: Sequence[Library], words: Words, chance: random.Random) -> None:
    kinds, scans = list(ProblemKind), list(Scan.objects.order_by("pk").values_list("pk", "library_id"))
    columns = (
        "library_id", "scan_id", "path", "path_bytes", "path_key", "kind", "message", "size", "mtime_ns",
        "first_seen_at", "last_seen_at", "resolved_at",
        "ctime_ns", "inode", "attempts",
    )  # fmt: skip

    def rows() -> Iterator[Sequence[Any]]:
        for number in range(sizes.problems):
            scan, library = scans[number % len(scans)]
            path, now = f"{words.text(1, 3)}/{words.text(1, 3)}/{number}.mp3", when(number, sizes.problems)
            yield (
                library, scan, path, path.encode(), digest(path), chance.choice(kinds),
                f"The file is damaged: no frame was found after {number} bytes.", number, number, now, now,
                now if number % 4 else None, number, number, 0,
            )  # fmt: skip

    save(ScanProblem, columns, rows())


def save_entries(sizes: Sizes, words: Words, chance: random.Random) -> None:
    channels = tuple(Channel)
    kinds = ("library", "user", "scan", "purge", "key")
    columns = (
        "at", "actor_id", "actor", "key", "address", "channel", "action", "object_type", "object_id", "object_name",
        "changes",
    )  # fmt: skip

    def rows() -> Iterator[Sequence[Any]]:
        for number in range(sizes.entries):
            user, kind = number % 50, chance.choice(kinds)
            verb = chance.choice(("create", "update", "delete"))
            yield (
                when(number, sizes.entries), row_id(user), f"user {user}", "", f"10.0.{user}.1",
                chance.choice(channels), f"{kind}.{verb}", kind, str(number % 1000), words.text(1, 2), "{}",
            )  # fmt: skip

    save(AuditEntry, columns, rows())


def save_purges(sizes: Sizes, libraries: Sequence[Library], words: Words, chance: random.Random) -> None:
    """Purges of a thousand files each, that can still be undone."""
    later = datetime.now(UTC) + timedelta(days=20)
    for number in range(sizes.purges):
        purge = Purge.objects.create(
            id=row_id(number), created_by=f"user {number % 9}", file_count=1000, size=8_000_000_000, expires_at=later
        )
        place = Place(sizes.albums + number, libraries[0].pk, 0, "Gone", words.text(1, 4), 2000, True)
        save_albums([place], sizes)
        rows = (
            (*track(row_id(10**9 + file), file, place, file % 1000, sizes, words, chance), purge.pk)
            for file in range(number * 1000, (number + 1) * 1000)
        )
        save(MediaFile, (*TRACK_COLUMNS, "purge_id"), rows)
