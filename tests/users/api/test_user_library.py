"""`GET|PUT /api/user/{userId}/library`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from rest_framework.test import APIClient

from libraries.models import Library
from tests.conftest import Configure, MakeLibrary, SignIn
from users import tokens
from users.models import GroupAccess, LibraryAccess, User


def url(user: User) -> str:
    return f"/api/user/{user.pk}/library"


def granted(user: User) -> set[int]:
    return set(LibraryAccess.objects.filter(user=user).values_list("library_id", flat=True))


class TestGet:
    """What a user can access."""

    def test_lists_what_the_user_can_access(self, as_admin: APIClient, member: User, library: Library) -> None:
        for address in (url(member), url(member) + "/"):
            response = as_admin.get(address)
            assert response.status_code == 200
            row = {"id": str(library.pk), "name": "Rock", "path": library.path, "hasAccess": True}
            assert response.json() == [row]
            assert response["X-Total-Count"] == "1"

    def test_all_lists_every_library(self, as_admin: APIClient, member: User) -> None:
        rows = as_admin.get(url(member) + "?all=true").json()
        assert [(row["name"], row["hasAccess"]) for row in rows] == [("Jazz", False), ("Rock", True)]

    def test_an_admin_can_hear_everything(self, as_admin: APIClient, admin: User, member: User) -> None:
        assert [row["hasAccess"] for row in as_admin.get(url(admin)).json()] == [True, True]

    def test_what_a_group_gives_counts(self, as_admin: APIClient, member: User, other_library: Library) -> None:
        group = Group.objects.create(name="Family")
        member.groups.add(group)
        GroupAccess.objects.create(group=group, library=other_library)
        assert [row["name"] for row in as_admin.get(url(member)).json()] == ["Jazz", "Rock"]

    def test_ids_can_be_numbers(
        self, as_admin: APIClient, member: User, library: Library, configure: Configure
    ) -> None:
        configure(numeric_library_ids=True)
        assert as_admin.get(url(member)).json()[0]["id"] == library.pk

    def test_regular_users_are_refused_even_for_themselves(
        self, as_member: APIClient, as_anonymous: APIClient, member: User
    ) -> None:
        own, unknown = as_member.get(url(member)), as_member.get("/api/user/nobody/library")
        assert own.status_code == unknown.status_code == 403
        assert own.content == unknown.content
        assert as_anonymous.get(url(member)).status_code == 401

    @pytest.mark.parametrize("pk", ["nobody", "9" * 400, "%00", "é"])
    def test_unknown_user_is_404(self, as_admin: APIClient, pk: str) -> None:
        assert as_admin.get(f"/api/user/{pk}/library").status_code == 404


class TestPut:
    """Setting what a user can access."""

    def test_replaces_the_set(
        self, as_admin: APIClient, as_member: APIClient, member: User, library: Library, other_library: Library
    ) -> None:
        response = as_admin.put(url(member), {"libraryIds": [other_library.pk]})
        assert response.status_code == 200
        path = other_library.path
        assert response.json() == [{"id": str(other_library.pk), "name": "Jazz", "path": path, "hasAccess": True}]
        # and it holds from the next request on
        assert [row["name"] for row in as_member.get(f"/api/user/{member.pk}").json()["libraries"]] == ["Jazz"]

    def test_takes_strings_numbers_and_duplicates(
        self, as_admin: APIClient, member: User, library: Library, other_library: Library
    ) -> None:
        ids = [library.pk, str(library.pk), str(other_library.pk), other_library.pk]
        assert as_admin.put(url(member), {"libraryIds": ids}).status_code == 200
        assert granted(member) == {library.pk, other_library.pk}

    def test_keeps_the_rows_that_stay(
        self, as_admin: APIClient, member: User, library: Library, other_library: Library
    ) -> None:
        before = LibraryAccess.objects.get(user=member)
        as_admin.put(url(member), {"libraryIds": [library.pk, other_library.pk]})
        assert LibraryAccess.objects.get(user=member, library=library).created_at == before.created_at

    def test_an_empty_list_takes_all_away(self, as_admin: APIClient, as_member: APIClient, member: User) -> None:
        response = as_admin.put(url(member), {"libraryIds": []})
        assert (response.status_code, response.json()) == (200, [])
        assert as_member.get(f"/api/user/{member.pk}").json()["libraries"] == []

    def test_unknown_ids_are_named_and_nothing_changes(
        self, as_admin: APIClient, member: User, other_library: Library
    ) -> None:
        before = granted(member)
        response = as_admin.put(url(member), {"libraryIds": [other_library.pk, 999, "abc", None, True, 1.5, "9" * 400]})
        assert response.status_code == 400
        sentence = response.json()["errors"]["libraryIds"]
        assert all(text in sentence for text in ("999", "abc", "None", "True", "1.5"))
        assert str(other_library.pk) not in sentence.split()
        assert granted(member) == before

    def test_a_removed_library_is_unknown(self, as_admin: APIClient, member: User, library: Library) -> None:
        Library.objects.filter(pk=library.pk).update(deleted_at="2026-01-01T00:00:00Z")
        assert as_admin.put(url(member), {"libraryIds": [library.pk]}).status_code == 400

    @pytest.mark.parametrize(
        "body", [{}, [], "x", None, {"libraryIds": None}, {"libraryIds": "1"}, {"libraryIds": 1}, {"libraryIds": {}},
                 {"libraryIds": [[]]}, {"libraryIds": [{"id": 1}]}, {"libraryIds": [-1]}, {"libraryIds": ["1\u0000"]},
                 {"libraryIds": list(range(10**9, 10**9 + 60_000))}],
    )  # fmt: skip
    def test_other_bodies_are_400(self, as_admin: APIClient, member: User, body: Any) -> None:
        before = granted(member)
        assert as_admin.put(url(member), body, format="json").status_code == 400
        assert granted(member) == before

    def test_an_admin_target_is_400(self, as_admin: APIClient, admin: User, library: Library) -> None:
        response = as_admin.put(url(admin), {"libraryIds": [library.pk]})
        assert (response.status_code, set(response.json()["errors"])) == (400, {"libraryIds"})
        assert granted(admin) == set()

    def test_unknown_user_is_404(self, as_admin: APIClient, library: Library) -> None:
        assert as_admin.put("/api/user/nobody/library", {"libraryIds": [library.pk]}).status_code == 404

    def test_is_for_admins(
        self, as_member: APIClient, as_anonymous: APIClient, member: User, other_library: Library
    ) -> None:
        before = granted(member)
        for body in ({"libraryIds": [other_library.pk]}, {"libraryIds": "nonsense"}):
            assert as_member.put(url(member), body).status_code == 403
            assert as_anonymous.put(url(member), body).status_code == 401
        assert granted(member) == before

    @pytest.mark.parametrize("method", ["post", "patch", "delete"])
    def test_other_methods_are_405(self, as_admin: APIClient, member: User, method: str) -> None:
        assert getattr(as_admin, method)(url(member)).status_code == 405

    @pytest.mark.django_db(transaction=True)
    def test_racing_calls_end_in_one_requested_set(self, make_library: MakeLibrary, sign_in: SignIn) -> None:
        libraries = [make_library(f"library{number}").pk for number in range(8)]
        admin = User.objects.create_user("admin", "x", is_superuser=True)
        user = User.objects.create_user("member", "x")
        authorization = f"Bearer {tokens.issue(admin)}"
        sets = [set(libraries[number % 8 : number % 8 + 1 + number % 4]) for number in range(20)]

        def put(wanted: set[int]) -> int:
            try:
                body = {"libraryIds": sorted(wanted)}
                return APIClient().put(url(user), body, HTTP_AUTHORIZATION=authorization).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(20) as pool:
            assert set(pool.map(put, sets)) == {200}
        assert granted(user) in sets
