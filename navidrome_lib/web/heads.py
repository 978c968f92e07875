"""The head of a request, read by gunicorn's parser, without what that asks again for each one."""

from __future__ import annotations

from typing import Any

from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser


class CachedSettings:
    """gunicorn's configuration with each setting looked up once: a request reads dozens of them."""

    def __init__(self, cfg: Any) -> None:
        self._cfg = cfg

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._cfg, name)
        setattr(self, name, value)
        return value


class Head(Request):  # type: ignore[misc]
    """A request of which gunicorn believes no header about the scheme and the client, from no peer.

    `navidrome_lib.security.proxies` decides that, and what gunicorn would trust is empty in our configuration: to read
    the peer's address for it would be work for nothing.
    """

    def _peer_is_trusted_proxy(self) -> bool:
        return False


class HeadParser(RequestParser):  # type: ignore[misc]
    """Reads one head."""

    mesg_class = Head
