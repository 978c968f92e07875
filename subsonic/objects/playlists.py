"""`Playlist`."""

from __future__ import annotations

from listening.models import Playlist
from listening.services.playlists import Totals, may_change
from media.choices import CoverKind
from media.covers.ids import cover_id
from navidrome_lib.viewer import Viewer
from subsonic.objects.values import Object, moment


def playlist_object(playlist: Playlist, totals: Totals, viewer: Viewer) -> Object:
    """A playlist without its songs; `totals` are of what the viewer can play."""
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
        "coverArt": cover_id(CoverKind.PLAYLIST, playlist.pk),
        # its songs are not chosen by hand, or not by this person
        "readonly": not (playlist.is_editable and may_change(viewer, playlist)),
    }
