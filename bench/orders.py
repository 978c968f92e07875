"""Pages of every offered order in a catalog of any size, for a member of two of its four libraries."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench.databases import POSTGRESQL, SQLITE, databases
from bench.processes import cpu_clock, run_module

# what of the albums each library has, and which ones the member can access: half of all songs
SHARES = {"Music": 0.4, "Classical": 0.3, "Jazz": 0.2, "Podcasts": 0.1}
OWN = ("Classical", "Jazz")
SIZE = 50
# where the answers of the protocol are from
CALLS = "/rest"
LIMITS = {SQLITE: 250.0, POSTGRESQL: 120.0}
PLACES = ("first", "middle", "last")
INTRODUCTION = """\
# Orders

Written by `./script/bench --orders 1000000`, which fills a catalog of that many songs in four libraries (one song in
twenty is missing) and asks, as a member of two of them, for pages of 50 in every offered order, both ways: the first
one, one in the middle and the last one. Milliseconds of the processor for whole requests in one process, with those of
the database's own process: the slowest median of an order, and the 99th percentile of all answers. *made*: the slowest
first request of an order since the catalog has changed, which puts all rows in this order and keeps it. *queries*: of a
page, the fewest and the most. Behind it are calls of the protocol, as the same member asks for them.
"""
# of the calls of the protocol
CALL_LIMITS = {SQLITE: 300.0, POSTGRESQL: 150.0}


class Answer(NamedTuple):
    """What the requests for one page took."""

    where: str
    order: str
    place: str
    first: float
    milliseconds: list[float]
    queries: int


def measure_orders(
    names: Sequence[str], songs: int, rounds: int, *, migrated: Path | None = None
) -> dict[str, list[Answer]]:
    """All pages, by database; that of SQLite is a copy of the one that is `migrated` already, if there is one."""
    with databases(list(names), migrated=migrated) as fresh, TemporaryDirectory(prefix="nd-orders-") as folder:
        found = {}
        for name, make in fresh.items():
            print(f"{name}: {songs:,} songs …", file=sys.stderr, flush=True)
            output = Path(folder) / "answers.json"
            run_module("bench.orders_child", str(songs), str(rounds), str(output), env=make(Path(folder)))
            found[name] = [Answer(*row) for row in json.loads(output.read_text())]
        return found


def pages_of(client: Any, address: str, keys: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """The order, the place and the address of each page of a list."""
    total = int(client.get(f"{address}?_start=0&_end=1")["X-Total-Count"])
    starts = (0, total // 2, max(total - SIZE, 0))
    for key in keys:
        for way in ("ASC", "DESC"):
            for place, start in zip(PLACES, starts, strict=True):
                page = f"{address}?_start={start}&_end={start + SIZE}&_sort={key}&_order={way}&seed=1"
                yield f"{key} {way}", place, page


def ask(client: Any, address: str, backend: int | None) -> float:
    """The milliseconds of the processor until the whole answer is there; `backend` is the database's own process."""
    started = _spent(backend)
    answer = client.get(address)
    taken = _spent(backend) - started
    if answer.status_code != 200 or b'"failed"' in answer.content[:200]:
        raise AssertionError(f"{address}: {answer.status_code} {answer.content[:200]!r}")
    return taken * 1000


def _spent(backend: int | None) -> float:
    return time.process_time() + (cpu_clock(backend) if backend else 0.0)


def percentile(times: Sequence[float]) -> float:
    """The 99th percentile; the only answer where there is one."""
    return quantiles(times, n=100, method="inclusive")[-1] if len(times) > 1 else times[0]


def orders_part(found: dict[str, list[Answer]], songs: int, remark: str) -> str:
    """The page of results: a table for each database."""
    lines = [INTRODUCTION, f"{remark}\n", f"## {songs:,} songs"]
    for name, answers in found.items():
        every = [taken for one in answers if one.where != CALLS for taken in one.milliseconds]
        limit = LIMITS[name]
        lines += ["", f"### {name}: 99 % of all answers in {percentile(every):.0f} ms (at most {limit:.0f})", ""]
        lines += ["| list | first | middle | last | p99 | the slowest order | made | queries |"]
        lines += ["|---|--:|--:|--:|--:|---|--:|--:|"]
        pages = [one for one in answers if one.where != CALLS]
        for where in dict.fromkeys(one.where for one in pages):
            lines.append(_row(where, [one for one in pages if one.where == where]))
        lines += _calls([one for one in answers if one.where == CALLS], name)
    return "\n".join([*lines, ""])


def _calls(answers: Sequence[Answer], database: str) -> list[str]:
    if not answers:
        return []
    every = [taken for one in answers for taken in one.milliseconds]
    limit = CALL_LIMITS[database]
    lines = ["", f"#### Calls: 99 % of all answers in {percentile(every):.0f} ms (at most {limit:.0f})", ""]
    lines += ["| call | first | median | p99 | queries |", "|---|--:|--:|--:|--:|"]
    for one in answers:
        middle, last = median(one.milliseconds), percentile(one.milliseconds)
        lines.append(f"| {one.order} | {one.first:.0f} | {middle:.0f} | {last:.0f} | {one.queries} |")
    return lines


def _row(where: str, answers: Sequence[Answer]) -> str:
    cells = [max(median(one.milliseconds) for one in answers if one.place == place) for place in PLACES]
    slowest = max(answers, key=lambda one: median(one.milliseconds))
    queries = sorted(one.queries for one in answers)
    shown = [
        where, *(f"{cell:.0f}" for cell in cells),
        f"{percentile([taken for one in answers for taken in one.milliseconds]):.0f}", slowest.order,
        f"{max(one.first for one in answers):.0f}", "–".join(map(str, dict.fromkeys((queries[0], queries[-1])))),
    ]  # fmt: skip
    return f"| {' | '.join(shown)} |"
