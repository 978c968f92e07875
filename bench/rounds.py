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
MUTAGEN, STAT = "mutagen.File loop", "scandir + stat"
# what each kind of scan is compared with
FLOOR_OF = {FIRST: MUTAGEN, AGAIN: STAT, CHANGED: STAT}


@dataclass
class Round:
    """What was measured in one round: the floors by name, and the scans by database and kind."""

    floors: dict[str, Measured] = field(default_factory=dict)
    scans: dict[tuple[str, str], Measured] = field(default_factory=dict)


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


def measure_round(corpus: Corpus, fresh: Mapping[str, Fresh], turn: int) -> Round:
    """The floors, then on each database a first scan, one without a change, and one after a few changes."""
    found = Round()
    for name, argument in ((MUTAGEN, "mutagen"), (STAT, "stat")):
        corpus.warm()
        found.floors[name] = run_module("bench.floors", argument, str(corpus.root))
    for database, make in fresh.items():
        env = make(corpus.root)
        for kind in (FIRST, AGAIN, CHANGED):
            changed = corpus.change_some(turn) if kind == CHANGED else 0
            corpus.warm()
            scan = run_module("bench.child", "scan", env=env)
            _check(kind, scan, corpus.tracks, changed)
            found.scans[database, kind] = scan
    return found


def _check(kind: str, scan: Measured, tracks: int, changed: int) -> None:
    """A scan that is fast because it did something else does not count."""
    told = {name: scan.told[name] for name in ("seen", "added", "updated", "skipped", "failed")}
    if kind == FIRST:
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


def measure_peers(names: Sequence[str], corpus: Corpus, rounds: int) -> dict[str, PeerTimes | None]:
    """The median times of the peers that are installed."""
    found: dict[str, PeerTimes | None] = {}
    for name in names:
        corpus.warm()
        times = [one for _ in range(rounds) if (one := measure_peer(name, corpus.root)) is not None]
        again = [one.again for one in times if one.again is not None]
        found[name] = PeerTimes(median(one.first for one in times), median(again) if again else None) if times else None
    return found
