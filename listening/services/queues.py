"""The play queue of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from libraries.models import MediaFile
from listening.models import PlayQueue, PlayQueueTrack
from listening.querysets import through_visible_tracks
from listening.services.playlists import visible_tracks
from navidrome_lib.db.bulk import keep_rows
from navidrome_lib.errors import InvalidInput
from navidrome_lib.viewer import Viewer

MAX_TRACKS = 100_000


@dataclass(frozen=True)
class Queued:
    """A queue as its owner can play it: `current` is the place in `track_ids`, `position` milliseconds."""

    queue: PlayQueue
    track_ids: list[str]
    current: int


def find_queue(viewer: Viewer) -> Queued | None:
    """The queue of the viewer with the tracks that it can access; None: there is none."""
    queue = PlayQueue.objects.filter(user=viewer.pk).first()
    if queue is None:
        return None
    seen = PlayQueueTrack.objects.filter(through_visible_tracks(viewer), queue=queue).order_by("position")
    rows = list(seen.values_list("position", "media_file_id"))
    before = sum(position < queue.current for position, _ in rows)
    return Queued(queue, [pk for _, pk in rows], min(before, max(len(rows) - 1, 0)))


@transaction.atomic
def save_queue(
    viewer: Viewer,
    *,
    track_ids: Sequence[str] | None = None,
    current: int | None = None,
    position: int | None = None,
    changed_by: str = "",
) -> None:
    """Save the queue of the viewer; what is None stays as it is. No tracks at all delete it.

    `current` is the place of the present track among those that are named. Tracks that do not exist, or that the
    viewer cannot access, are left out, and `current` follows.
    """
    if track_ids is not None and not track_ids:
        PlayQueue.objects.filter(user=viewer.pk).delete()
        return
    queue = PlayQueue.objects.select_for_update().filter(user=viewer.pk).first() or PlayQueue(user_id=viewer.pk)
    known = queue.entries.count() if track_ids is None and not queue._state.adding else len(track_ids or ())
    place = (queue.current if track_ids is None else 0) if current is None else current
    if not 0 <= place < max(known, 1):
        raise InvalidInput(errors={"current": "There is no song at this place of the queue."})
    if position is not None:
        queue.position = max(position, 0)
    queue.current, queue.changed_by = place, changed_by
    queue.save()
    if track_ids is not None:
        fill(viewer, queue, track_ids)


def fill(viewer: Viewer, queue: PlayQueue, track_ids: Sequence[str]) -> None:
    """Write the tracks of a queue, and let `current` be the place of the same track, or of the next one."""
    if len(track_ids) > MAX_TRACKS:
        raise InvalidInput(errors={"ids": f"A queue can have {MAX_TRACKS:,} songs at most."})
    visible = set(visible_tracks(viewer, track_ids))
    kept = keep_rows(MediaFile, visible)
    left = [(place, pk) for place, pk in enumerate(track_ids) if pk in kept]
    queue.current = min(sum(place < queue.current for place, _ in left), max(len(left) - 1, 0))
    queue.save(update_fields=["current"])
    queue.entries.all().delete()
    PlayQueueTrack.objects.bulk_create(
        [PlayQueueTrack(queue=queue, position=at, media_file_id=pk) for at, (_, pk) in enumerate(left)], batch_size=500
    )


def delete_queue(viewer: Viewer) -> None:
    """Delete the queue of the viewer, if there is one."""
    PlayQueue.objects.filter(user=viewer.pk).delete()
