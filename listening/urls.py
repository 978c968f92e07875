"""`/api/playlist`, `/api/queue`, `/api/player`, `/api/share`, `/api/radio`, `/api/transcoding` and `/api/scrobble`."""

from __future__ import annotations

from listening.pages import service_of_person
from listening.views.devices import PlayerViewSet, RadioViewSet, TranscodingViewSet
from listening.views.links import LastFmLinkView, LinkView
from listening.views.playlist_tracks import PlaylistTracksView, PlaylistTrackView
from listening.views.playlists import PlaylistViewSet, SongPlaylistsView
from listening.views.queue import QueueView
from listening.views.shares import ScrobbleViewSet, ShareViewSet
from navidrome_lib.api.routers import OptionalSlashRouter, route

router = OptionalSlashRouter()
router.register("api/player", PlayerViewSet, basename="player")
router.register("api/playlist", PlaylistViewSet, basename="playlist")
router.register("api/radio", RadioViewSet, basename="radio")
router.register("api/scrobble", ScrobbleViewSet, basename="scrobble")
router.register("api/share", ShareViewSet, basename="share")
router.register("api/transcoding", TranscodingViewSet, basename="transcoding")
urlpatterns = [
    route("account/services/(?P<pk>[0-9A-Za-z]{1,64})", service_of_person, "account-service"),
    route("api/lastfm/link", LastFmLinkView.as_view(), "lastfm-link"),
    route("api/listenbrainz/link", LinkView.as_view(), "listenbrainz-link"),
    route("api/playlist/(?P<pk>[^/]+)/tracks", PlaylistTracksView.as_view(), "playlist-tracks"),
    route("api/playlist/(?P<pk>[^/]+)/tracks/(?P<place>[^/]+)", PlaylistTrackView.as_view(), "playlist-track"),
    route("api/queue", QueueView.as_view(), "queue"),
    route("api/song/(?P<pk>[^/]+)/playlists", SongPlaylistsView.as_view(), "song-playlists"),
    *router.urls,
]
