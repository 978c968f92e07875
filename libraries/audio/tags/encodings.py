"""Text of tags in encodings of before Unicode, which is marked as Latin-1 or not at all.

Readers keep such bytes as they are (`text.keep_bytes`), so that they survive whatever is done to a value. When all tags
of a file are read, `decode_tags` decides on them together, because a single title is too short for that.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Final

from libraries.audio.tags.text import clean, has_kept_bytes, kept_bytes, should_be_utf_8
from libraries.choices import TextEncoding

# The encodings that are believed unasked, by their names in chardetng. It also knows those of Central Europe, of Greek,
# Turkish and others, whose short texts look like good Latin-1.
_DETECTED: Final = {
    "GBK": TextEncoding.GBK,
    "gb18030": TextEncoding.GBK,
    "Big5": TextEncoding.BIG5,
    "Shift_JIS": TextEncoding.SHIFT_JIS,
    "EUC-KR": TextEncoding.EUC_KR,
    "windows-1251": TextEncoding.CP1251,
}
# Python's codecs that take more than the encoding's own name does
_CODECS: Final = {
    TextEncoding.GBK: "gb18030",
    TextEncoding.BIG5: "big5hkscs",
    TextEncoding.SHIFT_JIS: "cp932",
    TextEncoding.EUC_KR: "cp949",
    TextEncoding.CP874: "cp874",
}
# Encodings of Latin letters, and UTF-8: no look at a text tells them from good Latin-1, so they apply to every text.
_LATIN: Final = frozenset(
    {
        TextEncoding.UTF_8, TextEncoding.LATIN_1, TextEncoding.LATIN_2, TextEncoding.CP1250, TextEncoding.CP1252,
        TextEncoding.CP1254, TextEncoding.CP1257, TextEncoding.CP1258,
    }
)  # fmt: skip
# Tags that the tracks of an album share: where they are enough to decide, all of its tracks are read alike.
_SHARED: Final = ("album", "albumartist", "artist")

# How many different bytes above 0x7F are enough: of Cyrillic in words that are long, since "ÀÉÎÔÛ" proves nothing, of
# two-byte encodings anywhere, where one less will do if there are many.
_LEAST_CYRILLIC: Final = 7
_LONG_RUN: Final = re.compile(rb"[\x80-\xff]{4,}")
_LEAST_TWO_BYTES: Final = 4
_LEAST_REPEATED: Final = 8
_LEAST_UTF_8: Final = 4
# In the reading as Latin-1: the share of the bytes above 0x7F that stand in Western words ("Motörhead"), from which on
# a file is good Latin-1. Text in the detected encodings has less than a half of it, and Western text nearly all.
_WESTERN_SHARE: Final = 0.5
# ASCII letters for each other character in a single text that is Western
_WESTERN_LETTERS: Final = 3
# bytes
_V1_FIELD: Final = 30
_SIGNS_OF_1252: Final = {
    byte: sign for byte in range(0x80, 0xA0) if (sign := bytes((byte,)).decode("cp1252", "ignore"))
}

_LETTERS: Final = "\xaa\xba\xc0-\xd6\xd8-\xf6\xf8-\xffŒœŠšŸŽž"
_WORD: Final = re.compile(f"[A-Za-z{_LETTERS}]+")
_FOREIGN: Final = re.compile(f"[{_LETTERS}]+")
_SIGNS: Final = frozenset("‘’“”–—…™\xa0©®")
_ASCII_LETTER: Final = re.compile("[A-Za-z]")
_UTF_8_AFTER_LOWER: Final = re.compile(rb"[a-z][\xc2-\xf4][\x80-\xbf]")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]+")
_CYRILLIC_CASE: Final = re.compile("[\u0400-\u042f\u0490]?[\u0430-\u045f\u0491]+|[\u0400-\u042f\u0490]+")
# a sign in the middle of a word, which other bytes give when they are read as Cyrillic
_CYRILLIC_SIGN: Final = re.compile("[\u0400-\u04ff][\x80-\xa8\xaa-\xbf\u2020-\u203a\u20ac][\u0400-\u04ff]")


def decode_tags(tags: dict[str, list[str]], wanted: str) -> str:
    """Decode the kept bytes in tags, in place, and return the name of the encoding that they are read in.

    It is "" if there are none, or only damage in UTF-8.
    """
    kept = {key: texts for key, values in tags.items() if (texts := tuple(filter(has_kept_bytes, values)))}
    if not kept:
        return ""
    everything = tuple(chain.from_iterable(kept.values()))
    encoding, declared = None, TextEncoding.CP1252
    if wanted == TextEncoding.OFF:
        declared = TextEncoding.LATIN_1
    elif wanted != TextEncoding.AUTO:
        encoding = TextEncoding(wanted)
    else:
        shared = chain.from_iterable(kept[key] for key in _SHARED if key in kept)
        encoding = _choose(tuple(shared), everything)
    for key in kept:
        found = (_decode(text, encoding, declared) if has_kept_bytes(text) else text for text in tags[key])
        tags[key] = list(dict.fromkeys(filter(None, found)))
        if not tags[key]:
            del tags[key]
    return "" if encoding is None and all(map(should_be_utf_8, everything)) else str(encoding or declared)


# Tracks of an album follow each other, and most of their texts above ASCII are the same. What is kept here is small
# even of hostile files.
@lru_cache(maxsize=4)
def _choose(shared: tuple[str, ...], everything: tuple[str, ...]) -> TextEncoding | None:
    """Return the encoding of the texts of a file: by those that its album shares, else by all."""
    for texts in (shared, everything):
        # Good Latin-1 says nothing about the other texts of its file, and is no other encoding's text.
        data = [text for text in map(kept_bytes, texts) if not _is_western(text)]
        if encoding := _detect(data) or _detect_cut(data):
            return encoding
    return None


def _detect_cut(texts: Sequence[bytes]) -> TextEncoding | None:
    """Return the encoding of texts in fields of ID3v1, the last character of which may be cut in two."""
    if not any(len(text) == _V1_FIELD for text in texts):
        return None
    return _detect([text[:-1] if len(text) == _V1_FIELD else text for text in texts])


def _detect(texts: Sequence[bytes]) -> TextEncoding | None:
    """Return the encoding of texts if it is sure that they are no good Latin-1."""
    data = b"\n".join(texts)
    high = data.translate(None, bytes(range(0x80)))
    if not high:
        return None
    if _is_utf_8(data, high):
        return TextEncoding.UTF_8
    if _western_letters(_as_western(data)) >= len(high) * _WESTERN_SHARE:
        return None
    found = _DETECTED.get(_guess(data))
    if found is None or not _is_enough(data, high, found):
        return None
    try:
        text = "\n".join(_decode_strictly(text, found) for text in texts)
    except UnicodeDecodeError:
        return None
    return found if _is_plausible(text, found) else None


def _guess(data: bytes) -> str:
    # few files have such text, and a reader process is up sooner without it
    from chardetng_py import EncodingDetector  # noqa: PLC0415

    detector = EncodingDetector()
    detector.feed(data, last=True)
    name, is_likely = detector.guess_assess(tld=None, allow_utf8=False)
    return name if is_likely else ""


def _is_utf_8(data: bytes, high: bytes) -> bool:
    """Return whether texts are UTF-8, of which "CAFÉ’" in windows-1252 is an accident."""
    if len(high) < _LEAST_UTF_8 and not _UTF_8_AFTER_LOWER.search(data):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_enough(data: bytes, high: bytes, encoding: TextEncoding) -> bool:
    if encoding is TextEncoding.CP1251:
        return len(set(b"".join(_LONG_RUN.findall(data)))) >= _LEAST_CYRILLIC
    different = len(set(high))
    return different >= _LEAST_TWO_BYTES or (different == _LEAST_TWO_BYTES - 1 and len(high) >= _LEAST_REPEATED)


def _is_plausible(text: str, encoding: TextEncoding) -> bool:
    """Return whether the letters of decoded text are those that the encoding exists for."""
    if encoding is TextEncoding.EUC_KR:
        foreign = [character for character in text if not character.isascii()]
        return 2 * sum("\uac00" <= character <= "\ud7a3" for character in foreign) > len(foreign)
    if encoding is TextEncoding.CP1251:
        words = _CYRILLIC.findall(text)
        regular = sum(len(word) for word in words if _CYRILLIC_CASE.fullmatch(word))
        return 5 * (sum(map(len, words)) - regular) <= regular and not _CYRILLIC_SIGN.search(text)
    return True


def _western_letters(text: str) -> int:
    """Count the letters above ASCII that stand one or two at a time among ASCII letters, as in "Motörhead"."""
    count = 0
    for word in _WORD.findall(text):
        lengths = [len(run) for run in _FOREIGN.findall(word)]
        if lengths and max(lengths) <= 2 and sum(lengths) < len(word):
            count += sum(lengths)
    return count


@lru_cache(maxsize=128)
def _is_western(data: bytes) -> bool:
    """Return whether one text is good Latin-1, whatever the other texts of its file are in."""
    text = _as_western(data)
    foreign = sum(not character.isascii() for character in text)
    signs = sum(character in _SIGNS for character in text)
    letters = len(_ASCII_LETTER.findall(text))
    is_sprinkled = _western_letters(text) + signs == foreign and letters >= foreign * _WESTERN_LETTERS
    return is_sprinkled and not _UTF_8_AFTER_LOWER.search(data)


@lru_cache(maxsize=128)
def _decode(text: str, encoding: TextEncoding | None, declared: TextEncoding) -> str:
    """Return a text of a file, clean, in the encoding, or as it is declared if there is none or it cannot be in it.

    Good Latin-1 is not in an encoding that has other letters.
    """
    data = kept_bytes(text)
    if encoding is not None and (encoding in _LATIN or not _is_western(data)):
        try:
            return clean(_decode_strictly(data, encoding))
        except UnicodeDecodeError:
            pass
    if should_be_utf_8(text):
        return clean(data.decode("utf-8", "replace"))
    return clean(data.decode("latin-1") if declared is TextEncoding.LATIN_1 else _as_western(data))


def _decode_strictly(data: bytes, encoding: TextEncoding) -> str:
    """Return the text without a last character that is cut in two, as fields of a fixed size have it."""
    if encoding is TextEncoding.CP1252:
        return _as_western(data)
    return codecs.getincrementaldecoder(_CODECS.get(encoding, encoding))("strict").decode(data)


def _as_western(data: bytes) -> str:
    """Return text in windows-1252, which has more signs than Latin-1; its five empty places are as in Latin-1."""
    return data.decode("latin-1").translate(_SIGNS_OF_1252)
