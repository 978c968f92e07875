"""Playlists that a person brings as M3U, or takes away as such."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from libraries.models import Library, MediaFile
from listening.models import Playlist, PlaylistTrack
from listening.playlist_files import m3u
from listening.playlist_files.resolve import resolve_for
from listening.querysets import through_visible_tracks
from listening.services.playlists import create_playlist
from navidrome_lib.db.bulk import chunks
from navidrome_lib.viewer import Viewer

MAX_NAME = 255


def import_m3u(viewer: Viewer, data: bytes) -> Playlist:
    """Make a playlist of the viewer from M3U. Lines that are no track of theirs are left out."""
    parsed = m3u.parse(data)
    name = m3u.one_line(parsed.name)[:MAX_NAME] or timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return create_playlist(viewer, {"name": name}, resolve_for(viewer, parsed.paths))


def export_m3u(viewer: Viewer, playlist: Playlist, *, absolute: bool = True) -> str:
    """The tracks of a playlist that the viewer can access, as M3U; paths are absolute, or relative to their library."""
    entries = PlaylistTrack.objects.filter(through_visible_tracks(viewer), playlist=playlist).order_by("position")
    return m3u.render(playlist.name, written(list(entries.values_list("media_file_id", flat=True)), absolute))


def written(track_ids: Sequence[str], absolute: bool) -> list[m3u.WrittenTrack]:
    """What a file says of some tracks, in their order."""
    roots = dict(Library.objects.values_list("pk", "path"))
    found: dict[str, m3u.WrittenTrack] = {}
    for piece in chunks(dict.fromkeys(track_ids)):
        rows = MediaFile.objects.filter(pk__in=piece)
        columns = rows.values_list("pk", "library_id", "duration", "artist", "title", "path")
        for pk, library, duration, artist, title, path in columns:
            place = f"{roots[library].rstrip('/')}/{path}" if absolute else path
            found[pk] = m3u.WrittenTrack(round(duration), artist, title, place)
    return [found[pk] for pk in track_ids if pk in found]
