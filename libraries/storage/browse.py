"""List the folders of the server for the folder picker."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from libraries.audio.formats.kinds import is_audio
from libraries.limits import StorageLimits
from libraries.storage.roots import allowed_roots, check_allowed, check_readable, is_storable_text, refuse
from libraries.timeouts import call_with_timeout
from navidrome_lib.limits import limits_of

MAX_FOLDERS = 1000
# where music usually is on a server, and where disks are mounted
USUAL_PLACES = ("/srv", "/mnt", "/media", "/home", "/music", "/data", "/Volumes", "/Users")
# how long the audio files below a folder are counted while a person waits for the page
COUNT_SECONDS = 0.7


@dataclass(frozen=True)
class FolderChoice:
    """A folder that can be chosen in the folder picker."""

    name: str
    path: str


@dataclass(frozen=True)
class FolderPage:
    """What is directly inside a folder. `parent` is empty at the top; `unnamed` counts names that are not text, and
    `silent` links to storage that does not answer."""

    path: str
    parent: str
    folders: list[FolderChoice]
    files: int = 0
    unnamed: int = 0
    silent: int = 0
    cut: bool = False


@dataclass(frozen=True)
class AudioCount:
    """Audio files below a folder; not `complete` when time was up first."""

    files: int = 0
    complete: bool = True


def shortcuts() -> list[FolderChoice]:
    """Where a person begins to look for a folder: the allowed ones, or else the usual places that exist."""
    roots = allowed_roots()
    if roots != ["/"]:
        return [FolderChoice(root, root) for root in roots] if len(roots) > 1 else []
    limits = limits_of(StorageLimits)
    found = []
    for place in dict.fromkeys((*USUAL_PLACES, os.path.expanduser("~/Music"))):
        with suppress(OSError):  # one that does not answer is not offered
            if call_with_timeout(partial(os.path.isdir, place), about=place, seconds=0.5, limits=limits):
                found.append(FolderChoice(place, place))
    return found


def count_audio(path: str) -> AudioCount:
    """How many audio files are below a folder, as far as can be counted at once. No link is followed."""
    limits = limits_of(StorageLimits)
    try:
        return call_with_timeout(lambda: _count_audio(path), about=path, limits=limits)
    except OSError:
        return AudioCount(complete=False)


def _count_audio(path: str) -> AudioCount:
    end, files, waiting = time.monotonic() + COUNT_SECONDS, 0, [path]
    while waiting:
        if time.monotonic() > end:
            return AudioCount(files, complete=False)
        try:
            entries = look_into(folder := waiting.pop())
        except OSError:
            continue
        waiting += [os.path.join(folder, entry.name) for entry in entries if entry.is_folder]
        files += sum(not entry.is_folder and is_audio(entry.name) for entry in entries)
    return AudioCount(files)


def list_folders(path: str) -> FolderPage:
    """The folders directly inside an allowed folder, or the allowed ones themselves when `path` is empty."""
    roots = allowed_roots()
    if not path and len(roots) > 1:
        return FolderPage("", "", [FolderChoice(root, root) for root in roots])
    path = os.path.normpath(path or roots[0])
    if "\0" in path or not is_storable_text(path) or not os.path.isabs(path):
        raise refuse("The path must be absolute: it must start with “/”.")
    path = "/" + path.lstrip("/")
    check_allowed(path)
    check_readable(path)
    try:
        entries = call_with_timeout(lambda: look_into(path), about=path, limits=limits_of(StorageLimits))
    except OSError as error:
        raise refuse(f"The folder “{path}” cannot be read: {error.strerror}.") from None
    folders, silent = folders_of(path, entries)
    named = [name for name in folders if is_storable_text(name)]
    found = [FolderChoice(name, os.path.join(path, name)) for name in named if not name.startswith(".")]
    found.sort(key=lambda choice: choice.name.casefold())
    return FolderPage(
        path=path,
        parent="" if path in roots else os.path.dirname(path),
        folders=found[:MAX_FOLDERS],
        files=len(entries) - len(folders) - silent,
        unnamed=len(folders) - len(named),
        silent=silent,
        cut=len(found) > MAX_FOLDERS,
    )


class ListedEntry(NamedTuple):
    """What is directly in a folder; a link is no folder yet."""

    name: str
    is_link: bool
    is_folder: bool


def look_into(path: str) -> list[ListedEntry]:
    """The entries of a folder; no link is followed."""
    with os.scandir(path) as entries:
        return [ListedEntry(entry.name, entry.is_symlink(), entry.is_dir(follow_symlinks=False)) for entry in entries]


def folders_of(path: str, entries: list[ListedEntry]) -> tuple[list[str], int]:
    """The names of the folders among some entries, and the number of links that do not answer in time."""
    limits = limits_of(StorageLimits)
    end, silent, found = time.monotonic() + limits.seconds / 2, 0, list[str]()
    for entry in entries:
        is_folder = entry.is_folder
        if entry.is_link:
            target = os.path.join(path, entry.name)
            try:
                left = max(end - time.monotonic(), 0.05)
                is_folder = call_with_timeout(partial(os.path.isdir, target), about=target, seconds=left, limits=limits)
            except TimeoutError:
                silent += 1
        if is_folder:
            found.append(entry.name)
    return found, silent
