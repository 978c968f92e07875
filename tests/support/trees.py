"""Small trees of files for the tests of the walk, and storage that fails on demand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from libraries.scanner.types import FolderListing, ScanOptions
from libraries.scanner.walk.walker import Entry, os_lister, walk


def plant(root: Path, *paths: str | bytes, content: bytes = b"x") -> bytes:
    """Make files (and folders, for paths with a slash at the end) below `root`; the root as bytes."""
    base = os.fsencode(root)
    for path in paths:
        raw = os.fsencode(path)
        place = os.path.join(base, raw)
        os.makedirs(place if raw.endswith(b"/") else os.path.dirname(place), exist_ok=True)
        if not raw.endswith(b"/"):
            with open(place, "wb") as file:
                file.write(content)
    return base


def listings(root: bytes, **options: object) -> dict[bytes, FolderListing]:
    """The listings of a walk with these scan options, by path."""
    return {listing.path: listing for listing in walk(ScanOptions(root, **options))}  # type: ignore[arg-type]


def paths(found: dict[bytes, FolderListing]) -> set[bytes]:
    """The paths of all audio files of a walk."""
    return {os.path.join(path, file.name) for path, listing in found.items() for file in listing.files}


def run_unprivileged(folder: Path, code: str) -> list[str]:
    """The lines that `code` prints, run inside `folder` as a user whom permissions bind (root may read everything)."""
    folder.chmod(0o755)
    head = "import os, sys; sys.path[:] = sys.argv[1:]\n"
    drop = "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    imports, _, rest = code.partition("\n\n")
    command = [sys.executable, "-c", f"{head}{imports}\n{drop}{rest}", *map(os.path.abspath, sys.path)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class FailingEntry:
    """An entry whose `stat` fails, as of a file on a broken sector; with `kind_known=False` so does any look at it."""

    def __init__(self, entry: Entry, code: int, kind_known: bool = True) -> None:
        self.name = entry.name
        self._entry = entry
        self._code = code
        self._kind_known = kind_known

    def _ask(self) -> Entry:
        if not self._kind_known:
            raise OSError(self._code, os.strerror(self._code))
        return self._entry

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._ask().is_dir(follow_symlinks=follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._ask().is_file(follow_symlinks=follow_symlinks)

    def is_symlink(self) -> bool:
        return self._ask().is_symlink()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        raise OSError(self._code, os.strerror(self._code))


class FailingStorage:
    """A lister: folders whose path ends with a key fail with its error number, after `partial` entries."""

    def __init__(self, errors: dict[bytes, int], partial: int = 0) -> None:
        self.errors = errors
        self.partial = partial

    def __call__(self, path: bytes) -> Iterable[Entry]:
        code = next((code for ending, code in self.errors.items() if path.endswith(ending)), 0)
        for index, entry in enumerate(os_lister(path)):
            if code and index >= self.partial:
                break
            yield entry
        if code:
            raise OSError(code, os.strerror(code), path)
