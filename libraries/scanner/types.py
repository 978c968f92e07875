"""What flows between the stages of a scan. Plain data: no Django, no database.

Every path is the exact bytes of the file system, relative to the library's root, with the root itself as `b""`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from libraries.choices import ProblemKind, TextEncoding


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What of a library belongs to it. `targets` limits one scan to some folders and all below them.

    `ignore_presets` leaves out hidden files and the system folders of NAS devices (see `ignore`). `text_encoding` is
    that of text in tags that tells none.
    """

    root: bytes
    recursive: bool = True
    follow_symlinks: bool = False
    exclude_patterns: tuple[str, ...] = ()
    targets: tuple[bytes, ...] = ()
    ignore_presets: bool = True
    text_encoding: str = TextEncoding.AUTO

    def absolute(self, path: bytes) -> bytes:
        """Where `path` is on the server."""
        return os.path.join(self.root, path) if path else self.root


class FileEntry(NamedTuple):
    """One audio file as a listing saw it: its name and its change key. Signed 64-bit numbers, nanoseconds."""

    name: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class FileProblem(NamedTuple):
    """A file or folder that could not be read: `kind` is a `libraries.choices.ProblemKind`, `message` a sentence.

    Of a file that was read in vain, also its change key, and how often in a row that very file failed like this.
    """

    path: bytes
    kind: str
    message: str
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    attempts: int = 0


@dataclass(slots=True)
class FolderListing:
    """One folder: its audio files, or the problem that kept it from being listed.

    Only a listing without problem proves that a file is absent. `complete` is False where the folder itself could not
    be listed: nothing in it or below it may be marked missing. `protected` names the files inside whose state is
    unknown (`stat` failed, still being written): they are neither new, changed nor missing. `digest` covers names and
    change keys of all `files`; it is empty when anything in the folder must be looked at again next time. `settling`
    names those of `protected` that were written a moment ago; a second look once they are quiet will take them in.
    `ignored` counts what was passed over on purpose: special files, links that are not followed, excluded audio files.
    `unread` counts the files of kinds of audio that are not read, by suffix, and `playlists` names files that list
    others; they are no part of the digest.
    """

    path: bytes
    files: list[FileEntry] = field(default_factory=list)
    digest: str = ""
    complete: bool = True
    protected: frozenset[bytes] = frozenset()
    settling: frozenset[bytes] = frozenset()
    ignored: int = 0
    problems: list[FileProblem] = field(default_factory=list)
    unread: dict[str, int] | None = None
    playlists: list[bytes] | None = None


class Credit(NamedTuple):
    """One artist in one role. `pid` identifies the artist (see `identity`)."""

    role: str
    pid: str
    name: str
    sort_name: str = ""
    mbz_id: str = ""
    sub_role: str = ""


class AlbumRecord(NamedTuple):
    """The album that a track belongs to; `pid` is unique within a library."""

    pid: str
    name: str
    sort_name: str
    version: str
    album_artist: str
    artist_pid: str
    mbz_album_id: str
    mbz_release_group_id: str


class MappedTrack(NamedTuple):
    """A track as its tags say. `columns` holds plain values by the column names of `libraries.models.MediaFile`."""

    pid: str
    columns: Mapping[str, object]
    album: AlbumRecord
    credits: tuple[Credit, ...]
    genres: tuple[tuple[str, str], ...]
    """(pid, name) of each genre."""


class Artists(NamedTuple):
    """One side of a track's artists: the text as in the tag, and who is behind it."""

    display: str
    sort: str
    credits: tuple[Credit, ...]


class MappedAlbum(NamedTuple):
    """What the tracks of an album mostly have in common: some columns of a `MappedTrack`, and more."""

    columns: Mapping[str, object]
    album: AlbumRecord
    genres: tuple[tuple[str, str], ...]
    artist: Artists
    """Those of the track where they are the album's too, else none."""
    album_artist: Artists
    disc: int | None


# what a second reading of the same bytes would only find again
LASTING_PROBLEMS = frozenset({ProblemKind.CORRUPT, ProblemKind.EMPTY, ProblemKind.UNSUPPORTED, ProblemKind.ENCODING})


# what a busy machine may do to a good file: it is read again, but not by every scan for ever
PASSING_PROBLEMS = frozenset({ProblemKind.TIMEOUT, ProblemKind.MEMORY})


class KnownFolder(NamedTuple):
    """A folder of the catalog. `digest` is that of the files which its present tracks are; see `libraries.digests`."""

    id: str
    digest: str
    missing: bool


class KnownTrack(NamedTuple):
    """A track of the catalog: its change key, and who it was."""

    id: str
    name: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    missing: bool
    pid: str
    mbz_track_id: str
    album_id: str | None
    duration: float
    audio_hash: str = ""

    def is_unchanged(self, entry: FileEntry) -> bool:
        """Whether a listing shows the very file that was read. Any difference counts, also a step back in time."""
        return (
            self.size == entry.size
            and self.mtime_ns == entry.mtime_ns
            and self.ctime_ns == entry.ctime_ns
            and self.inode == entry.inode
        )


class KnownProblem(NamedTuple):
    """An open problem of one file, with its change key when it failed. `is_due`: it is time to read the file again."""

    kind: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0
    attempts: int = 0
    is_due: bool = False

    @property
    def may_pass(self) -> bool:
        return self.kind in PASSING_PROBLEMS

    @property
    def has_no_key(self) -> bool:
        """Whether the row is older than its change key: the file may have been mended before there was one."""
        return self.kind in LASTING_PROBLEMS and not self.ctime_ns and not self.inode

    def is_unchanged(self, entry: FileEntry) -> bool:
        """Whether a listing shows the very file that failed."""
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode) == entry[1:]

    def attempts_at(self, entry: FileEntry) -> int:
        """How often in a row the file that a listing shows has failed for a reason that may pass."""
        return self.attempts if self.may_pass and self.is_unchanged(entry) else 0


