"""Keys that the server makes for itself: each is created once in the data folder, readable by its owner only."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from navidrome_lib.config.private import read_key

# the one that creates the first admin
SETUP_CODE: Final = "setup_code"
# the files of the data folder that hold keys
NAMES: Final = ("secret_key", "jwt_key", "subsonic_key", "admin-password", SETUP_CODE)


def read_or_create(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(48)) -> str:
    """The content of `path`, which is created with mode 600 when absent; processes that race agree on one value.

    Raises `ConfigError` for a file that others can read.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(make())
                stream.flush()
                os.fsync(stream.fileno())
            # link() fails when the name exists: the first process wins and the others read its value
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            os.unlink(temporary)
    return read_key(path).strip()
