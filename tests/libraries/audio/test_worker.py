"""Files that are read, converted and sent in groups: what happens to one of a group is no matter of the others."""

from __future__ import annotations

import io
import marshal
import mmap
from pathlib import Path
from typing import Any

import pytest

from libraries.audio import inspect
from libraries.audio.file import Pause
from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import COUNT, READ, Conversion
from libraries.audio.pool.worker import Answers, Converter
from libraries.audio.types import RawAudio
from tests.libraries.audio.test_pool import outcomes, songs

CONVERSION = Conversion("tests.support.conversions:by_name", str)


def named(folder: Path, paths: list[bytes], at: int, name: str) -> bytes:
    """One of some songs under another name, in its place among the paths."""
    path = folder / f"{name}.mp3"
    Path(paths[at].decode()).rename(path)
    paths[at] = bytes(path)
    return bytes(path)


@pytest.mark.parametrize(("name", "kind"), [("deadly", "memory"), ("endless", "timeout"), ("odd", "corrupt")])
def test_file_that_cannot_be_converted_is_the_only_problem(tmp_path: Path, name: str, kind: str) -> None:
    """It is read well, and so are all the others of its group, before it ends, stops or breaks the conversion."""
    paths = songs(tmp_path, 100)
    culprit = named(tmp_path, paths, 30, name)
    with ReaderPool(1, timeout=1.0, conversion=CONVERSION) as pool:
        assert outcomes(pool, paths) == dict.fromkeys(paths, "") | {culprit: kind}
        found = [result.converted for result in pool.read_many(paths[:30])]
    assert [(each.own, each.common) for each in found if each] == [(f"Song {n}", "common") for n in range(30)]


def test_memory_that_the_group_took_is_no_problem_of_a_file(tmp_path: Path) -> None:
    """What does not fit beside the others is tried again without them; what does not fit alone is a problem."""
    paths = songs(tmp_path, 7)
    modest, greedy = paths[3], paths[5]
    sink = io.BytesIO()
    began: list[int] = []
    counter = mmap.mmap(-1, COUNT.size)

    def read_file(path: bytes, encoding: str, pause: Pause) -> RawAudio:
        began.append(COUNT.unpack_from(counter)[0])
        if path == greedy or (path == modest and not sink.getvalue()):
            raise MemoryError
        return inspect.read_file(path, encoding, pause)

    # a group is full before it is old, however slow this machine is
    answers = Answers(sink, counter, Converter(CONVERSION.function), read=read_file, seconds=600)
    answers.answer(answers.ask(READ, paths))
    groups = sent(sink.getvalue())
    assert [len(group) for group in groups] == [3, 2, 2]
    kinds = [answer[1] if not answer[0] else "" for group in groups for answer in group]
    assert kinds == ["", "", "", "", "", "memory", ""]
    assert began == [1, 2, 3, 4, 4, 5, 6, 6, 7]
    assert COUNT.unpack_from(counter) == (7,)


def sent(data: bytes) -> list[list[Any]]:
    groups = []
    while data:
        size = int.from_bytes(data[:4], "little")
        groups.append(marshal.loads(data[4 : 4 + size]))  # noqa: S302 - our own
        data = data[4 + size :]
    return groups
