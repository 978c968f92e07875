"""What is like something, from what the catalog knows itself: genres, who plays together, plays and favourites.

Of a frequent genre only some albums are looked at, so that an answer takes as long in a large catalog as in a small
one.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum

from libraries.catalog_api.common import gathered
from libraries.choices import Role
from libraries.models import Album, AlbumTag, Artist, MediaFile, Participant, TrackGenre
from libraries.visible import library_facts
from listening.models import TrackAnnotation
from navidrome_lib.viewer import Viewer

# how many genres say what something is, and of how many of its songs and albums they are taken
GENRES: Final = 6
LOOKED_AT: Final = 200
# albums of each genre that are looked at
ALBUMS: Final = 1000
# songs of each album, and albums for each song that is wanted: so a list is not of one album
PER_ALBUM: Final = 3
ALBUMS_PER_SONG: Final = 2
# what it counts to have played together
TOGETHER: Final = 0.5

Chance = Callable[[], float]
"""Numbers from 0 to 1."""
Profile = Mapping[str, float]
"""Genres by their ids, and how much each says of a thing; 1 in all."""


@dataclass(frozen=True)
class Seed:
    """What other things shall be like: some songs, the artist that they are of, and the songs not to answer with."""

    song_ids: tuple[str, ...]
    artist_id: str = ""
    without: frozenset[str] = frozenset()


class Catalog:
    """What a viewer sees of the catalog, for questions of likeness."""

    def __init__(self, viewer: Viewer) -> None:
        libraries = library_facts(viewer)
        gathered(libraries)
        self.libraries = list(libraries)

    @property
    def songs(self) -> QuerySet[Any]:
        return MediaFile.objects.in_catalog().present().in_libraries(self.libraries)

    def songs_by(self, artist_id: str, *roles: Role) -> QuerySet[Any]:
        """The songs of an artist, in some roles."""
        parts = Participant.objects.filter(artist=artist_id, role__in=roles).order_by()
        return self.songs.filter(pk__in=parts.values("media_file"))

    def seed_of_song(self, pk: str) -> Seed | None:
        """The seed that a song is, None where the viewer sees none."""
        if not self.songs.filter(pk=pk).exists():
            return None
        return Seed((pk,), self._artist_of([pk]), frozenset((pk,)))

    def seed_of_album(self, pk: str) -> Seed | None:
        """The seed that an album is: its songs."""
        ids = tuple(self.songs.filter(album_ref=pk).order_by("pk").values_list("pk", flat=True)[:LOOKED_AT])
        return Seed(ids, self._artist_of(ids), frozenset(ids)) if ids else None

    def seed_of_artist(self, pk: str) -> Seed | None:
        """The seed that an artist is: the songs that it is an artist of, or else takes part in."""
        for roles in ((Role.ARTIST, Role.ALBUM_ARTIST), tuple(Role)):
            found = self.songs_by(pk, *roles).order_by("pk").values_list("pk", flat=True)
            ids = tuple(found[:LOOKED_AT])
            if ids:
                return Seed(ids, pk)
        return None

    def seed_of(self, pk: str) -> Seed | None:
        """The seed that has an id: an artist, an album or a song."""
        return self.seed_of_artist(pk) or self.seed_of_album(pk) or self.seed_of_song(pk)

    def _artist_of(self, song_ids: Collection[str]) -> str:
        parts = Participant.objects.filter(media_file__in=song_ids, role=Role.ARTIST).order_by()
        counted = Counter(parts.values_list("artist", flat=True))
        return min(counted, key=lambda pk: (-counted[pk], pk), default="")

    def profile(self, seed: Seed) -> Profile:
        """The genres of a seed."""
        found = TrackGenre.objects.filter(media_file__in=seed.song_ids).order_by().values_list("genre", flat=True)
        most = sorted(Counter(found).items(), key=lambda each: (-each[1], each[0]))[:GENRES]
        total = sum(count for _, count in most)
        return {genre: count / total for genre, count in most}

    def albums_like(self, profile: Profile, chance: Chance) -> dict[str, float]:
        """Albums that share genres, and how much they are like it; what is shared with few counts more.

        Of a frequent genre some that stand together, which chance decides.
        """
        found: dict[str, float] = defaultdict(float)
        for genre, share in profile.items():
            tags = AlbumTag.objects.filter(tag=genre, library__in=self.libraries)
            count = tags.count()
            first = int(max(count - ALBUMS, 0) * chance())
            for album in tags.order_by("library", "album").values_list("album", flat=True)[first : first + ALBUMS]:
                found[album] += share / math.log2(2 + count)
        return found

    def together_with(self, seed: Seed) -> list[str]:
        """Who takes part in songs of a seed besides its artist, the most frequent first."""
        parts = Participant.objects.filter(media_file__in=seed.song_ids).exclude(artist=seed.artist_id).order_by()
        # in several roles of one song an artist counts once
        counted = Counter(artist for artist, _ in set(parts.values_list("artist", "media_file")))
        return sorted(counted, key=lambda pk: (-counted[pk], pk))


def similar_artists(viewer: Viewer, seed: Seed, count: int) -> list[str]:
    """The ids of the artists that are most like the artist of a seed; always the same ones."""
    catalog = Catalog(viewer)
    scores: dict[str, float] = defaultdict(float)
    # chance, but the same for each artist
    chance = random.Random(seed.artist_id).random  # noqa: S311 - no secret
    albums = catalog.albums_like(catalog.profile(seed), chance)
    by_artist: dict[str, list[float]] = defaultdict(list)
    for album, artist in Album.objects.present().filter(pk__in=list(albums)).values_list("pk", "artist"):
        if artist:
            by_artist[artist].append(albums[album])
    for artist, found in by_artist.items():
        # an artist with many albums is not more alike, but it is surer
        scores[artist] = sum(found) / len(found) * (1 + math.log10(len(found)))
    for place, artist in enumerate(catalog.together_with(seed)[:count], 1):
        scores[artist] += TOGETHER / place
    scores.pop(seed.artist_id, None)
    best = sorted(scores, key=lambda pk: (-scores[pk], pk))
    seen = set(Artist.objects.visible_to(viewer).filter(pk__in=best[: 2 * count]).values_list("pk", flat=True))
    return [pk for pk in best if pk in seen][:count]


def similar_songs(viewer: Viewer, seed: Seed, count: int, *, chance: Chance = random.random) -> list[str]:
    """The ids of songs like a seed, and of its artist, each time others; those that people hear come more often."""
    catalog = Catalog(viewer)
    albums = catalog.albums_like(catalog.profile(seed), chance)
    chosen = sorted(albums, key=lambda pk: -albums[pk] * (0.5 + chance()))[: max(count * ALBUMS_PER_SONG, GENRES)]
    songs = dict(catalog.songs.filter(album_ref__in=chosen).order_by().values_list("pk", "album_ref")[: LOOKED_AT * 10])
    own = catalog.songs_by(seed.artist_id, Role.ARTIST).order_by("pk") if seed.artist_id else catalog.songs.none()
    songs |= dict(own.values_list("pk", "album_ref")[:LOOKED_AT])
    people = catalog.together_with(seed)[:GENRES] if len(songs) < count else []
    for artist in people:
        songs |= dict(catalog.songs_by(artist, Role.ARTIST).order_by("pk").values_list("pk", "album_ref")[:LOOKED_AT])
    heard = popularity(songs)
    liked = {
        pk: (albums.get(album, 0.2) + 0.05 * math.log1p(heard.get(pk, 0))) * (0.2 + chance())
        for pk, album in songs.items()
        if pk not in seed.without
    }
    return _mixed(sorted(liked, key=lambda pk: -liked[pk]), songs, count)


def _mixed(ids: Iterable[str], albums: Mapping[str, Any], count: int) -> list[str]:
    """The first of some songs, not many of one album; more of them only where there are no others."""
    taken: Counter[Any] = Counter()
    found: list[str] = []
    rest: list[str] = []
    for pk in ids:
        taken[albums[pk]] += 1
        (found if taken[albums[pk]] <= PER_ALBUM else rest).append(pk)
    return [*found, *rest][:count]


def popularity(song_ids: Collection[str] | QuerySet[Any]) -> dict[str, int]:
    """How much people like songs: their plays, and ten for each who has one as a favourite."""
    notes = TrackAnnotation.objects.filter(media_file__in=song_ids).order_by().values_list("media_file")
    counted = notes.annotate(Sum("play_count"), Count("starred_at"))
    return {pk: plays + 10 * stars for pk, plays, stars in counted}


def top_songs(viewer: Viewer, artist_id: str, count: int) -> list[str]:
    """The ids of the songs of an artist that people like most; those that are not heard yet come last."""
    songs = Catalog(viewer).songs_by(artist_id, Role.ARTIST)
    heard = popularity(songs.order_by().values("pk"))
    best = sorted((pk for pk, liked in heard.items() if liked), key=lambda pk: (-heard[pk], pk))[:count]
    others = songs.exclude(pk__in=best).order_by("pk").values_list("pk", flat=True)
    return [*best, *others[: count - len(best)]]
