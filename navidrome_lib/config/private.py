"""What the server writes is for its own user: the mask of new files, the data folder, and the files of keys."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from navidrome_lib.config.env import ConfigError

MASK: Final = 0o077
VARIABLE: Final = "ND_DATAFOLDER"
# one of these is in every data folder that was used before
_OURS: Final = ("secret_key", "server.lock", "navidrome-lib.db")
# what a file system of its own has in its root
_OF_THE_SYSTEM: Final = {"lost+found"}


def mask_new_files() -> None:
    """From now on, what this process and its children create is closed to other users. Each entry calls it first."""
    os.umask(MASK)


def close_folder(folder: Path) -> None:
    """Make the data folder, or close an open one to other users; `ConfigError` when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.stat()
    except OSError as error:
        raise ConfigError(VARIABLE, f"{folder} cannot be used ({error.strerror}).") from None
    if not found.st_mode & MASK:
        return
    advice = f"Choose another folder, or close it: chmod go= {folder}"
    if os.geteuid() not in (0, found.st_uid):
        raise ConfigError(VARIABLE, f"{folder} belongs to another user and is open to others. {advice}")
    if found.st_mode & stat.S_ISVTX or not _is_ours(folder):
        raise ConfigError(VARIABLE, f"{folder} is open to other users and holds files that are not ours. {advice}")
    try:
        folder.chmod(stat.S_IMODE(found.st_mode) & ~MASK)
        is_closed = not folder.stat().st_mode & MASK
    except OSError:
        is_closed = False
    if not is_closed:
        raise ConfigError(VARIABLE, f"{folder} is open to other users, and its file system keeps it so. {advice}")
    sys.stderr.write(f"{VARIABLE}: {folder} was open to other users of this machine, and is closed to them now.\n")


def _is_ours(folder: Path) -> bool:
    names = {entry.name for entry in os.scandir(folder)} - _OF_THE_SYSTEM
    return not names or not names.isdisjoint(_OURS)


def read_key(path: Path) -> str:
    """The content of a file that holds a key; `ConfigError` when others can read it or could replace it.

    The file must belong to our user, to root, or to the owner of its folder, and be closed to all others.
    """
    with path.open(encoding="utf-8") as stream:
        found = os.fstat(stream.fileno())
        if found.st_uid not in (os.geteuid(), 0, path.parent.stat().st_uid):
            raise ConfigError(str(path), f"this key belongs to another user. Run: chown {os.geteuid()} {path}")
        if found.st_mode & MASK:
            mode = stat.S_IMODE(found.st_mode)
            raise ConfigError(str(path), f"other users can open this key (mode {mode:o}). Run: chmod 600 {path}")
        return stream.read()


def check_keys(folder: Path, names: Iterable[str]) -> None:
    """Raise `ConfigError` for the first file of keys in the folder that is there and is not safe."""
    for name in names:
        if (folder / name).exists():
            read_key(folder / name)
