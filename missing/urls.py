"""`/api/missing`."""

from __future__ import annotations

from missing.views import MissingFileView, PurgeViewSet
from navidrome_lib.api.routers import OptionalSlashRouter, route

router = OptionalSlashRouter()
router.register("api/missing/purge", PurgeViewSet, basename="purge")
urlpatterns = [route("api/missing", MissingFileView.as_view(), "missing"), *router.urls]
