"""The order in which pictures are looked for, as the options say it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from typing import Final

EMBEDDED: Final = "embedded"
# pictures of other servers, which this one never asks: the word is known, so that options of others can be kept
EXTERNAL: Final = "external"
SUFFIXES: Final = frozenset({"jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"})


def pictures_in(names: Iterable[bytes], pattern: str) -> Iterator[bytes]:
    """The names of pictures that match a pattern, whatever their case, in a fixed order."""
    wanted = pattern.lower()
    for name in sorted(names):
        text = name.decode("utf-8", "replace").lower()
        if text.rpartition(".")[2] in SUFFIXES and fnmatch.fnmatchcase(text, wanted):
            yield name
