"""What the reading could not decide by itself: tracks that lost their file, and files that say to be another track."""

from __future__ import annotations

import os
import pickle
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from libraries.choices import ScanPhase
from libraries.models import HeldMark, MediaFile
from libraries.scanner.approval import Proposal
from libraries.scanner.lease import Lease
from libraries.scanner.moves.applying import (
    MoveApplier,
    candidates_of_other_libraries,
    gone_candidates,
    has_new,
    known_before_losses,
    missing_candidates,
    new_candidates,
    unreadable_candidates,
)
from libraries.scanner.moves.fingerprints import FingerprintFile, read_fingerprints, save_fingerprints, stored_files
from libraries.scanner.moves.matching import (
    SAME_SECONDS,
    Keys,
    KnownFingerprints,
    choose_to_fingerprint,
    match,
    match_same_file,
    same_content,
    same_file_keys,
)
from libraries.scanner.types import KnownFolder, MoveCandidate, MovePlan, ReplacedFile
from libraries.scanner.write.changes import Tally, count_missing
from libraries.scanner.write.folders import Row, lock_folders, save_gone, save_listed
from libraries.scanner.write.retry import with_retry
from libraries.scanner.write.writer import AffectedArtists, Writer
from libraries.totals import Marked, mark_missing
from navidrome_lib.db.bulk import chunks, delete_where, insert_new_rows
from navidrome_lib.db.ids import first_id

_REPLACED = "/"  # no id contains it


class ReplacedFileSpool:
    """Files that say to be another track, set aside on disk; only what tells them apart stays in memory."""

    def __init__(self, library_id: int) -> None:
        self._library_id = library_id
        self._file = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115 - `close` ends it
        self._places: dict[str, int] = {}
        self.candidates: list[MoveCandidate] = []
        # the fingerprints of those that were read for them, by the track at their place
        self._fingerprints: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._places)

    def ids(self) -> Iterable[str]:
        """The tracks that were at the places of these files."""
        return self._places.keys()

    def add(self, items: Sequence[ReplacedFile]) -> None:
        self._file.seek(0, 2)
        for item in items:
            self._places[item.known.id] = self._file.tell()
            pickle.dump(item, self._file)
            self.candidates.append(_candidate_of(item, self._library_id))

    def get(self, track_id: str) -> ReplacedFile:
        self._file.seek(self._places[track_id])
        item: ReplacedFile = pickle.load(self._file)  # noqa: S301 - our own file
        return replace(item, state=item.state._replace(audio_hash=self._fingerprints.get(track_id, "")))

    def take_fingerprints(self, read: Mapping[str, str]) -> None:
        """Keep the fingerprints of those candidates that are files of ours."""
        self._fingerprints = {pk.removeprefix(_REPLACED): read[pk] for pk in read if pk.startswith(_REPLACED)}

    def fingerprint_files(self, candidate_ids: Collection[str], root: bytes) -> Iterator[FingerprintFile]:
        """Those of some candidates that are files of ours, to be read for their fingerprint."""
        for track_id in self._places:
            if _REPLACED + track_id in candidate_ids:
                state = self.get(track_id).state
                yield FingerprintFile(_REPLACED + track_id, os.path.join(root, state.path), *state.entry[1:])

    def close(self) -> None:
        self._file.close()


def _candidate_of(item: ReplacedFile, library_id: int) -> MoveCandidate:
    entry, columns = item.state.entry, item.state.record.columns
    facts: list[Any] = [columns[name] for name in ("duration", "codec", "sample_rate", "bit_rate", "channels", "title")]
    values = (
        _REPLACED + item.known.id, library_id, item.state.folder_id, entry.name, item.state.record.pid,
        str(columns["mbz_track_id"]), "", entry.size, entry.mtime_ns, entry.inode, *facts, None, False, timezone.now(),
    )  # fmt: skip
    return MoveCandidate._make(values)


