"""The catalog's tables."""

from libraries.models.album import Album
from libraries.models.artist import Artist, LibraryArtist, Participant
from libraries.models.change import ScanChange
from libraries.models.folder import Folder
from libraries.models.genre import Genre, TrackGenre
from libraries.models.held_mark import HeldMark
from libraries.models.library import Library
from libraries.models.media_file import MediaFile
from libraries.models.mount_point import MountPoint
from libraries.models.problem import ScanProblem
from libraries.models.scan import Scan
from libraries.models.server_clock import ServerClock
from libraries.models.song_words import SongWords
from libraries.models.tag import AlbumTag, Tag
from libraries.models.unread_folder import UnreadFolder
from libraries.models.watch_status import WatchStatus

__all__ = [
    "Album",
    "AlbumTag",
    "Artist",
    "Folder",
    "Genre",
    "HeldMark",
    "Library",
    "LibraryArtist",
    "MediaFile",
    "MountPoint",
    "Participant",
    "Scan",
    "ScanChange",
    "ScanProblem",
    "ServerClock",
    "SongWords",
    "Tag",
    "TrackGenre",
    "UnreadFolder",
    "WatchStatus",
]
