"""The figures as a page for people."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.rounds import FLOOR_OF, PeerRow, Row

INTRODUCTION = """\
# Benchmarks

Written by `./script/bench`; run it to get the figures of your machine. Every scan is a process of its own over the same
generated library (all formats, covers, several values, compilations) in the system's cache, with two readers. Figures
are medians. The formats of mutagen are WMA, Monkey's Audio, Musepack and DSF, which mutagen reads for the scan too;
their library has as many files.

- *seconds*: from the start of the process to its end; *scan*: the scan alone, without the start of Python and Django,
  which a worker has behind it.
- *busy*: the processor seconds of the scan with its readers (not of a database server), and behind the stroke those of
  the scan's own process. A machine that does other things at the same time changes these less than the times.
- *ratio*: the scan against its floor, measured in the same round: for a first scan a loop of `mutagen.File` in one
  process over the same files, for the others `os.scandir` and `stat` of the same tree. Peers are measured in the
  rounds as well, and compared with the quicker of our databases.
- *memory*: the most that the process and its readers had, each at its own peak, pages that they share counted in each.
- *queries*: statements sent to the database; a bulk statement counts as one, a `COPY` not at all.

What the whole server costs while nothing happens, its start and its peak, by `./script/bench --idle`:
[decisions/idle-server.md](decisions/idle-server.md).
"""


@dataclass(frozen=True)
class Section:
    """All that was measured over one corpus."""

    tracks: int
    rounds: int
    rows: Sequence[Row]
    floors: Mapping[str, tuple[float, float]]
    peers: Mapping[str, PeerRow | None]


def page(sections: Sequence[str], load: float) -> str:
    """The whole page; `load` is how many processes were at work before ours."""
    return "\n".join([INTRODUCTION, f"{remark(load)}\n", *sections])


def remark(load: float) -> str:
    """When and where figures were taken."""
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; load before the first run: {load:.1f}."


def section_text(section: Section) -> str:
    """The tables of one corpus."""
    lines = [f"## {section.tracks:,} files, {section.rounds} rounds", ""]
    lines += ["| database | what | seconds | files/s | scan | busy | ratio | memory | queries |"]
    lines += ["|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    for row in section.rows:
        lines.append(
            f"| {row.database} | {row.kind} | {row.seconds:.2f} | {row.rate:,.0f} | {row.scan_seconds:.2f} "
            f"| {row.cpu:.2f} / {row.own_cpu:.2f} "
            f"| {row.ratio:.2f} × {FLOOR_OF[row.kind]} | {row.megabytes:.0f} MB | {row.queries:,} |"
        )
    lines += ["", "| floor | seconds | busy | files/s |", "|---|--:|--:|--:|"]
    for name, (seconds, cpu) in section.floors.items():
        lines.append(f"| {name} | {seconds:.2f} | {cpu:.2f} | {section.tracks / seconds:,.0f} |")
    if section.peers:
        lines += ["", *peer_lines(section)]
    return "\n".join([*lines, ""])


def peer_lines(section: Section) -> list[str]:
    """The table of the peers."""
    lines = ["| peer | first scan | no change | our first scan is | without its start |", "|---|--:|--:|--:|--:|"]
    for name, row in section.peers.items():
        if row is None:
            lines.append(f"| {name} | not installed | | | |")
            continue
        again = "" if row.again is None else f"{row.again:.2f}"
        lines.append(f"| {name} | {row.first:.2f} | {again} | {row.whole:.1f} × as fast | {row.alone:.1f} × |")
    return lines


def machine() -> str:
    """Processor, cores, system and Python in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, "
        f"{platform.system()} {platform.release()}, {platform.python_implementation()} {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
