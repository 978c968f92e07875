"""Disks that are mounted below a library's root: none of them goes away unnoticed.

A mount point without its disk is a folder like any other, mostly an empty one: its listing is complete, and would prove
that all files of the disk are gone. So the catalog keeps what tells the storage of each mount point from other storage,
and a mount point is looked at before the walk enters it. Where it is not as it was, a sample of known files decides:
numbers of devices change at each start of a system, and a disk may be replaced by a copy of itself. When none of the
sample is there, all that is known below the mount point is protected, and a problem says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, TypeVar

from django.conf import settings
from django.utils import timezone

from libraries.choices import ProblemKind
from libraries.limits import StorageLimits
from libraries.models import MediaFile, MountPoint
from libraries.scanner.diff import ancestors, is_inside
from libraries.scanner.paths import display, join, key_of
from libraries.scanner.types import FileProblem, KnownFolder, ScanOptions
from libraries.scanner.walk.change_key import GONE, is_there, reason_of
from libraries.scanner.walk.ignore import explain_rule
from libraries.scanner.walk.mount_table import StorageIdentity, identity_of, read_mounts
from libraries.scanner.walk.walker import StorageProblem
from libraries.timeouts import call_with_timeout
from navidrome_lib.limits import limits_of

T = TypeVar("T")

SAMPLE: Final = 20
"""How many known files are looked for where storage is not what it was."""


@dataclass(frozen=True, slots=True)
class KnownMount:
    """A mount point as the catalog knows it."""

    identity: StorageIdentity
    linked: bool


class MountedStorage:
    """The mount points below the root of one scan: looked at before the walk, after it, and before anything is marked.

    `away` are those that the walk must not enter, with the problem that says why.
    """

    def __init__(
        self,
        library_id: int,
        options: ScanOptions,
        folders: Mapping[bytes, KnownFolder],
        *,
        accept: bool,
        answer_seconds: float,
    ) -> None:
        self._library_id = library_id
        self._options = options
        self._folders = folders
        self._accept = accept
        self._answer_seconds = answer_seconds
        self._known = _known_mounts(library_id)
        self._root = os.path.realpath(options.root).rstrip(b"/") + b"/"
        # the links that the walk followed, by their path, with the folder that each leads to
        self.followed: dict[bytes, bytes] = {}
        self.away: dict[bytes, FileProblem] = {}
        # those that were looked at, with the storage that they had
        self._seen: dict[bytes, StorageIdentity] = {}
        self._before: dict[bytes, bool] = {}

    def check(self, beat: Callable[[], None]) -> None:
        """Find out which mount points are without their storage. Before the walk."""
        self._before = self._mounted()
        for path in sorted({*self._known, *filter(self._holds_folders, self._before)}):
            if self._is_concerned(path) and not any(above in self.away for above in ancestors(path)):
                beat()
                identity, reason = self._look(path)
                if identity is not None:
                    self._seen[path] = identity
                if reason:
                    self.away[path] = FileProblem(path, ProblemKind.STORAGE, reason)

    def recheck(self, beat: Callable[[], None]) -> None:
        """Raise StorageProblem unless all that was there before the walk is there still, and nothing covers it."""
        for path, before in self._seen.items():
            if path in self.away:
                continue
            beat()
            try:
                now = self._ask(path, lambda place: identity_of(place))
            except OSError:
                now = None
            if now != before:
                raise StorageProblem(f"The storage of the folder “{display(path)}” was unmounted during the scan.")
        for path in filter(self._holds_folders, self._mounted().keys() - self._before.keys() - self._known.keys()):
            if self._is_concerned(path) and self._look(path)[1]:
                raise StorageProblem(f"Something was mounted over the folder “{display(path)}” during the scan.")

    def save(
        self, was_listed: Callable[[bytes], bool], transaction: Callable[[], AbstractContextManager[object]]
    ) -> None:
        """Keep what the mount points are now. After the walk, before anything of their files is written."""
        after = self._mounted()
        for path, linked in after.items():
            if path not in self._seen and was_listed(path) and (linked or path in self._before):
                try:
                    self._seen[path] = self._ask(path, lambda place: identity_of(place))
                except OSError:
                    continue  # it went away meanwhile: what is read of it says so
        mounts = {path: self._seen[path] for path in (after.keys() | self._known.keys()) & self._seen.keys()}
        ended = [path for path in self._known if self._has_ended(path, after)]
        changed = {
            path: KnownMount(identity, after.get(path, False))
            for path, identity in mounts.items()
            if path not in self.away and path not in ended and self._is_news(path, identity)
        }
        if changed or ended:
            with transaction():
                _save_mounts(self._library_id, changed, ended)
        self._known = {path: mount for path, mount in self._known.items() if path not in ended} | changed

    def _is_news(self, path: bytes, identity: StorageIdentity) -> bool:
        known = self._known.get(path)
        return known is None or known.identity != identity

    def _has_ended(self, path: bytes, after: Mapping[bytes, bool]) -> bool:
        """Whether a known mount point is none any more, and nothing of it is to be protected."""
        if self._options.targets or path in after or read_mounts(settings.MOUNT_TABLE) is None:
            return False
        return not any(place in self.away for place in (path, *ancestors(path)))

    def _look(self, path: bytes) -> tuple[StorageIdentity | None, str]:
        """The storage of a mount point now, and why it is not the one that its files were on, as a sentence."""
        known = self._known.get(path)
        shown = f"The folder “{display(path)}”"
        try:
            identity = self._ask(path, lambda place: identity_of(place))
        except OSError as error:
            sample = self._sample(path)
            if not sample or self._is_left_out(path) or (error.errno in GONE and self._was_unlinked(path, known)):
                return None, ""
            if error.errno in GONE:
                return None, "" if self._accept else f"{shown} is gone, on which a disk was mounted; {_WHAT_TO_DO}"
            return None, _unreachable(shown, error)
        if self._accept or (known is not None and known.identity == identity) or self._is_left_out(path):
            return identity, ""
        sample = self._sample(path)
        try:
            there = not sample or self._ask(path, lambda _: any(map(is_there, sample)))
        except OSError as error:
            return identity, _unreachable(shown, error)
        if there:
            return identity, ""
        return identity, (
            f"{shown} is on other storage than at the last scan, and none of {len(sample)} known files is there; "
            f"{_WHAT_TO_DO}"
        )

    def _ask(self, path: bytes, look: Callable[[bytes], T]) -> T:
        place = self._options.absolute(path)
        return call_with_timeout(
            lambda: look(place),
            about=os.fsdecode(place),
            seconds=self._answer_seconds,
            limits=limits_of(StorageLimits),
        )

    def _sample(self, path: bytes) -> list[bytes]:
        """Some known files below a mount point, but not below another one inside it."""
        deeper = [other for other in {*self._known, *self._before} if other != path and is_inside(other, path)]
        ids = [
            self._folders[folder].id
            for folder in sorted(self._folders)
            if is_inside(folder, path) and not any(is_inside(folder, other) for other in deeper)
        ]
        return [self._options.absolute(file) for file in sample_files(self._library_id, ids)]

    def _is_left_out(self, path: bytes) -> bool:
        """Whether a rule of the library leaves the folder out: then it is the rule that ends what is known of it."""
        try:
            rule = self._ask(path, lambda _: explain_rule(self._options, path, is_dir=True))
        except OSError:
            rule = None
        return rule is not None or not self._options.recursive

    def _was_unlinked(self, path: bytes, known: KnownMount | None) -> bool:
        """Whether not the disk went, but the link that led to it."""
        if known is None or not known.linked:
            return False
        places = (self._options.absolute(place) for place in (path, *ancestors(path)) if place)
        return not any(map(os.path.islink, places))

    def _is_concerned(self, path: bytes) -> bool:
        targets = self._options.targets
        return not targets or any(is_inside(path, target) or is_inside(target, path) for target in targets)

    def _holds_folders(self, path: bytes) -> bool:
        return any(is_inside(folder, path) and not known.missing for folder, known in self._folders.items())

    def _mounted(self) -> dict[bytes, bool]:
        """The paths in the library at which something is mounted now, and whether a link leads there."""
        found: dict[bytes, bool] = {}
        points = [mount.point for mount in read_mounts(settings.MOUNT_TABLE) or ()]
        here = _holder(points, self._root)
        # a link may lead to a folder on a disk, not to its mount point: below that may lie an empty folder of this name
        found.update((path, True) for path, real in self.followed.items() if _holder(points, real) != here)
        for point in points:
            if point.startswith(self._root):
                found[point[len(self._root) :]] = False
            for path, real in self.followed.items():
                if point == real:
                    found[path] = True
                elif point.startswith(real.rstrip(b"/") + b"/"):
                    found[join(path, point[len(real.rstrip(b"/")) + 1 :])] = True
        return found


def _holder(points: Iterable[bytes], path: bytes) -> bytes:
    """The mount point of the storage that holds `path`."""
    above = (point for point in points if is_inside(path.strip(b"/"), point.strip(b"/")))
    return max(above, key=len, default=b"")


_WHAT_TO_DO: Final = (
    "is it mounted? Nothing below it was changed. If it was removed or replaced on purpose, accept the device with a "
    "scan."
)


def _unreachable(shown: str, error: OSError) -> str:
    return f"{shown} cannot be reached: {error.strerror or reason_of(error)}. Nothing below it was changed."


def sample_files(library_id: int, folder_ids: Sequence[str]) -> list[bytes]:
    """Up to `SAMPLE` present tracks of some folders, evenly spread over them: their paths below the root."""
    present = MediaFile.objects.present().filter(library=library_id)
    with_tracks = set(present.order_by().values_list("folder", flat=True).distinct())
    ids = [pk for pk in folder_ids if pk in with_tracks]
    chosen = ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE]
    found: list[bytes] = []
    for pk in chosen:
        tracks = present.filter(folder=pk).order_by("pk").values_list("folder__path_bytes", "name_bytes")
        found += [join(bytes(folder), bytes(name)) for folder, name in tracks[: -(-SAMPLE // len(chosen))]]
    return found[:SAMPLE]


def sample_of_root(library_id: int, options: ScanOptions, folders: Mapping[bytes, KnownFolder]) -> tuple[bytes, ...]:
    """Some known files of a library that are not on disks mounted below its root, by their place on the server."""
    mounts = list(_known_mounts(library_id))
    ids = [folders[path].id for path in sorted(folders) if not any(is_inside(path, mount) for mount in mounts)]
    return tuple(map(options.absolute, sample_files(library_id, ids)))


def _known_mounts(library_id: int) -> dict[bytes, KnownMount]:
    rows = MountPoint.objects.filter(library=library_id)
    columns = rows.values_list("path_bytes", "device", "inode", "fsid", "linked")
    return {bytes(path): KnownMount(StorageIdentity(*numbers), linked) for path, *numbers, linked in columns}


def _save_mounts(library_id: int, mounts: Mapping[bytes, KnownMount], ended: Iterable[bytes]) -> None:
    now = timezone.now()
    MountPoint.objects.filter(library=library_id, path_key__in=list(map(key_of, ended))).delete()
    MountPoint.objects.bulk_create(
        [
            MountPoint(
                library_id=library_id,
                path=display(path),
                path_bytes=path,
                path_key=key_of(path),
                linked=mount.linked,
                seen_at=now,
                **mount.identity._asdict(),
            )
            for path, mount in sorted(mounts.items())
        ],
        update_conflicts=True,
        unique_fields=["library", "path_key"],
        update_fields=["device", "inode", "fsid", "linked", "seen_at"],
    )
