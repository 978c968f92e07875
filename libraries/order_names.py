"""The names that lists are in order of. No Django, and nothing of ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

# a key of an index: PostgreSQL takes 2,700 bytes for all columns of one entry
MAX_ORDER_NAME: Final = 128

_SHAPES: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bb\u02bc\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)
# the voice marks of Japanese make other letters, as no accent does
_LETTERS: Final = frozenset((0x3099, 0x309A))


class _WithoutAccents(dict[int, int | None]):
    """For `str.translate`: accents are left out. Remembers what it was asked for."""

    def __missing__(self, code: int) -> int | None:
        is_accent = unicodedata.category(chr(code)) == "Mn" and code not in _LETTERS
        kept = self[code] = None if is_accent else code
        return kept


_WITHOUT_ACCENTS: Final = _WithoutAccents()


def order_name(text: str, articles: Sequence[str] = ()) -> str:
    """A name as lists are in order of it: in lower case, without accents, and without an article at its beginning.

    At most `MAX_ORDER_NAME` characters; punctuation stays.
    """
    name = text.lower() if text.isascii() else _folded(text)
    for article in articles if " " in name else ():
        rest = name.removeprefix(f"{article.lower()} ").lstrip()
        if rest and rest != name:
            name = rest
            break
    return name[:MAX_ORDER_NAME]


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text[: 2 * MAX_ORDER_NAME].translate(_SHAPES))
    return unicodedata.normalize("NFC", apart.translate(_WITHOUT_ACCENTS)).lower()


# those of an artist or an album are asked for once for each of its tracks
shared_order_name: Final = lru_cache(maxsize=4096)(order_name)
