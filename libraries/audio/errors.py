"""Errors of reading a file, with the kinds of problems that they carry."""

from __future__ import annotations

import errno
import os
from typing import Final, NamedTuple

from libraries.choices import ProblemKind

_BY_ERRNO: Final[dict[int, tuple[str, str]]] = {
    errno.ENOENT: (ProblemKind.VANISHED, "The file is gone."),
    errno.ENOTDIR: (ProblemKind.VANISHED, "The folder of this file is gone."),
    errno.ESTALE: (ProblemKind.VANISHED, "The file is gone from the network share."),
    errno.EACCES: (ProblemKind.PERMISSION, "The server is not allowed to read this file."),
    errno.EPERM: (ProblemKind.PERMISSION, "The server is not allowed to read this file."),
    errno.ENXIO: (ProblemKind.UNSUPPORTED, "This is not a regular file."),
    errno.ENODEV: (ProblemKind.UNSUPPORTED, "This is not a regular file."),
    errno.EISDIR: (ProblemKind.UNSUPPORTED, "This is not a regular file."),
    errno.ENAMETOOLONG: (ProblemKind.IO, "The path of this file is too long for the system."),
    errno.ELOOP: (ProblemKind.IO, "The path of this file goes through a loop of symbolic links."),
    # Storage never says these: a damaged header sent the reader to a place that no file has.
    errno.EINVAL: (ProblemKind.CORRUPT, "The file is damaged: it points outside itself."),
    errno.EOVERFLOW: (ProblemKind.CORRUPT, "The file is damaged: it points outside itself."),
    errno.ENOMEM: (ProblemKind.MEMORY, "Reading this file needs more memory than a file may use."),
}


class ReadProblem(NamedTuple):
    """Reason why a file could not be read: a `libraries.choices.ProblemKind` and a sentence for a person."""

    kind: str
    message: str


class AudioError(Exception):
    """Reading failed for a reason that has a kind and a sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.problem = ReadProblem(kind, message)


class UnusualFile(Exception):
    """A parser of ours meets what it does not know: mutagen has to read this file."""


def damaged(what: str) -> AudioError:
    """Return the error for a file whose structure contradicts itself."""
    return AudioError(ProblemKind.CORRUPT, f"The file is damaged: {what}.")


def from_os_error(exc: OSError) -> AudioError:
    """Return the error for a system call on a file that failed."""
    return AudioError(*_explain_os_error(exc))


def explain(exc: BaseException) -> ReadProblem:
    """Return the problem behind an exception: its own, the system's that it hides, or damage of the file."""
    seen: set[int] = set()
    link: BaseException | None = exc
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, AudioError):
            return link.problem
        if isinstance(link, MemoryError):
            return ReadProblem(ProblemKind.MEMORY, "Reading this file needs more memory than a file may use.")
        # Tag libraries wrap a failing disk into their own "broken file" errors: the errno tells them apart.
        if isinstance(link, OSError) and link.errno:
            return ReadProblem(*_explain_os_error(link))
        link = link.__cause__ or link.__context__
    if isinstance(exc, UnicodeError):
        return ReadProblem(ProblemKind.ENCODING, "The tags of this file are in an encoding that cannot be read.")
    return ReadProblem(ProblemKind.CORRUPT, "The file is damaged or is not the kind of audio that it claims to be.")


def _explain_os_error(exc: OSError) -> tuple[str, str]:
    known = _BY_ERRNO.get(exc.errno or 0)
    if known is not None:
        return known
    return ProblemKind.IO, f"The system could not read this file: {os.strerror(exc.errno or errno.EIO)}."
