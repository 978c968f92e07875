"""`Playlist`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from listening.models import Playlist
from listening.services.playlists import Totals, may_change, totals_of
from media.choices import CoverKind
from media.covers.ids import cover_id
from media.uploads.keys import keys_of_playlists
from navidrome_lib.viewer import Viewer
from subsonic.objects.values import Object, moment


def playlist_objects(playlists: Sequence[Playlist], viewer: Viewer) -> list[Object]:
    """Playlists without their songs, whose numbers are of what the viewer can play."""
    totals = totals_of(playlists, viewer, present=True)
    pictures = keys_of_playlists([playlist.pk for playlist in playlists])
    return [
        playlist_object(each, totals.get(each.pk, Totals()), viewer, pictures.get(each.pk, {})) for each in playlists
    ]


def playlist_object(playlist: Playlist, totals: Totals, viewer: Viewer, picture: Mapping[str, Any]) -> Object:
    """A playlist; `picture` is what is known of the one that it was given."""
    comment = {"comment": playlist.comment} if playlist.comment else {}
    return {
        "id": playlist.pk,
        "name": playlist.name,
        **comment,
        "owner": playlist.owner.username,
        "public": playlist.public,
        "songCount": totals.songs,
        "duration": int(totals.duration),
        "created": moment(playlist.created_at),
        "changed": moment(playlist.updated_at),
        "coverArt": cover_id(CoverKind.PLAYLIST, playlist.pk, picture.get("imageHash", "")),
        # its songs are not chosen by hand, or not by this person
        "readonly": not (playlist.is_editable and may_change(viewer, playlist)),
    }
