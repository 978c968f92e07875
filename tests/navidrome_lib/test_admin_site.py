"""The admin site: Django's list of all models is made where it is looked at, and nowhere else."""

from __future__ import annotations

from typing import NoReturn

import pytest
from django.contrib.admin import AdminSite
from django.test import Client


@pytest.mark.parametrize("page", ["", "libraries/library/", "users/user/add/", "password_change/"])
def test_pages_do_not_make_it(site: Client, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    def fail(*_: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(AdminSite, "get_app_list", fail)
    assert site.get(f"/admin/{page}").status_code == 200


def test_the_page_of_an_app_shows_it(site: Client, as_staff: Client) -> None:
    text = site.get("/admin/users/").content.decode()
    assert "/admin/users/apikey/" in text
    assert as_staff.get("/admin/users/").status_code == 404
