"""What exclude patterns would hide, found out by looking and without changing anything."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from libraries.audio.formats.kinds import is_audio
from libraries.scanner import (
    EXCLUDE_PATTERN,
    IGNORE_FILE,
    IgnoreRule,
    IgnoreScope,
    ScanOptions,
    display,
    is_blank_ignore_file,
    join,
    read_ignore_file,
    root_scope,
)

MAX_SECONDS: Final = 3.0
MAX_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class HiddenItem:
    """A file or folder that a pattern hides, with its audio files; `path` is a clean text."""

    path: str
    pattern: str
    is_folder: bool
    files: int


@dataclass(slots=True)
class PatternPreview:
    """The audio files that stay and that go, and the first of what goes. Not `complete`: time was up first."""

    kept: int = 0
    hidden: int = 0
    by_pattern: Counter[str] = field(default_factory=Counter)
    items: list[HiddenItem] = field(default_factory=list)
    complete: bool = True

    def hide(self, path: bytes, rule: IgnoreRule, *, is_folder: bool, files: int) -> None:
        self.hidden += files
        self.by_pattern[rule.pattern] += files
        if len(self.items) < MAX_SHOWN:
            self.items.append(HiddenItem(display(path), rule.pattern, is_folder, files))


def preview_patterns(options: ScanOptions, *, seconds: float = MAX_SECONDS) -> PatternPreview:
    """Which audio files the library's own patterns hide. Looks for at most `seconds`; what is unreadable is left out.

    Links to folders are not followed: a preview must end.
    """
    end = time.monotonic() + seconds
    found = PatternPreview()
    waiting = [(b"", root_scope(options))]
    while waiting:
        if time.monotonic() > end:
            found.complete = False
            break
        folder, scope = waiting.pop()
        waiting += _look(options, folder, scope, found, end)
    return found


def _look(
    options: ScanOptions, folder: bytes, scope: IgnoreScope, found: PatternPreview, end: float
) -> list[tuple[bytes, IgnoreScope]]:
    """Judge what is directly in a folder; returns the folders to look into."""
    try:
        with os.scandir(options.absolute(folder)) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        lines = read_ignore_file(options.absolute(join(folder, IGNORE_FILE)))
    except OSError:
        return []
    if lines is not None:
        if is_blank_ignore_file(lines):
            return []
        scope = scope.inside(folder, lines)
    inside = []
    for entry in entries:
        path, is_folder = join(folder, entry.name), entry.is_dir(follow_symlinks=False)
        if not is_folder and not is_audio(entry.name):
            continue
        rule = scope.excluded(path, is_folder)
        if rule is not None and rule.source == EXCLUDE_PATTERN:
            files = _count(options.absolute(path), end) if is_folder else 1
            found.hide(path, rule, is_folder=is_folder, files=files)
        elif rule is None and is_folder:
            inside.append((path, scope))
        elif rule is None:
            found.kept += 1
    return inside if options.recursive else []


def _count(folder: bytes, end: float) -> int:
    """The audio files below a folder, as far as time allows."""
    count = 0
    for _, _, names in os.walk(folder):
        count += sum(1 for name in names if is_audio(name))
        if time.monotonic() > end:
            break
    return count
