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
import stat
from dataclasses import dataclass
from typing import Final, NamedTuple

from libraries.scanner.paths import display, join
from libraries.scanner.types import ScanOptions
from libraries.scanner.walk.patterns import Pattern, Patterns, Trail, compile_patterns, decode

IGNORE_FILE: Final = b".ndignore"
PRESET_RULE: Final = "preset"
EXCLUDE_PATTERN: Final = "excludePatterns"

_MAX_BYTES: Final = 64 * 1024
_MAX_LINES: Final = 1_000
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


class Level:
    """The patterns of one source, and the folder that they are relative to. It belongs to one walk."""

    def __init__(self, base: bytes, source: str, patterns: Patterns) -> None:
        self.source = source
        self._skip = len(base) + 1 if base else 0
        self._patterns = patterns
        self._trail = Trail(patterns)

    def decide(self, path: bytes, is_dir: bool) -> Pattern | None:
        """The last pattern that matches, as in git; it may be a negated one."""
        folder, _, name = path[self._skip :].rpartition(b"/")
        text = decode(name)
        if not self._patterns.may_match(text):
            return None
        for pattern in self._trail.open_in(folder):
            if (is_dir or not pattern.folders_only) and pattern.matches_name(text):
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


class IgnoreFileTooLong(OSError):
    """An ignore file above the limits, of which a part would mean something else than the whole."""

    def __init__(self) -> None:
        limits = f"{_MAX_LINES} lines or {_MAX_BYTES // 1024} KiB"
        super().__init__(errno.EFBIG, f"its file {IGNORE_FILE.decode()} has more than {limits}")


def read_ignore_file(path: bytes) -> tuple[str, ...] | None:
    """The lines of an ignore file; None when there is none (any more).

    Raises OSError when it cannot be read, and IgnoreFileTooLong when it has too many bytes or lines.
    """
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
        while len(data) <= _MAX_BYTES and (chunk := os.read(handle, _MAX_BYTES + 1 - len(data))):
            data += chunk
    finally:
        os.close(handle)
    if len(data) > _MAX_BYTES or data.count(b"\n") > _MAX_LINES:
        raise IgnoreFileTooLong
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return tuple(line.removesuffix("\r") for line in text.split("\n"))


def is_blank_ignore_file(lines: tuple[str, ...]) -> bool:
    """Whether an ignore file has no pattern at all: its mere presence ignores the folder."""
    return not any(line.strip() and not line.startswith("#") for line in lines)


class RulesOnTheWay:
    """The rules that hold on the way down from the root. Reads the ignore files of the folders from disk."""

    def __init__(self, options: ScanOptions) -> None:
        self._options = options
        self._scope: IgnoreScope | None = None

    def exclude_next(self, path: bytes, is_dir: bool) -> IgnoreRule | None:
        """The rule that excludes `path`, which lies in the folder before it, or all that lies in `path`.

        Raises OSError when an ignore file cannot be read.
        """
        if self._scope is None:
            self._scope = root_scope(self._options)
            if (rule := self._enter(self._scope, b"")) is not None:
                return rule
        rule = self._scope.excluded(path, is_dir) if path else None
        return self._enter(self._scope, path) if rule is None and path and is_dir else rule

    def _enter(self, scope: IgnoreScope, folder: bytes) -> IgnoreRule | None:
        lines = read_ignore_file(self._options.absolute(join(folder, IGNORE_FILE)))
        if lines is None:
            return None
        if is_blank_ignore_file(lines):
            return IgnoreRule("", display(join(folder, IGNORE_FILE)), folder)
        self._scope = scope.inside(folder, lines)
        return None


def explain_rule(options: ScanOptions, path: bytes, *, is_dir: bool = False) -> IgnoreRule | None:
    """The rule that keeps `path` (relative to the root) out of the library, or None when no rule does.

    Reads the ignore files above it from disk; raises OSError when one of them cannot be read.
    """
    rules = RulesOnTheWay(options)
    at = path.find(b"/")
    while at >= 0:
        if (rule := rules.exclude_next(path[:at], True)) is not None:
            return rule
        at = path.find(b"/", at + 1)
    return rules.exclude_next(path, is_dir)
