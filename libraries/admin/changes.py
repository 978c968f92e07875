"""What one scan changed, folder by folder, the most changed first: a page of it at a time, however long the list is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db.models import F, Min, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from libraries.admin.base import page
from libraries.choices import ChangeKind
from libraries.models import Folder, Library, Scan, ScanChange
from navidrome_lib.viewer import viewer_of

FOLDERS: Final = 50
SOURCES: Final = 5
LAST_PAGE: Final = 10_000

WORDS: Final = {
    ChangeKind.ADDED: _lazy("added"),
    ChangeKind.UPDATED: _lazy("updated"),
    ChangeKind.MOVED: _lazy("moved"),
    ChangeKind.MISSING: _lazy("missing"),
    ChangeKind.RESTORED: _lazy("restored"),
}

Key = tuple[int, str]


class Count(NamedTuple):
    """The number of files with one kind of change."""

    kind: str
    word: str
    files: int


class MoveSource(NamedTuple):
    """Where files of a folder were before. `library`: the name of another one. A `renamed` file was here already."""

    folder: str
    library: str
    files: int
    renamed: bool


@dataclass(frozen=True, kw_only=True)
class FolderChanges:
    """One folder. `hidden`: its library is not for the viewer. `more`: the moves of which nothing is said."""

    folder: str
    library: str
    hidden: bool
    address: str
    counts: list[Count]
    sources: list[MoveSource]
    more: int


class Tab(NamedTuple):
    """A kind of change to show alone, or all of them."""

    word: str
    files: int
    address: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """One page of the changes; `first` is the number of its first folder."""

    tabs: list[Tab]
    folders: list[FolderChanges]
    first: int
    last: int
    before: str
    after: str


def changes_of(request: HttpRequest, scan: Scan) -> ChangePage | None:
    """The page of changes that the query string names; None when the scan has no changes, or no longer any."""
    totals = dict(scan.changes.order_by().values_list("kind").annotate(Sum("count")))
    if not totals:
        return None
    kind = request.GET.get("kind", "")
    kind = kind if kind in totals else ""
    number = page_number(request.GET.get("changes", ""))
    rows: QuerySet[ScanChange] = scan.changes.filter(kind=kind) if kind else scan.changes.all()
    keys, more = most_changed(rows, number)
    return ChangePage(
        tabs=tabs(totals, kind),
        folders=describe(request, scan, rows, keys),
        first=(number - 1) * FOLDERS + 1,
        last=(number - 1) * FOLDERS + len(keys),
        before=address(kind, number - 1) if number > 1 else "",
        after=address(kind, number + 1) if more else "",
    )


def page_number(text: str) -> int:
    """The page that is asked for; nonsense is the first one."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
    return min(max(number, 1), LAST_PAGE)


def address(kind: str, number: int = 1) -> str:
    query: dict[str, str | int] = {"kind": kind} if kind else {}
    if number > 1:
        query["changes"] = number
    return f"?{urlencode(query)}#nd-changes"


def tabs(totals: dict[str, int], chosen: str) -> list[Tab]:
    found = [Tab(str(WORDS[kind]), totals[kind], address(kind), kind == chosen) for kind in WORDS if kind in totals]
    return [Tab(_("All"), sum(totals.values()), address(""), not chosen), *found] if len(found) > 1 else found


def most_changed(rows: QuerySet[ScanChange], number: int) -> tuple[list[Key], bool]:
    """The folders of one page, and whether there are more."""
    grouped = rows.order_by().values_list("library_number", "folder_key").annotate(files=Sum("count"))
    ordered = grouped.annotate(path=Min("folder")).order_by("-files", "path", "library_number", "folder_key")
    start = (number - 1) * FOLDERS
    found = [(library, key) for library, key, *_ in ordered[start : start + FOLDERS + 1]]
    return found[:FOLDERS], len(found) > FOLDERS


def describe(request: HttpRequest, scan: Scan, rows: QuerySet[ScanChange], keys: list[Key]) -> list[FolderChanges]:
    """Some folders with all that happened in them; four queries, however many folders."""
    shown = rows.filter(folder_key__in=[key for _, key in keys]).order_by()
    counts: dict[Key, dict[str, int]] = defaultdict(dict)
    names: dict[Key, str] = {}
    for library, key, kind, name, files in shown.values_list("library_number", "folder_key", "kind").annotate(
        Min("folder"), Sum("count")
    ):
        counts[library, key][kind] = files
        names[library, key] = name
    moves = sources_of(shown)
    numbers = {number for number, _ in keys} | {row["from_library_number"] for each in moves.values() for row in each}
    visible = dict(Library.objects.visible_to(viewer_of(request)).filter(pk__in=numbers).values_list("pk", "name"))
    there = set(
        Folder.objects.filter(library__in=visible, path_key__in=[key for _, key in keys])
        .values_list("library_id", "path_key")
    )  # fmt: skip
    found = []
    for library, key in keys:
        told = moves.get((library, key), [])
        found.append(
            FolderChanges(
                folder=names[library, key],
                library=visible.get(library, "") if library != scan.library_id else "",
                hidden=library not in visible,
                address=tracks_in(library, key) if (library, key) in there else "",
                counts=[Count(kind, str(WORDS[kind]), counts[library, key][kind]) for kind in WORDS
                        if kind in counts[library, key]],
                sources=[source_of(row, scan, visible) for row in told],
                more=counts[library, key].get(ChangeKind.MOVED, 0) - sum(row["count"] for row in told),
            )
        )  # fmt: skip
    return found


def sources_of(rows: QuerySet[ScanChange]) -> dict[Key, list[dict[str, Any]]]:
    """Where the files that came to some folders were before: the first of each folder."""
    place = Window(
        RowNumber(), partition_by=[F("library_number"), F("folder_key")], order_by=[F("count").desc(), F("pk").asc()]
    )
    moved: Any = (
        rows.filter(kind=ChangeKind.MOVED).annotate(place=place).filter(place__lte=SOURCES)
        .order_by("place").values()
    )  # fmt: skip
    found: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in moved:
        found[row["library_number"], row["folder_key"]].append(row)
    return found


def source_of(row: dict[str, Any], scan: Scan, visible: dict[int, str]) -> MoveSource:
    library, key = row["from_library_number"], row["from_key"]
    renamed = (library, key) == (row["library_number"], row["folder_key"])
    if library not in visible:
        return MoveSource("", _("another library"), row["count"], renamed)
    return MoveSource(row["from_folder"], visible[library] if library != scan.library_id else "", row["count"], renamed)


def tracks_in(library: int, folder_key: str) -> str:
    """The songs of one folder in the catalog."""
    return page("libraries_mediafile_changelist", folder=folder_key, library__id__exact=library)
