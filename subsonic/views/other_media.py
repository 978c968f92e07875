"""Methods of media that this server does not have, and those that others have taken the place of.

Lists are empty, so that clients show an empty page; what would change or fetch something is refused with a sentence.
"""

from __future__ import annotations

from typing import Final

from subsonic.errors import GENERIC, NOT_FOUND, SubsonicError
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

NO_PODCASTS: Final = "This server has no podcasts."
NO_VIDEOS: Final = "This server has no videos."


def search(caller: Viewer, params: Params) -> Payload:
    """`/rest/search`: refused since search2 and search3 took its place."""
    raise SubsonicError(GENERIC, "Use search2 or search3.")


def get_videos(caller: Viewer, params: Params) -> Payload:
    """`/rest/getVideos`: none."""
    return {"videos": {"video": []}}


def no_video(caller: Viewer, params: Params) -> Payload:
    """`/rest/getVideoInfo`, `getCaptions` and `hls`: of a video, and there is none."""
    params.required("id")
    raise SubsonicError(NOT_FOUND, NO_VIDEOS)


def get_chat_messages(caller: Viewer, params: Params) -> Payload:
    """`/rest/getChatMessages`: none."""
    return {"chatMessages": {"chatMessage": []}}


def add_chat_message(caller: Viewer, params: Params) -> Payload:
    """`/rest/addChatMessage`: refused."""
    params.required("message")
    raise SubsonicError(GENERIC, "This server has no chat.")


def get_podcasts(caller: Viewer, params: Params) -> Payload:
    """`/rest/getPodcasts`: none."""
    return {"podcasts": {"channel": []}}


def get_newest_podcasts(caller: Viewer, params: Params) -> Payload:
    """`/rest/getNewestPodcasts`: none."""
    return {"newestPodcasts": {"episode": []}}


def get_podcast_episode(caller: Viewer, params: Params) -> Payload:
    """`/rest/getPodcastEpisode`: there is none with any id."""
    params.required("id")
    raise SubsonicError(NOT_FOUND, NO_PODCASTS)


def refresh_podcasts(caller: Viewer, params: Params) -> Payload:
    """`/rest/refreshPodcasts`: refused."""
    raise SubsonicError(GENERIC, NO_PODCASTS)


def create_podcast_channel(caller: Viewer, params: Params) -> Payload:
    """`/rest/createPodcastChannel`: refused."""
    params.required("url")
    raise SubsonicError(GENERIC, NO_PODCASTS)


def change_podcast(caller: Viewer, params: Params) -> Payload:
    """`/rest/deletePodcastChannel`, `deletePodcastEpisode` and `downloadPodcastEpisode`: refused."""
    params.required("id")
    raise SubsonicError(GENERIC, NO_PODCASTS)


def jukebox_control(caller: Viewer, params: Params) -> Payload:
    """`/rest/jukeboxControl`: refused, as `jukeboxRole` of every user says."""
    params.required("action")
    raise SubsonicError(GENERIC, "This server has no jukebox: it plays no music itself.")
