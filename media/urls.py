"""`/share/…`, what is shared with people who have no account, and pictures that people give to things."""

from __future__ import annotations

from media.covers.views import RefreshView
from media.sharing import views
from media.uploads.views import ArtistPictureView, PlaylistPictureView, RadioPictureView
from navidrome_lib.api.routers import route

_SHARE = r"share/(?P<pk>[0-9A-Za-z]{1,22})"
_TRACK = r"(?P<track>[0-9A-Za-z]{1,64})"

urlpatterns = [
    route("api/artist/(?P<pk>[^/]+)/image", ArtistPictureView.as_view(), "artist-image"),
    route("api/artwork/(?P<kind>[^/]+)/(?P<pk>[^/]+)/refresh", RefreshView.as_view(), "artwork-refresh"),
    route("api/playlist/(?P<pk>[^/]+)/image", PlaylistPictureView.as_view(), "playlist-image"),
    route("api/radio/(?P<pk>[^/]+)/image", RadioPictureView.as_view(), "radio-image"),
    route(_SHARE, views.page, "share"),
    route(f"{_SHARE}/cover", views.cover, "share-cover"),
    route(f"{_SHARE}/cover/{_TRACK}", views.cover, "share-song-cover"),
    route(f"{_SHARE}/download", views.download, "share-download"),
    route(f"{_SHARE}/download/{_TRACK}", views.download, "share-song-download"),
    route(f"{_SHARE}/stream/{_TRACK}", views.stream, "share-stream"),
]
