"""Small files that are quick to write and quick to read, and readers that read each content only once."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from hashlib import blake2b
from itertools import chain
from pathlib import Path

from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import Converted, ReadResult
from libraries.audio.types import RawAudio
from libraries.scanner.read.transport import pack_audio, unpack_shared
from tests.support import audio


def song(title: str, *, number: int = 1, mark: int = 0, frames: int = 4, **tags: str) -> bytes:
    """A tagged mp3 of about two kilobytes; `mark` makes its sound its own, `tags` are ID3 frames by name."""
    texts = {"TIT2": title, "TRCK": str(number), "TPE1": "Ann", "TPE2": "Ann", "TALB": "First", "TCON": "Rock"}
    frames_ = [
        audio.id3_frame(name.encode(), b"\x01\xff\xfe" + text.encode("utf-16-le", "surrogatepass"))
        for name, text in (texts | tags).items()
    ]
    sound = audio.MP3_FRAME[:-8] + mark.to_bytes(8, "big")
    return audio.id3_tag(*frames_) + sound * frames


def put(path: Path, data: bytes) -> Path:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def plant(root: Path, count: int, *, per_folder: int = 10, first: int = 0, frames: int = 4) -> list[Path]:
    """`count` songs in albums of `per_folder`, two albums to an artist; the number from `first` on is the sound."""
    paths = []
    for index in range(first, first + count):
        album, number = divmod(index, per_folder)
        artist = f"Artist {album // 2:03}"
        data = song(
            f"Song {index}", number=number + 1, mark=index + 1, frames=frames,
            TPE1=artist, TPE2=artist, TALB=f"Album {album:03}", TCON=f"Genre {album % 5}",
        )  # fmt: skip
        paths.append(put(root / artist / f"Album {album:03}" / f"{number + 1:02} song.mp3", data))
    return paths


class RememberingPool(ReaderPool):
    """Real readers, asked once for each content: for tests that scan the same files a hundred times.

    Its processes outlive the scans; they belong to the thread that called `start`.
    """

    def __init__(self, workers: int = 1) -> None:
        super().__init__(workers, timeout=5)
        self._known: dict[tuple[bytes, bytes], ReadResult] = {}

    def start(self) -> None:
        while len(self.readers) < self.workers:
            self.spawn()

    def close(self) -> None:
        """A scan ends; the processes stay."""

    def end(self) -> None:
        super().close()

    def read_groups(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[list[ReadResult], None, None]:
        for result in self.read_many(paths, stop=stop):
            yield [result]

    def read_many(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[ReadResult, None, None]:
        unknown: dict[bytes, tuple[bytes, bytes] | None] = {}
        for path in paths:
            key, facts = _look(path)
            known = self._known.get(key) if key else None
            if known is None or facts is None:
                unknown[path] = key
            elif known.audio is None:
                yield known._replace(path=path)
            else:
                yield _packed(path, known.audio._replace(size=facts.st_size, mtime_ns=facts.st_mtime_ns))
        for result in chain.from_iterable(super().read_groups(list(unknown), stop=stop)):
            # a file may change between our look and the reader's: only the usual case is remembered
            if (key := unknown[result.path]) is not None and key == _look(result.path)[0]:
                self._known[key] = result
            yield _packed(result.path, result.audio) if result.audio else result


def _packed(path: bytes, audio: RawAudio) -> ReadResult:
    """What the readers of a scan say: there is more to it than the content."""
    own, shared = pack_audio(audio, path)
    return ReadResult(path, converted=Converted(audio.size, audio.mtime_ns, own, unpack_shared(shared)))


def _look(path: bytes) -> tuple[tuple[bytes, bytes] | None, os.stat_result | None]:
    """What decides the outcome of reading a file: its suffix and its content."""
    try:
        with open(path, "rb") as file:
            digest = blake2b(file.read(1 << 20)).digest()
            return (path.rpartition(b".")[2].lower(), digest), os.fstat(file.fileno())
    except OSError:
        return None, None
