"""The commands of the services: what runs, with which options, and how it is asked to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from navidrome_lib.config.conf import Conf
from navidrome_lib.runner.command import Command

REPOSITORY = Path(__file__).resolve().parent.parent.parent
WEB_WORKER = "navidrome_lib.web.worker.EventedWorker"
WEB_THREADS = 32
# read by Django's own command line
SETTINGS = {"DJANGO_SETTINGS_MODULE": "navidrome_lib.settings"}
# read by navidrome_lib.web.gunicorn_conf
NO_ANNOUNCEMENT = "NAVIDROME_LIB_NO_ANNOUNCEMENT"
# requests, where a client waits, go before scans
WORKER_NICE = 1
# a running scan gets this long to end by itself; after that it is cut off, and its lease lets another worker go on
WORKER_WARM_SECONDS = 10.0
WEB_GRACE_SECONDS = 8


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def uses_sqlite(conf: Conf) -> bool:
    return not conf.database_url or conf.database_url.startswith("sqlite")


def web(conf: Conf, environ: Mapping[str, str], listener: int) -> Command:
    """The web server on a socket that is already listening."""
    return Command(
        name="web",
        argv=python(
            "gunicorn",
            "navidrome_lib.wsgi:application",
            # named: gunicorn would look for a file in the folder that the command was started in
            "--config=python:navidrome_lib.web.gunicorn_conf",
            f"--bind=fd://{listener}",
            f"--worker-class={WEB_WORKER}",
            # writers of SQLite wait for each other: a second process would only add to the waiting
            f"--workers={1 if uses_sqlite(conf) else 2}",
            f"--threads={WEB_THREADS}",
            f"--graceful-timeout={WEB_GRACE_SECONDS}",
            "--timeout=120",
            "--no-control-socket",
            f"--log-level={conf.log_level}",
        ),
        # the console says by itself where the first account is created
        env={**environ, NO_ANNOUNCEMENT: "1"},
        cwd=REPOSITORY,
        stop=((signal.SIGTERM, WEB_GRACE_SECONDS + 2.0),),
        pass_fds=(listener,),
        is_loaded=True,
    )


def worker(environ: Mapping[str, str]) -> Command:
    """The worker: it scans, queues what is due, and watches the libraries that want it."""
    return Command(
        name="worker",
        argv=python("navidrome_lib.runner.worker"),
        env=environ,
        is_loaded=True,
        cwd=REPOSITORY,
        stop=((signal.SIGTERM, WORKER_WARM_SECONDS), (signal.SIGQUIT, 3.0)),
        nice=WORKER_NICE,
    )


def preparation(environ: Mapping[str, str], report: Path) -> Command:
    """Everything that must be done before the services start; writes what it found to `report`."""
    return Command(
        name="setup",
        argv=python("django", "prepare", "--report", str(report)),
        env={**environ, **SETTINGS},
        cwd=REPOSITORY,
        is_loaded=True,
        stop=((signal.SIGTERM, 5.0),),
    )


def generation(environ: Mapping[str, str], folder: Path) -> Command:
    """Write the demo music into `folder`."""
    return Command(name="demo", argv=python("synth", "--demo", str(folder)), env=environ, cwd=REPOSITORY)
