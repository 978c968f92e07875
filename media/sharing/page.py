"""What the page of a share shows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from libraries.models import MediaFile
from listening.models import Playlist, Share
from listening.models.share import ResourceType
from listening.rules.evaluate import refresh
from listening.services.shares import owner_of, shared_things, shared_tracks, title_of
from media.choices import CoverKind
from media.covers.ids import cover_id
from media.covers.service import ShownCover, Wish, show_cover
from navidrome_lib.db.bulk import chunks
from navidrome_lib.errors import NotFound

# a page with more would take a phone too long
MAX_SHOWN: Final = 2_000
# which covers guests may ask for: each other size would be one more picture in the cache
SIZES: Final = (96, 320, 640)
_COVERS: Final = {
    ResourceType.SONG: CoverKind.TRACK,
    ResourceType.ALBUM: CoverKind.ALBUM,
    ResourceType.ARTIST: CoverKind.ARTIST,
    ResourceType.PLAYLIST: CoverKind.PLAYLIST,
}


@dataclass(frozen=True)
class SharePage:
    """What is shared, as its owner can access it at this moment; `left_out` songs have no room on a page."""

    share: Share
    title: str
    tracks: list[MediaFile]
    left_out: int

    @property
    def duration(self) -> float:
        """Seconds of all songs on the page."""
        return sum(track.duration for track in self.tracks)

    @property
    def is_one_album(self) -> bool:
        """Whether the songs need not say of which album they are."""
        return len({track.album_ref_id for track in self.tracks}) == 1


def page_of(share: Share) -> SharePage:
    """The page of an open share; `NotFound` where its owner can access none of its songs any more."""
    for playlist in Playlist.objects.filter(share_items__share=share, rules__isnull=False):
        refresh(playlist)
    ids = shared_tracks(share)
    if not ids:
        raise NotFound
    shown = ids[:MAX_SHOWN]
    needed = ("title", "artist", "album", "album_ref", "duration", "missing")
    rows: dict[str, MediaFile] = {}
    for piece in chunks(shown):
        rows |= MediaFile.objects.visible_to(owner_of(share)).only(*needed).in_bulk(piece)
    tracks = [rows[pk] for pk in shown if pk in rows]
    return SharePage(share, title_of(share), tracks, len(ids) - len(shown))


def share_cover(share: Share, wish: Wish) -> ShownCover:
    """The cover of the first thing that is shared and has one to show; `NotFound` without any, or without a song."""
    if not shared_tracks(share):
        raise NotFound
    owner = owner_of(share)
    for kind, pk in shared_things(share):
        with contextlib.suppress(NotFound):
            return show_cover(owner, cover_id(_COVERS[kind], pk), wish)
    raise NotFound


def size_for(asked: str) -> int:
    """The size of cover for who asks for this number of pixels."""
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else SIZES[-1]
    return next((size for size in SIZES if size >= wanted), SIZES[-1])
