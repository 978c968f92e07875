"""Symbolic links of a library: which of them are followed.

A link that leads out of the root is followed only when the library says so. A link whose target the walk meets anyway
at its real place is not followed: that is decided from the tree alone, not from the order of the walk, so adding a link
never moves a track. What is left (a target in an excluded folder, or outside) is followed, each folder once.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final

from libraries.scanner.types import ScanOptions
from libraries.scanner.walk.ignore import explain_rule

_NOWHERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class Links:
    """Decides about the links of one walk, and remembers which folders were entered through links."""

    def __init__(self, options: ScanOptions, is_audio: Callable[[bytes], bool]) -> None:
        self._options = options
        self._is_audio = is_audio
        self._root = os.path.realpath(options.root)
        self._inside = self._root.rstrip(b"/") + b"/"
        self._entered: set[tuple[int, int]] = set()

    def target(self, path: bytes, followed: dict[bytes, bytes] | None = None) -> os.stat_result | None:
        """What the link at `path` leads to, or None when it is not followed.

        A link to a folder that is followed is noted in `followed`, with the folder that it leads to.
        Raises OSError when that cannot be known, as for a link into storage that is away.
        """
        absolute = self._options.absolute(path)
        try:
            real = os.path.realpath(absolute, strict=True)
            found = os.stat(real)
        except OSError as error:
            if error.errno in _NOWHERE and not self._may_be_away(absolute, error):
                return None
            raise
        is_dir = stat.S_ISDIR(found.st_mode)
        if real != self._root and not real.startswith(self._inside):
            is_followed = self._options.follow_symlinks
        else:
            is_followed = not self._met_anyway(real, is_dir)
        if is_followed and is_dir and followed is not None:
            followed[path] = real
        return found if is_followed else None

    def identity(self, path: bytes) -> tuple[int, int]:
        """The device and the inode of what is at `path`, behind all links. Raises OSError."""
        found = os.stat(self._options.absolute(path))
        return found.st_dev, found.st_ino

    def enter(self, identity: tuple[int, int]) -> bool:
        """Whether a folder reached through a link is entered for the first time. Raises OSError."""
        if not self._entered:
            root = os.stat(self._root)
            self._entered.add((root.st_dev, root.st_ino))
        if identity in self._entered:
            return False
        self._entered.add(identity)
        return True

    def _may_be_away(self, absolute: bytes, error: OSError) -> bool:
        # The check of the root speaks for every target inside it, but not for one outside: an unmounted disk leaves
        # its links dangling, and that is problem, not absence.
        if not self._options.follow_symlinks or error.errno == errno.ELOOP:
            return False
        return not os.path.realpath(absolute).startswith(self._inside)

    def _met_anyway(self, real: bytes, is_dir: bool) -> bool:
        relative = real[len(self._inside) :]
        if not is_dir and not self._is_audio(relative.rpartition(b"/")[2]):
            return False
        if not self._options.recursive and (b"/" in relative or (is_dir and relative)):
            return False
        return explain_rule(self._options, relative, is_dir=is_dir) is None
