"""Our options as frozen dataclasses, read once from the environment; a secret is flagged where it is declared."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from navidrome_lib.config import env
from navidrome_lib.config.env import ConfigError

SECRET = {"secret": True}
MASK = "****"

__all__ = ["Conf", "ConfigError", "Inspect", "Scanner", "current", "load", "masked"]


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """How scans run. Durations in seconds, memory in MiB."""

    schedule: str = ""
    workers: int = 2
    readers: int = 2
    fingerprints: bool = True
    file_timeout: int = 10
    file_memory: int = 512
    watcher_wait: int = 5
    watcher_poll: int = 300


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """The file inspection endpoint: off unless asked for; at most `max_requests` per minute."""

    enabled: bool = False
    max_requests: int = 30


@dataclass(frozen=True, kw_only=True)
class Conf:
    """Every option of the server, named as its environment variable without `ND_`."""

    address: str
    port: int
    base_url: str
    data_folder: Path
    music_folder: Path | None
    allowed_roots: tuple[Path, ...]
    database_url: str = field(metadata=SECRET)
    redis_url: str = field(metadata=SECRET)
    log_level: str
    session_timeout: int
    auth_request_limit: int
    enable_insights_collector: bool
    dev_ui_show_config: bool
    numeric_library_ids: bool
    trusted_proxies: tuple[str, ...]
    reverse_proxy_user_header: str
    secure_cookies: bool
    allowed_hosts: str
    scanner: Scanner
    inspect: Inspect


def load(environ: Mapping[str, str]) -> Conf:
    """All options from `environ`; raises `ConfigError` at the first value that makes no sense."""
    music = env.text(environ, "ND_MUSICFOLDER")
    return Conf(
        address=env.text(environ, "ND_ADDRESS", "0.0.0.0"),  # noqa: S104 - a server is meant to be reached
        port=env.integer(environ, "ND_PORT", 4533, minimum=1, maximum=65535),
        base_url=env.base_path(environ, "ND_BASEURL"),
        data_folder=env.folder(environ, "ND_DATAFOLDER", "data"),
        music_folder=env.folder(environ, "ND_MUSICFOLDER", "") if music else None,
        allowed_roots=env.folders(environ, "ND_ALLOWEDROOTS"),
        database_url=env.url(environ, "DATABASE_URL", ("postgres", "postgresql", "sqlite")),
        redis_url=env.url(environ, "REDIS_URL", ("redis", "rediss", "redis+socket", "unix")),
        log_level=env.choice(environ, "ND_LOGLEVEL", "info", ("debug", "info", "warning", "error")),
        session_timeout=env.duration(environ, "ND_SESSIONTIMEOUT", 48 * 3600),
        auth_request_limit=env.integer(environ, "ND_AUTHREQUESTLIMIT", 5, minimum=0, maximum=100_000),
        enable_insights_collector=env.boolean(environ, "ND_ENABLEINSIGHTSCOLLECTOR", True),
        dev_ui_show_config=env.boolean(environ, "ND_DEVUISHOWCONFIG", False),
        numeric_library_ids=env.boolean(environ, "ND_NUMERICLIBRARYIDS", False),
        trusted_proxies=env.networks(environ, "ND_TRUSTEDPROXIES"),
        reverse_proxy_user_header=env.header(environ, "ND_REVERSEPROXYUSERHEADER"),
        secure_cookies=env.boolean(environ, "ND_SECURECOOKIES", False),
        allowed_hosts=env.text(environ, "ND_ALLOWEDHOSTS", "*"),
        scanner=Scanner(
            schedule=env.text(environ, "ND_SCANNER_SCHEDULE"),
            workers=env.integer(environ, "ND_SCANNER_WORKERS", 2, minimum=1, maximum=64),
            readers=env.integer(environ, "ND_SCANNER_READERS", 2, minimum=1, maximum=64),
            fingerprints=env.boolean(environ, "ND_SCANNER_FINGERPRINTS", True),
            file_timeout=env.duration(environ, "ND_SCANNER_FILETIMEOUT", 10),
            file_memory=env.integer(environ, "ND_SCANNER_FILEMEMORY", 512, minimum=64, maximum=65536),
            watcher_wait=env.duration(environ, "ND_SCANNER_WATCHERWAIT", 5),
            watcher_poll=env.duration(environ, "ND_SCANNER_WATCHERPOLL", 300),
        ),
        inspect=Inspect(
            enabled=env.boolean(environ, "ND_INSPECT_ENABLED", False),
            max_requests=env.integer(environ, "ND_INSPECT_MAXREQUESTS", 30, minimum=1, maximum=100_000),
        ),
    )


@cache
def current() -> Conf:
    """The options of this process."""
    return load(os.environ)


def masked(options: Any) -> dict[str, Any]:
    """`options` as a plain dict in which every field that was declared secret is masked when it is set."""
    shown: dict[str, Any] = {}
    for item in fields(options):
        value = getattr(options, item.name)
        if item.metadata.get("secret"):
            shown[item.name] = MASK if value else ""
        elif is_dataclass(value):
            shown[item.name] = masked(value)
        else:
            shown[item.name] = plain(value)
    return shown


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
