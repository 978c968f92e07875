"""`/share/…`: what is shared with people who have no account."""

from __future__ import annotations

from media.sharing import views
from navidrome_lib.api.routers import route

_SHARE = r"share/(?P<pk>[0-9A-Za-z]{1,22})"
_TRACK = r"(?P<track>[0-9A-Za-z]{1,64})"

urlpatterns = [
    route(_SHARE, views.page, "share"),
    route(f"{_SHARE}/cover", views.cover, "share-cover"),
    route(f"{_SHARE}/cover/{_TRACK}", views.cover, "share-song-cover"),
    route(f"{_SHARE}/download", views.download, "share-download"),
    route(f"{_SHARE}/download/{_TRACK}", views.download, "share-song-download"),
    route(f"{_SHARE}/stream/{_TRACK}", views.stream, "share-stream"),
]
