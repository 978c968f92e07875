"""Who may see what of the things that people add."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import BigIntegerField, Count, Exists, FloatField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from libraries.querysets import scope
from navidrome_lib.viewer import Viewer, is_confined


def through_visible_tracks(viewer: Viewer, field: str = "media_file") -> Q:
    """The condition that the track in `field` is one that `viewer` can access, as `MediaFileQuerySet.visible_to`."""
    return scope(viewer, f"{field}__library") & Q(
        **{f"{field}__library__deleted_at__isnull": True, f"{field}__purge_id__isnull": True}
    )


class OfPersonQuerySet(QuerySet[Any]):
    """Rows that belong to one person (`user`)."""

    def visible_to(self, viewer: Viewer) -> Self:
        """One's own; an admin sees those of everybody."""
        if not viewer.is_active:
            return self.none()
        return self.all() if viewer.is_admin else self.filter(user=viewer.pk)


class ShareQuerySet(OfPersonQuerySet):
    """Shares. Who has the address of one sees there what its owner can access."""

    def visible_to(self, viewer: Viewer) -> Self:
        """One's own; with a key for some libraries those of songs and albums in them alone."""
        rows = super().visible_to(viewer)
        if not is_confined(viewer):
            return rows
        items = self.model._meta.get_field("items").related_model._default_manager
        within = items.filter(scope(viewer, "media_file__library") | scope(viewer, "album__library"))
        return rows.filter(~Exists(items.filter(share=OuterRef("pk")).exclude(pk__in=within.values("pk"))))


class PlaylistQuerySet(QuerySet[Any]):
    """Playlists."""

    def visible_to(self, viewer: Viewer) -> Self:
        """One's own and public ones; an admin sees all."""
        if not viewer.is_active:
            return self.none()
        return self.all() if viewer.is_admin else self.filter(Q(owner=viewer.pk) | Q(public=True))

    def with_totals(self, viewer: Viewer) -> Self:
        """Adds `song_count`, `duration` in seconds and `size` in bytes of the tracks that `viewer` can access."""
        entries = self.model._meta.get_field("entries").related_model._default_manager
        seen = entries.filter(through_visible_tracks(viewer), playlist=OuterRef("pk")).order_by().values("playlist")

        def total(expression: Any, output: Any) -> Any:
            return Coalesce(Subquery(seen.values(total=expression)), Value(0), output_field=output)

        return self.annotate(
            song_count=total(Count("pk"), BigIntegerField()),
            duration=total(Sum("media_file__duration"), FloatField()),
            size=total(Sum("media_file__size"), BigIntegerField()),
        )

    def with_starred_at(self, viewer: Viewer) -> Self:
        """Adds `my_starred_at`, since when a playlist is a favourite of `viewer`."""
        notes = self.model._meta.get_field("annotations").related_model._default_manager
        mine = notes.filter(playlist=OuterRef("pk"), user=viewer.pk).values("starred_at")
        return self.annotate(my_starred_at=Subquery(mine[:1]))
