"""Behind a proxy: who the client is. Only proxies that `ND_TRUSTEDPROXIES` names are believed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.config.env import UNIX_SOCKET

# set for requests that a trusted proxy sent
TRUSTED = "navidrome_lib.trusted_proxy"
# set for requests that another proxy has passed on, as their headers tell
UNDECLARED = "navidrome_lib.undeclared_proxy"
# the headers of a proxy that were not believed
IGNORED = "navidrome_lib.ignored_headers"
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
# these are not read, and tell of a proxy
SIGNS = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")


@cache
def networks(names: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """The named networks."""
    return tuple(ip_network(name, strict=False) for name in names if name != UNIX_SOCKET)


@lru_cache(256)
def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address in one entry of `X-Forwarded-For`, which may carry a port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_trusted(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in networks(settings.CONF.trusted_proxies))


def client_of(forwarded: str, peer: str) -> str:
    """The last address that no trusted proxy stands for: what is left of it may have been made up by the client."""
    client = peer
    for entry in reversed(forwarded.split(",")):
        address = parse(entry)
        if address is None:
            break
        client = str(address)
        if not is_trusted(address):
            break
    return client


def client_behind_proxies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """`REMOTE_ADDR`, scheme and host are those of the client; headers of an untrusted peer are ignored."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        peer = meta.get("REMOTE_ADDR") or ""
        address = parse(peer)
        names: tuple[str, ...] = settings.CONF.trusted_proxies
        trusted = is_trusted(address) if address is not None else not peer and UNIX_SOCKET in names
        said = {name: meta.pop(name, "") for name in FORWARDED}
        meta[TRUSTED] = trusted
        meta[UNDECLARED] = not trusted and (any(said.values()) or any(name in meta for name in SIGNS))
        meta[IGNORED] = {} if trusted else {name: value for name, value in said.items() if value}
        if trusted:
            meta["REMOTE_ADDR"] = client_of(said["HTTP_X_FORWARDED_FOR"], peer)
            proto = said["HTTP_X_FORWARDED_PROTO"].split(",")[-1].strip().lower()
            if proto in ("http", "https"):
                meta["wsgi.url_scheme"] = proto
            host = said["HTTP_X_FORWARDED_HOST"].split(",")[-1].strip()
            if host:
                meta["HTTP_HOST"] = host
        return get_response(request)

    return middleware
