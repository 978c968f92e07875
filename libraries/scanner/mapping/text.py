"""Tag values become texts that every database, JSON and XML can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

MAX_TEXT: Final = 10_000
MAX_NAME: Final = 500
MAX_VALUES: Final = 100
MAX_KEYS: Final = 300
MAX_KEY: Final = 100
MAX_TAGS: Final = 100_000
"""Characters of all tags of one file together."""

SEPARATOR: Final = " • "

# The only space that is printable, at an end of a text, or a text of nothing; that a text holds the mark does no harm.
_MARK: Final = "|"
_UNCLEAN: Final = (_MARK + " ", " " + _MARK, _MARK + _MARK)

# Tags whose text may be a book: kept in full or not at all.
_BODIES: Final = ("comment", "lyrics", "unsyncedlyrics", "syncedlyrics")
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BREAKS: Final = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_NEWLINES: Final = re.compile("\r\n?|\x85|\u2028|\u2029")


def body(text: str) -> str:
    """A text that may have several lines, without control characters, lone surrogates and outer space."""
    if not text.isprintable():
        text = _UNSAFE.sub("", _NEWLINES.sub("\n", text))
    return _cut(text.strip(), MAX_TEXT)


def line(text: str, limit: int = MAX_TEXT) -> str:
    """A text on one line, without control characters, lone surrogates and outer space."""
    if not text.isprintable():
        text = _UNSAFE.sub("", _BREAKS.sub(" ", text))
    return _cut(text.strip(), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit].rstrip()


def first_lines(tags: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The first value of each tag on one line, of tags that `clean_tags` has cleaned."""
    found = {key: values[0] for key, values in tags.items()}
    if "".join(found.values()).isprintable():
        return found
    return {key: line(text) for key, text in found.items()}


def joined(values: Sequence[str]) -> str:
    """All values on one line, as people read them."""
    if len(values) == 1:
        return line(values[0])
    return _cut(SEPARATOR.join(filter(None, map(line, values))), MAX_TEXT)


def is_clean(tags: Mapping[str, Sequence[str]]) -> bool:
    """Whether these tags, and as many again of which it is true, are as `clean_tags` would leave them."""
    # Nearly all files are clean and small: a few passes over all of their text prove it.
    texts = [*tags, *chain.from_iterable(tags.values())]
    everything = _MARK.join(["", *texts, ""])
    small = len(everything) <= MAX_TEXT and len(texts) <= MAX_VALUES and max(map(len, tags), default=0) <= MAX_KEY
    clean = everything.isprintable() and not any(map(everything.__contains__, _UNCLEAN))
    return clean and small and all(tags.values())


def clean_tags(tags: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """All tags, safe to store as JSON and bounded: no empty values, no empty lists."""
    return {key: list(values) for key, values in tags.items()} if is_clean(tags) else _clean_slowly(tags)


def _clean_slowly(tags: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    budget = MAX_TAGS
    for name, values in tags.items():
        key = line(name, MAX_KEY)
        if not key or key in result or len(result) >= MAX_KEYS:
            continue
        kept: list[str] = []
        for value in values[:MAX_VALUES]:
            text = "" if len(value) > MAX_TEXT and key in _BODIES else body(value)
            if text and len(text) <= budget:
                kept.append(text)
                budget -= len(text)
        if kept:
            result[key] = kept
    return result
