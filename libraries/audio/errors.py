"""Opening files safely, and turning whatever goes wrong into a classified problem."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from libraries.audio import types as model
from libraries.audio.file import Source
from libraries.audio.types import AudioError, ReadProblem

_BY_ERRNO: Final[dict[int, tuple[str, str]]] = {
    errno.ENOENT: (model.VANISHED, "The file is gone."),
    errno.ENOTDIR: (model.VANISHED, "The folder of this file is gone."),
    errno.ESTALE: (model.VANISHED, "The file is gone from the network share."),
    errno.EACCES: (model.PERMISSION, "The server is not allowed to read this file."),
    errno.EPERM: (model.PERMISSION, "The server is not allowed to read this file."),
    errno.ENXIO: (model.UNSUPPORTED, "This is not a regular file."),
    errno.ENODEV: (model.UNSUPPORTED, "This is not a regular file."),
    errno.EISDIR: (model.UNSUPPORTED, "This is not a regular file."),
    errno.ENAMETOOLONG: (model.IO, "The path of this file is too long for the system."),
    errno.ELOOP: (model.IO, "The path of this file goes through a loop of symbolic links."),
    # Storage never says these: a damaged header sent the reader to a place that no file has.
    errno.EINVAL: (model.CORRUPT, "The file is damaged: it points outside itself."),
    errno.EOVERFLOW: (model.CORRUPT, "The file is damaged: it points outside itself."),
    errno.ENOMEM: (model.MEMORY, "Reading this file needs more memory than a file may use."),
}

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)


def open_regular(path: bytes) -> tuple[Source, os.stat_result]:
    """Open a regular file for reading only, without ever waiting for one (a FIFO has no say); raise AudioError."""
    try:
        fd = os.open(path, _FLAGS)
    except OSError as exc:
        raise AudioError(*_explain_os_error(exc)) from exc
    except ValueError as exc:
        raise AudioError(model.ENCODING, "The path of this file holds characters that no file name can have.") from exc
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise AudioError(model.UNSUPPORTED, "This is not a regular file.")
        if facts.st_size == 0:
            raise AudioError(model.EMPTY, "The file is empty.")
        return Source(fd, facts.st_size), facts
    except BaseException:
        os.close(fd)
        raise


def explain(exc: BaseException) -> ReadProblem:
    """The problem behind an exception: its own, the system's that it hides, or damage of the file."""
    seen: set[int] = set()
    link: BaseException | None = exc
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, AudioError):
            return link.problem
        if isinstance(link, MemoryError):
            return ReadProblem(model.MEMORY, "Reading this file needs more memory than a file may use.")
        # Tag libraries wrap a failing disk into their own "broken file" errors: the errno tells them apart.
        if isinstance(link, OSError) and link.errno:
            return ReadProblem(*_explain_os_error(link))
        link = link.__cause__ or link.__context__
    if isinstance(exc, UnicodeError):
        return ReadProblem(model.ENCODING, "The tags of this file are in an encoding that cannot be read.")
    return ReadProblem(model.CORRUPT, "The file is damaged or is not the kind of audio that it claims to be.")


def _explain_os_error(exc: OSError) -> tuple[str, str]:
    known = _BY_ERRNO.get(exc.errno or 0)
    if known is not None:
        return known
    return model.IO, f"The system could not read this file: {os.strerror(exc.errno or errno.EIO)}."
