"""What a scan says about one file or folder: whether its name is audio, its change key, and what is wrong with it."""

from __future__ import annotations

import errno
import os
from array import array
from hashlib import blake2b
from itertools import chain
from operator import itemgetter
from typing import Final

from libraries.audio.formats.kinds import SUFFIX_KINDS, UNREAD_SUFFIXES
from libraries.choices import ProblemKind
from libraries.scanner.paths import display
from libraries.scanner.types import FileEntry, FileProblem

AUDIO_SUFFIXES: Final = frozenset(suffix.encode() for suffix in SUFFIX_KINDS)
UNREAD: Final = frozenset(suffix.encode() for suffix in UNREAD_SUFFIXES)
# files that list others: the scan only tells where they are
PLAYLIST_SUFFIXES: Final = frozenset({b"m3u", b"m3u8", b"nsp"})
GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})


def seal(files: list[FileEntry]) -> tuple[list[FileEntry], str]:
    """The files by name, their numbers within 64 signed bits, and 32 hex digits that change when any of them does."""
    if not files:
        return files, _NO_FILES
    files.sort(key=_name_of)
    names, *numbers = zip(*files, strict=True)
    try:
        packed = array("q", chain.from_iterable(numbers))
    except OverflowError:
        return seal([FileEntry(file.name, *map(signed64, file[1:])) for file in files])
    # no name holds a slash and none is empty, so two slashes end the names without doubt
    return files, blake2b(b"/".join(names) + b"//" + packed.tobytes(), digest_size=16).hexdigest()


def signed64(number: int) -> int:
    """The number in the 64 signed bits that a database column has: some file systems use all 64 for an inode."""
    return (number + 2**63) % 2**64 - 2**63


def is_audio_name(name: bytes) -> bool:
    """Whether a name announces audio. macOS writes `._song.mp3` beside `song.mp3`: a resource fork, not audio."""
    dot = name.rfind(b".")
    return dot > 0 and name[dot + 1 :].lower() in AUDIO_SUFFIXES and name[:2] != b"._"


def unread_suffix(name: bytes) -> bytes | None:
    """Return the suffix of a name that announces audio of a kind that is not read, None for all other names."""
    dot = name.rfind(b".")
    suffix = name[dot + 1 :].lower()
    return suffix if dot > 0 and suffix in UNREAD and not name.startswith(b".") else None


def is_playlist_name(name: bytes) -> bool:
    """Whether a name announces a playlist; hidden files are none."""
    dot = name.rfind(b".")
    return dot > 0 and name[dot + 1 :].lower() in PLAYLIST_SUFFIXES and not name.startswith(b".")


def problem(path: bytes, error: OSError) -> FileProblem:
    """What to tell about a file or folder that could not be looked at."""
    return FileProblem(path, kind_of(error), f"“{display(path) or '/'}” could not be read: {reason_of(error)}.")


def is_there(path: bytes) -> bool:
    """Whether there is something at a path; what cannot be looked at is not absent."""
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno not in GONE
    return True


def kind_of(error: OSError) -> ProblemKind:
    """The `ProblemKind` of an error of the file system."""
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ProblemKind.PERMISSION
    if error.errno == errno.ETIMEDOUT:
        return ProblemKind.TIMEOUT
    return ProblemKind.VANISHED if error.errno in GONE else ProblemKind.IO


def reason_of(error: OSError) -> str:
    """The words for an error without the path that Python adds: the system's, or those of who raised it."""
    return error.strerror or str(error)


_name_of = itemgetter(0)
_NO_FILES: Final = blake2b(b"//", digest_size=16).hexdigest()
