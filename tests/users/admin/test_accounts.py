"""The admin pages of accounts and groups."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from libraries.models import Library
from tests.conftest import PASSWORD, MakeLibrary, MakeUser
from users.models import GroupAccess, LibraryAccess, User

pytestmark = pytest.mark.alike

USERS = "/admin/users/user/"
GROUPS = "/admin/auth/group/"


def change(user: User) -> str:
    return f"{USERS}{user.pk}/change/"


@pytest.fixture
def site(admin: User) -> Client:
    """A browser that is signed in to the admin site as an admin."""
    client = Client()
    client.force_login(admin)
    return client


def form(user: User, **changes: Any) -> dict[str, Any]:
    """The fields of the change page as a browser sends them."""
    fields = {
        "username": user.username, "name": user.name, "email": user.email, "may_scan": user.may_scan,
        "is_active": user.is_active, "is_superuser": user.is_superuser, "is_staff": user.is_staff, **changes,
    }  # fmt: skip
    rows = [(f"library_access-{key}_FORMS", value) for key, value in (("TOTAL", 0), ("INITIAL", 0))]
    return {**{key: value for key, value in fields.items() if value is not False}, **dict(rows)}


class TestLogin:
    """Signing in to the admin site."""

    def sign_in(self, password: str, **extra: Any) -> Any:
        body = {"username": "admin", "password": password}
        return Client().post("/admin/login/?next=/admin/", body, **extra)

    def test_opens_for_admins(self, admin: User) -> None:
        assert self.sign_in(PASSWORD).status_code == 302
        assert "User name or password is wrong." in self.sign_in("wrong").content.decode()

    def test_is_closed_for_regular_users(self, member: User) -> None:
        body = {"username": "member", "password": PASSWORD, "next": "/admin/"}
        assert Client().post("/admin/login/", body)["Location"] == "/account"
        client = Client()
        client.force_login(member)
        assert client.get(USERS).status_code == 302

    def test_guesses_are_slowed_down(self, admin: User) -> None:
        for _ in range(5):
            assert self.sign_in("guess").status_code == 200
        response = self.sign_in(PASSWORD)
        assert (response.status_code, int(response["Retry-After"]) > 0) == (429, True)
        assert "Too many attempts" in response.content.decode()
        assert self.sign_in(PASSWORD, REMOTE_ADDR="198.51.100.7").status_code == 302


class TestUsers:
    """Accounts."""

    def test_pages_open(self, site: Client, admin: User, member: User) -> None:
        pages = (USERS, f"{USERS}add/", change(member), change(admin), f"{USERS}{member.pk}/password/",
                 f"{USERS}{member.pk}/delete/", f"{USERS}?q=mem", f"{USERS}?is_superuser__exact=1")  # fmt: skip
        for page in pages:
            assert site.get(page).status_code == 200, page

    @pytest.mark.parametrize("is_admin", [False, True])
    def test_adds_with_the_default_libraries(self, site: Client, make_library: MakeLibrary, is_admin: bool) -> None:
        everybody = make_library("Everybody", default_new_users=True)
        make_library("Other")
        body = {"username": "new", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
        response = site.post(f"{USERS}add/", {**body, **({"is_superuser": "on"} if is_admin else {})})
        assert response.status_code == 302
        user = User.objects.get(username="new")
        assert user.check_password(PASSWORD)
        assert (user.is_superuser, user.is_staff) == (is_admin, is_admin)
        assert list(user.libraries.all()) == ([] if is_admin else [everybody])

    def test_a_taken_name_is_said(self, site: Client, member: User) -> None:
        body = {"username": "MEMBER", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
        response = site.post(f"{USERS}add/", body)
        assert response.status_code == 200
        assert "taken" in response.content.decode()
        assert User.objects.count() == 2

    def test_changes_rights_and_libraries(self, site: Client, member: User, other_library: Library) -> None:
        access = LibraryAccess.objects.get(user=member)
        rows = {
            "library_access-TOTAL_FORMS": 2, "library_access-INITIAL_FORMS": 1,
            "library_access-0-id": access.pk, "library_access-0-user": member.pk,
            "library_access-0-library": access.library_id, "library_access-0-DELETE": "on",
            "library_access-1-user": member.pk, "library_access-1-library": other_library.pk,
        }  # fmt: skip
        response = site.post(change(member), {**form(member, may_scan="on", name="Me"), **rows})
        assert response.status_code == 302
        member.refresh_from_db()
        assert (member.may_scan, member.name) == (True, "Me")
        assert list(member.libraries.all()) == [other_library]

    def test_a_new_password_ends_tokens(self, site: Client, member: User) -> None:
        body = {"password1": "another battery", "password2": "another battery", "usable_password": "true"}
        assert site.post(f"{USERS}{member.pk}/password/", body).status_code == 302
        member.refresh_from_db()
        assert member.check_password("another battery")

    @pytest.mark.parametrize("changes", [{"is_superuser": False}, {"is_active": False}])
    def test_the_last_admin_stays(self, site: Client, admin: User, changes: dict[str, Any]) -> None:
        response = site.post(change(admin), form(admin, **changes))
        assert response.status_code == 200
        assert "last admin" in response.content.decode()
        assert User.objects.active_admins().count() == 1

    def test_the_last_admin_is_not_deleted(self, site: Client, admin: User) -> None:
        response = site.post(f"{USERS}{admin.pk}/delete/", {"post": "yes"}, follow=True)
        assert "last admin" in response.content.decode()
        assert User.objects.filter(pk=admin.pk).exists()
        site.post(USERS, {"action": "delete_selected", "_selected_action": [admin.pk], "post": "yes"})
        assert User.objects.filter(pk=admin.pk).exists()

    def test_deletes(self, site: Client, member: User) -> None:
        assert site.post(f"{USERS}{member.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not User.objects.filter(pk=member.pk).exists()


class TestGroups:
    """Groups, which give libraries to their members."""

    def test_a_group_gives_libraries(self, site: Client, library: Library) -> None:
        body = {
            "name": "Family", "library_access-TOTAL_FORMS": 1, "library_access-INITIAL_FORMS": 0,
            "library_access-0-library": library.pk,
        }  # fmt: skip
        assert site.get(f"{GROUPS}add/").status_code == 200
        assert site.post(f"{GROUPS}add/", body).status_code == 302
        assert GroupAccess.objects.get().group.name == "Family"
        assert site.get(f"{GROUPS}{Group.objects.get().pk}/change/").status_code == 200


def test_staff_that_are_no_admins_do_not_see_accounts(make_user: MakeUser, admin: User) -> None:
    """Not even with Django's permissions for it: who edits accounts could become an admin."""
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["users", "auth"]))
    client = Client()
    client.force_login(clerk)
    for page in (USERS, f"{USERS}add/", change(admin), change(clerk), GROUPS, f"{USERS}{admin.pk}/password/"):
        assert client.get(page).status_code == 403, page
        assert client.post(page, {"is_superuser": "on", "username": "clerk"}).status_code == 403, page
    clerk.refresh_from_db()
    assert not clerk.is_superuser
