"""Names of files in an archive, safe on every system that may unpack it. No Django."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_BYTES: Final = 180
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\ufffe\uffff\u202a-\u202e\u2066-\u2069]')
# devices of Windows, whatever stands behind the first dot
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def safe_name(text: str, suffix: str = "") -> str:
    """A name for one part of a path, with the suffix behind it."""
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()))
    ending = f".{_UNSAFE.sub('_', suffix)}" if suffix else ""
    name = _cut(name, MAX_BYTES - len(ending.encode())).strip().rstrip(".").strip()
    if not name.strip("."):
        name = "_"
    if _DEVICES.fullmatch(name + ending):
        name = f"_{name}"
    return name + ending


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")


class UniqueNames:
    """Paths of an archive, each of them once, also for systems that do not tell upper from lower case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, path: str) -> str:
        """The path, or one with a number where it is taken."""
        stem, dot, suffix = path.rpartition(".")
        if not dot or "/" in suffix:
            stem, dot, suffix = path, "", ""
        number, found = 1, path
        while found.casefold() in self._taken:
            number += 1
            found = f"{stem} ({number}){dot}{suffix}"
        self._taken.add(found.casefold())
        return found
