"""`/api/audit`."""

from __future__ import annotations

from navidrome_lib.api.routers import OptionalSlashRouter
from navidrome_lib.audit.views import AuditViewSet, SignInViewSet

router = OptionalSlashRouter()
router.register("api/audit/signin", SignInViewSet, basename="signin")
router.register("api/audit", AuditViewSet, basename="audit")
urlpatterns = router.urls
