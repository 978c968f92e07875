"""Reading one file: its facts and tags, its fingerprint, and what a person wants to see of it.

Runs in a reader process (see pool): nothing here guards against a file that makes a parser hang or swallow memory.
All functions raise AudioError with a classified problem, and nothing else. `encoding` is that of text that tells none,
a `pause` is for what goes on while a file waits for the storage (see file).
"""

from __future__ import annotations

from libraries.audio.file import NO_PAUSE, Pause
from libraries.audio.fingerprint import fingerprint
from libraries.audio.formats import registry
from libraries.audio.formats.open_file import use_file
from libraries.audio.pictures import choose
from libraries.audio.tags.describe import describe
from libraries.audio.types import RawAudio
from libraries.choices import TextEncoding


def read_file(path: bytes, encoding: str = TextEncoding.AUTO, pause: Pause = NO_PAUSE) -> RawAudio:
    """Return the facts and the tags under canonical keys."""
    return use_file(path, lambda file: file.result(registry.read(file), encoding), pause)


def read_fingerprint(path: bytes, pause: Pause = NO_PAUSE) -> str:
    """Return the fingerprint of the audio."""
    return use_file(path, lambda file: fingerprint(file.source, file.kind, registry.audio_extent(file)), pause)


def read_raw_tags(path: bytes, encoding: str = TextEncoding.AUTO) -> dict[str, list[str]]:
    """Return the file's own tag names with their values as text, pictures as "<picture N bytes>"."""
    return use_file(path, lambda file: describe(registry.raw_tags(file), encoding))


def read_picture(path: bytes) -> tuple[bytes, str] | None:
    """Return the embedded front cover (or the first picture) and its MIME type; None without one."""
    return use_file(path, lambda file: choose(registry.pictures(file)))
