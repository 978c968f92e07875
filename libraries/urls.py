"""`/api/library` and `/api/scan`."""

from __future__ import annotations

from libraries.views import LibraryViewSet, ScanViewSet
from navidrome_lib.api.routers import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("api/library", LibraryViewSet, basename="library")
router.register("api/scan", ScanViewSet, basename="scan")
urlpatterns = router.urls
