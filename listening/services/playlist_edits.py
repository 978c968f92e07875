"""Several changes of a playlist at once, by the places that a reader sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction

from listening.models import Playlist, PlaylistTrack
from listening.querysets import through_visible_tracks
from listening.services.playlists import (
    Added,
    add_tracks,
    locked,
    locked_for_tracks,
    note_change,
    remove_tracks,
    replace_tracks,
    update_playlist,
    visible_tracks,
)
from navidrome_lib.viewer import Viewer


def shown_entries(viewer: Viewer, playlist: Playlist) -> list[tuple[int, str]]:
    """The places of a playlist and their tracks, in order, as far as the viewer can play them now."""
    entries = PlaylistTrack.objects.filter(through_visible_tracks(viewer), playlist=playlist, media_file__missing=False)
    return list(entries.order_by("position").values_list("position", "media_file_id"))


@transaction.atomic
def edit_playlist(
    viewer: Viewer, pk: str, values: Mapping[str, Any], *, added: Sequence[str] = (), removed: Collection[int] = ()
) -> None:
    """Change fields, take tracks out and add others at the end, all or nothing.

    `removed` counts from 0 in the list that the viewer saw before; what is beyond its end is left out.
    """
    locked(viewer, pk)  # also where nothing is to be changed
    if values:
        update_playlist(viewer, pk, values)
    if removed:
        shown = shown_entries(viewer, locked_for_tracks(viewer, pk))
        remove_tracks(viewer, pk, [shown[index][0] for index in removed if 0 <= index < len(shown)])
    if added:
        add_tracks(viewer, pk, Added(track_ids=added))


@transaction.atomic
def replace_playlist(viewer: Viewer, pk: str, track_ids: Sequence[str]) -> Playlist:
    """Let a playlist have these tracks and no others; those that the viewer cannot access are left out."""
    playlist = locked_for_tracks(viewer, pk)
    replace_tracks(playlist, visible_tracks(viewer, track_ids))
    note_change(playlist)
    return playlist
