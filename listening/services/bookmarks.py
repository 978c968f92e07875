"""Where people stopped in long tracks."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from libraries.models import MediaFile
from listening.models import Bookmark, TrackAnnotation
from listening.querysets import through_visible_tracks
from listening.services.annotations import Things
from navidrome_lib.db.bulk import keep_rows
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import Viewer


def bookmarks_of(viewer: Viewer) -> list[Bookmark]:
    """One's own bookmarks in tracks that the viewer can access, the last changed first; not even an admin has more."""
    if not viewer.is_active:
        return []
    rows = Bookmark.objects.filter(through_visible_tracks(viewer), user=viewer.pk)
    return list(rows.order_by("-updated_at", "-pk"))


@transaction.atomic
def save_bookmark(viewer: Viewer, track_id: str, position: int, *, comment: str = "", changed_by: str = "") -> None:
    """Keep a place in a track, in milliseconds, instead of the one before. `NotFound` for what cannot be accessed."""
    seen = Things(TrackAnnotation, [track_id]).visible_to(viewer)
    if not keep_rows(MediaFile, seen):
        raise NotFound
    values: dict[str, Any] = {"position": position, "comment": comment, "changed_by": changed_by}
    Bookmark.objects.update_or_create(user_id=viewer.pk, media_file_id=track_id, defaults=values)


def delete_bookmark(viewer: Viewer, track_id: str) -> None:
    """Forget the place in a track, if there is one, also in a track that the viewer cannot access any more."""
    if can_be_id(track_id):
        Bookmark.objects.filter(user=viewer.pk, media_file=track_id).delete()
