"""`/api/apikey`, and what a key opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.models import Library, Scan
from tests.conftest import MakeUser
from users.models import ApiKey, GroupAccess, User

pytestmark = pytest.mark.alike

URL = "/api/apikey"
KEYS = {
    "id", "name", "hint", "scopes", "libraryIds", "userId", "userName", "createdAt", "expiresAt", "lastUsedAt",
}  # fmt: skip


def make(client: APIClient, **body: Any) -> dict[str, Any]:
    response = client.post(URL, {"name": "Phone", **body}, format="json")
    assert response.status_code == 201, response.content
    made: dict[str, Any] = response.json()
    return made


def with_key(made: dict[str, Any]) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made['key']}")
    return client


def rest(made: dict[str, Any], method: str = "ping", **params: str) -> dict[str, Any]:
    query = {"apiKey": made["key"], "v": "1.16.1", "c": "test", "f": "json", **params}
    answer: dict[str, Any] = APIClient().get(f"/rest/{method}", query).json()["subsonic-response"]
    return answer


class TestMake:
    """`POST /api/apikey`."""

    def test_shows_the_key_once_and_keeps_a_digest(self, as_member: APIClient, member: User) -> None:
        response = as_member.post(URL, {"name": "Phone"})
        assert response.status_code == 201
        made = response.json()
        assert set(made) == KEYS | {"key"}
        assert response["Location"] == f"{URL}/{made['id']}"
        assert response["Cache-Control"] == "no-store"
        assert made["key"].startswith(made["hint"])
        assert (made["scopes"], made["libraryIds"], made["userId"]) == (["read"], None, member.pk)
        row = ApiKey.objects.values().get()
        assert made["key"] not in str(row)
        assert made["key"] not in as_member.get(f"{URL}/{made['id']}").content.decode()

    @pytest.mark.parametrize(
        ("asked", "scopes"),
        [
            (["scan"], ["read", "scan"]),
            (["listen"], ["read", "scan", "listen"]),
            (["read", "manage"], ["read", "scan", "listen", "manage"]),
            (["read"], ["read"]),
        ],
    )
    def test_a_scope_includes_the_ones_before(self, as_member: APIClient, asked: list[str], scopes: list[str]) -> None:
        assert make(as_member, scopes=asked)["scopes"] == scopes

    @pytest.mark.parametrize(
        "body",
        [{}, [], {"name": ""}, {"name": "a", "scopes": []}, {"name": "a", "scopes": ["all"]},
         {"name": "a", "scopes": "read"}, {"name": "a", "libraryIds": [999]}, {"name": "a", "libraryIds": ["x"]},
         {"name": "a", "libraryIds": 1}, {"name": "a", "expiresAt": "2001-01-01T00:00:00Z"},
         {"name": "a", "expiresAt": "soon"}, {"name": "a" * 256}],
    )  # fmt: skip
    def test_nonsense_is_400(self, as_member: APIClient, body: Any) -> None:
        assert as_member.post(URL, body, format="json").status_code == 400
        assert not ApiKey.objects.exists()

    def test_only_for_libraries_that_one_can_access(self, as_member: APIClient, other_library: Library) -> None:
        assert as_member.post(URL, {"name": "a", "libraryIds": [other_library.pk]}).status_code == 400

    def test_an_account_has_a_limit(self, as_member: APIClient, member: User) -> None:
        rows = [ApiKey(user=member, name=str(n), digest=str(n), hint="x") for n in range(100)]
        ApiKey.objects.bulk_create(rows)
        assert as_member.post(URL, {"name": "a"}).status_code == 400


class TestList:
    """`GET /api/apikey` and `GET|DELETE /api/apikey/{id}`."""

    def test_everybody_sees_their_own_and_admins_all(
        self, as_admin: APIClient, as_member: APIClient, as_outsider: APIClient, member: User
    ) -> None:
        made = make(as_member)
        mine = as_member.get(URL)
        assert mine["X-Total-Count"] == "1"
        assert set(mine.json()[0]) == KEYS
        assert as_outsider.get(URL).json() == []
        assert as_outsider.get(f"{URL}/{made['id']}").status_code == 404
        assert as_outsider.delete(f"{URL}/{made['id']}").status_code == 404
        assert [key["id"] for key in as_admin.get(f"{URL}?userId={member.pk}").json()] == [made["id"]]
        assert as_admin.get(f"{URL}?userId=nobody").json() == []

    def test_revoking_acts_at_once(self, as_member: APIClient, member: User) -> None:
        made = make(as_member)
        client = with_key(made)
        assert client.get(f"/api/user/{member.pk}").status_code == 200
        assert rest(made)["status"] == "ok"
        assert as_member.delete(f"{URL}/{made['id']}").json() == {"id": made["id"]}
        assert client.get(f"/api/user/{member.pk}").status_code == 401
        assert rest(made)["error"]["code"] == 44
        assert as_member.delete(f"{URL}/{made['id']}").status_code == 404

    def test_an_admin_revokes_any(self, as_admin: APIClient, as_member: APIClient) -> None:
        assert as_admin.delete(f"{URL}/{make(as_member)['id']}").status_code == 200

    def test_needs_a_person(self, as_anonymous: APIClient, as_admin: APIClient) -> None:
        assert as_anonymous.get(URL).status_code == 401
        client = with_key(make(as_admin, scopes=["manage"]))
        for response in (client.get(URL), client.post(URL, {"name": "more"}), client.delete(f"{URL}/x")):
            assert response.status_code == 403
        assert ApiKey.objects.count() == 1

    def test_shows_the_last_use(self, as_member: APIClient, member: User) -> None:
        made = make(as_member)
        assert made["lastUsedAt"] is None
        rest(made)
        assert as_member.get(f"{URL}/{made['id']}").json()["lastUsedAt"].endswith("Z")


class TestScopes:
    """A key never has more rights than its owner, and fewer if so chosen."""

    def test_read_changes_nothing(self, as_admin: APIClient, member: User) -> None:
        client = with_key(make(as_admin))
        assert client.get("/api/user").status_code == 200
        for response in (
            client.delete(f"/api/user/{member.pk}"),
            client.put(f"/api/user/{member.pk}", {"name": "x"}),
            client.post("/api/scan", {"libraryId": 1}),
            client.put(f"/api/user/{member.pk}/library", {"libraryIds": []}),
        ):
            assert response.status_code == 403
        assert rest(make(as_admin, name="b"), "startScan")["error"]["code"] == 50

    def test_scan_starts_scans_and_no_more(self, as_admin: APIClient, library: Library, member: User) -> None:
        made = make(as_admin, scopes=["scan"])
        assert with_key(made).post("/api/scan", {"libraryId": library.pk}).status_code == 201
        assert rest(made, "startScan")["status"] == "ok"
        assert with_key(made).delete(f"/api/user/{member.pk}").status_code == 403

    def test_manage_does_what_its_owner_may(self, as_admin: APIClient, as_member: APIClient, member: User) -> None:
        assert with_key(make(as_member, scopes=["manage"])).get("/api/user").status_code == 403
        client = with_key(make(as_admin, scopes=["manage"]))
        assert client.put(f"/api/user/{member.pk}", {"name": "x"}).status_code == 200

    def test_a_scan_key_of_who_may_not_scan_does_not(self, as_member: APIClient, member: User) -> None:
        made = make(as_member, scopes=["scan"])
        assert rest(made, "startScan")["error"]["code"] == 50
        User.objects.filter(pk=member.pk).update(may_scan=True)
        assert rest(made, "startScan")["status"] == "ok"

    def test_a_scan_key_only_starts_scans(self, as_admin: APIClient, library: Library) -> None:
        client = with_key(make(as_admin, scopes=["scan"]))
        scan = client.post("/api/scan", {"libraryId": str(library.pk)})
        assert scan.status_code == 201
        for accepted in ("acceptEmpty", "acceptDevice"):
            body = {"libraryId": str(library.pk), accepted: True}
            assert client.post("/api/scan", body).status_code == 403
        url = f"/api/scan/{scan.json()['id']}"
        assert client.delete(url).status_code == 403
        assert [client.post(f"{url}/{word}").status_code for word in ("approve", "discard")] == [403, 403]
        row = Scan.objects.get()
        assert (row.state, row.accept_empty, row.accept_device) == ("queued", False, False)
        assert with_key(make(as_admin, scopes=["manage"])).delete(url).status_code == 200

    def test_no_key_reads_the_app_password(self, as_member: APIClient, member: User) -> None:
        client = with_key(make(as_member, scopes=["manage"]))
        assert client.get(f"/api/user/{member.pk}/subsonic").status_code == 403

    def test_a_key_gets_no_token(self, as_member: APIClient, member: User) -> None:
        response = with_key(make(as_member)).get(f"/api/user/{member.pk}")
        assert response.status_code == 200
        assert "x-nd-authorization" not in response


class TestConfined:
    """A key for some libraries."""

    def folders(self, made: dict[str, Any]) -> list[str]:
        return [folder["name"] for folder in rest(made, "getMusicFolders")["musicFolders"]["musicFolder"]]

    def test_sees_only_those(
        self, as_member: APIClient, member: User, library: Library, other_library: Library
    ) -> None:
        group = Group.objects.create(name="Family")
        GroupAccess.objects.create(group=group, library=other_library)
        member.groups.add(group)
        assert self.folders(make(as_member)) == ["Jazz", "Rock"]
        made = make(as_member, libraryIds=[other_library.pk])
        assert made["libraryIds"] == [str(other_library.pk)]
        assert self.folders(made) == ["Jazz"]
        shown = with_key(made).get(f"/api/user/{member.pk}").json()["libraries"]
        assert [row["name"] for row in shown] == ["Jazz"]
        member.groups.clear()
        assert self.folders(made) == []

    def test_an_admins_confined_key_is_no_admin(
        self, as_admin: APIClient, admin: User, library: Library, other_library: Library
    ) -> None:
        made = make(as_admin, libraryIds=[str(library.pk)], scopes=["manage"])
        assert self.folders(made) == ["Rock"]
        client = with_key(made)
        for path in ("/api/user", "/api/library", "/api/audit", f"/api/user/{admin.pk}/library"):
            assert client.get(path).status_code == 403
        shown = client.get(f"/api/user/{admin.pk}").json()["libraries"]
        assert [row["name"] for row in shown] == ["Rock"]
        assert rest(made, "startScan", target=f"{other_library.pk}:")["error"]["code"] == 70
        assert rest(made, "startScan")["status"] == "ok"
        assert not other_library.scans.exists()

    def test_does_not_become_free_when_its_libraries_go(
        self, as_admin: APIClient, library: Library, other_library: Library
    ) -> None:
        made = make(as_admin, libraryIds=[library.pk])
        library.delete()
        assert self.folders(made) == []
        assert as_admin.get(f"{URL}/{made['id']}").json()["libraryIds"] == []

    def test_an_empty_list_opens_nothing(self, as_member: APIClient) -> None:
        assert self.folders(make(as_member, libraryIds=[])) == []


class TestEnds:
    """What ends keys at once."""

    def test_their_time(self, as_member: APIClient, member: User) -> None:
        made = make(as_member, expiresAt="2999-01-01T00:00:00Z")
        assert rest(made)["status"] == "ok"
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert rest(made)["error"]["code"] == 44
        assert with_key(made).get(f"/api/user/{member.pk}").status_code == 401

    def test_deactivation(self, as_member: APIClient, member: User) -> None:
        made = make(as_member)
        member.is_active = False
        member.save()
        assert rest(made)["error"]["code"] == 44
        assert with_key(made).get(f"/api/user/{member.pk}").status_code == 401

    def test_the_account_is_deleted(self, as_admin: APIClient, make_user: MakeUser, sign_in: Any) -> None:
        user = make_user("short")
        made = make(sign_in(user))
        as_admin.delete(f"/api/user/{user.pk}")
        assert rest(made)["error"]["code"] == 44

    @pytest.mark.parametrize(
        "change",
        [str.upper, str.swapcase, lambda key: key[:-1], lambda key: key + "A", lambda key: "ndk_", lambda key: key[4:],
         lambda key: "ndk_" + "é" * 20],
    )  # fmt: skip
    def test_forgeries_open_nothing(self, as_member: APIClient, member: User, change: Any) -> None:
        made = make(as_member)
        forged = {"key": change(made["key"])}
        assert rest(forged)["error"]["code"] == 44
        client = APIClient()
        header = f"Bearer {forged['key']}".encode().decode("latin-1")
        assert client.get(f"/api/user/{member.pk}", HTTP_AUTHORIZATION=header).status_code == 401
