"""The lists of a catalog of any size, on each database: a process fills it and times what people ask for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.databases import databases
from bench.processes import run_module

# a list must answer within this time
LIMIT = 300.0
START = "# Lists"
INTRODUCTION = f"""\
{START}

Written by `./script/bench --lists 1000000`, which fills a catalog of that many songs (a tenth as many albums, folders,
problems and audit entries; one song in twenty is missing) and asks for every list of the admin site and of the API: its
first page, one in the middle, each filter, each order and some searches. Milliseconds of whole requests in one process,
the median of five after a first one; of several requests of a kind, the slowest one is shown, and which one it was.
*queries*: statements sent to the database, the most of any of them.
"""


class Answer(NamedTuple):
    """What a request took."""

    where: str
    kind: str
    what: str
    milliseconds: float
    queries: int


def measure_lists(names: Sequence[str], songs: int) -> dict[str, list[Answer]]:
    """All requests, by database."""
    with databases(list(names)) as fresh, TemporaryDirectory(prefix="nd-lists-") as folder:
        found = {}
        for name, make in fresh.items():
            print(f"{name}: {songs:,} songs …", file=sys.stderr, flush=True)
            output = Path(folder) / "answers.json"
            run_module("bench.lists_child", str(songs), str(output), env=make(Path(folder)))
            found[name] = [Answer(*row) for row in json.loads(output.read_text())]
        return found


def slowest(answers: Iterable[Answer]) -> dict[tuple[str, str], Answer]:
    """The slowest request of each kind and list, with the most queries of that kind."""
    found: dict[tuple[str, str], Answer] = {}
    for one in answers:
        known = found.get((one.where, one.kind))
        if known is None:
            found[one.where, one.kind] = one
            continue
        slower = max(known, one, key=lambda answer: answer.milliseconds)
        found[one.where, one.kind] = slower._replace(queries=max(known.queries, one.queries))
    return found


def lists_part(found: dict[str, list[Answer]], songs: int, remark: str) -> str:
    """The part of the page about lists."""
    best = {name: slowest(answers) for name, answers in found.items()}
    lines = [INTRODUCTION, f"{remark}\n", f"## {songs:,} songs", ""]
    lines += [
        f"| list | question | {' | '.join(best)} | queries | the slowest |",
        f"|---|---|{'--:|' * len(best)}--:|---|",
    ]
    for key in next(iter(best.values())):
        times = [table[key] for table in best.values()]
        worst = max(times, key=lambda answer: answer.milliseconds)
        shown = " | ".join(f"{one.milliseconds:.0f}" for one in times)
        named = "" if worst.what in (worst.kind, worst.kind.removeprefix("search: ")) else worst.what.replace("|", "/")
        lines.append(f"| {key[0]} | {key[1]} | {shown} | {max(one.queries for one in times)} | {named} |")
    lines += ["", *(over(name, answers) for name, answers in found.items()), ""]
    return "\n".join(lines)


def over(name: str, answers: Sequence[Answer]) -> str:
    """How many requests took longer than they may."""
    slow = sum(one.milliseconds >= LIMIT for one in answers)
    return f"{name}: {len(answers) - slow} of {len(answers)} requests in less than {LIMIT:.0f} ms.\n"


def split(page: str) -> tuple[str, str]:
    """The part of a page about scans, and the one about lists."""
    before, found, after = page.partition(f"{START}\n")
    return before, found + after
