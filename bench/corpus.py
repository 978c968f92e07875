"""The music that is scanned: the same bytes for everybody, made once and kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from synth import ALL_FORMATS, make_library

SEED = 1
# the formats that mutagen reads for us too
MUTAGEN_FORMATS = ("wma", "ape", "mpc", "dsf")
CHANGED_SHARE = 0.01
_STAMP_NS = 1_600_000_000_000_000_000


@dataclass(frozen=True)
class Corpus:
    """A generated library on disk."""

    root: Path
    tracks: int

    def files(self) -> list[Path]:
        """All audio files, in one order everywhere."""
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def warm(self) -> None:
        """Read every byte once, so that a run finds the files in the system's cache.

        Some systems drop what they hold within seconds: this belongs before every single run.
        """
        for path in self.files():
            path.read_bytes()

    def change_some(self, turn: int) -> int:
        """Give one file in a hundred another time of change, so that it must be read again; says how many."""
        files = self.files()
        step = round(1 / CHANGED_SHARE)
        chosen = files[turn % step :: step]
        for path in chosen:
            now = path.stat().st_mtime_ns
            os.utime(path, ns=(now, now + 1_000_000_000))
        return len(chosen)


def make_corpus(folder: Path, tracks: int, formats: tuple[str, ...] = ALL_FORMATS) -> Corpus:
    """The library of `tracks` tracks below `folder`; generated unless it is there in full."""
    name = "-".join((str(tracks), "tracks", *(formats if formats != ALL_FORMATS else ())))
    root, manifest = folder / name, folder / f"{name}.json"
    if not manifest.exists():
        made = make_library(root, tracks=tracks, seed=SEED, formats=formats)
        for path in root.rglob("*"):
            if path.is_file():
                os.utime(path, ns=(_STAMP_NS, _STAMP_NS))
        manifest.write_text(made.to_json(), encoding="utf-8")
    return Corpus(root, tracks)
