"""Which files and folders do not belong to a library, and by which rule.

Three sources, the first that has an opinion decides:

1. the library's own patterns (gitignore syntax, relative to the root): the administrator has the last word;
2. `.ndignore` files (gitignore syntax, relative to their folder), the deepest first; one without any pattern ignores
   its whole folder;
3. presets: hidden files and folders, and the system folders of NAS devices, Windows and macOS.

A folder is decided before it is entered, so nothing inside an excluded folder can be brought back, as in git.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from pathspec import GitIgnoreSpec

from libraries.scanner.paths import display, join
from libraries.scanner.types import ScanOptions

IGNORE_FILE: Final = b".ndignore"
PRESET_RULE: Final = "preset"
EXCLUDE_PATTERN: Final = "excludePatterns"

_MAX_PATTERN: Final = 1_000
_MAX_IGNORE_FILE: Final = 64 * 1024
_STAR: Final = "[^/]*"
_DOT: Final = ord(".")

_SYSTEM_FOLDERS: Final = frozenset(
    {
        b"@eaDir",  # Synology: thumbnails and stream copies, with names of audio files
        b"@Recycle",  # QNAP
        b"@Recently-Snapshot",
        b"#recycle",
        b"#snapshot",
        b"$RECYCLE.BIN",
        b"$Recycle.Bin",
        b"RECYCLER",
        b"System Volume Information",
        b"lost+found",
    }
)


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Why `path` is excluded: the pattern, and where it is written (`preset`, `excludePatterns` or an ignore file)."""

    pattern: str
    source: str
    path: bytes


class Pattern(NamedTuple):
    """One gitignore line, ready to be matched against one whole path."""

    text: str
    regex: re.Pattern[str]
    exclude: bool
    folders_only: bool
    whole: bool

    def matches(self, path: str, is_dir: bool) -> bool:
        """Whether the line speaks of exactly this path, not merely of a folder above it."""
        if self.folders_only:
            if not is_dir:
                return False
            path += "/"
        found = self.regex.match(path)
        return found is not None and (not self.whole or found.end() == len(path))


class Patterns(NamedTuple):
    """The lines of one source. `any` finds whatever one of them may speak of: nearly every path fails it at once."""

    each: tuple[Pattern, ...]
    any: re.Pattern[str]


class Level(NamedTuple):
    """The patterns of one source, and the folder that they are relative to."""

    base: bytes
    source: str
    patterns: Patterns

    def decide(self, path: bytes, is_dir: bool) -> Pattern | None:
        """The last pattern that matches, as in git; it may be a negated one."""
        relative = path[len(self.base) + 1 :] if self.base else path
        # names that are not UTF-8 keep their bytes as surrogates, so `*` and `?` still match them
        text = relative.decode("utf-8", "surrogateescape")
        if not self.patterns.any.match(text + "/" if is_dir else text):
            return None
        for pattern in reversed(self.patterns.each):
            if pattern.matches(text, is_dir):
                return pattern
        return None


class IgnoreScope(NamedTuple):
    """The rules that hold inside one folder. `levels` is empty for nearly every library: then nothing is matched."""

    levels: tuple[Level, ...] = ()
    presets: bool = True

    def excluded(self, path: bytes, is_dir: bool) -> IgnoreRule | None:
        """The rule that excludes `path`, whose parent folders are known to be inside."""
        for level in self.levels:
            pattern = level.decide(path, is_dir)
            if pattern is not None:
                return IgnoreRule(pattern.text, level.source, path) if pattern.exclude else None
        if self.presets:
            preset = preset_of(path.rpartition(b"/")[2], is_dir)
            if preset:
                return IgnoreRule(preset, PRESET_RULE, path)
        return None

    def inside(self, folder: bytes, lines: tuple[str, ...]) -> IgnoreScope:
        """The rules inside `folder`, which has an ignore file with these lines."""
        level = Level(folder, display(join(folder, IGNORE_FILE)), compile_patterns(lines))
        own = sum(1 for known in self.levels if known.source == EXCLUDE_PATTERN)
        return self._replace(levels=(*self.levels[:own], level, *self.levels[own:]))


