"""How much a scan does in one step, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class ScanLimits:
    """The limits of a scan: numbers of files, folders, tracks and rows, and times in the unit of each name."""

    # -- the walk
    # folders in a row that may fail to be listed before the storage itself is taken for failing
    errors_in_a_row: int = 10
    # how long a file must have been quiet: longer than the two seconds in which FAT and SMB count time
    settle_ns: int = 2_000_000_000
    # listings that a thread hands over at once
    group: int = 64
    # how long a mounted disk has for an answer: one that sleeps needs some seconds to wake up
    answer_seconds: float = 10.0
    # folders with files still being written that are scanned one by one; above, the whole library is
    settling_folders: int = 200

    # -- reading and writing
    # what one transaction writes: when either of them is reached
    batch_files: int = 800
    batch_folders: int = 200
    # batches that are read while one is being written: with fewer, readers idle when writing is slow
    batches_ahead: int = 2
    # batches that may be read while the library is still being listed: what is read waits in memory
    early_batches: int = 8
    # files of one batch that fail because of the storage, after which the storage itself is checked
    doubtful_files: int = 10

    # -- moves and marks
    # moves, or files that replaced another track, in one transaction
    pairs: int = 200
    # tracks or folders that one transaction marks
    marks: int = 1000
    # digests of tracks in one transaction
    fingerprints: int = 200

    # -- totals
    # artists are counted one by one up to this number of files
    counted_at_once: int = 20_000
    # new files, and a tenth of all, after which the database refreshes its table statistics
    many_files: int = 20_000
    # the scans of each library that keep their changes by folder
    kept_changes: int = 50

    # -- the lease
    # a worker that is silent for so long is taken for dead
    lease: timedelta = timedelta(seconds=60)
    beat_seconds: float = 2.0
    # how often the parent of a worker's processes looks after its scans, the same while no scan runs anywhere, and how
    # long a process may be busy with a lost scan
    look_seconds: float = 5.0
    idle_look_seconds: float = 15.0
    lost_seconds: float = 30.0
    # workers that may die of a scan before it fails
    attempts: int = 3
    # how long a delivery has before the scan is delivered again
    redeliver_after: timedelta = timedelta(seconds=10)
    # how long a scan waits for its database to come back, and how often it looks
    patience_seconds: float = 120.0
    patience_pause_seconds: float = 0.5
    # how long a scan waits that found a full disk, or something else away
    retry_pause: timedelta = timedelta(seconds=30)
