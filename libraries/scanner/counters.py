"""Count what becomes of the files of one scan: each has exactly one outcome, and all of them add up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """The counters of one attempt of a scan. Only its methods change them, one for each outcome.

    A folder that could not be listed counts as one failed file. What is excluded or no regular file counts nowhere.
    """

    folders: int = 0
    unchanged: int = 0
    added: int = 0
    updated: int = 0
    moved: int = 0
    restored: int = 0
    failed: int = 0
    missing: int = 0
    # tracks that moved to files of another library, or to files that an earlier attempt has added
    moved_elsewhere: int = 0

    @property
    def seen(self) -> int:
        """The files that have an outcome: this sum is what every page and answer shows as seen."""
        return self.unchanged + self.added + self.updated + self.moved + self.restored + self.failed

    @property
    def met(self) -> int:
        """The files and unlistable folders of this library that have an outcome."""
        return self.seen - self.moved_elsewhere

    def count_folder(self) -> None:
        """Count one folder that was walked."""
        self.folders += 1

    def count_unchanged(self, files: int) -> None:
        """Count files that are as the catalog knows them, or that are still being written and left as they were."""
        self.unchanged += files

    def count_added(self, files: int) -> None:
        """Count files that are new tracks."""
        self.added += files

    def count_updated(self, files: int) -> None:
        """Count files that were read again."""
        self.updated += files

    def count_moved(self, files: int, *, added: int, elsewhere: int) -> None:
        """Count tracks that moved; `added` of them were counted as new before, `elsewhere` were met elsewhere."""
        self.moved += files
        self.added -= added
        self.moved_elsewhere += elsewhere

    def count_restored(self, files: int) -> None:
        """Count files of missing tracks that are at their place again."""
        self.restored += files

    def count_failed(self, files: int) -> None:
        """Count files that could not be read, and folders that could not be listed."""
        self.failed += files

    def count_missing(self, tracks: int) -> None:
        """Count tracks that were marked missing; they are no files of this scan."""
        self.missing += tracks

    def columns(self) -> dict[str, int]:
        """The counters by the columns of `libraries.models.Scan`; unchanged files are `skipped` there."""
        return {
            "folder_count": self.folders,
            "seen": self.seen,
            "added": self.added,
            "updated": self.updated,
            "moved": self.moved,
            "restored": self.restored,
            "missing": self.missing,
            "skipped": self.unchanged,
            "failed": self.failed,
        }
