"""What is taken of the words, ids and addresses of others. No Django."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

MAX_TEXT: Final = 10_000
MAX_NAME: Final = 300
MAX_URL: Final = 500
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SILENT: Final = frozenset({"script", "style"})
_BREAKS: Final = frozenset({"br", "p", "div", "li"})
_UNSEEN: Final = re.compile(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# a client that takes text for HTML finds no tag in it, whatever was escaped how often
_ANGLES: Final = str.maketrans("<>", "‹›")


class _Words(HTMLParser):
    """The words between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(self._silent - (tag in _SILENT), 0)
        if tag == "p":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain_text(value: Any) -> str:
    """A text without tags and control characters, of bounded length; empty for what is none."""
    if not isinstance(value, str):
        return ""
    words = _Words()
    words.feed(value[: 4 * MAX_TEXT])
    words.close()
    text = _UNSEEN.sub("", "".join(words.parts).replace("\r\n", "\n").replace("\t", " ")).translate(_ANGLES)
    text = re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text))
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"


def name_in(value: Any) -> str:
    """The name of an artist or a song, as it is; empty for what is none."""
    found = _UNSEEN.sub("", value).replace("\n", " ").strip() if isinstance(value, str) else ""
    return found if len(found) <= MAX_NAME else ""


def mbz_id(value: Any) -> str:
    """A MusicBrainz id; empty for what is none."""
    found = value.strip().lower() if isinstance(value, str) else ""
    return found if _UUID.fullmatch(found) else ""


def lastfm_url(value: Any) -> str:
    """The address of a page of Last.fm; empty for any other."""
    if not isinstance(value, str) or len(value) > MAX_URL or re.search(r"[\s\"<>\\]", value) or not value.isprintable():
        return ""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    known = host == "last.fm" or host.endswith(".last.fm")
    return value if parts.scheme == "https" and known and port in (None, 443) and not parts.username else ""


def dicts_in(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, or a single one that stands for a list of one."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def inner(value: Any, *keys: str) -> Any:
    """What is below some keys; None where that is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for case and spaces."""
    return folded(one) == folded(other)


def folded(name: str) -> str:
    """A name without case and with single spaces, with plain quotes."""
    return " ".join(name.casefold().replace("’", "'").replace("‐", "-").split())
