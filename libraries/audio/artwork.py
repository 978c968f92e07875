"""Embedded artwork of a file."""

from __future__ import annotations

from libraries.audio import details
from libraries.audio.model import AudioError


def extract_picture(path: bytes) -> tuple[bytes, str] | None:
    """The embedded front cover, else the first picture, with its MIME type; None without one or when it cannot be read.

    At most 20 MB. For files from outside prefer `ReaderPool.picture`, which bounds time and memory too.
    """
    try:
        return details.read_picture(path)
    except AudioError:
        return None