def root_scope(options: ScanOptions) -> IgnoreScope:
    """The rules that hold in the root before any ignore file is read."""
    patterns = compile_patterns(options.exclude_patterns)
    levels = (Level(b"", EXCLUDE_PATTERN, patterns),) if patterns.each else ()
    return IgnoreScope(levels, options.ignore_presets)


def preset_of(name: bytes, is_dir: bool) -> str:
    """The preset that excludes a name, or an empty text.

    Hidden means one leading dot: an album called "...And Justice for All" is not hidden.
    """
    if name[0] == _DOT and name[:2] != b"..":
        return "._*" if name[:2] == b"._" else ".*"
    return display(name) if is_dir and name in _SYSTEM_FOLDERS else ""


@lru_cache(maxsize=512)
def compile_patterns(lines: tuple[str, ...]) -> Patterns:
    """The patterns of gitignore lines; comments, blank lines and what git would discard are left out."""
    each = tuple(pattern for pattern in map(_compile, lines) if pattern is not None)
    union = "|".join(pattern.regex.pattern.replace("(?P<ps_d>", "(?:") for pattern in each)
    return Patterns(each, re.compile(union, re.DOTALL))


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
        return f"“{text}” is not a valid gitignore pattern."
    return None


def read_ignore_file(path: bytes) -> tuple[str, ...] | None:
    """The lines of an ignore file; None when there is none (any more). Raises OSError when it cannot be read."""
    try:
        # O_NONBLOCK: a FIFO of that name must not hold up the scan
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}:
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        data = b""
        while len(data) < _MAX_IGNORE_FILE and (chunk := os.read(handle, _MAX_IGNORE_FILE - len(data))):
            data += chunk
    finally:
        os.close(handle)
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return tuple(line.removesuffix("\r") for line in text.split("\n"))


def is_blank_ignore_file(lines: tuple[str, ...]) -> bool:
    """Whether an ignore file has no pattern at all: its mere presence ignores the folder."""
    return not any(line.strip() and not line.startswith("#") for line in lines)


def explain_rule(options: ScanOptions, path: bytes, *, is_dir: bool = False) -> IgnoreRule | None:
    """The rule that keeps `path` (relative to the root) out of the library, or None when no rule does.

    Reads the ignore files above it from disk; raises OSError when one of them cannot be read.
    """
    scope = root_scope(options)
    parts = path.split(b"/") if path else []
    here = b""
    for depth in range(len(parts) + 1):
        if depth:
            here = b"/".join(parts[:depth])
            rule = scope.excluded(here, is_dir or depth < len(parts))
            if rule or (depth == len(parts) and not is_dir):
                return rule
        lines = read_ignore_file(options.absolute(join(here, IGNORE_FILE)))
        if lines is not None:
            if is_blank_ignore_file(lines):
                return IgnoreRule("", display(join(here, IGNORE_FILE)), here)
            scope = scope.inside(here, lines)
    return None


def _compile(line: str) -> Pattern | None:
    if not line.strip():
        return None
    try:
        source = GitIgnoreSpec.from_lines([line]).patterns[0]
        if source.include is None or source.regex is None:
            return None
        translated = str(source.regex.pattern)
        if not translated.startswith("^"):
            translated = ".*" + translated  # so that all can be matched from the start: a search tries every place
        # DOTALL: names may hold newlines, and `.+/` must cross them
        regex = re.compile(_without_backtracking(translated), re.DOTALL)
    except (ValueError, re.error, RecursionError, OverflowError):
        return None
    stripped = line if line.endswith("\\ ") else line.rstrip()
    return Pattern(
        text=stripped,
        regex=regex,
        exclude=source.include,
        folders_only=stripped.endswith("/"),
        whole=regex.pattern.startswith("^") and "ps_d" in regex.groupindex,
    )


def _without_backtracking(translated: str) -> str:
    """The same language, but a star gives nothing back once the text after it has matched.

    Otherwise one line like `*a*a*a*a*a*b` in an ignore file would keep a scan busy for years. What follows a
    star has a fixed length up to the next star, so its first place is as good as any; optional parts are left alone.
    """
    head, *pieces = translated.split(_STAR)
    if len(pieces) < 2:
        return translated
    result = head
    for piece in pieces[:-1]:
        result += f"{_STAR}{piece}" if "(?:" in piece else f"(?>{_STAR}?{piece})"
    return result + _STAR + pieces[-1]
