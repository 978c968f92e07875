"""A page that was open for a while changes only what was changed on it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from libraries.models import Library
from libraries.services import libraries
from libraries.services.library_rules import prepare_library
from tests.conftest import MakeUser
from users import services as accounts
from users.models import LibraryAccess, User

pytestmark = pytest.mark.alike


class FormFields(HTMLParser):
    """The fields of the pages's largest form, as a browser sends them when nothing is changed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._select = self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name, value = found.get("name") or "", found.get("value") or ""
        kind = found.get("type") or "text"
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area, self.values[name] = name, ""
        elif tag == "option" and self._select and "selected" in found:
            self.values.setdefault(self._select, []).append(value)
        elif tag == "input" and name and kind not in ("submit", "button", "checkbox", "radio"):
            self.values.setdefault(name, []).append(value)
        elif tag == "input" and name and "checked" in found:
            self.values[name] = [value or "on"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def shown(site: Client, address: str) -> dict[str, Any]:
    page = site.get(address)
    assert page.status_code == 200
    values = FormFields(page.content.decode()).values
    return {name: value for name, value in values.items() if name not in ("q", "language", "csrfmiddlewaretoken")}


class TestLibrary:
    """The form of a library."""

    @pytest.fixture
    def address(self, library: Library) -> str:
        return f"/admin/libraries/library/{library.pk}/change/"

    def test_keeps_what_others_changed(self, site: Client, library: Library, address: str) -> None:
        libraries.update_library(library, prepare_library({"exclude_patterns": ["*.tmp"]}, library=library))
        page = shown(site, address)
        libraries.update_library(
            library,
            prepare_library({"name": "Renamed", "watch": True, "exclude_patterns": ["*.bak", "x"]}, library=library),
        )
        assert site.post(address, page | {"schedule": "@daily"}).status_code == 302
        library.refresh_from_db()
        assert (library.schedule, library.name, library.watch) == ("@daily", "Renamed", True)
        assert library.exclude_patterns == ["*.bak", "x"]

    def test_changes_what_was_changed_on_it(self, site: Client, library: Library, address: str) -> None:
        page = shown(site, address)
        del page["recursive"]  # switched off
        assert site.post(address, page | {"patterns": "*.tmp", "watch": "on"}).status_code == 302
        library.refresh_from_db()
        assert (library.recursive, library.exclude_patterns, library.watch) == (False, ["*.tmp"], True)

    def test_a_library_that_is_offline_can_be_renamed(self, site: Client, library: Library, address: str) -> None:
        page = shown(site, address)
        Library.objects.filter(pk=library.pk).update(path=f"{library.path}/away")
        page["path"] = page["initial-path"] = [f"{library.path}/away"]
        assert site.post(address, page | {"name": "Renamed"}).status_code == 302
        library.refresh_from_db()
        assert library.name == "Renamed"

    def test_a_deleted_library_stays_deleted(self, site: Client, library: Library, address: str) -> None:
        page = shown(site, address)
        libraries.delete_library(library)
        site.post(address, page | {"name": "Renamed"})
        assert not Library.objects.active().exists()


class TestUser:
    """The form of an account."""

    @pytest.fixture
    def address(self, member: User) -> str:
        return f"/admin/users/user/{member.pk}/change/"

    def test_keeps_what_others_changed(
        self, site: Client, member: User, address: str, other_library: Library, make_user: MakeUser
    ) -> None:
        family = Group.objects.create(name="Family")
        page = shown(site, address)
        accounts.update_user(member.pk, {"email": "new@example.org", "is_active": False, "may_scan": True})
        accounts.change_user_libraries(member.pk, added=[other_library.pk], removed=[])
        member.groups.add(family)
        assert site.post(address, page | {"name": "Me"}).status_code == 302
        member.refresh_from_db()
        assert (member.name, member.email, member.is_active) == ("Me", "new@example.org", False)
        assert member.may_scan
        assert member.token_epoch == 1
        assert list(member.groups.all()) == [family]
        assert LibraryAccess.objects.filter(user=member).count() == 2

    def test_changes_what_was_changed_on_it(self, site: Client, member: User, address: str) -> None:
        family = Group.objects.create(name="Family")
        page = shown(site, address)
        assert site.post(address, page | {"groups": [family.pk], "is_superuser": "on"}).status_code == 302
        member.refresh_from_db()
        assert (member.is_superuser, list(member.groups.all())) == (True, [family])

    def test_access_that_somebody_else_gave_already(
        self, site: Client, member: User, address: str, other_library: Library
    ) -> None:
        page = shown(site, address)
        accounts.change_user_libraries(member.pk, added=[other_library.pk], removed=[])
        rows = {"library_access-TOTAL_FORMS": 2, "library_access-1-library": other_library.pk}
        answer = site.post(address, page | rows | {"library_access-1-user": member.pk})
        assert answer.status_code == 302
        assert LibraryAccess.objects.filter(user=member).count() == 2
