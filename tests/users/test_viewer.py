"""The rights of a request are those of its viewer, and an account does not know by which key it is here."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.test import APIClient

from libraries.models import Library
from navidrome_lib.viewer import SIGNED_OUT, viewer_of
from users import api_keys
from users.models import ApiKey, Scope, User, Viewer


def key_of(user: User, scope: Scope, *libraries: Library) -> tuple[ApiKey, str]:
    ids = [library.pk for library in libraries]
    return api_keys.create_key(user, name="Phone", scope=scope, library_ids=ids or None)


def test_a_key_confines_its_own_viewer_only(admin: User, library: Library, other_library: Library) -> None:
    key, text = key_of(admin, Scope.READ, library)
    found = api_keys.find_key(text)
    assert found is not None
    confined, whole = Viewer(found.user, found), found.user.as_viewer()
    assert (confined.is_admin, confined.may_scan) == (False, False)
    assert list(Library.objects.visible_to(confined)) == [library]
    assert (whole.is_admin, whole.may_scan) == (True, True)
    assert set(Library.objects.visible_to(whole)) == {library, other_library}
    assert key == found


@pytest.mark.parametrize(
    ("scope", "may_scan"), [(Scope.READ, False), (Scope.SCAN, True), (Scope.MANAGE, True)], ids=str
)
def test_scanning_needs_the_right_and_the_scope(member: User, scope: Scope, may_scan: bool) -> None:
    key, _ = key_of(member, scope)
    assert not Viewer(member, key).may_scan
    member.may_scan = True
    assert Viewer(member, key).may_scan is may_scan
    assert Viewer(member).may_scan
    member.is_active = False
    assert not Viewer(member).may_scan


def test_a_viewer_cannot_be_changed(admin: User, library: Library) -> None:
    viewer: Any = Viewer(admin)
    with pytest.raises(FrozenInstanceError):
        viewer.key = key_of(admin, Scope.READ, library)[0]


def test_without_credentials_nothing_is_seen(library: Library, member: User) -> None:
    request = HttpRequest()
    request.user = AnonymousUser()
    assert viewer_of(request) is SIGNED_OUT
    assert not Library.objects.visible_to(SIGNED_OUT).exists()
    assert not User.objects.visible_to(SIGNED_OUT).exists()
    assert list(SIGNED_OUT.granted_library_ids()) == []
    request.user = member
    assert viewer_of(request) == Viewer(member)
    # on the API the account alone gives no rights: the credential that was accepted does
    accepted: Any = SimpleNamespace(user=member, auth=None)
    assert viewer_of(accepted) is SIGNED_OUT


def test_a_confined_key_of_an_admin_is_no_admin(admin: User, library: Library, other_library: Library) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key_of(admin, Scope.MANAGE, library)[1]}")
    assert client.get("/api/library").status_code == 403
    assert client.get(f"/api/user/{admin.pk}").status_code == 200
    libraries = client.get(f"/api/user/{admin.pk}").json()["libraries"]
    assert [row["name"] for row in libraries] == [library.name]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key_of(admin, Scope.MANAGE)[1]}")
    assert len(client.get("/api/library").json()) == 2
