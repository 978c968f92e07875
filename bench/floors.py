"""Times that no program on these tools can beat: `python -m bench.floors NAME ROOT` in a process of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import mutagen

# operations that wait for storage at once, and what is read of each file
THREADS = 32
BEGINNING = 64 * 1024


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


def list_at_once(root: str) -> int:
    """`os.scandir` of every folder and `stat` of every file, by threads."""
    return len(_listed(root))


def read_at_once(root: str) -> int:
    """Open each file and read its beginning, by threads, once all are listed."""
    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(_read_beginning, _listed(root)))


def _listed(root: str) -> list[str]:
    found: list[str] = []
    with ThreadPoolExecutor(THREADS) as threads:
        waiting = {threads.submit(_list_folder, root)}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for folders, paths in (each.result() for each in done):
                found += paths
                waiting |= {threads.submit(_list_folder, folder) for folder in folders}
    return found


def _list_folder(folder: str) -> tuple[list[str], list[str]]:
    folders, paths = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                entry.stat(follow_symlinks=False)
                paths.append(entry.path)
    return folders, paths


def _read_beginning(path: str) -> bool:
    file = os.open(path, os.O_RDONLY)
    try:
        return bool(os.pread(file, BEGINNING, 0))
    finally:
        os.close(file)


FLOORS: dict[str, Callable[[str], int]] = {
    "mutagen": mutagen_loop,
    "stat": stat_loop,
    "list-32": list_at_once,
    "list-read-32": read_at_once,
}


def main() -> None:
    name, root = sys.argv[1:]
    started, busy = time.perf_counter(), time.process_time()
    count = FLOORS[name](root)
    told = {"files": count, "seconds": time.perf_counter() - started, "cpu": time.process_time() - busy}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
