"""The one table of the protocol: method → view → role. Each also answers as `<method>.view`."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from subsonic.dispatch import Call, CallerRole, endpoint, unknown_method
from subsonic.views import annotation, browsing, lyrics, media, scanning, system, transcoding, user

METHODS: dict[str, tuple[Call, CallerRole]] = {
    "ping": (system.ping, "user"),
    "getLicense": (system.get_license, "user"),
    "getOpenSubsonicExtensions": (system.get_open_subsonic_extensions, "public"),
    "tokenInfo": (system.token_info, "user"),
    "getMusicFolders": (browsing.get_music_folders, "user"),
    "getUser": (user.get_user, "user"),
    "stream": (media.stream, "user"),
    "getTranscodeDecision": (transcoding.get_transcode_decision, "user"),
    "getTranscodeStream": (transcoding.get_transcode_stream, "user"),
    "getLyrics": (lyrics.get_lyrics, "user"),
    "getLyricsBySongId": (lyrics.get_lyrics_by_song_id, "user"),
    "getCoverArt": (media.get_cover_art, "user"),
    "download": (media.download, "user"),
    "star": (annotation.star, "listen"),
    "unstar": (annotation.unstar, "listen"),
    "setRating": (annotation.set_rating, "listen"),
    "scrobble": (annotation.scrobble, "listen"),
    "reportPlayback": (annotation.report_playback, "listen"),
    "startScan": (scanning.start_scan, "scan"),
    "getScanStatus": (scanning.get_scan_status, "user"),
}

urlpatterns: list[URLPattern] = [
    re_path(rf"^{method}(?:\.view)?/?$", endpoint(call, role), name=f"subsonic-{method}")
    for method, (call, role) in METHODS.items()
]
urlpatterns.append(re_path(r"^.*$", endpoint(unknown_method, "user"), name="subsonic-unknown"))
