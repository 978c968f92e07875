"""The lyrics of a song, from the first place that has some."""

from __future__ import annotations

from django.conf import settings

from libraries.models import Library, MediaFile
from libraries.search.index import search_songs
from media.lyrics.embedded import embedded_lyrics
from media.lyrics.parsing import Lyrics
from media.lyrics.sidecar import sidecar_lyrics
from navidrome_lib.viewer import Viewer

EMBEDDED = "embedded"
# songs of one title and artist that are looked through
_CANDIDATES = 20


def lyrics_of(track: MediaFile) -> list[Lyrics]:
    """The lyrics of a track, one for each language; none where there are none, or where they cannot be read."""
    for place in settings.CONF.media.lyrics_priority:
        if place == EMBEDDED:
            found = embedded_lyrics(track) if track.has_lyrics else []
        else:
            found = sidecar_lyrics(track, place)
        if found:
            return found
    return []


def find_lyrics(viewer: Viewer, artist: str, title: str) -> tuple[MediaFile, Lyrics] | None:
    """The lyrics of a song of that artist and title that the viewer can access; None without any."""
    if not artist.strip() or not title.strip():
        return None
    visible = MediaFile.objects.visible_to(viewer).present().select_related("library", "folder").defer("tags")
    libraries = list(Library.objects.visible_to(viewer).values_list("pk", flat=True))
    songs = search_songs(visible, f"{title} {artist}", libraries).order_by("-has_lyrics", "pk")
    wanted = artist.strip().casefold(), title.strip().casefold()
    for track in songs[:_CANDIDATES]:
        if wanted == (track.artist.casefold(), track.title.casefold()):
            found = lyrics_of(track)
            if found:
                return track, found[0]
    return None
