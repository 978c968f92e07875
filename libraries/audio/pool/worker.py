"""Program of the reader process: takes batches of paths on stdin, answers with groups of answers.

Run by `handle.ReaderProcess` only:
`python -m libraries.audio.pool.worker PARENT_PID MEMORY_LIMIT COUNTER_FD [CONVERTER ARGUMENT]`.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from select import select
from time import monotonic
from typing import Any, BinaryIO, Final, NamedTuple

from libraries.audio import inspect
from libraries.audio.errors import AudioError, explain
from libraries.audio.file import Pause
from libraries.audio.pool.isolation import die_with, limit_memory
from libraries.audio.pool.protocol import (
    COUNT,
    FINGERPRINT,
    ONE_AT_A_TIME,
    PICTURE,
    RAW_TAGS,
    READ,
    Answer,
    Flights,
)
from libraries.audio.pool.reads import Job, Reads, keep_one_heap
from libraries.audio.types import RawAudio
from libraries.choices import ProblemKind, TextEncoding

_NICE: Final = 4
# the objects of some files; each file's own are gone by themselves, but for rare circles in exceptions
_COLLECT_AFTER: Final = 20_000
# What is converted is small, and goes out in groups of this many files, or of those that are ready after so long:
# neither side wakes up for each file, and what files have in common travels once. A group is also read before it is
# converted, because a program that goes back and forth between two works does both of them slower.
_GROUP_FILES: Final = 48
_GROUP_SECONDS: Final = 0.02
_MESSAGE_BYTES: Final = 64 * 1024

# each takes a path, the encoding of text that tells none, and what pauses while the storage is waited for
_OPERATIONS: Final[dict[str, Callable[[bytes, str, Pause], Any]]] = {
    READ: lambda path, encoding, pause: tuple(inspect.read_file(path, encoding, pause)),
    FINGERPRINT: lambda path, _, pause: inspect.read_fingerprint(path, pause),
    RAW_TAGS: lambda path, encoding, pause: _without_pauses(pause, inspect.read_raw_tags, path, encoding),
    PICTURE: lambda path, _, pause: _without_pauses(pause, inspect.read_picture, path),
}


def _without_pauses(pause: Pause, read: Callable[..., Any], *arguments: Any) -> Any:
    """Read a file in one go, from its opening on, which a person waits for."""
    with pause:
        pass  # behind the first pause a reader has the turn
    return read(*arguments)


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


class Batch(NamedTuple):
    """Files of one message, and what is done with their answers."""

    jobs: list[Job]
    converter: Converter | None


class Answers:
    """Sender of the answers to batches, in groups."""

    def __init__(
        self,
        sink: BinaryIO,
        counter: mmap.mmap,
        converter: Converter | None,
        *,
        read: Callable[[bytes, str, Pause], RawAudio] = inspect.read_file,
        seconds: float = _GROUP_SECONDS,
    ) -> None:
        """Show in the counter which file is in hand.

        A group of converted files goes out after `seconds`, or when it is full.
        """
        self._sink = sink
        self._converter = converter
        self._read = read
        self._seconds = seconds
        self._reads = Reads(counter)
        self._group: list[tuple[Answer, Job]] = []
        self._sent_at = 0.0

    def ask(
        self, operation: str, paths: list[bytes], encoding: str = TextEncoding.AUTO, flights: Flights = ONE_AT_A_TIME
    ) -> Batch:
        """Have the operation done on all paths. `encoding` is that of text that tells none."""
        self._reads.bound(*flights)
        converter = self._converter if operation == READ else None
        perform = _OPERATIONS[operation] if converter is None else self._read
        return Batch(self._reads.ask(paths, encoding, partial(attempt, perform)), converter)

    def answer(self, batch: Batch, more: Callable[[], object] = lambda: None) -> None:
        """Send the answers to a batch; call `more` where further files would be begun, if they were asked for."""
        converter, group = batch.converter, self._group
        at_once = 1 if converter is None else _GROUP_FILES
        self._sent_at = monotonic()
        for job in batch.jobs:
            if self._reads.are_ahead:
                more()
            answer = self._reads.result(job)
            if not answer[0] and answer[1] == ProblemKind.MEMORY and (group or self._reads.are_shared):
                # the other files of its group, and those under way, hold some of the memory; what is sent, were it
                # nothing, gives the file its time once more
                self._flush(converter)
                answer = self._reads.again(job)
            group.append((answer, job))
            if len(group) >= at_once or monotonic() - self._sent_at > self._seconds:
                self._flush(converter)
        if group:
            self._flush(converter)

    def _flush(self, converter: Converter | None) -> None:
        answers: list[Answer] = []
        for answer, job in self._group:
            answers.append(answer if converter is None else job.hold(converter, answer, job.path))
        self._group.clear()
        _send(self._sink, _packed(answers))
        self._sent_at = monotonic()


class Messages:
    """Messages of the parent, from a pipe."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._data = bytearray()

    def wait(self) -> Any | None:
        """Return the next message; None when the parent has closed its end."""
        while (message := self._split()) is None:
            data = os.read(self._fd, _MESSAGE_BYTES)
            if not data:
                return None
            self._data += data
        return message

    def arrived(self) -> Iterator[Any]:
        """Yield the messages that are there already."""
        while select([self._fd], [], [], 0)[0]:
            data = os.read(self._fd, _MESSAGE_BYTES)
            if not data:
                return
            self._data += data
            while (message := self._split()) is not None:
                yield message

    def _split(self) -> Any | None:
        end = 4 + int.from_bytes(self._data[:4], "little")
        if len(self._data) < max(end, 5):
            return None
        message = marshal.loads(memoryview(self._data)[4:end])  # noqa: S302 - our own parent
        del self._data[:end]
        return message


def serve(messages: Messages, answers: Answers) -> None:
    """Answer batches until the parent closes its end."""
    batches: deque[Batch] = deque()

    def take(message: Any) -> None:
        operation, encoding, flights, paths = message
        batches.append(answers.ask(operation, paths, encoding, Flights(*flights)))

    def take_arrived() -> None:
        for message in messages.arrived():
            take(message)

    while (message := messages.wait()) is not None:
        take(message)
        while batches:
            answers.answer(batches.popleft(), take_arrived)


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


def main() -> None:
    """Run as the reader process."""
    parent, memory, shared = map(int, sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    # The answers have a descriptor of their own: nothing that prints can disturb them.
    sink = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    limit_memory(memory)
    keep_one_heap()
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
        serve(Messages(0), Answers(sink, counter, converter))
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(0)


if __name__ == "__main__":
    main()
