"""Ids of covers, as clients get them and send them back: `al-ID`, `dc-ID:2`, each also with `_HASH` at its end."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from media.choices import CoverKind

_FORM: Final = re.compile(r"(?:([a-z]{2})-)?([A-Za-z0-9]{1,64})(?::(\d{1,9}))?(?:_([0-9a-f]{0,32}))?", re.ASCII)

_PREFIXES: Final = frozenset(map(str, CoverKind))


class CoverId(NamedTuple):
    """What a cover is of; `kind` is None where the id alone does not tell. `digest` is that of the picture, or empty.

    `disc` is the number of a disc of an album, 0 for anything else.
    """

    kind: CoverKind | None
    item: str
    disc: int = 0
    digest: str = ""


def parse_cover_id(text: str) -> CoverId | None:
    """The parts of an id; None when it is none."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    prefix, item, disc, digest = found.groups()
    if prefix is not None and prefix not in _PREFIXES:
        return None
    kind = CoverKind(prefix) if prefix else None
    if (disc is not None) != (kind is CoverKind.DISC):
        return None
    return CoverId(kind, item, int(disc or 0), digest or "")


def cover_id(kind: CoverKind, item: str, digest: str = "", *, disc: int = 0) -> str:
    """The id of a cover; with the digest of its picture it is kept for ever by who has it."""
    number = f":{disc}" if kind is CoverKind.DISC else ""
    return f"{kind}-{item}{number}{f'_{digest}' if digest else ''}"