class Reconciler:
    """Decides what moved, then marks what is missing.

    `unseen` are present tracks whose absence the walk proved, each with its folder.

    Every step is decided from rows and from what the walk has seen, never from what this attempt has done: an attempt
    before it may have done a part, and ended.
    """

    def __init__(self, lease: Lease, writer: Writer, affected: AffectedArtists, last_scan_at: datetime | None) -> None:
        self.lease = lease
        self.scan = lease.scan
        self.limits = lease.limits
        self.writer = writer
        self.affected = affected
        self.last_scan_at = last_scan_at
        self._began_at = lease.scan.first_started_at or timezone.now()
        self._clock = time.monotonic()
        self.unseen: dict[str, str] = {}
        self.replaced = ReplacedFileSpool(lease.scan.library_id)

    def add_replaced(self, items: Sequence[ReplacedFile]) -> None:
        """Take files that say to be another track than the one at their place."""
        self.replaced.add(items)

    def add_unseen(self, tracks: Mapping[str, str]) -> None:
        """Take present tracks whose absence the walk proved, each with its folder."""
        self.unseen |= tracks

    def close(self) -> None:
        """Delete what was set aside on disk."""
        self.replaced.close()

    # -- moves

    def _began(self) -> datetime:
        """When this scan began, by the clock of now: one that was set back meanwhile dates what is new before that."""
        return min(self._began_at, self._began_now())

    def _began_now(self) -> datetime:
        """When this attempt began, by the clock of now."""
        return timezone.now() - timedelta(seconds=time.monotonic() - self._clock)

    def _known_until(self, began: datetime) -> datetime | None:
        """What came behind this is new; a clock that was ahead at the last scan hides nothing that this one found."""
        return known_before_losses(min(self.last_scan_at, began)) if self.last_scan_at else None

    def move(self) -> None:
        """Apply the moves; the rest of the replaced files is saved as what is now at their places."""
        pairs, most = self._match(), self.limits.pairs
        joined_gone = {gone.id for gone, _ in pairs}
        joined_new = {new.id for _, new in pairs}
        applier = MoveApplier(self.scan.library_id, self.writer.rows)
        for piece in chunks(pairs, most):
            self._carry_out(applier, self._as_plan(piece, joined_gone))
        self.unseen = {pk: folder for pk, folder in self.unseen.items() if pk not in joined_gone}
        retagged: list[str] = []
        added: list[str] = []
        for track_id in self.replaced.ids():
            if _REPLACED + track_id not in joined_new:
                (added if track_id in joined_gone else retagged).append(track_id)
        for ids in chunks(added, most):
            self._carry_out(applier, MovePlan(added=[self.replaced.get(track_id).state for track_id in ids]))
        others = self._of_other_tracks(retagged)
        for ids in chunks(sorted(others), most):
            replaced = list(gone_candidates(ids, self.last_scan_at))
            states = [self.replaced.get(track_id).state for track_id in ids]
            self._carry_out(
                applier, MovePlan(added=states, vacated=replaced, lost=[gone for gone in replaced if not gone.missing])
            )
        for ids in chunks((track_id for track_id in retagged if track_id not in others), most):
            self.writer.write_retagged([self.replaced.get(track_id) for track_id in ids])

    def _of_other_tracks(self, retagged: Collection[str]) -> set[str]:
        """Those of the tracks whose place is taken by the file of another one that is still present: not retagged.

        The scan of the library where that one was has not seen yet that its file is gone from there.
        """
        wanted = set(retagged)
        if not wanted:
            return set()
        keys: dict[str, set[Hashable]] = {}
        for candidate in self.replaced.candidates:
            track_id = candidate.id.removeprefix(_REPLACED)
            if track_id in wanted:
                keys[track_id] = {*same_file_keys(candidate)}
                # new tags do not change a length
                if abs(self.replaced.get(track_id).known.duration - candidate.duration) > SAME_SECONDS:
                    keys[track_id].add(same_content(candidate))
        every = set().union(*keys.values())
        others = candidates_of_other_libraries(self.scan.library_id)
        found = {key for other in others for key in (*same_file_keys(other), same_content(other)) if key in every}
        return {track_id for track_id, own in keys.items() if found & own}

    def _match(self) -> list[tuple[MoveCandidate, MoveCandidate]]:
        replaced = set(self.replaced.ids())
        began = self._began()
        known_until = self._known_until(began)
        came = has_new(self.scan.library_id, known_until)
        if not (self.unseen or replaced or came):
            return []
        gone_tracks = {candidate.id: candidate for candidate in missing_candidates()} if came or replaced else {}
        lost = [*self.unseen, *replaced]
        gone_tracks |= {candidate.id: candidate for candidate in gone_candidates(lost, self.last_scan_at)}
        # a track whose place has a file that cannot be read stays, unless its very file turns up elsewhere
        broken = list(unreadable_candidates(self.scan.library_id, self.last_scan_at)) if came or replaced else []
        if not (gone_tracks or broken):
            return []
        gone_tracks = {pk: candidate._replace(at=min(candidate.at, began)) for pk, candidate in gone_tracks.items()}
        broken = [candidate._replace(at=min(candidate.at, began)) for candidate in broken]
        self.lease.beat()
        keys = Keys([*gone_tracks.values(), *broken])
        # a file may have been met first by the scan of the library that it went to: look in all of them
        since = known_until if not lost else min(gone_tracks[pk].at for pk in lost if pk in gone_tracks)
        known = KnownFingerprints(gone_tracks.values())

        def is_wanted(candidate: MoveCandidate) -> bool:
            return keys.has_any(candidate) or known.may_match(candidate)

        found = new_candidates(since, None if lost else self.scan.library_id, is_wanted)
        away = set(lost)
        new_tracks = [candidate for candidate in found if candidate.id not in away]
        new_tracks += filter(is_wanted, self.replaced.candidates)
        carried = match_same_file(broken, new_tracks)
        taken = {new.id for _, new in carried}
        new_tracks = self._read_fingerprints(gone_tracks.values(), [new for new in new_tracks if new.id not in taken])
        wanted = Keys(new_tracks)
        pairs = carried + self._pairs(
            [candidate for candidate in gone_tracks.values() if wanted.has_any(candidate)], new_tracks
        )
        # a file that is joined to the very track at its place was only retagged
        return [(gone, new) for gone, new in pairs if new.id != _REPLACED + gone.id]

    def _read_fingerprints(
        self, gone_tracks: Collection[MoveCandidate], new_tracks: list[MoveCandidate]
    ) -> list[MoveCandidate]:
        """Read the fingerprints of those new files that may be one of the gone ones under other tags."""
        chosen = {candidate.id for candidate in choose_to_fingerprint(gone_tracks, new_tracks)}
        if not chosen or not settings.CONF.scanner.fingerprints:
            return new_tracks
        self.lease.phase(ScanPhase.FINGERPRINTING)
        root = self.scan.library.path.encode("utf-8", "surrogateescape")
        files = [*stored_files(chosen), *self.replaced.fingerprint_files(chosen, root)]
        read = dict(read_fingerprints(files, self.lease.beat))
        with self.lease.transaction():
            save_fingerprints([(file, read[file.id]) for file in files if file.id in read])
        self.lease.phase(ScanPhase.MOVING)
        self.replaced.take_fingerprints(read)
        return [candidate._replace(audio_hash=read.get(candidate.id, candidate.audio_hash)) for candidate in new_tracks]

    def _pairs(
        self, gone_tracks: list[MoveCandidate], new_tracks: list[MoveCandidate]
    ) -> list[tuple[MoveCandidate, MoveCandidate]]:
        """The pairs; a place that only a scan which died had written down never stands in the way of the real one."""
        since = first_id(min(self.last_scan_at, self._began())) if self.last_scan_at else ""
        lost = {*self.unseen, *self.replaced.ids()}
        unfinished = {track_id for track_id in self.unseen if since and track_id >= since}
        pairs = match((gone for gone in gone_tracks if gone.id not in unfinished), new_tracks, lost)
        taken = {new.id for _, new in pairs}
        rest = (gone for gone in gone_tracks if gone.id in unfinished)
        return pairs + match(rest, (new for new in new_tracks if new.id not in taken), lost)

    def _as_plan(self, pairs: Sequence[tuple[MoveCandidate, MoveCandidate]], joined_gone: set[str]) -> MovePlan:
        plan = MovePlan()
        taken = {}
        for gone, new in pairs:
            if new.id.startswith(_REPLACED):
                taken[new.id.removeprefix(_REPLACED)] = gone
            else:
                plan.pairs.append((gone, new))
        plan.vacated = list(gone_candidates(taken, self.last_scan_at))
        states = {track_id: self.replaced.get(track_id).state for track_id in taken}
        plan.taken = [(gone, states[track_id]._replace(media_file_id=gone.id)) for track_id, gone in taken.items()]
        # the track at this place lost its file to the one that takes it, and found no other
        plan.lost = [
            candidate for candidate in plan.vacated if not candidate.missing and candidate.id not in joined_gone
        ]
        return plan

    def _carry_out(self, applier: MoveApplier, plan: MovePlan) -> None:
        self.affected.add(with_retry(self.scan.pk, self.writer.references, partial(self._apply, applier, plan)))
        applier.committed()
        began = min(self.scan.started_at or self._began_at, self._began_now())
        fresh = sum(new.library_id == self.scan.library_id and new.at >= began for _, new in plan.pairs)
        counters = self.lease.counters
        counters.count_moved(len(plan.pairs) + len(plan.taken), added=fresh, elsewhere=len(plan.pairs) - fresh)
        counters.count_added(len(plan.added))
        counters.count_missing(len(plan.lost))

    def _apply(self, applier: MoveApplier, plan: MovePlan) -> set[str]:
        with self.lease.transaction():
            artists = applier.apply(plan, nullcontext(), self.last_scan_at)
            tally = Tally(self.scan)
            tally.count_moves(plan, self._began())
            tally.save()
        return artists

    # -- marks

    def hold(self, proposal: Proposal) -> None:
        """Keep the proposal instead of marking. What an earlier attempt of this scan proposed is forgotten."""
        marks, most = HeldMark.objects.filter(scan=self.scan.pk).order_by("pk"), self.limits.marks
        while keys := list(marks.values_list("pk", flat=True)[:most]):
            with self.lease.transaction():
                delete_where(HeldMark, "id", keys)
        for ids in chunks(proposal.held, most):
            with self.lease.transaction():
                insert_new_rows(HeldMark, ("scan_id", "media_file_id"), [(self.scan.pk, track_id) for track_id in ids])

    def mark(self, gone: Sequence[KnownFolder], held: Collection[str] = ()) -> None:
        """Mark what was not seen, but for what is held back. A folder is done with in the transaction of its last mark.

        Of a folder with tracks that are held back nothing is remembered: the next scan looks at it again.
        """
        now = timezone.now()
        for batch in self._batches(gone, held):
            marked = with_retry(self.scan.pk, self.writer.references, partial(self._mark, batch, now))
            self.lease.counters.count_missing(marked.tracks)
            self.affected.add(marked.artists)

    def _mark(self, batch: _Marks, now: datetime) -> Marked:
        with self.lease.transaction():
            lock_folders([*batch.folders, *(pk for *_, pk in [*batch.listed, *batch.gone])])
            marked = mark_missing(self.scan.library_id, batch.ids, at=now, last_seen=self.last_scan_at)
            count_missing(self.scan, marked)
            save_listed(batch.listed)
            save_gone(batch.gone)
        return marked

    def _batches(self, gone: Sequence[KnownFolder], held: Collection[str]) -> Iterator[_Marks]:
        """What is to be marked, folder by folder, and what is to be remembered of each folder behind its last track."""
        most = self.limits.marks
        keep = {self.unseen[track_id] for track_id in held}
        tracks: dict[str, list[str]] = defaultdict(list)
        for track_id, folder_id in self.unseen.items():
            if track_id not in held:
                tracks[folder_id].append(track_id)
        listed: dict[str, Row] = {pk: ("", digest, pk) for pk, digest in self.writer.deferred.items()}
        absent: dict[str, Row] = {folder.id: (folder.digest, "", folder.id) for folder in gone}
        batch = _Marks()
        for folder_id in sorted({*tracks, *listed, *absent}):
            for piece in chunks(tracks.get(folder_id, ()), most):
                if len(batch.ids) + len(piece) > most:
                    yield batch
                    batch = _Marks()
                batch.ids += piece
                batch.folders.append(folder_id)
            if folder_id not in keep:
                batch.listed += [listed[folder_id]] if folder_id in listed else []
                batch.gone += [absent[folder_id]] if folder_id in absent else []
            if len(batch.listed) + len(batch.gone) >= most:
                yield batch
                batch = _Marks()
        if batch.ids or batch.listed or batch.gone:
            yield batch


@dataclass(slots=True)
class _Marks:
    """What one transaction marks, in which folders, and which folders are done with."""

    ids: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    listed: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)


def tracks_of(folders: Iterable[KnownFolder]) -> Iterator[tuple[str, str]]:
    """The present tracks of folders that are gone, each with its folder."""
    for piece in chunks(folder.id for folder in folders):
        rows = MediaFile.objects.present().filter(folder__in=piece)
        yield from rows.values_list("pk", "folder_id").iterator(5000)
