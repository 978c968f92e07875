"""One scan in a process of its own: `python -m bench.child prepare ROOT` makes the catalog, `… scan` scans it.

`… scan-behind` does so as a worker of the server, which lets other processes go first; `… gather` does what a worker
does behind a scan; `… read ROOT` reads its files as a reader does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

django.setup()

from bench.floors import files  # noqa: E402
from libraries import gathering  # noqa: E402
from libraries.audio import inspect  # noqa: E402
from libraries.choices import ScanState, ScanTrigger, TextEncoding  # noqa: E402
from libraries.models import Library  # noqa: E402
from libraries.scanner import pipeline  # noqa: E402
from libraries.scanner.read.readers import make_pool  # noqa: E402
from libraries.scanner.read.transport import pack_audio  # noqa: E402
from libraries.services import libraries, scans  # noqa: E402
from libraries.services.library_rules import prepare_library  # noqa: E402
from navidrome_lib.runner.guard import step_back  # noqa: E402
from navidrome_lib.runner.services import WORKER_NICE  # noqa: E402


class Queries:
    """Counts the statements that go to the database, and the seconds in them; a COPY is not seen."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - began


def prepare(root: str) -> None:
    """An empty catalog with one library."""
    call_command("migrate", verbosity=0)
    libraries.create_library(prepare_library({"name": "Benchmark", "path": root}), scan=False)


def scan() -> dict[str, Any]:
    """Scan the library; what became of its files, the seconds of the scan alone, and the statements."""
    library = Library.objects.active().get()
    request = scans.request_scan(library, trigger=ScanTrigger.COMMAND, deliver=False)
    queries = Queries()
    with connection.execute_wrapper(queries):
        started, busy = time.perf_counter(), os.times()
        done = pipeline.run(request.pk)
        seconds, used = time.perf_counter() - started, os.times()
    if done is None or done.state != ScanState.FINISHED:
        sys.exit(f"The scan did not finish: {done and (done.state, done.error)}")
    own = used.user + used.system - busy.user - busy.system
    readers = used.children_user + used.children_system - busy.children_user - busy.children_system
    names = ("seen", "added", "updated", "skipped", "missing", "failed")
    times = {"seconds": seconds, "cpu": own + readers, "own_cpu": own}
    told = {"queries": queries.count, "sql": queries.seconds}
    return {**times, **told, **{name: getattr(done, name) for name in names}}


def read(root: str) -> dict[str, float]:
    """What readers do, one file after the other: processor seconds of tags and mapping, seconds to the first file."""
    paths = [os.fsencode(path) for path in sorted(files(root))]
    began = time.perf_counter()
    with make_pool(1) as pool:
        next(iter(pool.read_many(paths[:1])))
        start = time.perf_counter() - began
    before = time.process_time()
    read = [(inspect.read_file(path, TextEncoding.AUTO), path) for path in paths]
    between = time.process_time()
    for audio, path in read:
        pack_audio(audio, path)
    return {"start": start, "tags": between - before, "mapping": time.process_time() - between}


def main() -> None:
    command, *arguments = sys.argv[1:]
    if command == "prepare":
        prepare(*arguments)
        return
    if command == "gather":
        gathering.gather(list(Library.objects.active().values_list("pk", flat=True)))
        return
    if command == "read":
        print(json.dumps(read(*arguments)))
        return
    if command == "scan-behind":
        step_back(WORKER_NICE)
    print(json.dumps(scan()))


if __name__ == "__main__":
    main()
