"""The rules for a library's root folder and for the folders below it that a scan may name."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet

from libraries.limits import StorageLimits
from libraries.models import Library
from libraries.timeouts import call_with_timeout
from navidrome_lib.errors import InvalidInput
from navidrome_lib.limits import limits_of

MAX_PATH = 4096


def refuse(sentence: str) -> InvalidInput:
    return InvalidInput(errors={"path": sentence})


def check_root_folder(path: str) -> str:
    """The normalised path of a folder that may be the root of a library; else the rule it breaks.

    Looks at the disk, and at no other library (see `check_overlap`).
    """
    normal = normal_root(path)
    check_allowed(normal)
    check_readable(normal)
    return normal


def normal_root(path: str) -> str:
    """The normalised form of an absolute path, which no look at the disk is needed for; else the rule it breaks."""
    if not path.strip():
        raise refuse("A path is required.")
    if "\0" in path or not is_storable_text(path):
        raise refuse("The path contains characters that no path can have.")
    if not os.path.isabs(path):
        raise refuse("The path must be absolute: it must start with “/”.")
    normal = os.path.normpath(path)
    normal = "/" + normal.lstrip("/")  # POSIX lets normpath keep two leading slashes
    if len(os.fsencode(normal)) > MAX_PATH:
        raise refuse("The path is too long.")
    return normal


def is_storable_text(text: str) -> bool:
    """False for lone surrogates, which no database keeps."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def check_readable(path: str) -> None:
    """Refuse what is not a folder that this process can list, or does not answer."""
    try:
        readable = call_with_timeout(lambda: can_list(path), about=path, limits=limits_of(StorageLimits))
    except FileNotFoundError:
        raise refuse(f"The folder “{path}” does not exist on the server.") from None
    except NotADirectoryError:
        raise refuse(f"“{path}” is not a folder.") from None
    except OSError as error:
        raise refuse(f"The folder “{path}” cannot be read: {error.strerror}.") from None
    if not readable:
        raise refuse(f"The folder “{path}” cannot be read: permission denied.")


def can_list(path: str) -> bool:
    """Whether a folder can be listed and looked into."""
    os.stat(path)
    with os.scandir(path) as entries:
        next(entries, None)
    return os.access(path, os.R_OK | os.X_OK)


def real_path(path: str, *, seconds: float | None = None) -> str:
    """The path with its links resolved, as far as its storage answers."""
    try:
        return call_with_timeout(
            lambda: os.path.realpath(path), about=path, seconds=seconds, limits=limits_of(StorageLimits)
        )
    except TimeoutError:
        return os.path.normpath(path)


def other_libraries(library_id: int | None) -> QuerySet[Library]:
    """All libraries but the one that is being changed, which may overlap with itself."""
    return Library.objects.active().exclude(pk=library_id or 0).order_by("pk")


def resolve_other_roots(library_id: int | None) -> dict[str, str]:
    """The roots of the other libraries with their links resolved, by their paths; looks at the disk."""
    end = time.monotonic() + limits_of(StorageLimits).seconds
    roots: dict[str, str] = {}
    for path in other_libraries(library_id).values_list("path", flat=True):
        # its storage may be away, however well that of the new root is
        roots[path] = real_path(path, seconds=max(end - time.monotonic(), 0.1))
    return roots


def overlap_error(real: str, real_roots: Mapping[str, str], library_id: int | None) -> str:
    """Why a root (`real`: links resolved) is, lies inside, or lies around the root of another library; else "".

    Asks the database only. A library whose root is not in `real_roots` is passed over.
    """
    for name, path in other_libraries(library_id).values_list("name", "path"):
        root = real_roots.get(path, "")
        if real == root:
            return f"The folder is already the root of the library “{name}”."
        if root and is_below(real, root):
            return f"The folder is inside the library “{name}” ({path})."
        if root and is_below(root, real):
            return f"The folder contains the library “{name}” ({path})."
    return ""


def check_overlap(path: str, library_id: int | None) -> None:
    """Refuse a root that overlaps with another library as things are now; for pages that save nothing."""
    sentence = overlap_error(real_path(path), resolve_other_roots(library_id), library_id)
    if sentence:
        raise refuse(sentence)


