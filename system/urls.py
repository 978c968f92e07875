"""Addresses of the system app."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularSwaggerSplitView

from navidrome_lib.api.routers import route
from system.empty_lists import PublicEmptyListView
from system.schema_view import SchemaView
from system.views import (
    ConfigView,
    HealthView,
    InsightsView,
    InspectView,
    KeepaliveView,
    LivenessView,
)

# a page only: without its template there is no answer to another method
docs = SpectacularSwaggerSplitView.as_view(url_name="schema", http_method_names=["get", "head"])

urlpatterns = [
    route(r"api/keepalive(?:/.*)?", KeepaliveView.as_view(), "keepalive"),
    route(r"api/insights(?:/.*)?", InsightsView.as_view(), "insights"),
    route("api/translation", PublicEmptyListView.as_view(), "translation"),
    route(r"api/config(?:/(?P<part>.*?))?", ConfigView.as_view(), "config"),
    route(r"api/inspect", InspectView.as_view(), "inspect"),
    route(r"api/health/live", LivenessView.as_view(), "health-live"),
    route(r"api/health", HealthView.as_view(), "health"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", docs, name="docs"),
]
