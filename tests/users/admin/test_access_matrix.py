"""The page of everybody's access, and what else concerns people in the admin site."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from libraries.models import Library
from libraries.services import libraries
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import PASSWORD, MakeUser
from users.models import GroupAccess, User

pytestmark = pytest.mark.alike

PAGE = "/admin/users/user/access/"


def granted(user: User) -> list[str]:
    return sorted(user.libraries.values_list("name", flat=True))


@pytest.fixture
def family(member: User, other_library: Library) -> Group:
    """A group that can access Jazz, with the member in it."""
    group: Group = Group.objects.create(name="<b>Family")
    GroupAccess.objects.create(group=group, library=other_library)
    member.groups.add(group)
    return group


def test_shows_who_can_access_what_and_why(site: Client, member: User, library: Library, family: Group) -> None:
    page = " ".join(site.get(PAGE).content.decode().split())
    assert "Admin: can access every library" in page
    assert f'name="user-{member.pk}" value="{library.pk}" checked' in page
    assert "via &lt;b&gt;Family" in page
    assert "<b>Family" not in page


def test_saves_everything_at_once(
    site: Client, member: User, outsider: User, library: Library, other_library: Library, family: Group
) -> None:
    body: dict[str, Any] = {
        "user": [member.pk, outsider.pk], f"was-user-{member.pk}": str(library.pk), f"was-user-{outsider.pk}": "",
        f"user-{member.pk}": [other_library.pk], f"user-{outsider.pk}": [library.pk, other_library.pk],
        "group": [family.pk], f"was-group-{family.pk}": str(other_library.pk), f"group-{family.pk}": [library.pk],
    }  # fmt: skip
    answer = site.post(PAGE, body, follow=True)
    assert "The access of 3 users and groups was changed." in answer.content.decode()
    assert (granted(member), granted(outsider)) == (["Jazz"], ["Jazz", "Rock"])
    assert [row.library for row in GroupAccess.objects.all()] == [library]
    assert AuditEntry.objects.filter(action="access.set").count() == 3


def test_an_old_page_changes_only_what_was_ticked_on_it(
    site: Client, member: User, library: Library, other_library: Library
) -> None:
    # somebody else gave the member Jazz after this page was shown; this page takes nothing back that it did not show
    member.libraries.add(other_library)
    body = {"user": [member.pk], f"was-user-{member.pk}": str(library.pk), f"user-{member.pk}": []}
    site.post(PAGE, body)
    assert granted(member) == ["Jazz"]


def test_a_library_that_is_being_removed_is_in_nobodys_way(
    site: Client, member: User, library: Library, other_library: Library
) -> None:
    libraries.delete_library(library)
    body = {"user": [member.pk], f"was-user-{member.pk}": "", f"user-{member.pk}": [other_library.pk]}
    assert "The access of 1 user or group was changed." in site.post(PAGE, body, follow=True).content.decode()
    assert "Jazz" in granted(member)


def test_one_impossible_row_changes_nothing(site: Client, member: User, outsider: User, library: Library) -> None:
    body = {
        "user": [outsider.pk, member.pk], f"was-user-{outsider.pk}": "", f"was-user-{member.pk}": str(library.pk),
        f"user-{outsider.pk}": [library.pk], f"user-{member.pk}": [library.pk, 999_999],
    }  # fmt: skip
    answer = site.post(PAGE, body, follow=True)
    assert "Nothing was changed. There is no library with the id 999999." in answer.content.decode()
    assert (granted(member), granted(outsider)) == (["Rock"], [])


def test_unknown_rows_and_admins_are_refused(site: Client, admin: User, library: Library) -> None:
    for pk in ("nobody", admin.pk):
        body = {"user": [pk], f"was-user-{pk}": "", f"user-{pk}": [library.pk]}
        assert "Nothing was changed." in site.post(PAGE, body, follow=True).content.decode()
    assert granted(admin) == []


def test_is_for_admins(as_staff: Client, member: User, library: Library) -> None:
    assert as_staff.get(PAGE).status_code == 403
    assert as_staff.post(PAGE, {"user": [member.pk], f"was-user-{member.pk}": str(library.pk)}).status_code == 403
    assert granted(member) == ["Rock"]


@pytest.mark.parametrize("people", [1, 20])
def test_queries_do_not_grow_with_the_people(site: Client, make_user: MakeUser, library: Library, people: int) -> None:
    for number in range(people):
        make_user(f"user {number}").libraries.add(library)
    site.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        site.get(PAGE)
    assert len(queries) <= 9


def test_finds_people(site: Client, member: User, outsider: User, library: Library) -> None:
    page = site.get(PAGE, {"q": "MEMB"}).content.decode()
    assert f"user-{member.pk}" in page
    assert f"user-{outsider.pk}" not in page


def test_a_user_is_made_with_the_right_libraries(site: Client, library: Library, other_library: Library) -> None:
    Library.objects.filter(pk=library.pk).update(default_new_users=True)
    page = site.get("/admin/users/user/add/").content.decode()
    assert "Rock" in page
    body = {
        "username": "new", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD,
        "granted_shown": "True", "granted": [other_library.pk],
    }  # fmt: skip
    assert site.post("/admin/users/user/add/", body).status_code == 302
    assert granted(User.objects.get(username="new")) == ["Jazz"]
