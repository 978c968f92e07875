"""One file as it is on the disk now: its own tags, and what the catalog would make of them."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from django.conf import settings

from libraries.audio.errors import AudioError, ReadProblem
from libraries.audio.pool.pool import TagReader
from libraries.audio.types import RawAudio
from libraries.choices import ProblemKind
from libraries.models import MediaFile
from libraries.scanner import make_pids_of, make_splitters, map_track
from navidrome_lib.config.conf import Scanner
from navidrome_lib.errors import Conflict, NotFound


class InspectedFile(NamedTuple):
    """One file: its tags as it names them, the values that they become, and the encoding of text that told none."""

    raw: dict[str, list[str]]
    mapped: dict[str, Any]
    text_encoding: str


def inspect_file(file: MediaFile, options: Scanner) -> InspectedFile:
    """Read a file by a process of its own, as a scan of its library would read it."""
    folder, name = bytes(file.folder.path_bytes), bytes(file.name_bytes)
    relative = folder + b"/" + name if folder else name
    path = os.path.join(os.fsencode(file.library.path), relative)
    encoding = file.library.text_encoding
    with TagReader(timeout=options.file_timeout, memory=options.file_memory * 1024 * 1024, encoding=encoding) as reader:
        result = reader.read(path)
        if result.problem is not None or result.audio is None:
            raise refusal(result.problem or ReadProblem(ProblemKind.IO, "The file could not be read."))
        # the encoding that a scan decides on by the tags that it takes is shown, not one by all that the file has
        reader.encoding = result.audio.text_encoding or encoding
        try:
            raw = reader.read_raw_tags(path)
        except AudioError as error:
            raise refusal(error.problem) from None
    return InspectedFile(raw, mapped(result.audio, relative), result.audio.text_encoding)


def refusal(problem: ReadProblem) -> NotFound | Conflict:
    """The sentence for a file that cannot be read."""
    if problem.kind == ProblemKind.VANISHED:
        return NotFound("The file is not on the disk.")
    return Conflict(problem.message)


def mapped(audio: RawAudio, path: bytes) -> dict[str, Any]:
    """The record that a scan would write, by the names of its columns."""
    conf = settings.CONF
    record = map_track(audio, path=path, splitters=make_splitters(conf), pids=make_pids_of(conf))
    return {
        **record.columns,
        "pid": record.pid,
        "album_record": record.album._asdict(),
        "participants": [credit._asdict() for credit in record.credits],
        "genres": [name for _, name in record.genres],
    }
