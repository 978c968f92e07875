"""The libraries that a viewer can access, and what their scans do, by queries that are built once."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from libraries.choices import ACTIVE_STATES
from libraries.models import Library, Scan
from navidrome_lib.viewer import Viewer, ViewerQuery


class LibraryFacts(NamedTuple):
    """What objects say of their library, what is another number whenever its songs have changed, and how many it has.

    Those whose files are missing are counted, too.
    """

    path: str
    name: str
    revision: int
    songs: int


def _with_state(viewer: Viewer) -> QuerySet[Library]:
    return Library.objects.visible_to(viewer).with_scan_state()


def _scans(viewer: Viewer) -> QuerySet[Scan]:
    return Scan.objects.filter(library__in=Library.objects.visible_to(viewer))


_libraries: Final = ViewerQuery[Any](lambda viewer: Library.objects.visible_to(viewer).order_by("name_key", "pk"))
_library_ids: Final = ViewerQuery[int](
    lambda viewer: Library.objects.visible_to(viewer).order_by().values_list("pk", flat=True)
)
_FACTS: Final = ("pk", "path", "name", "revision", "total_songs", "total_missing_files")
_facts: Final = ViewerQuery[tuple[int, str, str, int, int, int]](
    lambda viewer: Library.objects.visible_to(viewer).order_by().values_list(*_FACTS)
)
_libraries_with_state: Final = ViewerQuery[Any](lambda viewer: _with_state(viewer).order_by("name_key", "pk"))
_library_with_state: Final = ViewerQuery[Any](lambda viewer, pk: _with_state(viewer).filter(pk=pk)[:1], int)
_active_scans: Final = ViewerQuery[Any](
    lambda viewer: _scans(viewer).filter(state__in=ACTIVE_STATES).order_by("-state", "pk")
)
_last_scan: Final = ViewerQuery[Any](
    lambda viewer: _scans(viewer).exclude(state__in=ACTIVE_STATES).order_by("-finished_at", "-pk")[:1]
)


def libraries(viewer: Viewer) -> list[Library]:
    """Those that the viewer can access, by name."""
    return _libraries.rows(viewer)


def library_ids(viewer: Viewer) -> list[int]:
    """Their ids, in no order."""
    return _library_ids.rows(viewer)


def library_facts(viewer: Viewer) -> dict[int, LibraryFacts]:
    """What objects say of them, by their ids."""
    return {
        pk: LibraryFacts(path, name, revision, there + missing)
        for pk, path, name, revision, there, missing in _facts.rows(viewer)
    }


def libraries_with_state(viewer: Viewer) -> list[Library]:
    """The same with what `with_scan_state` adds."""
    return _libraries_with_state.rows(viewer)


def library_with_state(viewer: Viewer, pk: int) -> Library | None:
    """One of them; None when the viewer cannot access it, or when it does not exist."""
    found: Library | None = _library_with_state.first(viewer, pk)
    return found


def active_scans(viewer: Viewer) -> list[Scan]:
    """Scans that wait or run in these libraries, the running ones first."""
    return _active_scans.rows(viewer)


def last_scan(viewer: Viewer) -> Scan | None:
    """The scan in these libraries that ended last."""
    found: Scan | None = _last_scan.first(viewer)
    return found
