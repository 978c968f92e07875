"""Who may call which method of `/rest`: a part of the table in `test_deny_matrix.py`."""

from __future__ import annotations

ROLES = ("anonymous", "member", "outsider", "scanner", "admin")

# method of /rest → the code of the protocol for each role (0: done)
GUARDED = {"anonymous": 10, "member": 0, "outsider": 0, "scanner": 0, "admin": 0}
INCOMPLETE = dict.fromkeys(ROLES, 10)
# this server does not have it
REFUSED = {**dict.fromkeys(ROLES, 0), "anonymous": 10}
# the matrix signs in with app passwords, which may not manage; tests/subsonic/ has who may
MANAGERS = {**dict.fromkeys(ROLES, 50), "anonymous": 10}
REST: dict[str, dict[str, int]] = {
    "ping": GUARDED,
    "getLicense": GUARDED,
    "getOpenSubsonicExtensions": dict.fromkeys(ROLES, 0),
    "tokenInfo": GUARDED,
    "getMusicFolders": GUARDED,
    **dict.fromkeys(("getArtists", "getGenres", "getIndexes", "getRandomSongs", "getNowPlaying"), GUARDED),
    **dict.fromkeys(("getStarred", "getStarred2", "search2", "search3"), GUARDED),
    # without an id, a type, a name or a genre
    **dict.fromkeys(("getArtist", "getAlbum", "getSong", "getMusicDirectory"), INCOMPLETE),
    **dict.fromkeys(("getAlbumInfo", "getAlbumInfo2", "getArtistInfo", "getArtistInfo2"), INCOMPLETE),
    **dict.fromkeys(("getSimilarSongs", "getSimilarSongs2", "getTopSongs"), INCOMPLETE),
    **dict.fromkeys(("getAlbumList", "getAlbumList2", "getSongsByGenre"), INCOMPLETE),
    "getUser": GUARDED,
    "getUsers": {**MANAGERS, "admin": 0},
    **dict.fromkeys(("createUser", "updateUser", "deleteUser"), MANAGERS),
    "changePassword": INCOMPLETE,
    "getAvatar": INCOMPLETE,
    **dict.fromkeys(("getPlaylists", "getBookmarks", "getPlayQueue", "getPlayQueueByIndex", "getShares"), GUARDED),
    # without a song the queue is forgotten: there is none
    **dict.fromkeys(("savePlayQueue", "savePlayQueueByIndex"), GUARDED),
    **dict.fromkeys(("getPlaylist", "createPlaylist", "updatePlaylist", "deletePlaylist"), INCOMPLETE),
    **dict.fromkeys(("createBookmark", "deleteBookmark"), INCOMPLETE),
    **dict.fromkeys(("createShare", "updateShare", "deleteShare"), INCOMPLETE),
    "getInternetRadioStations": GUARDED,
    **{f"{action}InternetRadioStation": MANAGERS for action in ("create", "update", "delete")},
    **dict.fromkeys(("getVideos", "getChatMessages", "getPodcasts", "getNewestPodcasts"), GUARDED),
    **dict.fromkeys(("search", "refreshPodcasts"), REFUSED),
    **dict.fromkeys(("jukeboxControl", "getVideoInfo", "getCaptions", "hls", "hls.m3u8", "addChatMessage"), INCOMPLETE),
    **dict.fromkeys(("getPodcastEpisode", "createPodcastChannel", "deletePodcastChannel"), INCOMPLETE),
    **dict.fromkeys(("deletePodcastEpisode", "downloadPodcastEpisode"), INCOMPLETE),
    # without an id; tests/media/ has who may play what
    "stream": INCOMPLETE,
    "download": INCOMPLETE,
    "getCoverArt": INCOMPLETE,
    "getLyrics": GUARDED,
    "getLyricsBySongId": INCOMPLETE,
    "getTranscodeDecision": INCOMPLETE,
    "getTranscodeStream": INCOMPLETE,
    # the matrix names nothing: a parameter is missing
    **dict.fromkeys(("star", "unstar", "setRating", "scrobble", "reportPlayback"), dict.fromkeys(ROLES, 10)),
    "startScan": {**GUARDED, "member": 50, "outsider": 50},
    "getScanStatus": GUARDED,
    ".*": REFUSED,
}
