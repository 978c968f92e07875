"""A real worker whose storage is slow below folders named `slow-walk` and `slow-read`: run as a module."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

import django
from django.conf import settings

from libraries.scanner import ScanLimits
from tests.support.limits import change_limits

PAUSE = 0.4


def replace(place: object, name: str, value: object) -> None:
    assert hasattr(place, name)
    setattr(place, name, value)


def main() -> None:
    """Serve until killed. A worker that dies or hangs is noticed after seconds instead of a minute."""
    # imported here: the models are there only after the setup
    from libraries.audio.pool.pool import ReaderPool  # noqa: PLC0415
    from libraries.scanner import pipeline  # noqa: PLC0415
    from libraries.scanner.walk.walker import Entry, os_lister  # noqa: PLC0415
    from navidrome_lib.celery import app  # noqa: PLC0415

    def slow_lister(path: bytes) -> Iterable[Entry]:
        if b"slow-walk" in path:
            time.sleep(PAUSE)
        return os_lister(path)

    read_groups = ReaderPool.read_groups

    def slow_read_groups(self: ReaderPool, paths: Any, **options: Any) -> Iterator[list[Any]]:
        for result in chain.from_iterable(read_groups(self, paths, **options)):
            if b"slow-read" in result.path:
                if options["stop"]():
                    return
                time.sleep(PAUSE)
            yield [result]

    replace(ReaderPool, "read_groups", slow_read_groups)
    replace(pipeline, "os_lister", slow_lister)
    change_limits(settings, ScanLimits, lease=timedelta(seconds=5), look_seconds=0.5, lost_seconds=2.0)
    app.worker_main(["worker", "--pool=prefork", "--concurrency=2", "--without-gossip", "--without-mingle", "-linfo"])


if __name__ == "__main__":
    django.setup()
    main()
