"""The heads of requests and answers by gunicorn's parser and writer, without what these ask again for each one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import Response
from gunicorn.util import http_date

# headers with few values, which most answers have; no secret is among them
STEADY: Final = frozenset(
    (
        "Cache-Control", "Content-Language", "Content-Security-Policy", "Content-Type", "Cross-Origin-Opener-Policy",
        "Referrer-Policy", "Vary", "X-Content-Type-Options", "X-Frame-Options",
    )
)  # fmt: skip
MOST_STEADY: Final = 256


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


class Answer(Response):  # type: ignore[misc]
    """A response that has gunicorn judge a steady header once, not with each answer; so it is with the date."""

    _judged: Final[dict[tuple[str, str], tuple[str, str]]] = {}

    def process_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """Take the headers of the application; raises for one that is not allowed, or is no header."""
        for header in headers:
            judged = self._judged.get(header)
            if judged is None:
                super().process_headers((header,))
                if header[0] in STEADY and len(self._judged) < MOST_STEADY:
                    self._judged[header] = self.headers[-1]
            else:
                self.headers.append(judged)

    def default_headers(self) -> list[str]:
        """The first lines of the answer. No answer of ours makes another protocol of its connection."""
        lines: list[str] = [
            f"HTTP/{self.req.version[0]}.{self.req.version[1]} {self.status}\r\n",
            f"Server: {self.version}\r\n",
            f"Date: {date_of(int(time.time()))}\r\n",
            f"Connection: {'close' if self.should_close() else 'keep-alive'}\r\n",
        ]
        return [*lines, "Transfer-Encoding: chunked\r\n"] if self.chunked else lines


@lru_cache(maxsize=1)
def date_of(second: int) -> str:
    """A second as HTTP writes it."""
    written: str = http_date(second)
    return written
