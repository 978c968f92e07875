"""`/login` and `/logout`."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from navidrome_lib.audit.models import SignIn
from tests.conftest import PASSWORD
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def sign_in(username: str, password: str = PASSWORD, address: str = "/login", **extra: Any) -> Any:
    return Client().post(address, {"username": username, "password": password}, **extra)


def test_staff_land_on_the_admin_site_and_others_on_their_account(admin: User, member: User, staff: User) -> None:
    assert [sign_in(name)["Location"] for name in ("admin", "staff", "member")] == ["/admin/", "/admin/", "/account"]
    for name, landing in (("admin", "/admin/"), ("member", "/account")):
        client = Client()
        client.force_login(User.objects.get(username=name))
        assert {client.get(address)["Location"] for address in ("/", "/login")} == {landing}


@pytest.mark.parametrize(
    ("name", "following", "landing"),
    [
        ("admin", "/admin/libraries/library/", "/admin/libraries/library/"),
        ("member", "/account", "/account"),
        ("member", "/api/docs/", "/api/docs/"),
        # who may not open the admin site is not sent there, and not in a circle
        ("member", "/admin/", "/account"),
        ("member", "http://testserver/admin/libraries/library/", "/account"),
        ("admin", "https://evil.example/", "/admin/"),
        ("member", "//evil.example/", "/account"),
    ],
)
def test_goes_on_where_the_person_wanted_to(admin: User, member: User, name: str, following: str, landing: str) -> None:
    answer = Client().post("/login", {"username": name, "password": PASSWORD, "next": following})
    assert answer["Location"] == landing


def test_the_address_of_the_admin_site_leads_to_the_same_page(admin: User, member: User) -> None:
    client = Client()
    chain = client.get("/admin/libraries/library/", follow=True).redirect_chain
    assert chain[-1] == ("/login?next=%2Fadmin%2Flibraries%2Flibrary%2F", 302)
    client.force_login(member)
    assert client.get("/admin/", follow=True).redirect_chain[-1] == ("/account", 302)


@pytest.mark.parametrize("address", ["/login", "/admin/login/"])
def test_a_refusal_is_one_sentence_that_tells_nothing(member: User, admin: User, address: str) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    pages = [sign_in(*who, address=address) for who in (("admin", "wrong"), ("nobody", "x"), ("member", PASSWORD))]
    for page in pages:
        text = page.content.decode()
        assert (page.status_code, text.count("User name or password is wrong.")) == (200, 1)
        assert "staff" not in text.lower()
    assert "wrong" not in Client().get("/login").content.decode()


def test_guesses_are_slowed_down_and_the_time_is_said(admin: User) -> None:
    for _ in range(5):
        assert sign_in("admin", "guess").status_code == 200
    answer = sign_in("admin")
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "Too many attempts. Try again in 60 seconds." in answer.content.decode()


def test_is_noted_with_the_channel_of_pages(admin: User) -> None:
    sign_in("admin", "guess")
    sign_in("admin")
    found = SignIn.objects.order_by("pk").values_list("outcome", "channel", "username")
    assert list(found) == [("failed", "admin", "admin"), ("signed_in", "admin", "admin")]


def test_the_name_from_the_qr_code_is_filled_in(admin: User) -> None:
    page = Client().get("/?u=ad%22min", follow=True)
    assert page.redirect_chain == [("/login?u=ad%22min", 302)]
    assert 'value="ad&quot;min"' in page.content.decode()


@pytest.mark.parametrize("address", ["/logout", "/admin/logout/"])
def test_signing_out_leads_back_to_the_page(admin: User, address: str) -> None:
    client = Client()
    client.force_login(admin)
    assert client.get(address).status_code == 405
    assert client.post(address)["Location"] == "/login"
    assert client.get("/account")["Location"] == "/login?next=/account"
