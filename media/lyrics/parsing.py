"""Lyrics as text: plain, or in the LRC format, where each line says when it is sung. No Django."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

UNKNOWN: Final = "xxx"
MAX_LINES: Final = 5000

_STAMP: Final = re.compile(r"\[(?:(\d{1,2}):)?(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
# of single words, in the enhanced format
_WORD_STAMP: Final = re.compile(r"<(?:(\d{1,2}):)?(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?>\s?")
_HEADER: Final = re.compile(r"\[([a-zA-Z#]{1,12}):([^\]]*)\]\s*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE)


@dataclass(frozen=True)
class Cue:
    """A word and in milliseconds when it is sung; `first` and `last` are its bytes in the UTF-8 of its line."""

    text: str
    start: int
    first: int
    last: int


@dataclass(frozen=True)
class Line:
    """A line, and in milliseconds when it begins; None in plain lyrics. `cues` are its words, where they have times."""

    text: str
    start: int | None = None
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True)
class Lyrics:
    """The words of a song in one language (ISO 639, or `xxx`). `offset`, in milliseconds, is how far they are early."""

    lines: tuple[Line, ...]
    language: str = UNKNOWN
    offset: int = 0

    @property
    def is_synced(self) -> bool:
        return any(line.start is not None for line in self.lines)

    @property
    def text(self) -> str:
        """The words alone, a line each."""
        return "".join(f"{line.text}\n" for line in self.lines)


def parse_lyrics(text: str, language: str = "") -> Lyrics | None:
    """The lyrics in a text, None without a word. A line with several stamps is sung several times."""
    found = Lyrics((), language_code(language))
    synced: list[Line] = []
    plain: list[Line] = []
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").split("\n")[:MAX_LINES]:
        row = raw.strip()
        header = _HEADER.fullmatch(row)
        if header is not None:
            found = _with_header(found, header[1].lower(), header[2].strip())
            continue
        starts, rest = _split_stamps(row)
        words, cues = _split_words(rest)
        if starts:
            # of a line that is sung several times the words have the times of one of them
            synced += [Line(words, start, cues if len(starts) == 1 else ()) for start in starts]
        elif synced and words:
            # the rest of a line that was broken in two
            last = synced[-1]
            synced[-1] = replace(last, text=f"{last.text}\n{words}" if last.text else words)
        plain.append(Line(words))
    lines = sorted(synced, key=lambda line: line.start or 0) if synced else _trimmed(plain)
    return replace(found, lines=tuple(lines)) if any(line.text for line in lines) else None


def language_code(text: str) -> str:
    """A language in lower case; `xxx` for none, and for what is none."""
    found = text.strip().lower()
    return found if _LANGUAGE.fullmatch(found) and found not in ("und", "xxx") else UNKNOWN


def stamp(milliseconds: int) -> str:
    """A moment as LRC has it: `[01:02.34]`."""
    seconds, rest = divmod(max(milliseconds, 0), 1000)
    return f"[{seconds // 60:02}:{seconds % 60:02}.{rest // 10:02}]"


def _with_header(lyrics: Lyrics, name: str, value: str) -> Lyrics:
    if name == "offset":
        digits = value.replace(" ", "")
        return replace(lyrics, offset=int(digits)) if re.fullmatch(r"[+-]?\d{1,9}", digits, re.ASCII) else lyrics
    if name in ("la", "lang", "language") and language_code(value) != UNKNOWN:
        return replace(lyrics, language=language_code(value))
    return lyrics


def _split_stamps(row: str) -> tuple[list[int], str]:
    """The moments at the beginning of a row in milliseconds, and the rest of it."""
    starts, at = [], 0
    while (found := _STAMP.match(row, at)) is not None:
        starts.append(_moment(found))
        at = found.end()
        while row[at : at + 1] == " ":
            at += 1
    return starts, row[at:]


def _moment(found: re.Match[str]) -> int:
    """The milliseconds of a stamp."""
    hours, minutes, seconds, fraction = found.groups()
    milliseconds = int((fraction or "0").ljust(3, "0"))
    return (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + milliseconds


def _split_words(rest: str) -> tuple[str, tuple[Cue, ...]]:
    """The words of a row without their stamps, and each word that has one."""
    stamps = list(_WORD_STAMP.finditer(rest))
    if not stamps:
        return rest.strip(), ()
    text, placed = rest[: stamps[0].start()].lstrip(), list[tuple[str, int, int]]()
    for number, found in enumerate(stamps):
        end = stamps[number + 1].start() if number + 1 < len(stamps) else len(rest)
        piece = rest[found.end() : end] if text else rest[found.end() : end].lstrip()
        if word := piece.strip():
            placed.append((word, _moment(found), len((text + piece[: piece.index(word)]).encode())))
        text += piece
    cues = (Cue(word, start, first, first + len(word.encode()) - 1) for word, start, first in placed)
    return text.strip(), tuple(cues)


def _trimmed(lines: list[Line]) -> list[Line]:
    """The lines without empty ones at both ends."""
    begin, end = 0, len(lines)
    while begin < end and not lines[begin].text:
        begin += 1
    while end > begin and not lines[end - 1].text:
        end -= 1
    return lines[begin:end]
