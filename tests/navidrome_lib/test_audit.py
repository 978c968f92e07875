"""`GET /api/audit`, and that every change is in it."""

from __future__ import annotations

import getpass
import io
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from libraries.models import Folder, Library, MediaFile
from missing.models import KEPT, Purge
from missing.tasks import expire_purges
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import PASSWORD
from users.models import User

URL = "/api/audit"
KEYS = {
    "id", "at", "userId", "userName", "apiKey", "address", "channel", "action", "objectType", "objectId", "objectName",
    "changes",
}  # fmt: skip


def last() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


class TestList:
    """Reading it."""

    def test_says_who_what_when_and_from_where(self, as_admin: APIClient, admin: User, member: User) -> None:
        as_admin.put(f"/api/user/{member.pk}", {"name": "Renamed"}, REMOTE_ADDR="203.0.113.5")
        response = as_admin.get(URL)
        assert response.status_code == 200
        entry = response.json()[0]
        assert set(entry) == KEYS
        assert (entry["userId"], entry["userName"], entry["address"]) == (admin.pk, "admin", "203.0.113.5")
        assert (entry["channel"], entry["action"], entry["objectId"]) == ("api", "user.update", member.pk)
        assert entry["changes"] == {"name": ["", "Renamed"]}
        assert int(response["X-Total-Count"]) == AuditEntry.objects.count()

    def test_filters_and_pages(self, as_admin: APIClient, member: User) -> None:
        as_admin.put(f"/api/user/{member.pk}", {"name": "a"})
        as_admin.put(f"/api/user/{member.pk}", {"name": "b"})
        assert len(as_admin.get(f"{URL}?action=user.update").json()) == 2
        assert len(as_admin.get(f"{URL}?action=user.update&_start=0&_end=1").json()) == 1
        assert as_admin.get(f"{URL}?objectId={member.pk}&action=user.update&since=2999-01-01T00:00:00Z").json() == []
        assert as_admin.get(f"{URL}?since=soon").status_code == 400
        assert len(as_admin.get(f"{URL}?channel=api&action=user.update").json()) == 2
        assert as_admin.get(f"{URL}?channel=task").json() == []

    def test_is_for_admins_and_nobody_writes(
        self, as_admin: APIClient, as_member: APIClient, as_anonymous: APIClient
    ) -> None:
        assert as_member.get(URL).status_code == 403
        assert as_anonymous.get(URL).status_code == 401
        for method in ("post", "put", "patch", "delete"):
            assert getattr(as_admin, method)(URL).status_code == 405
            assert getattr(as_admin, method)(f"{URL}/1").status_code == 404


