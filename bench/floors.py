"""Times that no program on these tools can beat: `python -m bench.floors mutagen|stat ROOT` in a process of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator

import mutagen


def files(root: str) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            yield os.path.join(folder, name)


def mutagen_loop(root: str) -> int:
    """`mutagen.File` for one file after the other."""
    count = 0
    for path in files(root):
        count += 1
        try:
            mutagen.File(path)
        except Exception:  # noqa: S112 - a parser raises anything; the loop only takes its time
            continue
    return count


def stat_loop(root: str) -> int:
    """`os.scandir` of every folder and `stat` of every file."""
    count = 0
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    count += 1
    return count


FLOORS: dict[str, Callable[[str], int]] = {"mutagen": mutagen_loop, "stat": stat_loop}


def main() -> None:
    name, root = sys.argv[1:]
    started, busy = time.perf_counter(), time.process_time()
    count = FLOORS[name](root)
    told = {"files": count, "seconds": time.perf_counter() - started, "cpu": time.process_time() - busy}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
