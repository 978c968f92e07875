"""Why a file or folder is, or is not, in a library: what the catalog, the rules and the disk say about it now.

Nothing outside the root is looked at, unless the library follows the links that lead there.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import dataclass, replace
from typing import Final

from libraries.choices import ExplainStatus
from libraries.limits import StorageLimits
from libraries.models import Library, MediaFile
from libraries.scanner import (
    EXCLUDE_PATTERN,
    GONE,
    PRESET_RULE,
    IgnoreRule,
    KnownRoot,
    Links,
    RulesOnTheWay,
    ScanLimits,
    ScanOptions,
    check_root,
    is_audio_name,
    kind_of,
    reason_of,
    scan_options,
)
from libraries.storage.roots import MAX_PATH, is_below, is_storable_text
from libraries.timeouts import call_with_timeout
from navidrome_lib.errors import InvalidInput
from navidrome_lib.limits import limits_of

_SOURCES: Final = {
    PRESET_RULE: "the rule for hidden files and system folders",
    EXCLUDE_PATTERN: "the library's exclude patterns",
}

_LEADS_OUT: Final = "This link leads out of the library's root, and the library does not follow such links."
_LEADS_NOWHERE: Final = "This link leads to nothing, or to another place in the library, where it is scanned anyway."


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`status` is for programs, `reason` for people; the rest is empty where it does not apply."""

    status: ExplainStatus
    reason: str
    path: str = ""
    folder: bool = False
    song_id: str = ""
    pattern: str = ""
    source: str = ""
    kind: str = ""


def explain_path(library: Library, path: str) -> Explanation:
    """Explain `path`, which is relative to the root, or absolute."""
    relative = relative_path(library, path)
    if relative is None:
        return Explanation(status=ExplainStatus.OUTSIDE, reason="This path is not below the library's root.", path=path)
    explained = _judge(library, relative)
    return replace(explained, path=relative)


def relative_path(library: Library, path: str) -> str | None:
    """The path below the root, None when it lies elsewhere. What could lead out of the root is refused."""
    if "\0" in path or not is_storable_text(path) or len(os.fsencode(path)) > 2 * MAX_PATH:
        raise InvalidInput(errors={"path": "No file can have this path."})
    if ".." in path.split("/"):
        raise InvalidInput(errors={"path": "The path must not contain “..”."})
    if path.startswith("/"):
        normal = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
        if normal == library.path:
            return ""
        if not is_below(normal, library.path):
            return None
        path = normal[len(library.path.rstrip("/")) :]
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _judge(library: Library, path: str) -> Explanation:
    track = _track_at(library, path)
    song_id = track.pk if track else ""
    options = scan_options(library)
    known = KnownRoot(
        device=library.root_device,
        inode=library.root_inode,
        has_files=library.total_songs > 0,
        anchor=library.anchor_file.encode("utf-8", "surrogateescape"),
    )
    root = check_root(options, known=known)
    if not root.online:
        return Explanation(status=ExplainStatus.OFFLINE, reason=root.reason, song_id=song_id)
    place = path.encode()
    try:
        about = os.fsdecode(options.absolute(place))
        disk = call_with_timeout(lambda: _Disk(options).look(place), about=about, limits=limits_of(StorageLimits))
    except TimeoutError as error:
        return Explanation(
            status=ExplainStatus.OFFLINE, reason=f"It cannot be read: {error.strerror}.", song_id=song_id
        )
    if track is not None and not track.missing:
        if disk.status == ExplainStatus.NOT_SCANNED:
            return Explanation(status=ExplainStatus.INDEXED, reason="The file is in the library.", song_id=song_id)
        later = f"The file is in the library, but the next scan will find this: {disk.reason}"
        return replace(disk, status=ExplainStatus.INDEXED, reason=later, song_id=song_id)
    if disk.folder and disk.status == ExplainStatus.NOT_SCANNED:
        return _folder(library, path)
    if track is not None and disk.status == ExplainStatus.ABSENT:
        since = f" since {track.missing_since:%Y-%m-%d %H:%M} UTC" if track.missing_since else ""
        return Explanation(
            status=ExplainStatus.MISSING, reason=f"The file was in the library and is gone{since}.", song_id=song_id
        )
    if disk.status in (ExplainStatus.NOT_SCANNED, ExplainStatus.SETTLING):
        problem = library.problems.unresolved().filter(path=path).first()
        if problem is not None:
            return Explanation(status=ExplainStatus.PROBLEM, reason=problem.message, kind=problem.kind, song_id=song_id)
    return replace(disk, song_id=song_id)


