"""Every option of the server, declared once: variable, reader, default, meaning, and an example.

Options are read once from the environment into frozen dataclasses.
`python -m navidrome_lib.config` writes `docs/configuration.md` from the declarations.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from navidrome_lib.config import env
from navidrome_lib.config.env import ConfigError
from navidrome_lib.config.external import External
from navidrome_lib.config.forwarding import LastFm, ListenBrainz
from navidrome_lib.config.inspection import FEATURES, Inspect
from navidrome_lib.config.media import Media
from navidrome_lib.config.option import option, read_options
from navidrome_lib.config.pids import Pid
from navidrome_lib.config.scanning import Scanner
from navidrome_lib.config.tags import Tags

LISTENING = "Where does the server listen?"
FOLDERS = "Where are the data and the music?"
FIRST_START = "What does the first start create?"
DATABASES = "Which database and which broker?"
SIGN_IN = "Who gets in, and for how long?"

__all__ = ["Conf", "ConfigError", "Inspect", "Scanner", "current", "load"]


@dataclass(frozen=True, kw_only=True)
class Conf:
    """Every option of the server, named as its environment variable without `ND_`."""

    address: str = option(
        "ND_ADDRESS",
        env.ADDRESS,
        "The address that `./script/serve` listens on.",
        chapter=LISTENING,
        default="0.0.0.0",  # noqa: S104 - a server is meant to be reached
        default_note="all addresses of the machine",
        example="127.0.0.1",
        nonsense="http://localhost",
    )
    port: int = option(
        "ND_PORT",
        env.integer(1, 65535),
        "The port that `./script/serve` listens on. The `Procfile` goes by `PORT`, as hosting platforms do.",
        chapter=LISTENING,
        default="4533",
        example="8080",
        nonsense="70000",
    )
    base_url: str = option(
        "ND_BASEURL",
        env.BASE_PATH,
        "The path prefix under which a proxy serves this server, whether or not it strips the prefix.",
        chapter=LISTENING,
        default_note="no prefix",
        example="/music",
        nonsense="/music?",
    )
    data_folder: Path = option(
        "ND_DATAFOLDER",
        env.FOLDER,
        "Where all state is kept: the database, the broker's files, keys and logs. "
        "`./script/demo` has a folder of its own, `data-demo`.",
        chapter=FOLDERS,
        default="data",
        default_note="in the repository for `./script/serve`, else in the current folder",
        example="/var/lib/navidrome-lib",
        nonsense="/dev/null",
    )
    music_folder: Path | None = option(
        "ND_MUSICFOLDER",
        env.OPTIONAL_PATH,
        "A folder that becomes a library when the server starts, unless it is one already.",
        chapter=FIRST_START,
        default_note="none",
        example="/srv/music",
        nonsense="~nobody-of-this-name/music",
    )
    allowed_roots: tuple[Path, ...] = option(
        "ND_ALLOWEDROOTS",
        env.FOLDERS,
        "The folders that libraries must lie in, and where the folder picker begins.",
        chapter=FOLDERS,
        default_note="anywhere",
        example="/srv/music:/mnt/nas",
        nonsense="music",
    )
    admin_user: str = option(
        "ND_ADMIN_USER",
        env.TEXT,
        "The name of an admin to create when no account has that name; an account that exists is left as it is. "
        "Goes together with `ND_ADMIN_PASSWORD`.",
        chapter=FIRST_START,
        default_note="none",
        example="admin",
        nonsense=None,
    )
    admin_password: str = option(
        "ND_ADMIN_PASSWORD",
        env.TEXT,
        "The password of the admin that is created, of at least 8 characters.",
        chapter=FIRST_START,
        default_note="none",
        example="a long password",
        nonsense=None,
        secret=True,
    )
    database_url: str = option(
        "DATABASE_URL",
        env.url("postgres", "postgresql", "sqlite"),
        "The database. Several machines need a PostgreSQL.",
        chapter=DATABASES,
        default_note="SQLite in the data folder",
        example="postgres://user:password@host/name",
        nonsense="mysql://host/name",
        secret=True,
    )
    redis_url: str = option(
        "REDIS_URL",
        env.url("redis", "rediss", "redis+socket", "unix"),
        "The message broker, a Redis or Valkey server, which also holds the cache.",
        chapter=DATABASES,
        default_note="`./script/serve` starts one of its own; other processes try `redis://localhost:6379/0`",
        example="redis://host:6379/0",
        nonsense="localhost:6379",
        secret=True,
    )
    session_timeout: int = option(
        "ND_SESSIONTIMEOUT",
        env.duration("1s", "3660d"),
        "How long a sign-in lasts without a request.",
        chapter=SIGN_IN,
        default="48h",
        example="30d",
        nonsense="forever",
    )
    session_max_age: int = option(
        "ND_SESSIONMAXAGE",
        env.duration("1s", "3660d"),
        "How long a sign-in lasts at most, however often it is used; never shorter than `ND_SESSIONTIMEOUT`.",
        chapter=SIGN_IN,
        default="90d",
        example="365d",
        nonsense="long",
    )
    subsonic_passwords: str = option(
        "ND_SUBSONICPASSWORDS",
        env.choice("app", "login"),
        "The passwords with which Subsonic clients sign in by token: `app` is the app password only; with `login` also "
        "the login password works, for clients that know no other. Login passwords are then kept, encrypted, from the "
        "next sign-in of each person on: anyone who gets the data folder and the database can read them.",
        chapter=SIGN_IN,
        default="app",
        example="login",
        nonsense="both",
    )
    auth_request_limit: int = option(
        "ND_AUTHREQUESTLIMIT",
        env.integer(0, 100_000),
        "How many sign-ins may fail per minute, for one address and for one account; 0 sets no limit. "
        "A browser that an account signed in from before is counted by itself.",
        chapter=SIGN_IN,
        default="5",
        unit="attempts per minute",
        example="20",
        nonsense="-1",
    )
    trusted_proxies: tuple[str, ...] = option(
        "ND_TRUSTEDPROXIES",
        env.NETWORKS,
        "The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are believed.",
        chapter=SIGN_IN,
        default_note="none",
        example="127.0.0.1, 10.0.0.0/8",
        nonsense="everyone",
    )
    reverse_proxy_user_header: str = option(
        "ND_REVERSEPROXYUSERHEADER",
        env.HEADER,
        "The header by which a trusted proxy names the user whom it has signed in.",
        chapter=SIGN_IN,
        default_note="no such header is believed",
        example="Remote-User",
        nonsense="Remote User",
    )
    allowed_hosts: str = option(
        "ND_ALLOWEDHOSTS",
        env.HOSTS,
        "The host names that the server answers to.",
        chapter=SIGN_IN,
        default="*",
        example="music.example.org, localhost",
        nonsense="http://music.example.org",
    )
    cors_origins: tuple[str, ...] = option(
        "ND_CORSORIGINS",
        env.ORIGINS,
        "The web pages of other servers that may call `/api`, `/auth` and `/rest`, such as a player in the browser. "
        "They need a token, a password or a key: cookies are never accepted from them.",
        chapter=SIGN_IN,
        default="*",
        example="https://player.example.org, http://localhost:4173",
        nonsense="player.example.org",
    )
    secure_cookies: bool = option(
        "ND_SECURECOOKIES",
        env.BOOLEAN,
        "Send cookies over HTTPS only.",
        chapter=SIGN_IN,
        default="false",
        example="true",
        nonsense="https",
    )
    scanner: Scanner = field(default_factory=Scanner)
    tags: Tags = field(default_factory=Tags)
    pid: Pid = field(default_factory=Pid)
    log_level: str = option(
        "ND_LOGLEVEL",
        env.choice("debug", "info", "warning", "error"),
        "How much the server writes to its log.",
        chapter=FEATURES,
        default="info",
        example="debug",
        nonsense="loud",
    )
    enable_insights_collector: bool = option(
        "ND_ENABLEINSIGHTSCOLLECTOR",
        env.BOOLEAN,
        "Collect statistics of this server for its admins; nothing is ever sent anywhere.",
        chapter=FEATURES,
        default="true",
        example="false",
        nonsense="2",
    )
    dev_ui_show_config: bool = option(
        "ND_DEVUISHOWCONFIG",
        env.BOOLEAN,
        "Open `/api/config/*`, which shows admins these options, secrets masked.",
        chapter=FEATURES,
        default="false",
        example="true",
        nonsense="admins",
    )
    numeric_library_ids: bool = option(
        "ND_NUMERICLIBRARYIDS",
        env.BOOLEAN,
        "Write the ids of libraries as numbers, for Navidrome's own web client.",
        chapter=FEATURES,
        default="false",
        example="true",
        nonsense="numbers",
    )
    enable_sharing: bool = option(
        "ND_ENABLESHARING",
        env.BOOLEAN,
        "Let people share music with others who have no account, at an address that cannot be guessed.",
        chapter=FEATURES,
        default="false",
        example="true",
        nonsense="friends",
    )
    default_share_expiration: int = option(
        "ND_DEFAULTSHAREEXPIRATION",
        env.duration("1m", "36500d"),
        "How long a share is open, where the person who makes it says no date.",
        chapter=FEATURES,
        default="365d",
        example="30d",
        nonsense="a year",
    )
    auto_import_playlists: bool = option(
        "ND_AUTOIMPORTPLAYLISTS",
        env.BOOLEAN,
        "Make playlists of the files `.m3u`, `.m3u8` and `.nsp` that scans find in libraries, and keep them in step.",
        chapter=FEATURES,
        default="true",
        example="false",
        nonsense="all",
    )
    default_playlist_public_visibility: bool = option(
        "ND_DEFAULTPLAYLISTPUBLICVISIBILITY",
        env.BOOLEAN,
        "Whether playlists that are made of files can be seen by everybody, and not only by admins.",
        chapter=FEATURES,
        default="false",
        example="true",
        nonsense="public",
    )
    smart_playlist_refresh_delay: int = option(
        "ND_SMARTPLAYLISTREFRESHDELAY",
        env.duration("0s", "30d"),
        "How long the songs that the rules of a smart playlist have chosen are shown before they are chosen again.",
        chapter=FEATURES,
        default="1m",
        example="10m",
        nonsense="soon",
    )
    enable_transcoding_config: bool = option(
        "ND_ENABLETRANSCODINGCONFIG",
        env.BOOLEAN,
        "Let admins change the commands that convert audio. Who can change them can run any program on the server.",
        chapter=FEATURES,
        default="false",
        example="true",
        nonsense="admins",
    )
    inspect: Inspect = field(default_factory=Inspect)
    media: Media = field(default_factory=Media)
    listenbrainz: ListenBrainz = field(default_factory=ListenBrainz)
    lastfm: LastFm = field(default_factory=LastFm)
    external: External = field(default_factory=External)


def load(environ: Mapping[str, str]) -> Conf:
    """All options from `environ`; raises `ConfigError` at the first value that makes no sense."""
    conf = read_options(Conf, environ)
    if bool(conf.admin_user) != bool(conf.admin_password):
        missing, given = ("ND_ADMIN_PASSWORD", "ND_ADMIN_USER")[:: 1 if conf.admin_user else -1]
        raise ConfigError(missing, f"must be set together with {given}.")
    if conf.lastfm.enabled and not (conf.lastfm.api_key and conf.lastfm.secret):
        raise ConfigError("ND_LASTFM_ENABLED", "must be set together with ND_LASTFM_APIKEY and ND_LASTFM_SECRET.")
    strangers = env.too_wide_to_trust(conf.trusted_proxies)
    if conf.reverse_proxy_user_header and strangers is not None:
        raise ConfigError(
            "ND_TRUSTEDPROXIES",
            f"must name the proxies alone, not {strangers}: with ND_REVERSEPROXYUSERHEADER everybody in that network "
            "could sign in as anybody.",
        )
    return conf


@cache
def current() -> Conf:
    """The options of this process."""
    return load(os.environ)
