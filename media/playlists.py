"""What media need of what people add: the songs of playlists, their albums, and what was set for a player."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from libraries.models import MediaFile
from listening.models import Player, Playlist, PlaylistTrack
from listening.querysets import through_visible_tracks
from listening.rules.evaluate import refresh
from media.downloads.collections import MAX_TRACKS, Collection
from media.transcoding.preferences import Preference
from navidrome_lib.viewer import Viewer

# enough to find twelve albums in most lists
_LOOKED_AT = 500


def playlist_collection(viewer: Viewer, pk: str) -> Collection | None:
    """The songs of a playlist that the viewer can access, in its order, each once; None without such a playlist."""
    playlist = _find(viewer, pk)
    if playlist is None:
        return None
    ids = list(dict.fromkeys(_entries(viewer, playlist).values_list("media_file_id", flat=True)[:MAX_TRACKS]))
    tracks = MediaFile.objects.visible_to(viewer).select_related("library", "folder").defer("tags").in_bulk(ids)
    return Collection(playlist.name, [tracks[pk] for pk in ids if pk in tracks], is_ordered=True)


def playlist_albums(viewer: Viewer, pk: str) -> Sequence[str] | None:
    """The albums of a playlist in the order of its songs; None without such a playlist."""
    playlist = _find(viewer, pk)
    if playlist is None:
        return None
    albums = _entries(viewer, playlist).values_list("media_file__album_ref_id", flat=True)[:_LOOKED_AT]
    return list(dict.fromkeys(album for album in albums if album))


def player_preference(viewer: Viewer, client: str, user_agent: str) -> Preference | None:
    """The format and the bit rate that the person has set for a player; None where nothing was set."""
    players = Player.objects.filter(user=viewer.pk, client=client, user_agent=user_agent[:255])
    found = players.values_list("transcoding__target_format", "transcoding__default_bit_rate", "max_bit_rate").first()
    if found is None:
        return None
    target, usual, limit = found
    if not target and not limit:
        return None
    return Preference(target or "", limit or usual or 0)


def _find(viewer: Viewer, pk: str) -> Playlist | None:
    playlist: Playlist | None = Playlist.objects.visible_to(viewer).filter(pk=pk).first()
    if playlist is not None:
        refresh(playlist)
    return playlist


def _entries(viewer: Viewer, playlist: Playlist) -> QuerySet[PlaylistTrack]:
    return PlaylistTrack.objects.filter(through_visible_tracks(viewer), playlist=playlist).order_by("position")
