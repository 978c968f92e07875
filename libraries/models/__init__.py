"""The catalog's tables."""

from libraries.models.album import Album
from libraries.models.artist import Artist, LibraryArtist, Participant, Role
from libraries.models.change import ChangeKind, ScanChange
from libraries.models.folder import Folder
from libraries.models.genre import Genre, TrackGenre
from libraries.models.held_mark import HeldMark
from libraries.models.library import Library
from libraries.models.media_file import MediaFile
from libraries.models.mount_point import MountPoint
from libraries.models.problem import ProblemKind, ScanProblem
from libraries.models.scan import ACTIVE_STATES, Scan, ScanState, ScanTrigger, ScanType
from libraries.models.server_clock import ServerClock
from libraries.models.song_words import SongWords
from libraries.models.watch_status import WatchState, WatchStatus

__all__ = [
    "ACTIVE_STATES",
    "Album",
    "Artist",
    "ChangeKind",
    "Folder",
    "Genre",
    "HeldMark",
    "Library",
    "LibraryArtist",
    "MediaFile",
    "MountPoint",
    "Participant",
    "ProblemKind",
    "Role",
    "Scan",
    "ScanChange",
    "ScanProblem",
    "ScanState",
    "ScanTrigger",
    "ScanType",
    "ServerClock",
    "SongWords",
    "TrackGenre",
    "WatchState",
    "WatchStatus",
]
