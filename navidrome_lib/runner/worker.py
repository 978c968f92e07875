"""`python -m navidrome_lib.runner.worker`: the worker of the one-command server, with the options of the server.

It is Celery's own. The command line of Celery is left out: it loads a toolkit for terminals.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")

from django.conf import settings

from navidrome_lib.celery import app


def main() -> int:
    """Work until a signal; the exit code."""
    worker = app.Worker(
        pool_cls="prefork",
        concurrency=settings.CONF.scanner.workers,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
        loglevel=settings.CONF.log_level.upper(),
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
