"""One scan from its claim to its end: `run` carries out the phases, in order."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from libraries import cleanup, totals
from libraries.choices import ScanPhase, ScanState, ScanTrigger
from libraries.in_flight import InFlight, Stopwatch
from libraries.models import Library, Scan
from libraries.scanner import lease as leases
from libraries.scanner.approval import Proposal, propose, settle_older
from libraries.scanner.catalog import known_folders, known_problems, scan_options
from libraries.scanner.diff import FolderDiff
from libraries.scanner.lease import Cancelled, Lease, LeaseLost, Stopped
from libraries.scanner.limits import ScanLimits
from libraries.scanner.mount_points import MountedStorage, sample_of_root
from libraries.scanner.moves.reconcile import Reconciler, tracks_of
from libraries.scanner.paths import display, writable_path
from libraries.scanner.read import background
from libraries.scanner.read.background import BackgroundReader
from libraries.scanner.read.batches import Reading
from libraries.scanner.read.readers import make_pool
from libraries.scanner.types import FolderListing
from libraries.scanner.walk.root import KnownRoot, RootState, check_root, recheck_root
from libraries.scanner.walk.walker import Entry, Lister, StorageProblem, WalkStopped, os_lister, walk
from libraries.scanner.write import unread
from libraries.scanner.write.problems import resolve_problems
from libraries.scanner.write.retags import settle_albums
from libraries.scanner.write.writer import AffectedArtists, Writer
from libraries.signals import scan_ended
from navidrome_lib import disk_space, stopping
from navidrome_lib.db.bulk import rare_checkpoints
from navidrome_lib.outages import DATABASE_AWAY, Outage, outage_of

__all__ = ["run"]

logger = logging.getLogger(__name__)

# folders between two updates of the progress; walking them takes milliseconds
_SHOWN_EVERY = 16


def settling_targets(folders: list[bytes], *, most: int = ScanLimits.settling_folders) -> list[str]:
    """The folders as targets of another scan; the whole library when they are more than `most`."""
    return [""] if len(folders) > most else sorted(set(map(writable_path, folders)))


class Offline(Exception):
    """The storage cannot be relied on; the message is the reason."""


def run(
    scan_id: int,
    *,
    worker: str = "",
    on_progress: Callable[[Scan], None] | None = None,
    patience: float | None = None,
    limits: ScanLimits | None = None,
    lister: Lister | None = None,
    root_lister: Lister = os_lister,
) -> Scan | None:
    """Carry out one queued scan; None when it was not ours to run, or was taken from us meanwhile.

    Whatever happens to it, it ends in a state of its own: `finished`, `held`, `offline`, `cancelled` or `failed`. When
    the process is stopped, a disk is full or the database is away, it is queued again (which waits `patience` seconds,
    or else those of the limits, for a database that does not answer); that is None too.

    `limits` are those of the settings unless given. Folders are listed by `lister` in the walk, the root by
    `root_lister` before it.
    """
    if stopping.is_asked():
        return None
    lease = leases.claim(scan_id, worker or leases.worker_name(), on_progress, limits=limits)
    if lease is None:
        return None
    scan = lease.scan
    logger.info("scan %s of library %s: started (%s)", scan.pk, scan.library_id, scan.type)
    try:
        _carry_out(lease, lister or os_lister, root_lister)
    except LeaseLost:
        logger.warning("scan %s: another worker has taken it over", scan.pk)
        return None
    except Stopped:
        _hand_back(lease)
        return None
    except SystemExit:
        _hand_back(lease)
        raise
    except Exception as error:
        outage = _outage(error)
        if outage is None:
            raise
        logger.warning("scan %s is interrupted, it will be redone: %s", scan.pk, outage.sentence)
        # a database that was away is back when it can be told so: the scan goes on at once, the first time
        pause = None if outage is DATABASE_AWAY and not scan.interruptions else lease.limits.retry_pause
        if not leases.hand_back(lease, reason=outage.sentence, pause=pause, patience=patience):
            raise
        return None
    logger.info("scan %s: %s %s", scan.pk, scan.state, scan.error)
    return scan


def _hand_back(lease: Lease) -> None:
    logger.info("scan %s: the process is asked to stop, it will be redone", lease.scan.pk)
    leases.hand_back(lease)


def _outage(error: Exception) -> Outage | None:
    """What is away or full; a database that went away shows in errors of any kind."""
    if (outage := outage_of(error)) is None and isinstance(error, (OperationalError, InterfaceError)):
        return DATABASE_AWAY if leases.is_database_gone() else None
    return outage


def _carry_out(lease: Lease, lister: Lister, root_lister: Lister) -> None:
    """Everything from the claim to the state that it ends in. Raises LeaseLost, Stopped, and what an outage raises."""
    try:
        with rare_checkpoints():
            _Run(lease, lister, root_lister).go()
    except Cancelled:
        lease.finish(ScanState.CANCELLED)
    except KeyboardInterrupt:  # workers never see one: a person ends the command that scans
        lease.finish(ScanState.CANCELLED, "The scan was stopped together with its process.")
        raise
    except (Offline, StorageProblem) as error:
        _go_offline(lease, str(error))
    except (LeaseLost, Stopped):
        raise
    except Exception as error:
        if _outage(error) is not None:
            raise
        logger.exception("scan %s failed", lease.scan.pk)
        lease.finish(ScanState.FAILED, f"The scan failed: {type(error).__name__}: {error}")


def _go_offline(lease: Lease, reason: str) -> None:
    library = Library.objects.filter(pk=lease.scan.library_id)
    try:
        with lease.transaction():
            library.update(status_reason=reason)
            library.filter(offline_since__isnull=True).update(offline_since=timezone.now())
    except Cancelled:
        lease.finish(ScanState.CANCELLED)
    else:
        lease.finish(ScanState.OFFLINE, reason)


class _Run:
    """The phases of one scan, in order. Nothing but the scan's own row is written before the walk has ended."""

    def __init__(self, lease: Lease, lister: Lister, root_lister: Lister) -> None:
        self.lease = lease
        self.limits = lease.limits
        self.lister = lister
        self.root_lister = root_lister
        self.scan = lease.scan
        self.library = lease.scan.library
        self.options = scan_options(self.library, lease.scan.targets)
        # a quarter of what may wait for the storage is left to those who read files meanwhile
        self.in_flight = InFlight(settings.CONF.scanner.in_flight * 3 // 4)
        self.affected = AffectedArtists(everything=self.library.totals_stale)
        self.songs_before = self.library.total_songs

    def go(self) -> None:
        self.lease.phase(ScanPhase.CHECKING)
        written = disk_space.written_folders(settings.CONF.data_folder)
        if self.scan.retry_at is not None and disk_space.is_low(written, least=settings.LEAST_DISK_BYTES):
            raise OSError(errno.ENOSPC, "the disk is still full")  # found before everything is walked in vain
        Library.objects.filter(pk=self.library.pk).update(last_scan_started_at=self.scan.started_at)
        self.root = self._check(partial(check_root, lister=self._list_root))
        folders = known_folders(self.library.pk)
        problems = known_problems(self.library.pk)
        self.mounted = MountedStorage(
            self.library.pk,
            self.options,
            folders,
            accept=self.scan.accept_device,
            answer_seconds=self.limits.answer_seconds,
        )
        self.mounted.check(self.lease.beat)
        self.diff = FolderDiff(
            folders, problems, self.lease.counters, full=self.scan.full, targets=self.options.targets
        )
        writer = Writer(self.lease, folders, self.affected)
        self.reconciler = Reconciler(self.lease, writer, self.affected, self.library.last_scan_at)
        try:
            readers_of_root = partial(make_pool, root=self.options.root, listing=self._folders_at_once)
            encoding = self.options.text_encoding
            with BackgroundReader(readers_of_root, self.lease.beat, encoding=encoding) as readers:
                if self.scan.full or not folders:
                    readers.start()  # every file will be read: they come up while the folders are listed
                reading = Reading(
                    self.options, self.diff, folders, problems, readers, full=self.scan.full, limits=self.limits
                )
                self._walk(reading)
                self._come_online()
                self._read(reading, writer)
            proposal = self._reconcile()
            self._count(writer)
            self._finish(proposal)
        finally:
            self.diff.changed.close()
            self.reconciler.close()
        self._tell()

    def _tell(self) -> None:
        """Tell others what this scan has found; an error of theirs is none of the scan, which has ended."""
        counters = self.lease.counters
        changed = any((counters.added, counters.updated, counters.moved, counters.restored))
        told = scan_ended.send_robust(
            sender=Scan, library_id=self.library.pk, playlists=tuple(self.diff.playlists), changed=changed
        )
        for receiver, result in told:
            if isinstance(result, Exception):
                logger.error("scan %s: %s failed behind it", self.scan.pk, receiver, exc_info=result)

    def _check(self, check: Callable[..., RootState]) -> RootState:
        """The state of the root; raises Offline."""
        known = KnownRoot(
            device=None if self.scan.accept_device else self.library.root_device,
            inode=self.library.root_inode,
            fsid=self.library.root_fsid,
            has_files=self.songs_before > 0,
            accept_empty=self.scan.accept_empty,
            anchor=self.library.anchor_file.encode(),
        )
        state = check(self.options, known=known)
        if state.online and known.differs_from(state):
            sample = sample_of_root(self.library.pk, self.options, known_folders(self.library.pk))
            state = check(self.options, known=replace(known, sample=sample))
        if not state.online:
            raise Offline(state.reason)
        return state

    def _list_root(self, path: bytes) -> Iterable[Entry]:
        """The entries of the root before the walk, which has learned from it how long the storage takes."""
        watch = Stopwatch()
        entries = self.root_lister(path)
        self.in_flight.add(*watch.read(), 1)
        return entries

    def _check_again(self) -> None:
        self._check(partial(recheck_root, before=self.root, lister=self.root_lister))
        self.mounted.recheck(self.lease.beat)
        self.lease.beat()

    def _walk(self, reading: Reading) -> None:
        diff, counters = self.diff, self.lease.counters
        self.lease.phase(ScanPhase.WALKING)
        for listing in self._listings():
            if diff.add(listing):
                reading.take(listing)
            if not counters.folders % _SHOWN_EVERY:
                self.lease.at_folder(display(listing.path))
        settling = settling_targets(diff.settling, most=self.limits.settling_folders)
        self.lease.walked(diff.files + diff.folder_problems, settling)

    def _listings(self) -> Iterator[FolderListing]:
        # the watcher wakes up for files that are being copied at this moment: it lets them settle first
        settle_ns = self.limits.settle_ns if self.scan.trigger == ScanTrigger.WATCHER else 0
        stopped = False
        listings = walk(
            self.options,
            lister=self.lister,
            settle_ns=settle_ns,
            errors_in_a_row=self.limits.errors_in_a_row,
            stop=lambda: stopped,
            away=self.mounted.away,
            followed=self.mounted.followed,
            in_flight=self.in_flight,
        )
        try:
            yield from background.iterate(listings, self.lease.beat, group=self.limits.group)
        except WalkStopped as error:
            raise Cancelled from error
        finally:
            stopped = True

    def _folders_at_once(self) -> int:
        """How many folders are being listed, which counts to what may wait for the storage."""
        return self.in_flight.limit if self.lease.scan.phase == ScanPhase.WALKING else 0

    def _come_online(self) -> None:
        back = Library.objects.filter(pk=self.library.pk, offline_since__isnull=False)
        if back.update(offline_since=None, status_reason=""):
            logger.info("library %s is back online", self.library.pk)
        self.mounted.save(self.diff.was_listed, self.lease.transaction)

    def _read(self, reading: Reading, writer: Writer) -> None:
        self.lease.phase(ScanPhase.READING)
        for results in reading.run(self._check_again):
            if results:
                self.reconciler.add_replaced(writer.write(results))
        self.reconciler.add_unseen(reading.unseen)

    def _reconcile(self) -> Proposal | None:
        """Moves, then marks: only after the whole walk, and only while the root is still the one that was walked."""
        self.lease.phase(ScanPhase.MOVING)
        self._check_again()
        gone = self.diff.gone()
        self.reconciler.add_unseen(dict(tracks_of(gone)))
        self.reconciler.move()
        unread.save(self.library, self.diff, self.lease.transaction)
        self.lease.phase(ScanPhase.MARKING)
        ended = self.diff.resolved()
        if ended:
            with self.lease.transaction():
                resolve_problems(self.library.pk, ended)
        unseen = self.reconciler.unseen
        proposal = propose(self.scan, unseen, self.library.last_scan_at)
        if proposal is None:
            self.reconciler.mark(gone)
        else:
            if len(proposal.held) < len(unseen):
                self.reconciler.mark(gone, proposal.held)
            self.reconciler.hold(proposal)
        return proposal

    def _count(self, writer: Writer) -> None:
        """Make right what is only counted at the end."""
        self.lease.phase(ScanPhase.TOTALS)
        self._check_outcomes()
        if self.affected.anything or self.lease.unsettled:
            settle_albums(self.lease, writer.references)
            self.affected.add(())
        if self.affected.anything:
            if self.lease.counters.added > max(self.limits.many_files, self.songs_before // 10):
                totals.analyze_tables()
            with self.lease.transaction():
                self._refresh()
            cleanup.prune_changes(self.library.pk, kept=self.limits.kept_changes)
        for library_id in totals.stale_libraries():
            with self.lease.transaction():
                totals.recount(library_id)
            cleanup.prune_albums(library_id)  # all of one may have moved out
        if self.lease.counters.updated or self.lease.counters.moved or self.library.totals_stale:
            cleanup.prune_artists()
            cleanup.prune_genres()

    def _finish(self, proposal: Proposal | None) -> None:
        """The end of the scan, and all that follows from it, in one transaction."""
        whole = not self.options.targets
        with self.lease.transaction():
            if proposal is None and whole:
                # the whole library was seen and dealt with: later scans count from here
                Library.objects.filter(pk=self.library.pk).update(
                    last_scan_at=timezone.now(),
                    root_device=self.root.device,
                    root_inode=self.root.inode,
                    root_fsid=self.root.fsid,
                )
            settle_older(self.scan)
            if proposal is None:
                self.lease.finish(ScanState.FINISHED)
            else:
                self.lease.finish(ScanState.HELD, proposal.reason(self.library))

    def _refresh(self) -> None:
        pk = self.library.pk
        if self.library.totals_stale:
            totals.refresh_albums(pk)
        # where there was nothing, all were affected; to count them at once is quicker, and takes memory
        at_once = not self.songs_before and self.lease.counters.seen <= self.limits.counted_at_once
        totals.refresh_library_artists(pk, None if at_once else self.affected.artists)
        cleanup.prune_albums(pk)
        cleanup.prune_folders(pk)
        totals.refresh_library_totals(pk)

    def _check_outcomes(self) -> None:
        """Every file that was met has exactly one outcome: a scan that loses one must not call itself finished."""
        met, outcomes = self.diff.files + self.diff.folder_problems, self.lease.counters.met
        if met != outcomes:
            raise AssertionError(f"{met} files were met, {outcomes} have an outcome")
