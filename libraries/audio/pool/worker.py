"""Program of the reader process: takes batches of paths on stdin, answers with groups of answers.

Run by `handle.ReaderProcess` only:
`python -m libraries.audio.pool.worker PARENT_PID MEMORY_LIMIT COUNTER_FD [CONVERTER ARGUMENT]`.
"""

from __future__ import annotations

import ctypes
import gc
import marshal
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from time import monotonic
from typing import Any, BinaryIO, Final

from libraries.audio import inspect
from libraries.audio.errors import AudioError, explain
from libraries.audio.pool.protocol import COUNT, FINGERPRINT, PICTURE, RAW_TAGS, READ, Answer
from libraries.audio.types import RawAudio
from libraries.choices import ProblemKind, TextEncoding

_PR_SET_PDEATHSIG: Final = 1
_NICE: Final = 4
# the objects of some files; each file's own are gone by themselves, but for rare circles in exceptions
_COLLECT_AFTER: Final = 20_000
# What is converted is small, and goes out in groups of this many files, or of those that are ready after so long:
# neither side wakes up for each file, and what files have in common travels once. A group is also read before it is
# converted, because a program that goes back and forth between two works does both of them slower.
_GROUP_FILES: Final = 48
_GROUP_SECONDS: Final = 0.02

# each takes a path and the encoding of text that tells none
_OPERATIONS: Final[dict[str, Callable[[bytes, str], Any]]] = {
    READ: lambda path, encoding: tuple(inspect.read_file(path, encoding)),
    FINGERPRINT: lambda path, _: inspect.read_fingerprint(path),
    RAW_TAGS: inspect.read_raw_tags,
    PICTURE: lambda path, _: inspect.read_picture(path),
}


class Converter:
    """Converter of facts and tags by a function of the caller (see protocol.Conversion).

    The common part goes out once for all files in a row that have the very same object in common.
    """

    def __init__(self, name: str, argument: str = "") -> None:
        """Load the function `name` ("module:function"), or with an `argument` what it makes of that."""
        module, _, function = name.partition(":")
        found = getattr(import_module(module), function)
        self._convert: Callable[[RawAudio, bytes], tuple[Any, Any]] = found(argument) if argument else found
        self._sent: Any = None

    def __call__(self, answer: Answer, path: bytes) -> Answer:
        """Return the answer to send in place of that of reading."""
        if answer[0]:
            answer = attempt(self._converted, answer[1], path)
        if not answer[0]:
            # the parent forgets the common part when it gets a problem (see handle)
            self._sent = None
        return answer

    def _converted(self, audio: RawAudio, path: bytes) -> tuple[Any, ...]:
        own, common = self._convert(audio, path)
        again = common is self._sent
        self._sent = common
        return audio.size, audio.mtime_ns, own, None if again else common


def attempt(work: Callable[..., Any], *arguments: Any) -> Answer:
    """Return the answer with the value of `work` on one file, or with its problem; raises nothing."""
    try:
        return True, work(*arguments)
    except AudioError as exc:
        problem = exc.problem
    except Exception as exc:  # also MemoryError; a reader has an answer to every file
        problem = explain(exc)
    return False, str(problem.kind), problem.message  # marshal takes no enum


class Answers:
    """Sender of the answers to batches, in groups."""

    def __init__(
        self,
        sink: BinaryIO,
        counter: mmap.mmap,
        converter: Converter | None,
        *,
        read: Callable[[bytes, str], RawAudio] = inspect.read_file,
        seconds: float = _GROUP_SECONDS,
    ) -> None:
        """Keep in the counter how many files were begun, and which of a group is being converted.

        A group of converted files goes out after `seconds`, or when it is full.
        """
        self._sink = sink
        self._counter = counter
        self._converter = converter
        self._read = read
        self._seconds = seconds
        self._group: list[tuple[Answer, bytes]] = []
        self._sent = 0
        self._sent_at = 0.0

    def answer(self, operation: str, paths: list[bytes], encoding: str = TextEncoding.AUTO) -> None:
        """Do the operation on all paths, and send the answers. `encoding` is that of text that tells none."""
        converter = self._converter if operation == READ else None
        perform, at_once = (_OPERATIONS[operation], 1) if converter is None else (self._read, _GROUP_FILES)
        group = self._group
        self._sent_at = monotonic()
        for path in paths:
            COUNT.pack_into(self._counter, 0, self._sent + len(group) + 1)
            answer = attempt(perform, path, encoding)
            if group and not answer[0] and answer[1] == ProblemKind.MEMORY:
                # the other files of its group hold some of the memory
                self._flush(converter)
                COUNT.pack_into(self._counter, 0, self._sent + 1)
                answer = attempt(perform, path, encoding)
            group.append((answer, path))
            if len(group) >= at_once or monotonic() - self._sent_at > self._seconds:
                self._flush(converter)
        if group:
            self._flush(converter)

    def _flush(self, converter: Converter | None) -> None:
        answers: list[Answer] = []
        for answer, path in self._group:
            if converter is not None:
                COUNT.pack_into(self._counter, 0, self._sent + len(answers) + 1)
                answer = converter(answer, path)
            answers.append(answer)
        self._group.clear()
        _send(self._sink, _packed(answers))
        self._sent += len(answers)
        self._sent_at = monotonic()


def serve(source: BinaryIO, answers: Answers) -> None:
    """Answer batches until the parent closes its end."""
    while len(head := source.read(4)) == 4:
        message = marshal.loads(source.read(int.from_bytes(head, "little")))  # noqa: S302 - our own parent
        operation, encoding, paths = message
        answers.answer(operation, paths, encoding)


def _packed(answers: list[Answer]) -> bytes:
    try:
        return marshal.dumps(answers)
    except Exception as exc:
        # One large answer may need more memory than is left: a problem of its file. Several answers are small: then
        # this process is full, and ends, and another one reads their files again.
        if len(answers) > 1:
            raise
        problem = explain(exc)
        return marshal.dumps([(False, str(problem.kind), problem.message)])


def _send(sink: BinaryIO, answer: bytes) -> None:
    sink.write(len(answer).to_bytes(4, "little") + answer)
    sink.flush()


def _limit(memory: int) -> None:
    """Bound the memory of this process; macOS refuses the limit, and then there is none."""
    for name in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        try:
            _, hard = resource.getrlimit(name)
            bound = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
            resource.setrlimit(name, (bound, hard))
        except (OSError, ValueError):
            continue
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with(parent: int) -> None:
    """End with the parent, even while reading hangs (Linux); elsewhere the closed pipe ends an idle process."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        sys.exit(0)


def main() -> None:
    """Run as the reader process."""
    parent, memory, shared = map(int, sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with(parent)
    # The answers have a descriptor of their own: nothing that prints can disturb them.
    sink = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    _limit(memory)
    # The process that writes what we read goes first: with more processes than cores it would fall behind.
    os.nice(_NICE)
    converter = Converter(*sys.argv[4:6]) if sys.argv[4:] else None
    counter = mmap.mmap(shared, COUNT.size)
    os.close(shared)
    # The modules stay: the garbage collector need not look at them again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    _send(sink, marshal.dumps("ready"))
    try:
        serve(sys.stdin.buffer, Answers(sink, counter, converter))
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(0)


if __name__ == "__main__":
    main()
