"""The root map."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns = [
    path("", include("libraries.urls")),
    path("", include("users.urls")),
    path("", include("missing.urls")),
    path("", include("navidrome_lib.system.urls")),
    path("rest/", include("subsonic.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
]
