"""Bookmarks and the play queue, both of the caller alone."""

from __future__ import annotations

from typing import Any, Final

from listening.serializers import NEVER
from listening.services import bookmarks
from listening.services.players import text
from listening.services.queues import find_queue, save_queue
from subsonic.errors import GENERIC, MISSING_PARAMETER, SubsonicError
from subsonic.objects.songs import songs_by_id
from subsonic.objects.values import Object, moment
from subsonic.params import Params, position
from subsonic.renderers import Payload
from users.models import Viewer

MAX_COMMENT: Final = 10_000


def get_bookmarks(caller: Viewer, params: Params) -> Payload:
    """`/rest/getBookmarks`: where the caller stopped, the last first."""
    rows = bookmarks.bookmarks_of(caller)
    songs = songs_by_id(caller, [row.media_file_id for row in rows])
    shown = [
        {
            "position": row.position,
            "username": caller.user.username,
            **({"comment": row.comment} if row.comment else {}),
            "created": moment(row.created_at),
            "changed": moment(row.updated_at),
            "entry": songs[row.media_file_id],
        }
        for row in rows
        if row.media_file_id in songs
    ]
    return {"bookmarks": {"bookmark": shown}}


def create_bookmark(caller: Viewer, params: Params) -> Payload:
    """`/rest/createBookmark`: keep a place in a song, in milliseconds, instead of the one before."""
    pk, position = params.required("id"), params.position("position")
    comment = params.text("comment")
    if len(comment) > MAX_COMMENT:
        raise SubsonicError(GENERIC, f"comment: at most {MAX_COMMENT:,} characters.")
    bookmarks.save_bookmark(caller, pk, position, comment=comment, changed_by=text(params.text("c")))
    return {}


def delete_bookmark(caller: Viewer, params: Params) -> Payload:
    """`/rest/deleteBookmark`: forget the place in a song, if there is one."""
    bookmarks.delete_bookmark(caller, params.required("id"))
    return {}


def get_play_queue(caller: Viewer, params: Params) -> Payload:
    """`/rest/getPlayQueue`: what the caller played last, with the present song by its id."""
    found = queue_object(caller)
    index = found.pop("currentIndex", None)
    if index is not None:
        found["current"] = found["entry"][index]["id"]
    return {"playQueue": found}


def get_play_queue_by_index(caller: Viewer, params: Params) -> Payload:
    """`/rest/getPlayQueueByIndex`: the same with the place of the present song, from 0."""
    return {"playQueueByIndex": queue_object(caller)}


def queue_object(caller: Viewer) -> Object:
    """The queue with the songs that can be played; `currentIndex` follows. Never saved: a name and no time."""
    queued = find_queue(caller)
    if queued is None:
        return {"username": caller.user.username, "changed": NEVER, "changedBy": ""}
    songs = songs_by_id(caller, queued.track_ids)
    entries = [songs[pk] for pk in queued.track_ids if pk in songs]
    found: dict[str, Any] = {
        "username": caller.user.username,
        "changed": moment(queued.queue.updated_at),
        "changedBy": queued.queue.changed_by,
        "position": queued.queue.position,
    }
    if entries:
        before = sum(pk in songs for pk in queued.track_ids[: queued.current])
        found |= {"currentIndex": min(before, len(entries) - 1), "entry": entries}
    return found


def save_play_queue(caller: Viewer, params: Params) -> Payload:
    """`/rest/savePlayQueue`: keep what the caller plays; without songs it is forgotten.

    `current` that is missing, or none of the songs, is the first one.
    """
    ids, current = params.named("id"), params.text("current")
    save(caller, params, ids, ids.index(current) if current in ids else 0)
    return {}


def save_play_queue_by_index(caller: Viewer, params: Params) -> Payload:
    """`/rest/savePlayQueueByIndex`: the same with the place of the present song, from 0."""
    ids = params.named("id")
    index = params.whole_number("currentIndex") if ids else 0
    if ids and index >= len(ids):
        raise SubsonicError(MISSING_PARAMETER, "currentIndex is not the place of one of the songs.")
    save(caller, params, ids, index)
    return {}


def save(caller: Viewer, params: Params, ids: list[str], current: int) -> None:
    """Save the queue."""
    at = position(params.text("position")) or 0
    save_queue(caller, track_ids=ids, current=current, position=at, changed_by=text(params.text("c")))
