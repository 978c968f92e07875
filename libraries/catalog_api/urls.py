"""`/api/song` and what else of the catalog clients read."""

from __future__ import annotations

from libraries.catalog_api.views import SongListView, SongView
from navidrome_lib.api.routers import route

urlpatterns = [
    route("api/song", SongListView.as_view(), "song-list"),
    route("api/song/(?P<pk>[^/]+)", SongView.as_view(), "song"),
]
