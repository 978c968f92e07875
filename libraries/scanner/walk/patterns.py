"""Gitignore lines, matched segment by segment: what one costs grows with its segments and the depth of a path, no more.

A line is split at its slashes. `**` matches any number of folders, so a path is followed with the set of the segments
that may come next, one step for each folder; the sets of the folders on the way are kept, and a file costs one look at
its name. A name is matched by pieces of fixed length between the stars, and a star gives nothing back once the piece
after it was found: the first place of such a piece is as good as any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

from libraries.scanner.paths import display

_MAX_PATTERN: Final = 1_000
_ANY_NAME: Final = "(?s:.+)"
_CLASSES: Final = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t-\r ", "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip

Matcher = Callable[[str], object]


@dataclass(frozen=True, eq=False)
class Pattern:
    """One gitignore line. `folders` are its segments but the last, None for `**`; `name` is the last one."""

    text: str
    exclude: bool
    folders_only: bool
    folders: tuple[str | None, ...]
    name: str

    @cached_property
    def matches_name(self) -> Matcher:
        """Whether the last segment matches a name."""
        return _whole(self.name)


class Patterns:
    """The lines of one source, as one automaton that steps from folder to folder.

    Its states are bits: one for each number of segments of each line that the folders above may have matched. All lines
    step at once, and what several of them look for is looked for once.
    """

    def __init__(self, each: tuple[Pattern, ...]) -> None:
        self.each = each
        # finds every name that one of the lines may be about: nearly every name fails it at once
        self.may_match = _whole("|".join(dict.fromkeys(pattern.name for pattern in each)))
        # without one, what holds in a folder holds in all
        self.has_folders = any(pattern.folders != (None,) for pattern in each)
        self._any_depth, looked_for = 0, dict[str, int]()
        starts, self._ends, at = 0, list[tuple[Pattern, int]](), 0
        for pattern in each:
            starts |= 1 << at
            for folder in pattern.folders:
                if folder is None:
                    self._any_depth |= 1 << at
                else:
                    looked_for[folder] = looked_for.get(folder, 0) | 1 << at
                at += 1
            self._ends.append((pattern, 1 << at))
            at += 1
        self._ends.reverse()
        self._looked_for = [(_whole(folder), states) for folder, states in looked_for.items()]
        self.start = self._with_skipped(starts)

    def step(self, states: int, name: str) -> int:
        """The states inside the folder `name`."""
        matched = 0
        for matches, waiting in self._looked_for:
            if states & waiting and matches(name):
                matched |= waiting
        return self._with_skipped(states & self._any_depth | (states & matched) << 1)

    def open_in(self, states: int) -> tuple[Pattern, ...]:
        """The patterns of which only the last segment is left, the last line first."""
        return tuple(pattern for pattern, end in self._ends if states & end)

    def _with_skipped(self, states: int) -> int:
        # `**` may stand for no folder at all; two of them never stand side by side
        return states | (states & self._any_depth) << 1


class Trail:
    """The way to the folder that was asked for last, with the states on it: the next folder is near.

    It belongs to one walk, and must not be shared by threads.
    """

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._names: list[bytes] = []
        self._states = [patterns.start]
        self._folder = b""
        self._open = patterns.open_in(patterns.start)

    def open_in(self, folder: bytes) -> tuple[Pattern, ...]:
        """The patterns whose last segment is to match a name in `folder`, the last line first."""
        if folder != self._folder and self._patterns.has_folders:
            self._go(folder.split(b"/") if folder else [])
            self._folder, self._open = folder, self._patterns.open_in(self._states[-1])
        return self._open

    def _go(self, names: list[bytes]) -> None:
        common = 0
        for known, name in zip(self._names, names, strict=False):
            if known != name:
                break
            common += 1
        del self._names[common:], self._states[common + 1 :]
        for name in names[common:]:
            self._states.append(self._patterns.step(self._states[-1], decode(name)))
            self._names.append(name)


def decode(name: bytes) -> str:
    """A name as text; what is not UTF-8 keeps its bytes as surrogates, so `*` and `?` still match it."""
    return name.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=512)
def compile_patterns(lines: tuple[str, ...]) -> Patterns:
    """The patterns of gitignore lines; comments, blank lines and what git would discard are left out."""
    return Patterns(tuple(pattern for pattern in map(_compile, lines) if pattern is not None))


def validate_pattern(text: str) -> str | None:
    """Why a pattern cannot be accepted, as a sentence; None when it can."""
    if "\0" in text:
        return "A pattern cannot contain a NUL character."
    if "\n" in text or "\r" in text:
        return "A pattern is one line; write each pattern as its own entry."
    if len(text) > _MAX_PATTERN:
        return f"A pattern can have at most {_MAX_PATTERN} characters."
    if not text.strip():
        return "A pattern cannot be empty."
    if text.startswith("#"):
        return None
    if _compile(text) is None:
        return f"“{display(text.encode('utf-8', 'surrogatepass'))}” is not a valid gitignore pattern."
    return None


def _compile(line: str) -> Pattern | None:
    """The pattern of one line; None for what is none."""
    text = _without_trailing_space(line)
    if not text or text.startswith("#"):
        return None
    segments = text.removeprefix("!").split("/")
    folders_only = len(segments) > 1 and not segments[-1]
    if folders_only:
        segments.pop()
    if len(segments) == 1:
        # a line without a slash, but for one at its end, is about names in any folder
        segments.insert(0, "**")
    elif not segments[0]:
        del segments[0]
    if not segments[-1]:
        return None
    try:
        expressions = [None if _is_any_depth(name) else _expression(name) for name in segments]
    except ValueError:
        return None
    folders = [each for before, each in pairwise(["", *expressions]) if each is not None or before is not None]
    name = folders.pop()
    if name is None:
        # `**` at the end means anything below: at least one name
        folders.append(None)
        name = _ANY_NAME
    return Pattern(
        text=text,
        exclude=not text.startswith("!"),
        folders_only=folders_only,
        folders=tuple(folders),
        name=name,
    )


def _is_any_depth(segment: str) -> bool:
    return len(segment) > 1 and not segment.strip("*")


def _without_trailing_space(line: str) -> str:
    text = line.rstrip()
    backslashes = len(text) - len(text.rstrip("\\"))
    # a backslash keeps the space behind it
    return line[: len(text) + 1] if backslashes % 2 else text


def _whole(expression: str) -> Matcher:
    # DOTALL: names may hold newlines
    return re.compile(f"(?:{expression})\\Z", re.DOTALL).match


def _expression(segment: str) -> str:
    """The regular expression of one segment, which never goes back; ValueError for what git would discard."""
    head, *pieces = _pieces(segment)
    if not pieces:
        return head
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[:-1] if piece)
    return f"{head}{middle}.*{pieces[-1]}"


def _pieces(segment: str) -> list[str]:
    """The regular expressions of what stands between the stars of a segment, each of a fixed length."""
    pieces, at = [""], 0
    while at < len(segment):
        char = segment[at]
        at += 1
        if char == "*":
            pieces.append("")
        elif char == "?":
            pieces[-1] += "."
        elif char == "[":
            found, at = _bracket(segment, at)
            pieces[-1] += found
        else:
            if char == "\\":
                char, at = _char(segment, at), at + 1
            pieces[-1] += re.escape(char)
    return pieces


def _bracket(segment: str, at: int) -> tuple[str, int]:
    """The expression of a set of characters that begins at `at`, behind its bracket, and the place behind it."""
    negated = segment[at : at + 1] in ("!", "^")
    at += negated
    items, first = [], at
    while at == first or _char(segment, at) != "]":
        end = segment.find("]", at + 2) if segment.startswith("[:", at) else -1
        if end > at + 2 and segment[end - 1] == ":":
            items.append(_named_class(segment[at + 2 : end - 1]))
            at = end + 1
            continue
        low, at = _set_char(segment, at)
        high = low
        if segment.startswith("-", at) and segment[at + 1 : at + 2] not in ("", "]"):
            high, at = _set_char(segment, at + 1)
        if high < low:
            raise ValueError("a range that ends before it begins")
        items.append(f"{re.escape(low)}-{re.escape(high)}")
    return f"[{'^' if negated else ''}{''.join(items)}]", at + 1


def _set_char(segment: str, at: int) -> tuple[str, int]:
    escaped = _char(segment, at) == "\\"
    return _char(segment, at + escaped), at + escaped + 1


def _named_class(name: str) -> str:
    try:
        return _CLASSES[name]
    except KeyError:
        raise ValueError("an unknown class of characters") from None


def _char(segment: str, at: int) -> str:
    try:
        return segment[at]
    except IndexError:
        raise ValueError("a pattern that ends in the middle") from None
