"""`/api/song` and what else of the catalog clients read."""

from __future__ import annotations

from libraries.catalog_api import views
from navidrome_lib.api.routers import route

_VIEWS = {
    "song": (views.SongListView, views.SongView),
    "album": (views.AlbumListView, views.AlbumView),
    "artist": (views.ArtistListView, views.ArtistView),
    "genre": (views.GenreListView, views.GenreView),
    "tag": (views.TagListView, views.TagView),
    "folder": (views.FolderListView, views.FolderView),
}

urlpatterns = [
    *(route(f"api/{name}", many.as_view(), f"{name}-list") for name, (many, _) in _VIEWS.items()),
    *(route(f"api/{name}/(?P<pk>[^/]+)", one.as_view(), name) for name, (_, one) in _VIEWS.items()),
]
