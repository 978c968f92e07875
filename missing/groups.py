"""Missing files by what they belong to, for people who would rather decide about an album than about its songs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import QuerySet

from libraries.models import Album, Folder
from missing.models import MissingFile

SHOWN = 20


@dataclass
class Group:
    """Some of the files: their number, their size, one of them, and what they have in common."""

    key: str
    count: int = 0
    bytes: int = 0
    one: str = ""
    names: list[str] = field(default_factory=list)


def group_files(files: QuerySet[MissingFile]) -> tuple[list[Group], list[Group]]:
    """The albums and the folders with the most of some files, the largest first. The files are gone through once."""
    albums, folders = dict[str, Group](), dict[str, Group]()
    for pk, album, folder, size in files.order_by().values_list("pk", "album_ref_id", "folder_id", "size"):
        for groups, key in ((albums, album), (folders, folder)):
            if key:
                group = groups.setdefault(key, Group(key, one=pk))
                group.count += 1
                group.bytes += size
    return named(albums.values(), Album, "name", "album_artist"), named(folders.values(), Folder, "path")


def named(groups: Iterable[Group], model: type[models.Model], *columns: str) -> list[Group]:
    """The largest of them, with their names."""
    found = {group.key: group for group in sorted(groups, key=lambda group: (-group.count, group.key))[:SHOWN]}
    rows: Iterable[tuple[Any, ...]] = model._default_manager.filter(pk__in=list(found)).values_list("pk", *columns)
    for pk, *names in rows:
        found[pk].names = names
    return sorted(found.values(), key=lambda group: (-group.count, group.names))
