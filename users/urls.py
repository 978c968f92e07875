"""`/auth/…` and `/api/user…`."""

from __future__ import annotations

from django.urls import path

from navidrome_lib.api.routers import OptionalSlashRouter, route
from users.admin.own_password import own_password_view
from users.views import ApiKeyViewSet, AppPasswordView, CreateAdminView, LoginView, UserLibraryView, UserViewSet

router = OptionalSlashRouter()
router.register("api/apikey", ApiKeyViewSet, basename="apikey")
router.register("api/user", UserViewSet, basename="user")
urlpatterns = [
    # before the pages of the admin site, whose own one has a form without a throttle
    path("admin/password_change/", own_password_view),
    route("auth/login", LoginView.as_view(), "login"),
    route("auth/createAdmin", CreateAdminView.as_view(), "create-admin"),
    route(r"api/user/(?P<pk>[^/]+)/library", UserLibraryView.as_view(), "user-library"),
    route(r"api/user/(?P<pk>[^/]+)/subsonic", AppPasswordView.as_view(), "user-subsonic"),
    *router.urls,
]
