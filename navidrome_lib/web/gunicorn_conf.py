"""How the web server logs, whom it believes, how much it holds, and how it stops.

gunicorn reads this file by itself in a checkout, where `gunicorn.conf.py` leads to it; elsewhere it is named with
`--config python:navidrome_lib.web.gunicorn_conf`.

An access log, where one is asked for, has paths without their query strings: those of `/rest` carry credentials.
"""

import os
from importlib import import_module
from logging.config import dictConfig
from typing import Any

# which proxies are believed is decided in one place, `navidrome_lib.security.proxies`, by ND_TRUSTEDPROXIES: the server
# itself takes no scheme, path or prefix from a header, from no address and through no socket
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# `Remote_User` would become the same variable as `Remote-User`, which the proxy sets
header_map = "drop"
# a socket in the file system is for the owner and the group, which the proxy belongs to: 0660
umask = 0o117

# before anything is written: log files, too, are for our own user; no module of ours can be imported yet
os.umask(0o077)

# a web process shows twice a second that it lives, by the time of a file: in memory, so that a disk may sleep
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the file has no name

# without a limit of its own: the whole head of a request has one (`WebLimits.head_bytes`), and players without
# POST name each song of a queue or a playlist in the address
limit_request_line = 0

# connections of one web process, most of which wait: for a request, for a slow reader, for an event
worker_connections = 2000
# longer than proxies keep theirs (60 s in nginx): who closes first must not meet a request on its way
keepalive = 75

access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s %(D)sus'

logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "navidrome_lib.security.redaction.RedactingFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "access": {"class": "navidrome_lib.security.redaction.RedactingFormatter", "format": "%(message)s"},
    },
    "filters": {"outages": {"()": "navidrome_lib.outages.OneLine"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["outages"]},
        "error_console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["outages"]},
        "access_console": {"class": "logging.StreamHandler", "formatter": "access", "stream": "ext://sys.stdout"},
    },
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["access_console"], "propagate": False},
    },
}


def post_worker_init(worker: Any) -> None:
    """Open event streams end when the worker is asked to stop: it waits for all answers that it has begun."""
    # imported here, in the worker: only now the application and its path are known
    import_module("navidrome_lib.api.streams").end_when(lambda: not worker.alive)
    if is_django():
        # the log is the application's: where a supervisor had set it up before, gunicorn's own has taken its place
        dictConfig(import_module("django.conf").settings.LOGGING)
        import_module("navidrome_lib.db.sqlite3.base").keep_connections()
        import_module("navidrome_lib.wsgi").leave_out_receivers()
    # told once, by the first worker: while there is no account, its log says where to create it
    if worker.age == 1 and "NAVIDROME_LIB_NO_ANNOUNCEMENT" not in os.environ:
        import_module("navidrome_lib.signals").serving.send(sender=None, home=home_of(worker.sockets))


def pre_request(worker: Any, request: Any) -> None:
    """Nothing: gunicorn's own logs each request for debugging, which the access log does better."""


def worker_exit(server: Any, worker: Any) -> None:
    """What the threads have written is brought into the file of the database."""
    if is_django():
        import_module("navidrome_lib.db.sqlite3.base").close_kept()


def is_django() -> bool:
    """Whether the application has set Django up; a test serves others."""
    configured: bool = import_module("django.conf").settings.configured
    return configured


def home_of(sockets: list[Any]) -> str:
    """The address of the server on its own machine; of a socket in the file system only the path of a page is known."""
    base: str = import_module("navidrome_lib.config.conf").current().base_url
    ports = [name[1] for name in (listener.getsockname() for listener in sockets) if isinstance(name, tuple)]
    return f"http://localhost:{ports[0]}{base}" if ports else base
