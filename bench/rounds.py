"""One round of measurements over one corpus, and what several rounds together say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.corpus import Corpus
from bench.databases import Fresh
from bench.peers import PeerTimes, measure_peer
from bench.processes import Measured, run_module

FIRST, AGAIN, CHANGED = "first scan", "no change", "1 % changed"
# a library of the formats that mutagen reads for us too
FIRST_BY_MUTAGEN = "first scan, formats of mutagen"
MUTAGEN, MUTAGEN_TOO, STAT = "mutagen.File loop", "mutagen.File loop, formats of mutagen", "scandir + stat"
# what each kind of scan is compared with
FLOOR_OF = {FIRST: MUTAGEN, AGAIN: STAT, CHANGED: STAT, FIRST_BY_MUTAGEN: MUTAGEN_TOO}


@dataclass
class Round:
    """What was measured in one round: floors and peers by name, and the scans by database and kind."""

    floors: dict[str, Measured] = field(default_factory=dict)
    scans: dict[tuple[str, str], Measured] = field(default_factory=dict)
    # None for a peer that is not installed
    peers: dict[str, PeerTimes | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """The medians of one kind of scan on one database."""

    database: str
    kind: str
    seconds: float
    scan_seconds: float
    cpu: float
    own_cpu: float
    files: int
    megabytes: float
    queries: int
    ratio: float

    @property
    def rate(self) -> float:
        """Files per second of the whole process."""
        return self.files / self.seconds


@dataclass(frozen=True)
class PeerRow:
    """The median seconds of a peer, and how many times as fast our first scan is: as a whole process, and alone."""

    first: float
    again: float | None
    whole: float
    alone: float


def measure_round(corpus: Corpus, fresh: Mapping[str, Fresh], turn: int, peers: Sequence[str] = ()) -> Round:
    """The floors and the peers, then on each database a first scan, one without a change, and one after a few."""
    found = Round()
    for name, argument in ((MUTAGEN, "mutagen"), (STAT, "stat")):
        corpus.warm()
        found.floors[name] = run_module("bench.floors", argument, str(corpus.root))
    for name in peers:
        corpus.warm()
        found.peers[name] = measure_peer(name, corpus.root)
    for database, make in fresh.items():
        env = make(corpus.root)
        for kind in (FIRST, AGAIN, CHANGED):
            changed = corpus.change_some(turn) if kind == CHANGED else 0
            corpus.warm()
            scan = run_module("bench.child", "scan", env=env)
            _check(kind, scan, corpus.tracks, changed)
            found.scans[database, kind] = scan
    return found


def add_first_by_mutagen(found: Round, corpus: Corpus, fresh: Mapping[str, Fresh]) -> None:
    """Add the loop over a library of the formats that mutagen reads, and on each database a first scan of it."""
    corpus.warm()
    found.floors[MUTAGEN_TOO] = run_module("bench.floors", "mutagen", str(corpus.root))
    for database, make in fresh.items():
        env = make(corpus.root)
        corpus.warm()
        scan = run_module("bench.child", "scan", env=env)
        _check(FIRST_BY_MUTAGEN, scan, corpus.tracks, 0)
        found.scans[database, FIRST_BY_MUTAGEN] = scan


def _check(kind: str, scan: Measured, tracks: int, changed: int) -> None:
    """A scan that is fast because it did something else does not count."""
    told = {name: scan.told[name] for name in ("seen", "added", "updated", "skipped", "failed")}
    if kind in (FIRST, FIRST_BY_MUTAGEN):
        expected = {"seen": tracks, "added": tracks, "updated": 0, "skipped": 0, "failed": 0}
    else:
        expected = {"seen": tracks, "added": 0, "updated": changed, "skipped": tracks - changed, "failed": 0}
    if told != expected:
        raise AssertionError(f"{kind}: expected {expected}, got {told}")


def summarise(rounds: Sequence[Round], tracks: int) -> list[Row]:
    """The medians over all rounds; a ratio is taken within its round, so that a busy moment hits both sides."""
    rows = []
    for database, kind in rounds[0].scans:
        scans = [each.scans[database, kind] for each in rounds]
        floors = [each.floors[FLOOR_OF[kind]] for each in rounds]
        rows.append(
            Row(
                database=database,
                kind=kind,
                seconds=median(scan.seconds for scan in scans),
                scan_seconds=median(float(scan.told["seconds"]) for scan in scans),
                cpu=median(float(scan.told["cpu"]) for scan in scans),
                own_cpu=median(float(scan.told["own_cpu"]) for scan in scans),
                files=tracks,
                megabytes=median(scan.megabytes for scan in scans),
                queries=round(median(int(scan.told["queries"]) for scan in scans)),
                ratio=median(_ratio(scan, floor) for scan, floor in zip(scans, floors, strict=True)),
            )
        )
    return rows


def _ratio(scan: Measured, floor: Measured) -> float:
    """The work against the work: the start of Python and Django, which a worker has behind it, is in neither."""
    return float(scan.told["seconds"]) / float(floor.told["seconds"])


def median_floors(rounds: Sequence[Round]) -> dict[str, tuple[float, float]]:
    """The seconds of each floor, and its processor seconds."""
    found: dict[str, list[Measured]] = defaultdict(list)
    for each in rounds:
        for name, floor in each.floors.items():
            found[name].append(floor)
    return {
        name: (
            median(float(floor.told["seconds"]) for floor in floors),
            median(float(floor.told["cpu"]) for floor in floors),
        )
        for name, floors in found.items()
    }


def summarise_peers(rounds: Sequence[Round]) -> dict[str, PeerRow | None]:
    """The medians of each peer; what our scan is compared with was measured in the same round, on our best database."""
    found: dict[str, list[tuple[PeerTimes, Measured]]] = {}
    for each in rounds:
        firsts = (scan for (_, kind), scan in each.scans.items() if kind == FIRST)
        best = min(firsts, key=lambda scan: scan.seconds)
        for name, times in each.peers.items():
            found.setdefault(name, []).extend([(times, best)] if times is not None else ())
    return {name: _peer_row(pairs) if pairs else None for name, pairs in found.items()}


def _peer_row(pairs: Sequence[tuple[PeerTimes, Measured]]) -> PeerRow:
    again = [times.again for times, _ in pairs if times.again is not None]
    return PeerRow(
        first=median(times.first for times, _ in pairs),
        again=median(again) if again else None,
        whole=median(times.first / ours.seconds for times, ours in pairs),
        alone=median(times.first / float(ours.told["seconds"]) for times, ours in pairs),
    )
