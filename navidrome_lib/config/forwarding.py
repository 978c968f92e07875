"""The options of the services that plays are sent on to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from navidrome_lib.config import env
from navidrome_lib.config.env import Reader
from navidrome_lib.config.option import option

FORWARDING: Final = "Where are plays sent on to?"
# an own service on the same machine may go without encryption
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def read_service_url(text: str) -> str:
    """The address of a service, without its last slash: https, or http on this machine."""
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or not text.isascii() or " " in text:
        raise ValueError(f"must be an address such as https://api.example.org/1, not {text!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"must begin with https://, not {text!r}")
    return text.rstrip("/")


SERVICE_URL: Final = Reader(read_service_url, "an address that begins with https://")


@dataclass(frozen=True, kw_only=True)
class ListenBrainz:
    """The service ListenBrainz, or one that speaks its language."""

    enabled: bool = option(
        "ND_LISTENBRAINZ_ENABLED",
        env.BOOLEAN,
        "Let people have their plays sent on to ListenBrainz, each with a token of their own.",
        chapter=FORWARDING,
        default="false",
        example="true",
        nonsense="everybody",
    )
    base_url: str = option(
        "ND_LISTENBRAINZ_BASEURL",
        SERVICE_URL,
        "The address of ListenBrainz, or of a service that speaks its language.",
        chapter=FORWARDING,
        default="https://api.listenbrainz.org/1/",
        example="https://listens.example.org/1/",
        nonsense="http://listens.example.org/1/",
    )


@dataclass(frozen=True, kw_only=True)
class LastFm:
    """The service Last.fm, or one that speaks its language."""

    enabled: bool = option(
        "ND_LASTFM_ENABLED",
        env.BOOLEAN,
        "Let people have their plays sent on to Last.fm. Needs `ND_LASTFM_APIKEY` and `ND_LASTFM_SECRET`.",
        chapter=FORWARDING,
        default="false",
        example="true",
        nonsense="everybody",
    )
    api_key: str = option(
        "ND_LASTFM_APIKEY",
        env.TEXT,
        "The API key that Last.fm gave to this server. It is also what biographies and the like are asked with.",
        chapter=FORWARDING,
        default_note="none",
        example="0123456789abcdef0123456789abcdef",
        nonsense=None,
        secret=True,
    )
    secret: str = option(
        "ND_LASTFM_SECRET",
        env.TEXT,
        "The shared secret that belongs to the API key.",
        chapter=FORWARDING,
        default_note="none",
        example="fedcba9876543210fedcba9876543210",
        nonsense=None,
        secret=True,
    )
    base_url: str = option(
        "ND_LASTFM_BASEURL",
        SERVICE_URL,
        "The address of the API of Last.fm, or of a service that speaks its language.",
        chapter=FORWARDING,
        default="https://ws.audioscrobbler.com/2.0/",
        example="https://scrobbles.example.org/2.0/",
        nonsense="ftp://scrobbles.example.org/",
    )
    auth_url: str = option(
        "ND_LASTFM_AUTHURL",
        SERVICE_URL,
        "The page on which people allow this server to send plays in their name.",
        chapter=FORWARDING,
        default="https://www.last.fm/api/auth/",
        example="https://scrobbles.example.org/auth/",
        nonsense="last.fm",
    )
