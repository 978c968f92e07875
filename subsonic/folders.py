"""`musicFolderId`: the libraries that a call is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from libraries.models import Library
from navidrome_lib.api.wire import parse_library_id
from navidrome_lib.viewer import Viewer
from subsonic.errors import NOT_FOUND, SubsonicError
from subsonic.params import Params

NO_FOLDER = "This music folder does not exist."


@dataclass(frozen=True)
class FolderViewer:
    """A person who looks at some libraries only: what is asked for them shows nothing of others."""

    person: Viewer
    library_ids: tuple[int, ...]
    is_admin: bool = False
    may_scan: bool = False
    may_manage: bool = False

    @property
    def pk(self) -> str:
        return self.person.pk

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def is_active(self) -> bool:
        return self.person.is_active

    def granted_library_ids(self) -> Collection[int]:
        return self.library_ids


def in_folders(caller: Viewer, params: Params) -> Viewer:
    """The caller, who looks at the libraries that `musicFolderId` names: one, several, or without any at all of theirs.

    A `SubsonicError` for a library that the caller cannot access, which is the same as one that does not exist.
    """
    found = named_folders(caller, params)
    return FolderViewer(caller, tuple(found)) if found else caller


def named_folders(caller: Viewer, params: Params) -> list[int]:
    """The libraries that `musicFolderId` names; a `SubsonicError` for one that the caller cannot access."""
    asked = {parse_library_id(text.strip()) for text in params.many("musicFolderId") if text.strip()}
    if not asked:
        return []
    known = Library.objects.visible_to(caller).filter(pk__in=asked - {None}).order_by("pk")
    found = list(known.values_list("pk", flat=True))
    if len(found) < len(asked):
        raise SubsonicError(NOT_FOUND, NO_FOLDER)
    return found