@dataclass(slots=True)
class FolderPlan:
    """What there is to do in one changed folder, or in a part of a giant one that is not its last."""

    listing: FolderListing
    folder: KnownFolder | None
    reads: list[tuple[FileEntry, KnownTrack | None]] = field(default_factory=list)
    back: list[KnownTrack] = field(default_factory=list)
    unseen: list[KnownTrack] = field(default_factory=list)
    unchanged: int = 0
    still_bad: int = 0
    part: bool = False

    @property
    def changes(self) -> int:
        return len(self.reads) + len(self.back)


# what tags and audio decide, the columns of `libraries.models.MediaFile`: those of one track, and those that it mostly
# has in common with the others of its album
TRACK_COLUMNS: Final = (
    "suffix", "title", "sort_title", "order_title", "artist", "sort_artist", "order_artist", "track_number",
    "track_total", "comment", "has_lyrics", "has_picture", "bpm", "mbz_track_id", "mbz_recording_id", "rg_track_gain",
    "rg_track_peak", "codec", "duration", "bit_rate", "sample_rate", "bit_depth", "channels",
)  # fmt: skip


ALBUM_COLUMNS: Final = (
    "album", "sort_album", "order_album", "album_artist", "sort_album_artist", "order_album_artist", "compilation",
    "disc_number", "disc_total", "disc_subtitle", "year", "date", "original_year", "original_date", "release_year",
    "release_date", "genre", "mbz_album_id", "rg_album_gain", "rg_album_peak",
)  # fmt: skip


COLUMNS: Final = (*TRACK_COLUMNS, *ALBUM_COLUMNS)


_DURATION: Final = TRACK_COLUMNS.index("duration")


_MBZ_TRACK_ID: Final = TRACK_COLUMNS.index("mbz_track_id")


@dataclass(frozen=True, slots=True, eq=False)
class ReadAlbum:
    """A `MappedAlbum` with its columns as a tuple. One object for all tracks that have it in common."""

    values: tuple[Any, ...]
    album: AlbumRecord
    genres: tuple[tuple[str, str], ...]
    """(pid, name) of each genre."""


class ReadTrack(NamedTuple):
    """A `MappedTrack` with its columns as tuples, and its tags as JSON."""

    pid: str
    own_values: tuple[Any, ...]
    tags: str
    words: str
    """What the track is found by, without its folder (see libraries.search.words)."""
    credits: tuple[Credit, ...]
    shared: ReadAlbum

    @property
    def columns(self) -> dict[str, Any]:
        """The values by their columns."""
        return dict(zip(COLUMNS, self.own_values + self.shared.values, strict=True))

    @property
    def duration(self) -> float:
        return float(self.own_values[_DURATION])

    @property
    def mbz_track_id(self) -> str:
        return str(self.own_values[_MBZ_TRACK_ID])


class TrackRow(NamedTuple):
    """A file that was read: where it is, what it says, and the row that it belongs to (None: a new one)."""

    path: bytes
    shown: str
    """The path as a text."""
    folder_id: str
    entry: FileEntry
    record: ReadTrack
    media_file_id: str | None = None
    audio_hash: str = ""


@dataclass(slots=True)
class FolderResult:
    """One changed folder with all that was read of it."""

    plan: FolderPlan
    tracks: list[tuple[FileEntry, KnownTrack | None, ReadTrack]] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    resolved: list[bytes] = field(default_factory=list)
    # changed under our hands: neither read nor a problem
    unsettled: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether the folder need not be looked at again while its digest stays the same."""
        # what may pass is looked at again when it is due, whatever the digest says
        lasting = all(problem.kind in LASTING_PROBLEMS | PASSING_PROBLEMS for problem in self.problems)
        return lasting and not self.unsettled and not self.plan.listing.problems

    def forget_tracks(self, taken: Collection[str]) -> None:
        """Forget tracks that have become something else since they were looked up: their files are new.

        Files whose tracks were to come back were not read: the next scan does that.
        """
        back = [known for known in self.plan.back if known.id not in taken]
        self.unsettled += len(self.plan.back) - len(back)
        self.plan = replace(self.plan, back=back)
        self.tracks = [
            (entry, None if known and known.id in taken else known, record) for entry, known, record in self.tracks
        ]


@dataclass(frozen=True, slots=True)
class ReplacedFile:
    """A file that says to be another track than the one that was at its place: swapped, replaced, or only retagged."""

    known: KnownTrack
    state: TrackRow


class MoveCandidate(NamedTuple):
    """A file that is gone or new. `at`: when a gone one was last seen, when a new one first came."""

    id: str
    library_id: int
    folder_id: str
    name: bytes
    pid: str
    mbz_track_id: str
    audio_hash: str
    size: int
    mtime_ns: int
    inode: int
    duration: float
    codec: str
    sample_rate: int
    bit_rate: int
    channels: int
    title: str
    album_id: str | None
    missing: bool
    at: datetime


@dataclass(slots=True)
class MovePlan:
    """What one transaction moves. `pairs`: a gone track and the row of the new file, which it takes over."""

    pairs: list[tuple[MoveCandidate, MoveCandidate]] = field(default_factory=list)
    # a gone track takes a file that has no row yet; its place may be that of a track in `vacated`
    taken: list[tuple[MoveCandidate, TrackRow]] = field(default_factory=list)
    # files whose track went to another file: they are new
    added: list[TrackRow] = field(default_factory=list)
    vacated: list[MoveCandidate] = field(default_factory=list)
    # those of `vacated` that go missing by it
    lost: list[MoveCandidate] = field(default_factory=list)