def _track_at(library: Library, path: str) -> MediaFile | None:
    """The present track of that path, else the one that went missing last."""
    rows = MediaFile.objects.filter(library=library, path=path).order_by("missing", "-missing_since", "pk")
    return rows.first() if path else None


def _folder(library: Library, path: str) -> Explanation:
    below = MediaFile.objects.present().filter(library=library)
    songs = (below.filter(path__startswith=f"{path}/") if path else below).count()
    if songs:
        return Explanation(
            status=ExplainStatus.INDEXED,
            reason=f"The folder belongs to the library, with {songs} songs in it.",
            folder=True,
        )
    problem = library.problems.unresolved().filter(path=path).first() if path else None
    if problem is not None:
        return Explanation(status=ExplainStatus.PROBLEM, reason=problem.message, kind=problem.kind, folder=True)
    return Explanation(
        status=ExplainStatus.NOT_SCANNED,
        reason="The folder belongs to the library; no song was found in it, or it was not scanned yet.",
        folder=True,
    )


class _Disk:
    """What the rules and the disk say about one path, component by component: what is closed is not looked into."""

    def __init__(self, options: ScanOptions) -> None:
        self.options = options
        self.links = Links(options, is_audio_name)

    def look(self, path: bytes) -> Explanation:
        parts = path.split(b"/") if path else []
        is_dir, found = True, None
        rules = RulesOnTheWay(self.options)
        for depth in range(1, len(parts) + 1):
            here, last = b"/".join(parts[:depth]), depth == len(parts)
            try:
                found = os.lstat(self.options.absolute(here))
                if stat.S_ISLNK(found.st_mode):
                    if self._leads_out(here) and not self.options.follow_symlinks:
                        return Explanation(status=ExplainStatus.SYMLINK, reason=_LEADS_OUT)
                    target = self.links.target(here)
                    if target is None:
                        return Explanation(status=ExplainStatus.SYMLINK, reason=_LEADS_NOWHERE)
                    found = target
                is_dir = stat.S_ISDIR(found.st_mode)
                rule = rules.exclude_next(here, is_dir)
            except OSError as error:
                return self._unreachable(error)
            if rule is not None:
                return self._excluded(rule, is_dir and last)
            if not last and not is_dir:
                return Explanation(status=ExplainStatus.ABSENT, reason="There is no such file or folder.")
            if is_dir and not self.options.recursive:
                reason = "The library does not include subfolders: only files directly in its root belong to it."
                return Explanation(status=ExplainStatus.NOT_RECURSIVE, reason=reason, folder=last)
        if is_dir or found is None:
            return Explanation(status=ExplainStatus.NOT_SCANNED, reason="", folder=True)
        return self._file(parts[-1], found)

    def _file(self, name: bytes, found: os.stat_result) -> Explanation:
        if not stat.S_ISREG(found.st_mode):
            return Explanation(
                status=ExplainStatus.UNSUPPORTED, reason="This is not a regular file but a pipe, socket or device."
            )
        if not is_audio_name(name):
            return Explanation(
                status=ExplainStatus.UNSUPPORTED,
                reason="The file name does not end like that of a supported audio file.",
            )
        if abs(time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns)) < limits_of(ScanLimits).settle_ns:
            return Explanation(
                status=ExplainStatus.SETTLING,
                reason="The file is still being written. A scan adds it once it no longer changes.",
            )
        return Explanation(
            status=ExplainStatus.NOT_SCANNED, reason="The file belongs to the library. The next scan adds it."
        )

    def _leads_out(self, path: bytes) -> bool:
        real = os.path.realpath(self.options.absolute(path))
        root = os.path.realpath(self.options.root)
        return real != root and not real.startswith(root.rstrip(b"/") + b"/")

    def _unreachable(self, error: OSError) -> Explanation:
        if error.errno in GONE or error.errno == errno.ENAMETOOLONG:
            return Explanation(status=ExplainStatus.ABSENT, reason="There is no such file or folder.")
        reason = f"It cannot be read: {reason_of(error)}."
        return Explanation(status=ExplainStatus.PROBLEM, reason=reason, kind=kind_of(error))

    def _excluded(self, rule: IgnoreRule, folder: bool) -> Explanation:
        where = _SOURCES.get(rule.source, f"the ignore file “{rule.source}”")
        what = f"“{rule.pattern}” of {where}" if rule.pattern else where
        above = f" (at “{rule.path.decode('utf-8', 'replace')}”)" if rule.path else ""
        return Explanation(
            status=ExplainStatus.EXCLUDED,
            reason=f"It is excluded by {what}{above}.",
            pattern=rule.pattern,
            source=rule.source,
            folder=folder,
        )
