"""How much room is left where the server writes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def free_bytes(folder: str | Path) -> int | None:
    """The room for us on the disk of a folder; None when that cannot be known."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def written_folders(data_folder: Path) -> tuple[Path, ...]:
    """Where we write: the data folder, and the folder of temporary files."""
    try:
        return data_folder, Path(tempfile.gettempdir())
    except FileNotFoundError:  # none of them can be written to
        return (data_folder,)


def is_low(folders: Iterable[Path], *, least: int) -> bool:
    """Whether a disk of some folders has less than `least` bytes of room, which is too little for a scan."""
    return any(free is not None and free < least for free in map(free_bytes, folders))
