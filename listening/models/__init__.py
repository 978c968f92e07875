"""The tables of what people add to the catalog.

Each hangs by foreign keys on rows of the catalog that survive moves, retags, absence and a purge.
"""

from listening.models.annotation import (
    AlbumAnnotation,
    Annotation,
    ArtistAnnotation,
    PlaylistAnnotation,
    TrackAnnotation,
)
from listening.models.bookmark import Bookmark
from listening.models.forwarding import Service, ServiceAccount, WaitingPlay
from listening.models.play_queue import PlayQueue, PlayQueueTrack
from listening.models.player import Player
from listening.models.playlist import DismissedFile, Playlist, PlaylistTrack
from listening.models.radio import Radio
from listening.models.scrobble import Scrobble
from listening.models.share import Share, ShareItem
from listening.models.transcoding import Transcoding

__all__ = [
    "AlbumAnnotation",
    "Annotation",
    "ArtistAnnotation",
    "Bookmark",
    "DismissedFile",
    "PlayQueue",
    "PlayQueueTrack",
    "Player",
    "Playlist",
    "PlaylistAnnotation",
    "PlaylistTrack",
    "Radio",
    "Scrobble",
    "Service",
    "ServiceAccount",
    "Share",
    "ShareItem",
    "TrackAnnotation",
    "Transcoding",
    "WaitingPlay",
]
