"""`/api/missing`."""

from __future__ import annotations

from missing.views import CandidatesView, MissingFileDetailView, MissingFileView, PurgeViewSet, RelinkView
from navidrome_lib.api.routers import OptionalSlashRouter, route

router = OptionalSlashRouter()
router.register("api/missing/purge", PurgeViewSet, basename="purge")
urlpatterns = [
    route("api/missing", MissingFileView.as_view(), "missing"),
    *router.urls,
    # behind the purges, whose address has the same shape
    route("api/missing/(?P<pk>[^/]+)", MissingFileDetailView.as_view(), "missing-file"),
    route("api/missing/(?P<pk>[^/]+)/candidates", CandidatesView.as_view(), "missing-candidates"),
    route("api/missing/(?P<pk>[^/]+)/relink", RelinkView.as_view(), "missing-relink"),
]
