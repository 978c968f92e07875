"""The words that songs are found by, folded alike for every database: without case, accents and width. No Django.

Every sign of Chinese and Japanese is a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# what is looked at of a text, and of a word
MAX_TEXT: Final = 500
MAX_WORD: Final = 60
# signs that are written without spaces between them: kana and Chinese characters
_SIGN: Final = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_SIGN}]|[^\W_{_SIGN}]{{1,{MAX_WORD}}}")


class _WithoutMarks(dict[int, int | None]):
    """For `str.translate`: accents and the like are left out. Remembers what it was asked for."""

    def __missing__(self, code: int) -> int | None:
        kept = self[code] = None if unicodedata.category(chr(code))[0] == "M" else code
        return kept


_WITHOUT_MARKS: Final = _WithoutMarks()


def words_of(text: str) -> list[str]:
    """The words of a text, folded; each only of letters and digits. What is longer than a word may be is several."""
    text = text[:MAX_TEXT]
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_WITHOUT_MARKS)
    return _WORD.findall(text.casefold())


def title_words(title: str, name: str) -> list[str]:
    """The words of the title of a song and of the name of its file."""
    return words_of(f"{title[: MAX_TEXT // 2]} {name.rpartition('.')[0] or name}")


# the artist and the album of a song are those of others too
shared_words = lru_cache(maxsize=1024)(words_of)


def each_once(words: Iterable[str]) -> str:
    """The words as one text, each once."""
    return " ".join(dict.fromkeys(words))


def spaced(*texts: str) -> str:
    """The words of some texts, each once and behind a space: a word that begins so can be looked for by a text."""
    return "".join(f" {word}" for word in dict.fromkeys(word for text in texts for word in words_of(text)))


@lru_cache(maxsize=1024)
def folder_words(folder: str) -> str:
    """The words of the path of a folder, each once."""
    return each_once(words_of(folder))
