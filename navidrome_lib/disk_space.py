"""How much room is left where the server writes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# SQLite puts 32 MB beside its file before it moves them in
LOW_BYTES: Final = 64 * 1024 * 1024


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


def is_low(folders: Iterable[Path]) -> bool:
    """Whether a disk of some folders has too little room for a scan."""
    return any(free is not None and free < LOW_BYTES for free in map(free_bytes, folders))
