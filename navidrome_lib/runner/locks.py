"""One server per data folder, one listener per port: both are claimed before anything is started."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from navidrome_lib.config.env import ConfigError
from navidrome_lib.config.private import close_folder
from navidrome_lib.runner.errors import Refused

LOCK_NAME = "server.lock"
# a server that was killed leaves a sentinel that needs a few seconds to end its children
LEFTOVER_SECONDS = 10.0


@contextlib.contextmanager
def claim_data_folder(folder: Path) -> Iterator[int]:
    """Lock the folder for this process and its children; `Refused` when another server has it."""
    try:
        close_folder(folder)
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except ConfigError as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"ND_DATAFOLDER: {folder} cannot be used ({error.strerror}).") from None
    try:
        _lock(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    limit = time.monotonic() + LEFTOVER_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = _owner(descriptor)
            if _runs(owner) or time.monotonic() > limit:
                raise Refused(
                    f"Another server (process {owner}) already uses the data folder {folder}. "
                    "Stop it, or choose another folder with ND_DATAFOLDER."
                ) from None
            time.sleep(0.1)
        else:
            return


def _owner(descriptor: int) -> int:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else 0


def _runs(process: int) -> bool:
    if not process:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def listen(address: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens on the port; `Refused` with the reason when that is not possible.

    It is handed to the web process, so that requests wait instead of failing while that process restarts.
    """
    try:
        family, kind, _, _, target = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise Refused(f"ND_ADDRESS: {address!r} is not an address of this machine.") from None
    with socket.socket(family, kind) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and address == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            listener.bind(target)
            listener.listen(512)
        except OSError as error:
            raise Refused(_why_not(error, address, port)) from None
        yield listener


def _why_not(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"ND_PORT: port {port} is already in use by another program; choose another one with --port."
    if error.errno == errno.EACCES:
        return f"ND_PORT: this user may not listen on port {port}; choose one above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"ND_ADDRESS: {address!r} is not an address of this machine."
    return f"ND_PORT: cannot listen on {address}, port {port} ({error.strerror})."
