"""The files of such pictures: in the data folder, each under a name that was never used before."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

from django.conf import settings

from media.images.jobs import PNG

_NAME: Final = re.compile(r"[0-9a-f]{28}\.(?:jpg|png)")
# a file without a row may be one whose row is about to be written
_NEW_SECONDS: Final = 24 * 3600.0


def keep(data: bytes, media_type: str) -> str:
    """Write a picture to the disk; its name. Raises OSError when that is not possible."""
    name = f"{secrets.token_hex(14)}.{'png' if media_type == PNG else 'jpg'}"
    path = _path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{name}.partial")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    return name


def open_picture(name: str) -> int | None:
    """A descriptor of the picture of that name; None without one."""
    if _NAME.fullmatch(name) is None:
        return None
    try:
        return os.open(_path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None


def forget(name: str) -> None:
    """Delete a picture, if it is there."""
    if _NAME.fullmatch(name) is not None:
        with contextlib.suppress(OSError):
            _path(name).unlink()


def forget_others(names: Collection[str]) -> int:
    """Delete the pictures that have other names and are no new ones; says how many."""
    deleted = 0
    for path in settings.PICTURES_FOLDER.glob("*"):
        with contextlib.suppress(OSError):
            if path.name not in names and time.time() - path.stat().st_mtime > _NEW_SECONDS:
                path.unlink()
                deleted += 1
    return deleted


def _path(name: str) -> Path:
    folder: Path = settings.PICTURES_FOLDER
    return folder / name
