"""Storage that never answers, made for real: a file system whose server has gone silent."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_DETACH = 2


@contextmanager
def hanging_mount(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Whoever looks at the folder hangs in the kernel until the end of the context.

    A FUSE file system that nobody serves. Where none may be mounted (it takes root), a look at the folder opens a pipe
    that nobody writes to, which hangs in the kernel as well: there only the way to the kernel is a made-up one.
    """
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        server = -1
    options = f"fd={server},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    mount = getattr(libc, "mount", None)
    if server >= 0 and mount and mount(b"silent", os.fsencode(folder), b"fuse", 0, options.encode()) == 0:
        try:
            yield folder
        finally:
            libc.umount2(os.fsencode(folder), _DETACH)
            os.close(server)  # whoever hangs is told that the connection is gone
        return
    if server >= 0:
        os.close(server)
    with _hanging_calls(folder, monkeypatch):
        yield folder


@contextmanager
def _hanging_calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pipe = folder.with_name(f"{folder.name}.pipe")
    os.mkfifo(pipe)
    hung: list[threading.Thread] = []

    def hanging(real: object) -> object:
        def call(path: object = ".", *arguments: object, **options: object) -> object:
            if isinstance(path, (str, bytes, os.PathLike)) and os.fspath(path) != os.fspath(pipe):
                text = os.fsdecode(path)
                with suppress(OSError):
                    text = os.readlink(text)
                if text == str(folder) or text.startswith(f"{folder}/"):
                    hung.append(threading.current_thread())
                    os.close(os.open(pipe, os.O_RDONLY))
            return real(path, *arguments, **options)  # type: ignore[operator]

        return call

    for name in ("stat", "lstat", "scandir", "open", "listdir"):
        monkeypatch.setattr(os, name, hanging(getattr(os, name)))
    try:
        yield
    finally:
        monkeypatch.undo()
        while any(thread.is_alive() for thread in hung):
            writer = os.open(pipe, os.O_RDWR)
            hung[0].join(0.05)
            os.close(writer)
            hung = [thread for thread in hung if thread.is_alive()]
