"""The one table of the protocol: method → view → role. Each also answers as `<method>.view`."""

from __future__ import annotations

import re

from django.urls import URLPattern, re_path

from subsonic.dispatch import Call, CallerRole, endpoint, unknown_method
from subsonic.views import (
    annotation,
    browsing,
    folders,
    info,
    lists,
    lyrics,
    media,
    other_media,
    radio,
    scanning,
    searching,
    system,
    transcoding,
    user,
)

METHODS: dict[str, tuple[Call, CallerRole]] = {
    "ping": (system.ping, "user"),
    "getLicense": (system.get_license, "user"),
    "getOpenSubsonicExtensions": (system.get_open_subsonic_extensions, "public"),
    "tokenInfo": (system.token_info, "user"),
    "getArtists": (browsing.get_artists, "user"),
    "getArtist": (browsing.get_artist, "user"),
    "getAlbum": (browsing.get_album, "user"),
    "getSong": (browsing.get_song, "user"),
    "getGenres": (browsing.get_genres, "user"),
    "getMusicFolders": (folders.get_music_folders, "user"),
    "getIndexes": (folders.get_indexes, "user"),
    "getMusicDirectory": (folders.get_music_directory, "user"),
    "getAlbumInfo": (info.get_album_info, "user"),
    "getAlbumInfo2": (info.get_album_info, "user"),
    "getArtistInfo": (info.get_artist_info, "user"),
    "getArtistInfo2": (info.get_artist_info2, "user"),
    "getTopSongs": (info.get_top_songs, "user"),
    "getSimilarSongs": (info.get_similar_songs, "user"),
    "getSimilarSongs2": (info.get_similar_songs2, "user"),
    "getAlbumList": (lists.get_album_list, "user"),
    "getAlbumList2": (lists.get_album_list2, "user"),
    "getRandomSongs": (lists.get_random_songs, "user"),
    "getSongsByGenre": (lists.get_songs_by_genre, "user"),
    "getStarred": (lists.get_starred, "user"),
    "getStarred2": (lists.get_starred2, "user"),
    "getNowPlaying": (lists.get_now_playing, "user"),
    "search2": (searching.search2, "user"),
    "search3": (searching.search3, "user"),
    "getUser": (user.get_user, "user"),
    "getUsers": (user.get_users, "user"),
    "createUser": (user.create_user, "manage"),
    "updateUser": (user.update_user, "manage"),
    "deleteUser": (user.delete_user, "manage"),
    "changePassword": (user.change_password, "user"),
    "getAvatar": (media.get_avatar, "user"),
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
    "getInternetRadioStations": (radio.get_internet_radio_stations, "user"),
    "createInternetRadioStation": (radio.create_internet_radio_station, "manage"),
    "updateInternetRadioStation": (radio.update_internet_radio_station, "manage"),
    "deleteInternetRadioStation": (radio.delete_internet_radio_station, "manage"),
    "jukeboxControl": (other_media.jukebox_control, "user"),
    "search": (other_media.search, "user"),
    "getVideos": (other_media.get_videos, "user"),
    "getVideoInfo": (other_media.no_video, "user"),
    "getCaptions": (other_media.no_video, "user"),
    "hls.m3u8": (other_media.no_video, "user"),
    "getChatMessages": (other_media.get_chat_messages, "user"),
    "addChatMessage": (other_media.add_chat_message, "user"),
    "getPodcasts": (other_media.get_podcasts, "user"),
    "getNewestPodcasts": (other_media.get_newest_podcasts, "user"),
    "getPodcastEpisode": (other_media.get_podcast_episode, "user"),
    "refreshPodcasts": (other_media.refresh_podcasts, "user"),
    "createPodcastChannel": (other_media.create_podcast_channel, "user"),
    "deletePodcastChannel": (other_media.change_podcast, "user"),
    "deletePodcastEpisode": (other_media.change_podcast, "user"),
    "downloadPodcastEpisode": (other_media.change_podcast, "user"),
    "startScan": (scanning.start_scan, "scan"),
    "getScanStatus": (scanning.get_scan_status, "user"),
}

urlpatterns: list[URLPattern] = [
    re_path(rf"^{re.escape(method)}(?:\.view)?/?$", endpoint(call, role), name=f"subsonic-{method}")
    for method, (call, role) in METHODS.items()
]
urlpatterns.append(re_path(r"^.*$", endpoint(unknown_method, "user"), name="subsonic-unknown"))
