"""Program of the image process: takes jobs with open files on a socket, and answers with pictures.

Run by `pool.ImageProcess` only: `python -m media.images.worker PARENT_PID MEMORY_LIMIT SOCKET_FD`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

from libraries.audio.errors import AudioError
from libraries.audio.inspect import read_picture
from libraries.audio.pool.isolation import die_with, limit_memory
from media.images.jobs import MAX_PICTURE_BYTES, MAX_PICTURES, Job
from media.images.rendering import NoPicture, make

# requests, where a client waits, go before pictures
_NICE = 5


def answer(job: Job, files: list[int]) -> tuple[dict[str, object], bytes]:
    """The facts of the picture that a job asks for, and its bytes; or the reason why there is none."""
    try:
        pictures = [_picture(fd, suffix) for fd, suffix in zip(files, job.pictures, strict=True)]
        made = make(job, pictures)
    except (NoPicture, AudioError, OSError, MemoryError) as error:
        return {"error": str(error) or type(error).__name__}, b""
    return made.facts(), made.data


def _picture(fd: int, suffix: str) -> bytes:
    """The picture in an open file: the file itself, or what is embedded in audio."""
    if not suffix:
        with open(fd, "rb", closefd=False) as file:
            data = file.read(MAX_PICTURE_BYTES + 1)
        if len(data) > MAX_PICTURE_BYTES:
            raise NoPicture("the picture is too large")
        return data
    found = read_picture(f"/dev/fd/{fd}".encode())
    if found is None:
        raise NoPicture("the file has no picture")
    return found[0]


def serve(channel: socket.socket) -> None:
    """Answer jobs until the parent closes its end."""
    while True:
        line, files = _receive(channel)
        if not line:
            return
        try:
            facts, data = answer(Job.unpack(line), files)
        finally:
            for fd in files:
                os.close(fd)
        head = json.dumps(facts).encode()
        channel.sendall(len(head).to_bytes(4, "little") + len(data).to_bytes(4, "little") + head + data)


def _receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    line, files = b"", list[int]()
    while not line.endswith(b"\n"):
        part, more, _, _ = socket.recv_fds(channel, 65536, MAX_PICTURES)
        files += more
        if not part:
            return b"", files
        line += part
    return line, files


def main() -> None:
    """Run as the image process."""
    parent, memory, number = map(int, sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    limit_memory(memory)
    os.nice(_NICE)
    with socket.socket(fileno=number) as channel:
        channel.sendall(b"\n")  # it is ready
        try:
            serve(channel)
        except (BrokenPipeError, ConnectionResetError):
            sys.exit(0)


if __name__ == "__main__":
    main()
