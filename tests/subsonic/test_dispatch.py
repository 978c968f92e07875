"""What all calls share: addresses, notations, credentials."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.test.utils import override_script_prefix

from tests.subsonic.conftest import OK, Call, code
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

ENVELOPE = {"status", "version", "type", "serverVersion", "openSubsonic"}
GOOD = {"v": "1.16.1", "c": "test"}


@pytest.fixture
def user() -> User:
    return User.objects.create_user("Zoë", "open sesame, please")


@pytest.mark.parametrize("address", ["ping", "ping.view", "ping/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_and_both_methods(user: User, address: str, method: str) -> None:
    params = {**GOOD, "u": "Zoë", "p": "open sesame, please", "f": "json"}
    response = getattr(Client(), method)(f"/rest/{address}", params)
    assert response.json()["subsonic-response"]["status"] == "ok"


class TestNotations:
    def test_xml_is_the_default(self, user: User) -> None:
        response = Client().get("/rest/ping", {**GOOD, "u": "Zoë", "p": "open sesame, please"})
        assert response["Content-Type"].startswith("application/xml")
        root = ElementTree.fromstring(response.content)
        assert root.tag == "{http://subsonic.org/restapi}subsonic-response"
        assert root.attrib["status"] == "ok"
        assert root.attrib["version"] == "1.16.1"
        assert set(root.attrib) == ENVELOPE

    def test_an_error_in_xml(self) -> None:
        root = ElementTree.fromstring(Client().get("/rest/ping", GOOD).content)
        assert root.attrib["status"] == "failed"
        assert root[0].attrib["code"] == "10"

    def test_json(self, user: User, call: Call) -> None:
        assert set(call("ping", user)) == ENVELOPE

    def test_jsonp_calls_the_function(self, user: User) -> None:
        params = {**GOOD, "u": "Zoë", "p": "open sesame, please", "f": "jsonp", "callback": "app.done"}
        response = Client().get("/rest/ping", params)
        assert response["Content-Type"].startswith("application/javascript")
        text = response.content.decode()
        assert text.startswith("/**/app.done(")
        assert json.loads(text[len("/**/app.done(") : -2])["subsonic-response"]["status"] == "ok"

    @pytest.mark.parametrize("callback", ["alert(1)//", "a b", "<script>", "x" * 200, ""])
    def test_jsonp_never_repeats_what_is_no_name(self, user: User, callback: str) -> None:
        response = Client().get("/rest/ping", {**GOOD, "f": "jsonp", "callback": callback})
        assert response["Content-Type"] == "application/json"
        assert response.json()["subsonic-response"]["status"] == "failed"
        if callback:
            assert callback.encode() not in response.content


class TestCredentials:
    def test_every_way_in(self, user: User, call: Call) -> None:
        assert code(call("ping", user)) == OK
        assert code(call("ping", u="zoë", p="open sesame, please")) == OK
        assert code(call("ping", u="Zoë", p="enc:" + b"open sesame, please".hex())) == OK

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({}, 10),
            ({"u": "Zoë"}, 10),
            ({"u": "Zoë", "t": "x"}, 10),
            ({"u": "Zoë", "s": "x"}, 10),
            ({"p": "x"}, 10),
            ({"u": "Zoë", "p": "open sesame, please", "v": ""}, 10),
            ({"u": "Zoë", "p": "open sesame, please", "c": ""}, 10),
            ({"u": "Zoë", "p": "wrong"}, 40),
            ({"u": "Zoë", "p": "enc:zz"}, 40),
            ({"u": "Zoë", "p": "enc:"}, 40),
            ({"u": "Zoë", "p": "enc:ff"}, 40),
            ({"u": "Zoë\0", "p": "x"}, 40),
            ({"u": "nobody", "p": "open sesame, please"}, 40),
            ({"u": "nobody", "t": "x", "s": "y"}, 40),
            ({"u": "Zoë", "t": "d41d8cd98f00b204e9800998ecf8427e", "s": "x"}, 40),
            ({"u": "Zoë", "p": "open sesame, please", "t": "x", "s": "y"}, 43),
            ({"u": "Zoë", "p": "open sesame, please", "apiKey": "x"}, 43),
            ({"apiKey": "x"}, 44),
        ],
    )
    def test_refusals(self, user: User, call: Call, params: dict[str, str], expected: int) -> None:
        assert code(call("ping", **params)) == expected

    def test_error_40_is_one_sentence_with_the_page_that_helps(self, user: User, call: Call) -> None:
        """Whatever is wrong: nothing tells whether there is such an account, or which password would be right."""
        ways = (
            {"u": "Zoë", "p": "wrong"}, {"u": "nobody", "p": "x"}, {"u": "Zoë", "t": "x", "s": "y"},
            {"u": "nobody", "t": "x", "s": "y"}, {"u": "Zoë", "p": "enc:zz"}, {"u": "Zoë\0", "p": "x"},
        )  # fmt: skip
        errors = [call("ping", **params)["error"] for params in ways]
        assert errors == [errors[0]] * len(errors)
        assert errors[0]["code"] == 40
        assert "app password of your account page, or with an API key" in errors[0]["message"]
        assert errors[0]["helpUrl"] == "http://testserver/account"
        assert "helpUrl" not in call("ping")["error"]

    def test_the_page_that_helps_is_below_the_base_path_and_in_xml_too(self, user: User) -> None:
        params = {**GOOD, "u": "Zoë", "p": "wrong"}
        with override_script_prefix("/music/"):
            response = Client().get("/rest/ping", params, secure=True)
        root = ElementTree.fromstring(response.content)
        assert root[0].attrib["helpUrl"] == "https://testserver/music/account"

    def test_one_who_guesses_is_told_when_to_try_again(self, user: User, call: Call) -> None:
        for number in range(5):
            call("ping", u="Zoë", p=f"guess{number}")
        response = Client().get("/rest/ping", {**GOOD, "u": "Zoë", "p": "guess", "f": "json"})
        assert response.json()["subsonic-response"]["error"]["code"] == 0
        assert int(response["Retry-After"]) > 0

    def test_an_inactive_user(self, user: User, call: Call) -> None:
        User.objects.update(is_active=False)
        assert code(call("ping", user)) == 40
        assert code(call("ping", u="Zoë", p="open sesame, please")) == 40


def test_an_unknown_method_is_an_error_of_the_protocol(user: User, call: Call) -> None:
    assert call("noSuchThing", user)["error"]["code"] == 0
    assert call("noSuchThing")["error"]["code"] == 10


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_verbs(method: str) -> None:
    response = getattr(Client(), method)("/rest/ping?f=json")
    assert response.json()["subsonic-response"]["status"] == "failed"
