"""What may be seen, said once: adjectives filter, `with_*` annotates, `visible_to` scopes and fails closed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, QuerySet, Subquery

from libraries.choices import ACTIVE_STATES, ScanState, ScanTrigger
from navidrome_lib.viewer import Viewer


def scope(viewer: Viewer, field: str) -> Q:
    """The condition that `field` (a library id) is one that `viewer` can access; it fails closed."""
    if not viewer.is_active:
        return Q(pk__in=[])
    if viewer.is_admin:
        return Q()
    return Q(**{f"{field}__in": viewer.granted_library_ids()})


class LibraryQuerySet(QuerySet[Any]):
    """Libraries."""

    def active(self) -> Self:
        """Those that exist for people: not being cleared away."""
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, viewer: Viewer) -> Self:
        """Those that `viewer` can access."""
        return self.active().filter(scope(viewer, "pk"))

    def with_scan_state(self) -> Self:
        """Adds what changes by itself (see below), in the same query."""
        scans = self._related("Scan").filter(library=OuterRef("pk"))
        running = scans.filter(state__in=ACTIVE_STATES)
        problems = self._related("ScanProblem").filter(library=OuterRef("pk"), resolved_at__isnull=True)
        held = scans.filter(state=ScanState.HELD)
        scheduled = scans.filter(trigger=ScanTrigger.SCHEDULE).order_by("-pk").values("requested_at")
        return self.annotate(
            scan_active=Exists(running),
            full_scan_in_progress=Exists(running.filter(full=True)),
            has_problems=Exists(problems),
            has_held_scan=Exists(held),
            last_scheduled_at=Subquery(scheduled[:1]),
            watch_state=F("watch_status__state"),
            watch_reason=F("watch_status__reason"),
        )

    def _related(self, name: str) -> QuerySet[Any]:
        manager: models.Manager[Any] = self.model._meta.apps.get_model("libraries", name)._default_manager
        return manager.all()


class InLibraryQuerySet(QuerySet[Any]):
    """Rows that belong to one library."""

    def visible_to(self, viewer: Viewer) -> Self:
        """Those in libraries that `viewer` can access."""
        return self.filter(scope(viewer, "library"), library__deleted_at__isnull=True)

    def in_libraries(self, library_ids: Collection[int]) -> Self:
        """Those in some libraries, by a condition that no index of libraries is used for.

        A list in some order is read off the index of that order, which has the library in its entries; SQLite would
        take a library's rows first, and sort all of them for one page.
        """
        here = ExpressionWrapper(F("library") + 0, output_field=IntegerField())
        return self.alias(in_library=here).filter(in_library__in=library_ids)


class ProblemQuerySet(InLibraryQuerySet):
    """Problems of scans."""

    def unresolved(self) -> Self:
        return self.filter(resolved_at__isnull=True)


class MediaFileQuerySet(InLibraryQuerySet):
    """Tracks."""

    def visible_to(self, viewer: Viewer) -> Self:
        """Those in libraries that `viewer` can access, without purged ones."""
        return super().visible_to(viewer).in_catalog()

    def in_catalog(self) -> Self:
        """Those that lists may show: all but the purged ones."""
        return self.filter(purge_id__isnull=True)

    def present(self) -> Self:
        return self.filter(missing=False)

    def missing(self) -> Self:
        """Those without their file that no purge hides."""
        return self.filter(missing=True, purge_id__isnull=True)

    def purged(self) -> Self:
        """Those that a purge hides."""
        return self.filter(purge_id__isnull=False)


class FolderQuerySet(InLibraryQuerySet):
    """Folders."""

    def present(self) -> Self:
        """Those with at least one present track directly inside."""
        tracks = self.model._meta.apps.get_model("libraries", "MediaFile")._default_manager
        return self.filter(Exists(tracks.filter(folder=OuterRef("pk"), missing=False)))

    def in_catalog(self) -> Self:
        """Those that lists may show: with a track directly inside that no purge hides."""
        tracks = self.model._meta.apps.get_model("libraries", "MediaFile")._default_manager
        return self.filter(Exists(tracks.filter(folder=OuterRef("pk"), purge_id__isnull=True)))


class AlbumQuerySet(InLibraryQuerySet):
    """Albums."""

    def in_catalog(self) -> Self:
        """Those that lists may show: with a track that no purge hides."""
        tracks = self.model._meta.apps.get_model("libraries", "MediaFile")._default_manager
        missing = tracks.filter(album_ref=OuterRef("pk"), missing=True, purge_id__isnull=True)
        return self.filter(Q(song_count__gt=0) | Exists(missing))

    def present(self) -> Self:
        """Those with at least one present track."""
        return self.filter(song_count__gt=0)


class ArtistQuerySet(QuerySet[Any]):
    """Artists, who belong to no library: they are seen through their tracks."""

    def visible_to(self, viewer: Viewer) -> Self:
        """Those with a present track in a library that `viewer` can access."""
        counts = self.model._meta.apps.get_model("libraries", "LibraryArtist")._default_manager.filter(
            scope(viewer, "library"), library__deleted_at__isnull=True, song_count__gt=0
        )
        return self.filter(pk__in=Subquery(counts.values("artist")))


class ScanQuerySet(InLibraryQuerySet):
    """Scans."""

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_STATES)

    def queued(self) -> Self:
        return self.filter(state=ScanState.QUEUED)

    def running(self) -> Self:
        return self.filter(state=ScanState.RUNNING)
