"""`/api/user` and `/api/user/{id}`."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from libraries.models import Library
from tests.conftest import PASSWORD, MakeLibrary, MakeUser, SignIn
from users import app_passwords
from users.models import GroupAccess, LibraryAccess, User

pytestmark = pytest.mark.alike

URL = "/api/user"
KEYS = {
    "id", "userName", "name", "email", "isAdmin", "isActive", "mayScan", "lastLoginAt", "lastAccessAt",
    "createdAt", "updatedAt", "libraries",
}  # fmt: skip
LIBRARY_KEYS = {
    "id", "name", "path", "scanActive", "lastScanTime", "songCount", "duration", "size", "createdAt", "updatedAt",
    "scanOptions", "totalSongs", "totalAlbums", "totalArtists", "totalFolders", "totalFiles", "totalMissingFiles",
    "totalSize", "totalDuration", "defaultNewUsers", "status", "grantedBy",
}  # fmt: skip


def one(user: User) -> str:
    return f"{URL}/{user.pk}"


def state(user: User) -> dict[str, Any]:
    """Everything in the row but the times of visits."""
    row = User.objects.filter(pk=user.pk).values().get()
    return {key: value for key, value in row.items() if key != "last_access_at"}


class TestList:
    """`GET /api/user`."""

    def test_shows_everybody(self, as_admin: APIClient, admin: User, member: User) -> None:
        response = as_admin.get(URL)
        assert response.status_code == 200
        assert response["X-Total-Count"] == "2"
        body = response.json()
        assert [user["userName"] for user in body] == ["admin", "member"]
        assert all(set(user) == KEYS for user in body)
        assert [library["name"] for library in body[0]["libraries"]] == ["Jazz", "Rock"]
        assert [library["name"] for library in body[1]["libraries"]] == ["Rock"]
        assert body[1]["libraries"][0]["grantedBy"] == ["user"]

    def test_is_for_admins(self, as_member: APIClient, as_anonymous: APIClient) -> None:
        assert as_member.get(URL).status_code == 403
        response = as_anonymous.get(URL)
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Bearer")
        assert response["Content-Type"] == "application/json"

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("_sort=userName&_order=DESC", ["Zoe", "admin", "Abe"]),
            ("_sort=nonsense", ["Abe", "admin", "Zoe"]),
            ("_sort=", ["Abe", "admin", "Zoe"]),
            ("_start=1&_end=2", ["admin"]),
            ("_start=-100&_end=0", ["Abe", "admin", "Zoe"]),
            ("_end=NaN", ["Abe", "admin", "Zoe"]),
            ("_start=0&_end=0", ["Abe", "admin", "Zoe"]),
            ("_start=1&_end=0", []),
            ("_sort=user_name&_order=desc", ["Zoe", "admin", "Abe"]),
            ("userName=o", ["Zoe"]),
            ("name=abraham", ["Abe"]),
            ("isAdmin=true", ["admin"]),
            ("isAdmin=false&_sort=userName", ["Abe", "Zoe"]),
            ("id=nobody", []),
            ("id=", ["Abe", "admin", "Zoe"]),
        ],
    )
    def test_sorts_pages_and_filters(
        self, as_admin: APIClient, make_user: MakeUser, query: str, names: list[str]
    ) -> None:
        make_user("Zoe")
        make_user("Abe", name="Abraham")
        assert [user["userName"] for user in as_admin.get(f"{URL}?{query}").json()] == names

    def test_several_ids(self, as_admin: APIClient, admin: User, member: User, outsider: User) -> None:
        for query in (f"id={member.pk}&id={outsider.pk}", f"id={member.pk},{outsider.pk}"):
            assert len(as_admin.get(f"{URL}?{query}").json()) == 2

    def test_an_impossible_filter_is_400(self, as_admin: APIClient) -> None:
        response = as_admin.get(f"{URL}?isAdmin=perhaps")
        assert response.status_code == 400
        assert "isAdmin" in response.json()["errors"]

    @pytest.mark.parametrize("count", [1, 10, 100])
    def test_query_count_does_not_grow(
        self,
        as_admin: APIClient,
        make_user: MakeUser,
        make_library: MakeLibrary,
        django_assert_num_queries: DjangoAssertNumQueries,
        count: int,
    ) -> None:
        group = Group.objects.create(name="Family")
        for number in range(count):
            user = make_user(f"user{number}")
            library = make_library(f"library{number}")
            LibraryAccess.objects.create(user=user, library=library)
            GroupAccess.objects.create(group=group, library=library)
            user.groups.add(group)
        as_admin.get("/api/user/nobody")  # notes the visit, once a minute
        with django_assert_num_queries(5):  # who asks, accounts, libraries, two kinds of grants
            assert len(as_admin.get(URL).json()) == count + 1


class TestGet:
    """`GET /api/user/{id}`."""

    def test_shows_oneself_with_complete_libraries(self, as_member: APIClient, member: User, library: Library) -> None:
        Library.objects.filter(pk=library.pk).update(total_songs=7, total_size=123, total_duration=45.5)
        response = as_member.get(one(member))
        assert response.status_code == 200
        body = response.json()
        assert set(body) == KEYS
        assert body["id"] == member.pk
        assert (body["userName"], body["isAdmin"]) == ("member", False)
        [shown] = body["libraries"]
        assert set(shown) >= LIBRARY_KEYS
        assert shown["id"] == library.pk
        assert type(shown["id"]) is int
        assert (shown["songCount"], shown["totalSize"], shown["duration"]) == (7, 123, 45.5)
        assert body["createdAt"].endswith("Z")

    def test_says_by_which_way_each_library_came(
        self, as_member: APIClient, member: User, library: Library, make_library: MakeLibrary
    ) -> None:
        blues = make_library("Blues")
        for name in ("Family", "Band"):
            group = Group.objects.create(name=name)
            member.groups.add(group)
            GroupAccess.objects.create(group=group, library=blues)
        GroupAccess.objects.create(group=Group.objects.get(name="Family"), library=library)
        libraries = as_member.get(one(member)).json()["libraries"]
        assert {shown["name"]: shown["grantedBy"] for shown in libraries} == {
            "Blues": ["group:Band", "group:Family"],
            "Rock": ["user", "group:Family"],
        }

    def test_an_admin_has_every_library(self, as_admin: APIClient, admin: User, member: User) -> None:
        body = as_admin.get(one(admin)).json()
        assert {shown["name"]: shown["grantedBy"] for shown in body["libraries"]} == {
            "Jazz": ["admin"],
            "Rock": ["admin"],
        }

    def test_a_removed_library_is_gone(self, as_member: APIClient, member: User, library: Library) -> None:
        Library.objects.filter(pk=library.pk).update(deleted_at="2026-01-01T00:00:00Z")
        assert as_member.get(one(member)).json()["libraries"] == []

    def test_another_account_is_403_whether_it_exists_or_not(self, as_member: APIClient, outsider: User) -> None:
        known, unknown = as_member.get(one(outsider)), as_member.get(f"{URL}/nobody")
        assert known.status_code == unknown.status_code == 403
        assert known.content == unknown.content

    @pytest.mark.parametrize("pk", ["nobody", "9" * 400, "%00", "é", "1%20OR%201=1", "%ED%A0%80"])
    def test_unknown_is_404_for_an_admin(self, as_admin: APIClient, pk: str) -> None:
        assert as_admin.get(f"{URL}/{pk}").status_code == 404

    def test_never_shows_a_secret(self, as_admin: APIClient, member: User) -> None:
        secret = app_passwords.app_password(member)
        text = as_admin.get(one(member)).content.decode()
        assert "password" not in text.lower()
        assert secret not in text
        assert member.password not in text

    def test_notes_the_visit(self, as_member: APIClient, member: User) -> None:
        assert as_member.get(one(member)).json()["lastAccessAt"] is not None


class TestCreate:
    """`POST /api/user`."""

    body = {"userName": "new", "name": "New One", "email": "new@example.org", "password": "s3cret pass"}

    @pytest.mark.parametrize("is_admin", [False, True])
    def test_creates(
        self, as_admin: APIClient, as_anonymous: APIClient, make_library: MakeLibrary, is_admin: bool
    ) -> None:
        make_library("Everybody", default_new_users=True)
        make_library("Mine")
        response = as_admin.post(URL, {**self.body, "isAdmin": is_admin})
        assert response.status_code == 201
        body = response.json()
        assert set(body) == KEYS
        assert response["Location"] == f"/api/user/{body['id']}"
        shown = {library["name"]: library["grantedBy"] for library in body["libraries"]}
        assert shown == ({"Everybody": ["admin"], "Mine": ["admin"]} if is_admin else {"Everybody": ["user"]})
        user = User.objects.get(pk=body["id"])
        assert (user.username, user.name, user.email) == ("new", "New One", "new@example.org")
        assert (user.is_superuser, user.is_staff) == (is_admin, is_admin)
        answer = as_anonymous.post("/auth/login", {"username": "new", "password": "s3cret pass"})
        assert answer.status_code == 200

    def test_names_everything_that_is_wrong(self, as_admin: APIClient) -> None:
        response = as_admin.post(URL, {"email": "nonsense", "isAdmin": "yes", "name": 5, "userName": "a\tb"})
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"email", "isAdmin", "name", "userName", "password"}
        assert User.objects.count() == 1

    @pytest.mark.parametrize("name", ["admin", "ADMIN", "  Admin "])
    def test_a_taken_name_is_409(self, as_admin: APIClient, name: str) -> None:
        response = as_admin.post(URL, {**self.body, "userName": name})
        sentence = f"The user name “{name.strip()}” is taken."
        assert (response.status_code, response.json()) == (409, {"error": sentence, "errors": {"userName": sentence}})
        assert User.objects.count() == 1

    @pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'"text"', b"[[[[[[" * 900, b'{"userName": "\\ud800"}'])
    def test_other_bodies_are_400(self, as_admin: APIClient, body: bytes) -> None:
        assert as_admin.post(URL, body, content_type="application/json").status_code == 400
        assert User.objects.count() == 1

    def test_anything_but_json_is_415(self, as_admin: APIClient) -> None:
        assert as_admin.post(URL, "userName=a", content_type="application/x-www-form-urlencoded").status_code == 415

    def test_is_for_admins(self, as_member: APIClient, as_anonymous: APIClient) -> None:
        assert as_member.post(URL, self.body).status_code == 403
        assert as_anonymous.post(URL, self.body).status_code == 401
        assert not User.objects.filter(username="new").exists()

    def test_keys_of_the_server_are_ignored(self, as_admin: APIClient, library: Library) -> None:
        extra = {"id": "chosen", "is_staff": True, "is_superuser": True, "libraries": [library.pk], "token_epoch": 9}
        body = as_admin.post(URL, {**self.body, **extra, "lastLoginAt": "2001-01-01", "currentPassword": "x"}).json()
        user = User.objects.get(username="new")
        assert (user.is_staff, user.is_superuser, user.token_epoch, user.last_login) == (False, False, 0, None)
        assert user.pk != "chosen"
        assert body["libraries"] == []


class TestUpdate:
    """`PUT|PATCH /api/user/{id}`."""

    @pytest.mark.parametrize("method", ["put", "patch"])
    def test_changes_only_what_is_sent(self, as_admin: APIClient, member: User, method: str) -> None:
        User.objects.filter(pk=member.pk).update(email="a@example.org")
        response = getattr(as_admin, method)(one(member), {"name": "Renamed"})
        assert response.status_code == 200
        assert set(response.json()) == KEYS
        member.refresh_from_db()
        assert (member.name, member.email, member.username) == ("Renamed", "a@example.org", "member")

    def test_an_admin_changes_everything(self, as_admin: APIClient, as_anonymous: APIClient, member: User) -> None:
        body = {"userName": "m2", "isAdmin": True, "mayScan": True, "password": "brand new", "email": ""}
        assert as_admin.put(one(member), body).status_code == 200
        member.refresh_from_db()
        assert (member.username, member.is_superuser, member.is_staff, member.may_scan) == ("m2", True, True, True)
        assert member.check_password("brand new")

    def test_a_member_changes_name_and_email(self, as_member: APIClient, member: User) -> None:
        assert as_member.put(one(member), {"name": "Me", "email": "me@example.org"}).status_code == 200
        member.refresh_from_db()
        assert (member.name, member.email) == ("Me", "me@example.org")

    def test_what_was_read_can_be_sent_back(self, as_member: APIClient, member: User) -> None:
        body = as_member.get(one(member)).json()
        assert as_member.put(one(member), {**body, "name": "Me"}).status_code == 200

    @pytest.mark.parametrize(
        "body",
        [{"isAdmin": True}, {"userName": "other"}, {"mayScan": True}, {"isActive": False}, {"isAdmin": "yes"},
         {"userName": None}, {"name": "Me", "isAdmin": True}, {"isAdmin": 1}, {"userName": ["member"]}],
    )  # fmt: skip
    def test_a_member_cannot_take_rights(self, as_member: APIClient, member: User, body: dict[str, Any]) -> None:
        before = state(member)
        assert as_member.put(one(member), body).status_code == 403
        assert state(member) == before

    @pytest.mark.parametrize(
        "extra",
        [{"is_superuser": True}, {"is_staff": True}, {"libraries": [1, 2]}, {"id": "x"}, {"pk": "x"},
         {"password_hash": "md5$a$b"}, {"libraryIds": [1]}, {"groups": [1]}, {"token_epoch": 4}, {"is_active": False},
         {"username": "x"}, {"user_permissions": [1]}, {"__proto__": {"isAdmin": True}}, {"createdAt": "2001-01-01"}],
    )  # fmt: skip
    def test_unknown_keys_change_nothing(self, as_member: APIClient, member: User, extra: dict[str, Any]) -> None:
        before, libraries = state(member), list(member.libraries.values_list("pk", flat=True))
        assert as_member.put(one(member), extra).status_code == 200
        after = state(member)
        assert {key: value for key, value in after.items() if key != "updated_at"} == {
            key: value for key, value in before.items() if key != "updated_at"
        }
        assert list(member.libraries.values_list("pk", flat=True)) == libraries

    def test_another_account_is_403(self, as_member: APIClient, outsider: User) -> None:
        before = state(outsider)
        assert as_member.put(one(outsider), {"name": "x"}).status_code == 403
        assert as_member.put(f"{URL}/nobody", {"name": "x"}).status_code == 403
        assert state(outsider) == before

    @pytest.mark.parametrize(("name", "code"), [("ADMIN", 409), ("MEMBER", 200), ("", 400), ("a" * 151, 400)])
    def test_names_stay_unique(self, as_admin: APIClient, member: User, name: str, code: int) -> None:
        response = as_admin.put(one(member), {"userName": name})
        assert response.status_code == code
        assert code == 200 or set(response.json()["errors"]) == {"userName"}

    def test_unknown_is_404(self, as_admin: APIClient) -> None:
        assert as_admin.put(f"{URL}/nobody", {"name": "x"}).status_code == 404


class TestOwnPassword:
    """Changing one's own password."""

    @pytest.mark.parametrize("role", ["member", "admin"])
    def test_needs_the_current_one(self, request: pytest.FixtureRequest, role: str) -> None:
        user: User = request.getfixturevalue(role)
        client: APIClient = request.getfixturevalue(f"as_{role}")
        for body in ({"password": "new"}, {"password": "new", "currentPassword": "wrong"}):
            response = client.put(one(user), body)
            assert response.status_code == 400
            assert set(response.json()["errors"]) == {"currentPassword"}
        user.refresh_from_db()
        assert user.check_password(PASSWORD)

    def test_ends_all_tokens_but_brings_a_new_one(self, member: User, sign_in: SignIn) -> None:
        here, elsewhere = sign_in(member), sign_in(member)
        response = here.put(one(member), {"password": "new", "currentPassword": PASSWORD})
        assert response.status_code == 200
        assert elsewhere.get(one(member)).status_code == 401
        assert here.get(one(member)).status_code == 401
        here.credentials(HTTP_AUTHORIZATION=f"Bearer {response['x-nd-authorization']}")
        assert here.get(one(member)).status_code == 200

    def test_guesses_are_slowed_down(self, as_member: APIClient, member: User) -> None:
        body = {"password": "new", "currentPassword": "guess"}
        codes = [as_member.put(one(member), body).status_code for _ in range(6)]
        assert codes == [400] * 5 + [429]


class TestDelete:
    """`DELETE /api/user/{id}`."""

    def test_removes_the_account_and_its_tokens(self, as_admin: APIClient, as_member: APIClient, member: User) -> None:
        response = as_admin.delete(one(member))
        assert response.status_code == 200
        assert response.json() == {"id": member.pk}
        assert not User.objects.filter(pk=member.pk).exists()
        assert Library.objects.count() == 2
        assert as_member.get(one(member)).status_code == 401
        assert as_admin.delete(one(member)).status_code == 404

    def test_is_for_admins(self, as_member: APIClient, as_anonymous: APIClient, member: User) -> None:
        assert as_member.delete(one(member)).status_code == 403
        assert as_anonymous.delete(one(member)).status_code == 401
        assert User.objects.filter(pk=member.pk).exists()
