"""Making API keys for anybody in the admin site."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from libraries.models import Library
from navidrome_lib.audit.models import AuditEntry
from users.api_keys import MAX_PER_USER, find_key
from users.models import ApiKey, User

pytestmark = pytest.mark.alike

ADD, LIST = "/admin/users/apikey/add/", "/admin/users/apikey/"


def test_makes_a_key_and_shows_it_once(site: Client, member: User, library: Library) -> None:
    assert f'href="{ADD}"' in site.get(LIST).content.decode()
    assert "Create key" in site.get(ADD).content.decode()
    body = {
        "owner": member.pk, "name": "<b>Phone", "scope": "scan", "confined": "on", "libraries": [library.pk],
        "last_day": "2999-12-30",
    }  # fmt: skip
    answer = site.post(ADD, body)
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    (text,) = re.findall(r'value="(ndk_[^"]+)"', page)
    assert "&lt;b&gt;Phone" in page
    key = find_key(text)
    assert key is not None
    assert (key.user, key.name, key.scope, key.restricted) == (member, "<b>Phone", "scan", True)
    assert list(key.libraries.all()) == [library]
    assert key.expires_at == datetime(2999, 12, 31, tzinfo=UTC)
    assert AuditEntry.objects.get(action="key.create").actor == "admin"
    for address in (ADD, LIST, f"{LIST}{key.pk}/change/"):
        assert text not in site.get(address).content.decode(), address


def test_a_key_without_limits(site: Client, admin: User, library: Library) -> None:
    site.post(ADD, {"owner": admin.pk, "name": "Mine", "scope": "manage"})
    key = ApiKey.objects.get()
    assert (key.restricted, key.expires_at, key.scope) == (False, None, "manage")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"owner": "nobody"}, "Select a valid choice"),
        ({"name": " "}, "This field is required"),
        ({"scope": "everything"}, "Select a valid choice"),
        ({"confined": "on", "libraries": ["2"]}, "There is no library with the id"),
        ({"libraries": ["1"]}, "Libraries are selected"),
        ({"last_day": str((timezone.now() - timedelta(days=2)).date())}, "Choose today or a later day"),
        ({"last_day": "9999-12-31"}, "Choose today or a later day"),
    ],
)
def test_a_wrong_form_makes_nothing(
    site: Client, member: User, library: Library, other_library: Library, change: dict[str, object], reason: str
) -> None:
    ids = {"1": library.pk, "2": other_library.pk}
    if "libraries" in change:
        change = {**change, "libraries": [ids[str(number)] for number in change["libraries"]]}  # type: ignore[attr-defined]
    page = site.post(ADD, {"owner": member.pk, "name": "Phone", "scope": "read", **change}).content.decode()
    assert reason in page
    assert "ndk_" not in page
    assert not ApiKey.objects.exists()


def test_an_account_has_only_so_many(site: Client, member: User) -> None:
    ApiKey.objects.bulk_create(ApiKey(user=member, name=str(n), digest=str(n)) for n in range(MAX_PER_USER))
    page = site.post(ADD, {"owner": member.pk, "name": "Phone", "scope": "read"}).content.decode()
    assert "Revoke one first" in page
    assert ApiKey.objects.count() == MAX_PER_USER


def test_is_for_admins(as_staff: Client, member: User) -> None:
    assert as_staff.get(ADD).status_code == 403
    assert as_staff.post(ADD, {"owner": member.pk, "name": "Phone", "scope": "read"}).status_code == 403
    assert not ApiKey.objects.exists()
