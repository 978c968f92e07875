"""Name folders and files by the exact bytes of the file system, and show them as clean text. No Django."""

from __future__ import annotations

import hashlib
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def key_of(path: bytes) -> str:
    """32 hex digits that stand for a path, short enough for any index."""
    return hashlib.blake2b(path, digest_size=16).hexdigest()


def display(path: bytes) -> str:
    """A clean text of a path, for people and for the wire: what is not UTF-8 or is a control character shows as `�`."""
    text = path.decode("utf-8", "replace")
    return text if text.isprintable() else _CONTROL.sub("\ufffd", text)


def join(folder: bytes, name: bytes) -> bytes:
    """The path of `name` inside `folder`."""
    return folder + b"/" + name if folder else name


def parent(path: bytes) -> bytes:
    """The folder that holds `path`."""
    return path.rpartition(b"/")[0]


def writable_path(path: bytes) -> str:
    """The path as text, or that of the nearest folder above it that is UTF-8: a scan takes its targets as texts."""
    while True:
        try:
            return path.decode("utf-8")
        except UnicodeDecodeError:
            path = parent(path)