def check_anchor(anchor: str, root: str) -> str:
    """The normalised path, relative to `root`, of a file or folder that is there, or an empty text for none.

    Without a root that could be looked into (an empty text) only the form is checked.
    """
    normal = normal_anchor(anchor)
    if not normal or not root:
        return normal
    try:
        place = os.path.join(root, normal)
        call_with_timeout(lambda: os.stat(place), about=place, limits=limits_of(StorageLimits))
    except (FileNotFoundError, NotADirectoryError):
        raise refuse_anchor(f"There is no “{normal}” in the folder “{root}”.") from None
    except OSError as error:
        raise refuse_anchor(f"“{normal}” in the folder “{root}” cannot be reached: {error.strerror}.") from None
    return normal


def normal_anchor(anchor: str) -> str:
    """The normalised form of a path below a root, or an empty text for none; else the rule it breaks."""
    if not anchor.strip():
        return ""
    if "\0" in anchor or not is_storable_text(anchor) or len(anchor.encode()) > MAX_PATH:
        raise refuse_anchor("The anchor file has a name that no file can have.")
    if os.path.isabs(anchor):
        raise refuse_anchor("The anchor file must be relative to the library's folder, without a “/” in front.")
    parts = [part for part in anchor.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        raise refuse_anchor("The anchor file must lie below the library's folder.")
    return "/".join(parts)


def refuse_anchor(sentence: str) -> InvalidInput:
    return InvalidInput(errors={"anchorFile": sentence})


def is_below(path: str, root: str) -> bool:
    """Whether `path` lies in `root`, and is not `root` itself."""
    return path.startswith(root.rstrip("/") + "/")


@dataclass(frozen=True)
class ScanTargets:
    """The folders that a scan is to look at, relative to the library's root and sorted; none: the whole library."""

    folders: tuple[str, ...] = ()


EVERYTHING: Final = ScanTargets()


def prepare_targets(library: Library, folders: Iterable[str]) -> ScanTargets:
    """Check the folders that a scan is asked to look at. Looks at the disk, so it is not for transactions."""
    found = sorted({normal_target(library, folder) for folder in folders})
    return EVERYTHING if "" in found else ScanTargets(tuple(found))


def normal_target(library: Library, folder: str) -> str:
    """A folder below the root, relative to it, the root itself as the empty text; else why it cannot be scanned."""
    if "\0" in folder or not is_storable_text(folder):
        raise InvalidInput("The folder contains characters that no path can have.")
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidInput(f"The folder “{folder}” leads out of the library.")
    relative = "/".join(parts)
    # a folder that is gone from the disk may still be scanned: that is how its tracks are found missing
    if relative and not answers_as_folder(os.path.join(library.path, relative)):
        # one without files of its own has no row, but the folders below it have
        known = library.folders.filter(Q(path=relative) | Q(path__startswith=f"{relative}/"))
        if not known.exists():
            raise InvalidInput(f"The library “{library.name}” has no folder “{relative}”.")
    return relative


def answers_as_folder(folder: str) -> bool:
    """Whether there is a folder; storage that does not answer has none."""
    try:
        return call_with_timeout(lambda: os.path.isdir(folder), about=folder, limits=limits_of(StorageLimits))
    except TimeoutError:
        return False


def allowed_roots() -> list[str]:
    """The folders that libraries may lie in; without the option the whole file system."""
    return [str(root) for root in settings.CONF.allowed_roots] or ["/"]


def check_allowed(path: str) -> None:
    """Refuse a folder that leads out of the allowed ones, links resolved."""
    if allowed_roots() == ["/"]:
        return
    try:
        real = call_with_timeout(lambda: os.path.realpath(path), about=path, limits=limits_of(StorageLimits))
    except TimeoutError as error:
        raise refuse(f"The folder “{path}” cannot be read: {error.strerror}.") from None
    roots = [real_path(root) for root in allowed_roots()]
    if not any(real == root or is_below(real, root) for root in roots):
        raise refuse(f"Libraries of this server must lie in {' or '.join(allowed_roots())}.")
