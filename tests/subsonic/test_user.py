"""Accounts by the protocol: the rules are those of `/api/user`."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from libraries.models import Library
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import PASSWORD, Configure, MakeUser
from tests.subsonic.conftest import Call, code
from users import api_keys
from users.app_passwords import app_password
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

NEW = {"username": "eve", "password": "a new password", "email": "eve@example.org"}


def signed(user: User, password: str = PASSWORD) -> dict[str, str]:
    """The credentials of one who types the login password."""
    return {"u": user.username, "p": password}


def granted(user: User) -> set[int]:
    return set(LibraryAccess.objects.filter(user=user).values_list("library", flat=True))


class TestCreateUser:
    def test_a_regular_account_gets_the_libraries_for_new_users(
        self, call: Call, admin: User, library: Library, other_library: Library
    ) -> None:
        Library.objects.filter(pk=library.pk).update(default_new_users=True)
        assert call("createUser", **signed(admin), **NEW)["status"] == "ok"
        eve = User.objects.get(username="eve")
        assert (eve.email, eve.is_superuser, eve.is_staff) == ("eve@example.org", False, False)
        assert eve.check_password("a new password")
        assert granted(eve) == {library.pk}

    def test_the_named_libraries_are_the_only_ones(
        self, call: Call, admin: User, library: Library, other_library: Library
    ) -> None:
        Library.objects.filter(pk=library.pk).update(default_new_users=True)
        call("createUser", **signed(admin), **NEW, musicFolderId=[other_library.pk])
        assert granted(User.objects.get(username="eve")) == {other_library.pk}

    def test_nothing_is_created_when_a_library_does_not_exist(self, call: Call, admin: User) -> None:
        for unknown in ("999", "x", ["1", "999"]):
            error = call("createUser", **signed(admin), **NEW, musicFolderId=unknown)["error"]
            assert error == {"code": 70, "message": "This music folder does not exist."}
        assert not User.objects.filter(username="eve").exists()

    def test_an_empty_library_is_none(self, call: Call, admin: User, library: Library) -> None:
        Library.objects.filter(pk=library.pk).update(default_new_users=True)
        assert call("createUser", **signed(admin), **NEW, musicFolderId="")["status"] == "ok"
        assert granted(User.objects.get(username="eve")) == {library.pk}

    def test_an_admin_with_a_hexadecimal_password(self, call: Call, admin: User) -> None:
        given = {**NEW, "password": "enc:" + "pässword".encode().hex()}
        assert call("createUser", **signed(admin), **given, adminRole="true")["status"] == "ok"
        eve = User.objects.get(username="eve")
        assert eve.is_superuser
        assert eve.check_password("pässword")

    @pytest.mark.parametrize("missing", sorted(NEW))
    def test_what_is_missing_is_named(self, call: Call, admin: User, missing: str) -> None:
        for given in ({**NEW, missing: ""}, {key: value for key, value in NEW.items() if key != missing}):
            error = call("createUser", **signed(admin), **given)["error"]
            assert error == {"code": 10, "message": f"Required parameter is missing: {missing}"}

    @pytest.mark.parametrize(
        "wrong",
        [{"username": "EVE2"}, {"email": "no address"}, {"username": "a\x07b"}, {"password": "enc:zz"}],
    )
    def test_values_that_break_a_rule(
        self, call: Call, admin: User, make_user: MakeUser, wrong: dict[str, str]
    ) -> None:
        make_user("eve2")
        before = User.objects.count()
        error = call("createUser", **signed(admin), **{**NEW, **wrong})["error"]
        assert error["code"] == 0
        assert error["message"]
        assert User.objects.count() == before

    def test_the_audit_trail_names_the_way(self, call: Call, admin: User) -> None:
        call("createUser", **signed(admin), **NEW)
        entry = AuditEntry.objects.get(action="user.create", object_name="eve")
        assert (entry.actor, entry.channel) == (admin.username, "rest")


class TestUpdateUser:
    def test_what_is_left_out_stays(
        self, call: Call, admin: User, member: User, library: Library, other_library: Library
    ) -> None:
        assert call("updateUser", **signed(admin), username="MEMBER", email="m@example.org")["status"] == "ok"
        member.refresh_from_db()
        assert (member.email, member.username, member.check_password(PASSWORD)) == ("m@example.org", "member", True)
        assert granted(member) == {library.pk}
        call("updateUser", **signed(admin), username="member", musicFolderId=other_library.pk, password="another one")
        member.refresh_from_db()
        assert member.check_password("another one")
        assert granted(member) == {other_library.pk}
        call("updateUser", **signed(admin), username="member", adminRole="true")
        member.refresh_from_db()
        assert member.is_superuser

    def test_the_last_admin_stays(self, call: Call, admin: User) -> None:
        answer = call("updateUser", **signed(admin), username=admin.username, adminRole="false")
        assert answer["error"]["message"].startswith("This is the last admin.")
        assert call("deleteUser", **signed(admin), username=admin.username)["status"] == "failed"
        assert User.objects.filter(is_superuser=True).count() == 1

    def test_all_or_nothing(self, call: Call, admin: User, member: User) -> None:
        answer = call("updateUser", **signed(admin), username="member", email="m@example.org", musicFolderId="999")
        assert answer["status"] == "failed"
        member.refresh_from_db()
        assert member.email == ""

    def test_an_unknown_name(self, call: Call, admin: User) -> None:
        assert code(call("updateUser", **signed(admin), username="eve")) == 70
        assert code(call("deleteUser", **signed(admin), username="eve")) == 70
        assert code(call("changePassword", **signed(admin), username="eve", password="x")) == 70
        assert code(call("updateUser", **signed(admin))) == code(call("deleteUser", **signed(admin))) == 10


def test_an_account_is_deleted(call: Call, admin: User, member: User) -> None:
    assert call("deleteUser", **signed(admin), username="Member")["status"] == "ok"
    assert not User.objects.filter(pk=member.pk).exists()


class TestChangePassword:
    def test_ones_own_with_the_present_one(self, call: Call, member: User) -> None:
        app = app_password(member)
        assert call("changePassword", **signed(member), username="member", password="brand new")["status"] == "ok"
        member.refresh_from_db()
        assert member.check_password("brand new")
        assert code(call("ping", u="member", p=app)) == 40
        assert call("ping", **signed(member, "brand new"))["status"] == "ok"

    def test_an_app_password_or_a_key_is_not_enough(self, call: Call, member: User, admin: User) -> None:
        _, key = api_keys.create_key(member, name="k", scope="manage")
        asked = {"username": "member", "password": "brand new"}
        assert code(call("changePassword", member, **asked)) == 50
        assert code(call("changePassword", u="member", p=app_password(member), **asked)) == 50
        assert code(call("changePassword", apiKey=key, **asked)) == 50
        _, key = api_keys.create_key(admin, name="k", scope="manage")
        assert code(call("updateUser", apiKey=key, username=admin.username, password="brand new")) == 50
        for user in (member, admin):
            user.refresh_from_db()
            assert user.check_password(PASSWORD)

    def test_that_of_another_account(self, call: Call, admin: User, member: User, outsider: User) -> None:
        _, key = api_keys.create_key(member, name="k", scope="read")
        asked = {"username": "member", "password": "brand new"}
        assert code(call("changePassword", **signed(outsider), **asked)) == 50
        assert code(call("changePassword", admin, **asked)) == 50
        assert call("changePassword", **signed(admin), **asked)["status"] == "ok"
        member.refresh_from_db()
        assert member.check_password("brand new")
        # as by `/api/user`: who takes a password over takes the keys as well
        assert code(call("ping", apiKey=key)) == 44

    def test_an_unknown_name_is_no_secret_of_admins_only(self, call: Call, member: User) -> None:
        """Whether there is such an account is the same answer."""
        answers = [
            call("changePassword", **signed(member), username=name, password="x")["error"]
            for name in ("eve", "member2")
        ]
        assert answers[0] == answers[1]


class TestWhoMay:
    METHODS = ("createUser", "updateUser", "deleteUser")

    @pytest.mark.parametrize("method", METHODS)
    def test_only_admins_that_may_manage(
        self, call: Call, admin: User, member: User, library: Library, method: str
    ) -> None:
        for credentials in (signed(member), {"u": admin.username, "p": app_password(admin)}):
            assert code(call(method, **credentials, **{**NEW, "username": "member"})) == 50
        for scope in ("read", "scan", "listen"):
            _, key = api_keys.create_key(admin, name=scope, scope=scope)
            assert code(call(method, apiKey=key, username="member")) == 50
        _, key = api_keys.create_key(admin, name="one", scope="manage", library_ids=[library.pk])
        assert code(call(method, apiKey=key, username="member")) == 50
        assert User.objects.filter(username="member").exists()

    def test_a_key_that_may_manage(self, call: Call, admin: User) -> None:
        _, key = api_keys.create_key(admin, name="all", scope="manage")
        assert call("createUser", apiKey=key, **NEW)["status"] == "ok"
        assert call("deleteUser", apiKey=key, username="eve")["status"] == "ok"


class TestGetUsers:
    def test_all_with_their_libraries(
        self, call: Call, admin: User, member: User, outsider: User, library: Library, other_library: Library
    ) -> None:
        shown = {user["username"]: user for user in call("getUsers", admin)["users"]["user"]}
        assert {name: user["folder"] for name, user in shown.items()} == {
            admin.username: [library.pk, other_library.pk], "member": [library.pk], "outsider": [],
        }  # fmt: skip
        for name, user in shown.items():
            assert user == call("getUser", **signed(admin), username=name)["user"]

    def test_others_may_not(self, call: Call, member: User) -> None:
        assert code(call("getUsers", member)) == 50

    def test_queries_do_not_grow(
        self, call: Call, admin: User, make_user: MakeUser, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(30):
            make_user(f"user{number}")
        call("getUsers", admin)
        with django_assert_max_num_queries(10):
            assert len(call("getUsers", admin)["users"]["user"]) == 31


def test_roles_follow_what_the_caller_may_do(call: Call, member: User, configure: Configure) -> None:
    names = ("playlistRole", "commentRole", "shareRole", "settingsRole")

    def roles(**credentials: str) -> list[bool]:
        shown = call("getUser", **credentials, username="member")["user"]
        return [shown[name] for name in names]

    assert roles(**signed(member)) == [True, True, False, True]
    configure(enable_sharing=True)
    assert roles(**signed(member)) == [True, True, True, True]
    _, key = api_keys.create_key(member, name="k", scope="read")
    assert roles(apiKey=key) == [False, False, False, False]


def test_an_avatar_tells_of_no_account(call: Call, member: User, admin: User) -> None:
    query = {"v": "1.16.1", "c": "test", "f": "json", **signed(member)}
    answers = [
        Client().get("/rest/getAvatar", {**query, "username": name}) for name in ("member", admin.username, "no")
    ]
    assert {answer["Content-Type"].split("/")[0] for answer in answers} == {"image"}
    assert len({answer.content for answer in answers}) == 1
    again = Client(HTTP_IF_NONE_MATCH=answers[0]["ETag"]).get("/rest/getAvatar", {**query, "username": "member"})
    assert again.status_code == 304
    assert code(call("getAvatar", member)) == 10
