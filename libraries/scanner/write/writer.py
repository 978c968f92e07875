"""Batches of whole folders into the database, each in one short transaction: readers see the old folder or the new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.utils import timezone

from libraries.choices import ChangeKind, Freshness
from libraries.digests import look_again
from libraries.models import Folder, MediaFile
from libraries.scanner.diff import problems_of_files
from libraries.scanner.lease import Lease
from libraries.scanner.paths import display, join, key_of
from libraries.scanner.types import (
    FileEntry,
    FileProblem,
    FolderResult,
    KnownFolder,
    KnownTrack,
    ReadTrack,
    ReplacedFile,
    TrackRow,
)
from libraries.scanner.write.changes import Tally
from libraries.scanner.write.folders import Row, save_listed
from libraries.scanner.write.problems import open_problems, resolve_problems
from libraries.scanner.write.references import References
from libraries.scanner.write.retry import with_retry
from libraries.scanner.write.tracks import TrackRows
from libraries.totals import Delta, add_to_totals, artists_by_track, forget_artist_stats, refresh_albums, unpurge
from navidrome_lib.db.bulk import chunks, db_datetime, insert_rows
from navidrome_lib.db.ids import new_id

_MANY_ARTISTS = 5000
_SAME_SECONDS = 0.05  # what an appended tag may add to a length that is estimated from the size


@dataclass(slots=True)
class _Changes:
    """What one transaction does."""

    inserts: list[TrackRow] = field(default_factory=list)
    updates: list[tuple[KnownTrack, TrackRow]] = field(default_factory=list)
    back: list[KnownTrack] = field(default_factory=list)
    replaced: list[ReplacedFile] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    resolved: list[bytes] = field(default_factory=list)


class AffectedArtists:
    """The artists whose counts have changed; None once they are too many to be worth telling apart."""

    def __init__(self, everything: bool) -> None:
        self.artists: set[str] | None = None if everything else set()
        self.anything = everything

    def add(self, artists: Iterable[str]) -> None:
        self.anything = True
        if self.artists is not None:
            self.artists.update(artists)
            if len(self.artists) > _MANY_ARTISTS:
                self.artists = None


class Writer:
    """All writing of one scan that follows from listings; moves and marks come behind it."""

    def __init__(self, lease: Lease, folders: dict[bytes, KnownFolder], affected: AffectedArtists) -> None:
        self.lease = lease
        self.scan = lease.scan
        self.library_id = lease.scan.library_id
        # what comes with a first scan follows nothing
        self.references = References(self.library_id, Freshness.NEW if folders else Freshness.SETTLED)
        self.rows = TrackRows(self.library_id, self.references)
        self.affected = affected
        # digests that may only be stored once the tracks that their folders lost have been dealt with
        self.deferred: dict[str, str] = {}
        self._folders = folders
        # what the parts of giant folders leave to their last one to respect
        self._unsettled_parts: set[bytes] = set()
        self._waiting_parts: set[bytes] = set()

    def write(self, results: Sequence[FolderResult]) -> list[ReplacedFile]:
        """Save one batch; returns what cannot be decided before the whole library was read."""
        return with_retry(self.scan.pk, self.references, partial(self._write, results))

    def _write(self, results: Sequence[FolderResult]) -> list[ReplacedFile]:
        deferred: dict[str, str] = {}
        with self.lease.transaction():
            self._leave_out_taken(results)
            folders = self._save_folders(results, deferred)
            changes = _Changes()
            for result in results:
                folder = folders.get(result.plan.listing.path)
                _sort(result, folder.id if folder else "", changes)
            artists = self._save_tracks(changes)
            self._tally(changes, results)
            resolve_problems(self.library_id, changes.resolved)
            open_problems(self.scan, changes.problems)
        # only what is committed is remembered
        self._folders.update(folders)
        self.deferred.update(deferred)
        self.affected.add(artists)
        self._count(results, changes)
        return changes.replaced

    def _leave_out_taken(self, results: Sequence[FolderResult]) -> None:
        """Forget missing tracks that have become something else since they were looked up, and hold the others.

        The scan of another library may have joined one to a file of its own, which keeps it: its file is new here.
        """
        gone = set().union(*map(gone_tracks, results))
        folders: dict[str, str] = {}
        for piece in chunks(sorted(gone)):
            rows = MediaFile.objects.select_for_update().filter(pk__in=piece, library=self.library_id, missing=True)
            folders |= dict(rows.order_by("pk").values_list("pk", "folder_id"))
        for result in results:
            folder_id = result.plan.folder.id if result.plan.folder else ""
            result.forget_tracks({pk for pk in gone_tracks(result) if folders.get(pk) != folder_id})

    def _save_folders(self, results: Sequence[FolderResult], deferred: dict[str, str]) -> dict[bytes, KnownFolder]:
        """The folders by their path, as they are now."""
        now = db_datetime(timezone.now())
        saved: dict[bytes, KnownFolder] = {}
        new: list[tuple[object, ...]] = []
        changed: list[Row] = []
        for result in results:
            listing = result.plan.listing
            known = saved.get(listing.path) or self._folders.get(listing.path)
            waits, wanted = self._digest_of(result)
            digest = "" if waits else wanted
            if known is None:
                if not listing.files:
                    continue
                known = KnownFolder(new_id(), digest, False)
                new.append((known.id, self.library_id, display(listing.path), listing.path, key_of(listing.path),
                            digest, False, now))  # fmt: skip
            elif (known.digest, known.missing) != (digest, False):
                changed.append((known.digest, digest, known.id))
                known = KnownFolder(known.id, digest, False)
            saved[listing.path] = known
            if waits and wanted:
                deferred[known.id] = wanted
        columns = ("id", "library_id", "path", "path_bytes", "path_key", "digest", "missing", "created_at")
        insert_rows(Folder, columns, new)
        save_listed(changed)
        return saved

    def _digest_of(self, result: FolderResult) -> tuple[bool, str]:
        """Whether the digest of a folder must wait for the end of the scan, and what it is to be."""
        listing = result.plan.listing
        # the track at the place of a file that cannot be read may have gone elsewhere with its own file
        waits = bool(result.plan.unseen or result.problems or result.plan.still_bad) or any(
            track and not track.missing and _is_replaced(track, entry, record) for entry, track, record in result.tracks
        )
        settled = result.is_settled
        if result.plan.part:
            if waits:
                self._waiting_parts.add(listing.path)
            if not settled:
                self._unsettled_parts.add(listing.path)
        settled = settled and listing.path not in self._unsettled_parts
        return waits or listing.path in self._waiting_parts, listing.digest if settled else ""

    def _save_tracks(self, changes: _Changes) -> set[str]:
        """Insert, update and bring back; the totals and albums go along. Returns the artists that are affected."""
        updates = [state for _, state in changes.updates]
        states = [*changes.inserts, *updates]
        if not states and not changes.back:
            return set()
        replaced = [known for known, _ in changes.updates]
        before = artists_by_track(known.id for known in [*replaced, *changes.back])
        # a file that is at its place again takes its row out of the purge that hid it
        unpurge(known.id for known in [*replaced, *changes.back] if known.missing)
        albums_before = {known.id: known.album_id for known, _ in changes.updates if known.album_id}
        self.rows.find(states, albums_before)
        self.rows.insert(changes.inserts)
        whole = self.rows.update(updates, albums_before)
        if not whole:
            self._look_again(updates)
        back = MediaFile.objects.filter(pk__in=[known.id for known in changes.back])
        if changes.back:
            back.update(missing=False, missing_since=None, last_seen_at=None, updated_at=timezone.now())
        albums = {known.album_id for known in [*replaced, *changes.back] if known.album_id}
        albums |= set(map(self.rows.album_of, states))
        refresh_albums(self.library_id, albums)
        add_to_totals(self.library_id, _delta(changes))
        return self._affected_artists(changes, before, everything=not whole)

    def _affected_artists(self, changes: _Changes, before: dict[str, set[str]], *, everything: bool) -> set[str]:
        """The artists who have other tracks or albums than before: most retagged files keep theirs.

        What else is known of them is gathered again: they may do other things in the same tracks.
        """
        people = self.references.artist_ids
        came_back = (before.get(known.id, ()) for known in changes.back)
        # the tracks of an album have mostly the same people
        affected = set[str]().union(*came_back, *map(people, {state.record.credits for state in changes.inserts}))
        retagged: set[str] = set()
        for known, state in changes.updates:
            old, new = before.get(known.id, set()), people(state.record.credits)
            retagged |= old | new
            stayed = not known.missing and known.album_id == self.rows.album_of(state) and not everything
            affected |= old ^ new if stayed else old | new
        forget_artist_stats(self.library_id, retagged)
        return affected

    def _look_again(self, states: Iterable[TrackRow]) -> None:
        """A row that we meant to update was joined to another by the scan of another library: come back next time."""
        look_again(state.folder_id for state in states)

    def write_retagged(self, replaced: Sequence[ReplacedFile]) -> None:
        """Save files that turned out to be what was at their place, with other tags."""
        changes = _Changes(updates=[(each.known, each.state) for each in replaced])
        self.affected.add(with_retry(self.scan.pk, self.references, partial(self._write_retagged, changes)))
        back = sum(known.missing for known, _ in changes.updates)
        self.lease.counters.count_restored(back)
        self.lease.counters.count_updated(len(changes.updates) - back)

    def _write_retagged(self, changes: _Changes) -> set[str]:
        with self.lease.transaction():
            artists = self._save_tracks(changes)
            self._tally(changes)
        return artists

    def _tally(self, changes: _Changes, results: Sequence[FolderResult] = ()) -> None:
        """Write down what is changed, in the transaction that changes it."""
        tally = Tally(self.scan)
        tally.files(ChangeKind.ADDED, (state.path for state in changes.inserts))
        tally.files(ChangeKind.UPDATED, (state.path for known, state in changes.updates if not known.missing))
        tally.files(ChangeKind.RESTORED, (state.path for known, state in changes.updates if known.missing))
        for result in results:
            tally.folders(ChangeKind.RESTORED, Counter({result.plan.listing.path: len(result.plan.back)}))
        tally.save()

    def _count(self, results: Sequence[FolderResult], changes: _Changes) -> None:
        counters = self.lease.counters
        back = sum(known.missing for known, _ in changes.updates)
        counters.count_added(len(changes.inserts))
        counters.count_updated(len(changes.updates) - back)
        counters.count_restored(len(changes.back) + back)
        for result in results:
            listing, plan = result.plan.listing, result.plan
            counters.count_failed(plan.still_bad + len(result.problems) + len(listing.problems))
            counters.count_unchanged(plan.unchanged + result.unsettled)
            counters.count_unchanged(len(listing.protected) - problems_of_files(listing))
        self.lease.at_folder(display(results[-1].plan.listing.path) if results else "")


def _is_replaced(known: KnownTrack, entry: FileEntry, record: ReadTrack) -> bool:
    """Whether a file may be another track than the one that was at its place.

    A tagger keeps the audio, and the inode or the MusicBrainz id; another file at the same path keeps neither. A file
    that did not change is the same under any rules of identity.
    """
    if known.pid == record.pid or known.is_unchanged(entry):
        return False
    if not known.missing and entry.inode and entry.inode == known.inode:
        # the inode of a file that went is soon that of another
        return abs(known.duration - record.duration) > _SAME_SECONDS
    return not known.mbz_track_id or known.mbz_track_id != record.mbz_track_id


def _name_of(track: tuple[FileEntry, KnownTrack | None, ReadTrack]) -> bytes:
    return track[0].name


def _sort(result: FolderResult, folder_id: str, changes: _Changes) -> None:
    """What is to be done with each file of a folder."""
    folder = join(result.plan.listing.path, b"")
    shown = display(folder)
    for entry, known, record in sorted(result.tracks, key=_name_of):
        place, shown_place = folder + entry.name, shown + display(entry.name)
        if known is None:
            changes.inserts.append(TrackRow(place, shown_place, folder_id, entry, record))
            continue
        # what was read again without having changed still has the same fingerprint
        fingerprint = known.audio_hash if known.is_unchanged(entry) else ""
        state = TrackRow(place, shown_place, folder_id, entry, record, known.id, fingerprint)
        replaced = _is_replaced(known, entry, record)
        # another track where a missing one used to be is not that one come back
        if replaced and known.missing:
            changes.inserts.append(state)
        elif replaced:
            changes.replaced.append(ReplacedFile(known, state))
        else:
            changes.updates.append((known, state))
    changes.back += result.plan.back
    changes.problems += result.problems
    changes.problems += result.plan.listing.problems
    changes.resolved += result.resolved


def _delta(changes: _Changes) -> Delta:
    size = sum(state.entry.size for state in changes.inserts) + sum(known.size for known in changes.back)
    duration = sum(_duration(state) for state in changes.inserts) + sum(known.duration for known in changes.back)
    songs, missing = len(changes.inserts) + len(changes.back), -len(changes.back)
    for known, state in changes.updates:
        size += state.entry.size - (0 if known.missing else known.size)
        duration += _duration(state) - (0 if known.missing else known.duration)
        songs += known.missing
        missing -= known.missing
    return Delta(songs, size, duration, missing)


def gone_tracks(result: FolderResult) -> set[str]:
    """The ids of the missing tracks whose files are in a folder again."""
    read_again = {known.id for _, known, _ in result.tracks if known and known.missing}
    return read_again | {known.id for known in result.plan.back}


def _duration(state: TrackRow) -> float:
    return state.record.duration
