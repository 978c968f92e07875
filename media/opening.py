"""The file of a track, opened: within a bounded time, and never outside of its library."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from libraries.limits import StorageLimits
from libraries.models import Library, MediaFile
from libraries.storage.opening import OutsideRoot, open_below
from libraries.timeouts import call_with_timeout
from media.errors import StorageAway
from navidrome_lib.limits import limits_of

MISSING = "The file of this song is missing since {since:%Y-%m-%d}; it may be on storage that is not there."
OFFLINE = "The folder of the library “{name}” cannot be reached; its storage may be switched off."
SILENT = "The storage of the library “{name}” does not answer."
GONE = "The file of this song is not where the last scan found it."
OUTSIDE = "The path of this song leads out of its library."
DENIED = "The server is not allowed to read the file of this song."
BROKEN = "The file of this song cannot be read: {reason}."
RETRY_SECONDS = 30


@dataclass(frozen=True)
class OpenMedia:
    """An open file: who holds it closes `fd`. Times in nanoseconds; `storage` names what may let reads wait."""

    fd: int
    size: int
    mtime_ns: int
    inode: int
    storage: str

    def close(self) -> None:
        os.close(self.fd)

    @property
    def etag(self) -> str:
        """A strong validator: another file, or the same one changed, has another."""
        return f'"{self.size:x}-{self.mtime_ns:x}-{self.inode:x}"'


def relative_path(track: MediaFile) -> bytes:
    """The path of a track below the root of its library. `folder` should be at hand."""
    folder = bytes(track.folder.path_bytes)
    name = bytes(track.name_bytes)
    return folder + b"/" + name if folder else name


def open_track(track: MediaFile) -> OpenMedia:
    """Open the file of a track, whose `library` and `folder` should be at hand; `StorageAway` says why not."""
    if track.missing and track.missing_since is not None:
        raise StorageAway(MISSING.format(since=track.missing_since))
    return open_in_library(track.library, relative_path(track))


def open_in_library(library: Library, path: bytes) -> OpenMedia:
    """Open a file of a library by its path below the root."""
    root, name = os.fsencode(library.path), library.name

    def work() -> OpenMedia:
        fd = open_below(root, path, follow_links=library.follow_symlinks)
        facts = os.fstat(fd)
        return OpenMedia(fd, facts.st_size, facts.st_mtime_ns, facts.st_ino, library.path)

    try:
        return call_with_timeout(work, about=library.path, limits=limits_of(StorageLimits))
    except TimeoutError:
        raise StorageAway(SILENT.format(name=name), retry_after=RETRY_SECONDS) from None
    except OutsideRoot:
        raise StorageAway(OUTSIDE) from None
    except OSError as error:
        raise StorageAway(_reason(error, library.path, name), retry_after=RETRY_SECONDS) from None


def _reason(error: OSError, root: str, name: str) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ENXIO):
        return GONE if is_root_there(root) else OFFLINE.format(name=name)
    if error.errno in (errno.EACCES, errno.EPERM):
        return DENIED
    return BROKEN.format(reason=os.strerror(error.errno or errno.EIO))


def is_root_there(root: str) -> bool:
    """Whether the root can be entered and holds something: a mount point without its disk is an empty folder."""
    try:
        return bool(call_with_timeout(lambda: os.listdir(root), about=root, limits=limits_of(StorageLimits)))
    except OSError:
        return False