class TestRecorded:
    """Every change, by every channel."""

    def test_accounts(self, as_admin: APIClient, admin: User) -> None:
        made = as_admin.post("/api/user", {"userName": "new", "password": "hush hush"}).json()
        assert (last().action, last().object_name, last().actor) == ("user.create", "new", "admin")
        as_admin.put(f"/api/user/{made['id']}", {"password": "other hush", "isAdmin": True})
        assert last().changes == {"password": ["", "changed"], "is_superuser": [False, True]}
        as_admin.delete(f"/api/user/{made['id']}")
        assert (last().action, last().object_id) == ("user.delete", made["id"])
        assert "hush" not in str(list(AuditEntry.objects.values()))

    def test_access(self, as_admin: APIClient, member: User, library: Library, other_library: Library) -> None:
        as_admin.put(f"/api/user/{member.pk}/library", {"libraryIds": [other_library.pk]})
        assert (last().action, last().changes) == ("access.set", {"libraries": [[library.pk], [other_library.pk]]})
        count = AuditEntry.objects.count()
        as_admin.put(f"/api/user/{member.pk}/library", {"libraryIds": [other_library.pk]})
        assert AuditEntry.objects.count() == count

    def test_libraries(self, as_admin: APIClient, tmp_path: Any) -> None:
        made = as_admin.post("/api/library", {"name": "New", "path": str(tmp_path)}).json()
        assert (last().action, last().object_id, last().actor) == ("library.create", made["id"], "admin")
        as_admin.put(f"/api/library/{made['id']}", {"name": "Newer"})
        assert last().changes == {"name": ["New", "Newer"]}
        as_admin.delete(f"/api/library/{made['id']}")
        assert last().action == "library.delete"

    def test_keys_and_what_is_done_with_them(self, as_admin: APIClient, member: User) -> None:
        made = as_admin.post("/api/apikey", {"name": "Robot", "scopes": ["manage"]}).json()
        assert last().action == "key.create"
        assert made["key"] not in str(last().changes)
        robot = APIClient()
        robot.put(f"/api/user/{member.pk}", {"name": "x"}, HTTP_AUTHORIZATION=f"Bearer {made['key']}")
        assert (last().actor, last().key, last().action) == ("admin", "Robot", "user.update")
        as_admin.delete(f"/api/apikey/{made['id']}")
        assert last().action == "key.revoke"

    def test_own_password_and_app_password(self, as_member: APIClient, member: User) -> None:
        as_member.post(f"/api/user/{member.pk}/subsonic")
        assert (last().action, last().actor) == ("user.app_password", "member")
        as_member.put(f"/api/user/{member.pk}", {"password": "new one", "currentPassword": PASSWORD})
        assert last().changes == {"password": ["", "changed"]}

    def test_the_first_admin(self, as_anonymous: APIClient) -> None:
        as_anonymous.post("/auth/createAdmin", {"username": "ada", "password": PASSWORD}, HTTP_HOST="localhost")
        assert (last().action, last().channel, last().changes["admin"]) == ("user.create", "api", True)

    def test_the_admin_site(self, admin: User, member: User, library: Library) -> None:
        client = Client(REMOTE_ADDR="198.51.100.7")
        client.force_login(admin)
        forms = {"library_access-TOTAL_FORMS": 0, "library_access-INITIAL_FORMS": 0}
        client.post(f"/admin/users/user/{member.pk}/change/", {"username": "member", "name": "x", **forms})
        entry = last()
        assert (entry.action, entry.channel, entry.actor, entry.address) == (
            "user.update", "admin", "admin", "198.51.100.7",
        )  # fmt: skip
        passwords = {"password1": "a new battery", "password2": "a new battery", "usable_password": "true"}
        client.post(f"/admin/users/user/{member.pk}/password/", passwords)
        assert AuditEntry.objects.filter(action="user.password", actor="admin", object_id=member.pk).exists()
        client.post(f"/admin/users/user/{member.pk}/delete/", {"post": "yes"})
        assert AuditEntry.objects.filter(action="user.delete", object_id=member.pk).count() == 1
        row = {"library_access-TOTAL_FORMS": 1, "library_access-0-library": library.pk}
        client.post("/admin/auth/group/add/", {"name": "Family", **forms, **row})
        assert (last().action, last().object_name) == ("group.create", "Family")
        client.post(f"/admin/auth/group/{Group.objects.get().pk}/delete/", {"post": "yes"})
        assert (last().action, last().object_name) == ("group.delete", "Family")
        assert client.get("/admin/audit/auditentry/").status_code == 200
        assert client.get(f"/admin/audit/auditentry/{last().pk}/change/").status_code == 200
        for page in ("add/", f"{last().pk}/delete/"):
            assert client.post(f"/admin/audit/auditentry/{page}", {"post": "yes"}).status_code == 403

    @pytest.mark.django_db
    def test_commands(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        call_command("createsuperuser", interactive=False, username="ada", stdout=io.StringIO())
        assert (last().action, last().channel, last().object_name) == ("user.create", "command", "ada")
        assert last().actor
        monkeypatch.setattr(getpass, "getpass", lambda prompt="": "quite another battery")
        call_command("changepassword", "ada", stdout=io.StringIO())
        assert (last().action, last().object_name) == ("user.password", "ada")

    def test_a_refusal_leaves_no_entry(self, as_admin: APIClient, as_member: APIClient, admin: User) -> None:
        count = AuditEntry.objects.count()
        as_admin.delete(f"/api/user/{admin.pk}")
        as_admin.put(f"/api/user/{admin.pk}/library", {"libraryIds": []})
        as_member.post("/api/user", {"userName": "x", "password": "x"})
        assert AuditEntry.objects.count() == count

    def test_signing_in_with_a_better_hash_is_no_change(self, as_anonymous: APIClient, admin: User) -> None:
        count = AuditEntry.objects.count()
        as_anonymous.post("/auth/login", {"username": "admin", "password": PASSWORD})
        assert AuditEntry.objects.count() == count


def test_purges_and_tasks(as_admin: APIClient, library: Library) -> None:
    """Removing missing files, taking it back, and what the clock does by itself."""
    now = timezone.now()
    folder = Folder.objects.create(library=library, path="", path_bytes=b"", path_key="0" * 32, created_at=now)
    MediaFile.objects.create(
        library=library, folder=folder, path="a.mp3", name_bytes=b"a.mp3", suffix="mp3", size=1, mtime_ns=1, title="a",
        missing=True, missing_since=now, created_at=now, updated_at=now,
    )  # fmt: skip
    purge = as_admin.delete("/api/missing").json()["purgeId"]
    assert (last().action, last().object_id, last().actor) == ("missing.purge", purge, "admin")
    as_admin.post(f"/api/missing/purge/{purge}/undo")
    assert (last().action, last().changes) == ("missing.undo", {"restored": 1})
    Purge.objects.update(counted_from=-KEPT.total_seconds())
    expire_purges()
    assert (last().action, last().channel, last().actor) == ("missing.expire", "task", "missing.tasks.expire_purges")
