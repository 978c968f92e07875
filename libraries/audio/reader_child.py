"""The program of the reader process: takes batches of paths on stdin, answers with frames of some answers each.

Run by `reader_process.ReaderChild` only:
`python -m libraries.audio.reader_child PARENT_PID MEMORY_LIMIT COUNTER_FD [CONVERTER]`.
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

from libraries.audio import tags
from libraries.audio.model import COUNT, AudioError, RawAudio
from libraries.audio.problems import explain

_PR_SET_PDEATHSIG: Final = 1
_NICE: Final = 4
# the objects of some files; each file's own are gone by themselves, but for the odd circle in an exception
_COLLECT_AFTER: Final = 20_000
# What is converted is small, and goes out so many at once, or what there is after so long: neither side wakes up for
# each file, and what files have in common travels once.
_AT_ONCE: Final = 48
_AT_LEAST_EVERY: Final = 0.02

Answer = tuple[Any, ...]

_OPERATIONS: Final[dict[str, Callable[[bytes], Any]]] = {
    "read": lambda path: tuple(tags.read_file(path)),
    # what a scan does not need is loaded by whoever asks for it
    "hash": lambda path: import_module("libraries.audio.payload").audio_payload_hash(path),
    "raw": lambda path: import_module("libraries.audio.details").read_raw(path),
    "picture": lambda path: import_module("libraries.audio.details").read_picture(path),
}


class Converter:
    """Reads files and answers with what a function makes of each, in place of its facts and tags.

    That is how work of the caller is done here, of which this package knows nothing. What the function says to be in
    common with other files goes out once for all files in a row that have the very same object in common.
    """

    def __init__(self, name: str) -> None:
        """`name` of the function as "module:function"."""
        module, _, function = name.partition(":")
        self._convert: Callable[[RawAudio, bytes], tuple[Any, Any]] = getattr(import_module(module), function)
        self._sent: Any = None

    def __call__(self, path: bytes) -> tuple[Any, ...]:
        audio = tags.read_file(path)
        own, common = self._convert(audio, path)
        again = common is self._sent
        self._sent = common
        return audio.size, audio.mtime_ns, own, None if again else common

    def forget(self) -> None:
        """Send everything anew: whoever hears of a problem forgets what there was before it."""
        self._sent = None


def perform(operation: str, path: bytes) -> Answer:
    """The answer for one path: (True, value) or (False, kind, sentence). Raises nothing."""
    perform_one = _OPERATIONS[operation]
    try:
        return True, perform_one(path)
    except AudioError as exc:
        problem = exc.problem
    except Exception as exc:  # also MemoryError; a reader has an answer to every file
        problem = explain(exc)
    if isinstance(perform_one, Converter):
        perform_one.forget()
    return False, problem.kind, problem.message


def serve(source: BinaryIO, sink: BinaryIO, counter: mmap.mmap) -> None:
    """Answer batches until the parent closes its end. The counter says how many files were begun."""
    begun = 0
    while len(head := source.read(4)) == 4:
        operation, paths = marshal.loads(source.read(int.from_bytes(head, "little")))  # noqa: S302 - our own parent
        at_once = _AT_ONCE if isinstance(_OPERATIONS[operation], Converter) else 1
        answers: list[Answer] = []
        sent_at = monotonic()
        for path in paths:
            begun += 1
            COUNT.pack_into(counter, 0, begun)
            answers.append(perform(operation, path))
            if len(answers) >= at_once or monotonic() - sent_at > _AT_LEAST_EVERY:
                _send(sink, _packed(answers))
                answers = []
                sent_at = monotonic()
        if answers:
            _send(sink, _packed(answers))


def _packed(answers: list[Answer]) -> bytes:
    try:
        return marshal.dumps(answers)
    except Exception as exc:
        # One large answer may need more memory than is left. Several are small ones: that they do not fit is not their
        # fault, it ends this process, and another one reads their files again.
        if len(answers) > 1:
            raise
        problem = explain(exc)
        return marshal.dumps([(False, problem.kind, problem.message)])


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
    """End with the parent even while stuck in a file (Linux); elsewhere the closed pipe ends an idle child."""
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
    # who writes down what we read goes first: with more processes than cores it would fall behind, and end last
    os.nice(_NICE)
    if sys.argv[4:]:
        _OPERATIONS["read"] = Converter(sys.argv[4])
    counter = mmap.mmap(shared, COUNT.size)
    os.close(shared)
    # what is there now stays: no round of the garbage collector needs to look at it again
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    _send(sink, marshal.dumps("ready"))
    try:
        serve(sys.stdin.buffer, sink, counter)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(0)


if __name__ == "__main__":
    main()
