"""`/api/library`, `/api/scan` and `/api/events`."""

from __future__ import annotations

from libraries.event_views import EventView
from libraries.views import LibraryViewSet, ScanViewSet
from navidrome_lib.api.routers import OptionalSlashRouter, route

router = OptionalSlashRouter()
router.register("api/library", LibraryViewSet, basename="library")
router.register("api/scan", ScanViewSet, basename="scan")
urlpatterns = [route("api/events", EventView.as_view(), "events"), *router.urls]
