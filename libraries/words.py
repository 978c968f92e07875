"""The words that songs are found by, folded alike for every database: without case, accents and width. No Django.

Every sign of Chinese and Japanese is a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# what is looked at of a text, and of a word
MAX_TEXT: Final = 500
MAX_WORD: Final = 60
# signs that are written without spaces between them: kana and Chinese characters
_SIGN: Final = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_SIGN}]|[^\W_{_SIGN}]{{1,{MAX_WORD}}}")


def words_of(text: str) -> list[str]:
    """The words of a text, folded; each only of letters and digits. What is longer than a word may be is several."""
    text = text[:MAX_TEXT]
    if not text.isascii():
        text = "".join(sign for sign in unicodedata.normalize("NFKD", text) if unicodedata.category(sign)[0] != "M")
    return _WORD.findall(text.casefold())


# the songs of an album have these in common
_shared = lru_cache(maxsize=1024)(words_of)


def song_words(title: str, artist: str, album: str, name: str) -> str:
    """The words of a song and of the name of its file, each once."""
    own = words_of(f"{title[: MAX_TEXT // 2]} {name.rpartition('.')[0] or name}")
    return " ".join(dict.fromkeys([*own, *_shared(artist), *_shared(album)]))


@lru_cache(maxsize=1024)
def folder_words(folder: str) -> str:
    """The words of the path of a folder, each once."""
    return " ".join(dict.fromkeys(words_of(folder)))
