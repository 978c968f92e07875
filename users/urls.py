"""`/auth/…`, `/api/user…`, and the pages for everybody."""

from __future__ import annotations

from django.urls import path

from navidrome_lib.api.routers import OptionalSlashRouter, route
from users.admin.own_password import own_password_view
from users.pages import account
from users.pages.base import home
from users.pages.first_start import setup
from users.pages.music import add_music, first_scan
from users.pages.sign_in import SignInView, SignOutView, admin_sign_in
from users.views import ApiKeyViewSet, AppPasswordView, CreateAdminView, LoginView, UserLibraryView, UserViewSet

router = OptionalSlashRouter()
router.register("api/apikey", ApiKeyViewSet, basename="apikey")
router.register("api/user", UserViewSet, basename="user")
urlpatterns = [
    path("", home, name="home"),
    route("login", SignInView.as_view(), "sign-in"),
    route("logout", SignOutView.as_view(), "sign-out"),
    route("setup", setup, "setup"),
    route("setup/music", add_music, "setup-music"),
    route(r"setup/music/(?P<pk>[0-9]{1,18})", first_scan, "setup-scan"),
    route("account", account.account, "account"),
    route("account/profile", account.profile, "account-profile"),
    route("account/password", account.password, "account-password"),
    route("account/app-password", account.app_password, "account-app-password"),
    route("account/keys", account.keys, "account-keys"),
    route(r"account/keys/(?P<pk>[0-9A-Za-z]{1,64})/end", account.end_key, "account-end-key"),
    route("account/sign-out-everywhere", account.sign_out_everywhere, "account-sign-out"),
    # before the pages of the admin site, whose own one is for staff only
    path("admin/login/", admin_sign_in),
    # before the pages of the admin site, whose own one has a form without a throttle
    path("admin/password_change/", own_password_view),
    route("auth/login", LoginView.as_view(), "login"),
    route("auth/createAdmin", CreateAdminView.as_view(), "create-admin"),
    route(r"api/user/(?P<pk>[^/]+)/library", UserLibraryView.as_view(), "user-library"),
    route(r"api/user/(?P<pk>[^/]+)/subsonic", AppPasswordView.as_view(), "user-subsonic"),
    *router.urls,
]
