"""Opening a file below the root of a library: what lies elsewhere is not opened, however a path comes to lead there.

Every part of the path is opened in the folder that was opened before it, so that a part that is swapped for a link
while this goes on leads nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections import deque
from typing import Final

_FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
# enough to go on from a folder, also from one that may be entered but not listed; macOS has no such descriptors
_FOLDER: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
# what systems say to O_NOFOLLOW at a link
_IS_LINK: Final = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})
_MAX_LINKS: Final = 40


class OutsideRoot(OSError):
    """A link on the way leads out of the root."""


def open_below(root: bytes, path: bytes, *, follow_links: bool) -> int:
    """The descriptor of the regular file at `path`, which is relative to `root`; the caller closes it.

    Links that stay below the root are followed; those that lead out of it only with `follow_links`. Raises OSError,
    `OutsideRoot` among them.
    """
    descent = _Descent(root, follow_links=follow_links)
    try:
        return descent.open(path)
    finally:
        descent.close()


def list_below(root: bytes, path: bytes, *, follow_links: bool) -> list[bytes]:
    """The names in the folder at `path`, under the same rules."""
    descent = _Descent(root, follow_links=follow_links)
    try:
        folder = descent.open_folder(path)
        try:
            return [os.fsencode(name) for name in os.listdir(folder)]
        finally:
            os.close(folder)
    finally:
        descent.close()


class _Descent:
    """The way from a root to a file: the folders that are open, from the root down."""

    def __init__(self, root: bytes, *, follow_links: bool) -> None:
        self._root = root
        self._follow_links = follow_links
        self._folders = [os.open(root, _FOLDER)]
        self._links = 0

    def close(self) -> None:
        for folder in self._folders:
            os.close(folder)
        self._folders.clear()

    def open(self, path: bytes) -> int:
        fd = self._open(path, _FILE)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "This is not a regular file.")
        return fd

    def open_folder(self, path: bytes) -> int:
        return self._open(path + b"/.", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _open(self, path: bytes, flags: int) -> int:
        parts = deque(part for part in path.split(b"/") if part)
        while parts:
            name = parts.popleft()
            if name == b".." or (name == b"." and parts):
                self._step_back(name)
                continue
            fd = self._enter(name, _FOLDER if parts else flags, parts)
            if fd is None:
                continue
            if not parts:
                return fd
            self._folders.append(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))

    def _step_back(self, name: bytes) -> None:
        if name == b"..":
            if len(self._folders) == 1:
                raise OutsideRoot(errno.EXDEV, "The path leads out of the library's folder.")
            os.close(self._folders.pop())

    def _enter(self, name: bytes, flags: int, parts: deque[bytes]) -> int | None:
        """The descriptor of `name`; None when it is a link, whose parts are now in front of `parts`."""
        here = self._folders[-1]
        try:
            return os.open(name, flags | os.O_NOFOLLOW, dir_fd=here)
        except OSError as error:
            if error.errno not in _IS_LINK:
                raise
            target = b""
            with contextlib.suppress(OSError):  # no link: the error is that of the path
                target = os.readlink(name, dir_fd=here)
            if not target:
                raise
        if self._follow_links:
            return os.open(name, flags, dir_fd=here)
        self._links += 1
        if self._links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        parts.extendleft(reversed([part for part in self._below_root(target).split(b"/") if part]))
        return None

    def _below_root(self, target: bytes) -> bytes:
        """The rest of the way that a link stands for; an absolute one begins at the root again."""
        if not target.startswith(b"/"):
            return target
        root = os.path.realpath(self._root)
        if not target.startswith(root.rstrip(b"/") + b"/"):
            raise OutsideRoot(errno.EXDEV, "The path leads out of the library's folder.")
        while len(self._folders) > 1:
            os.close(self._folders.pop())
        return target[len(root) :]
