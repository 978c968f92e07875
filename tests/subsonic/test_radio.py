"""Radio stations by the protocol: everybody sees them, admins change them."""

from __future__ import annotations

from typing import Any

import pytest

from listening.models import Radio
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import PASSWORD
from tests.subsonic.conftest import Call
from users.app_passwords import app_password
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

STATION = {"streamUrl": "https://radio.example/stream", "name": "Radio"}


@pytest.fixture
def manager(admin: User) -> dict[str, str]:
    return {"u": admin.username, "p": PASSWORD}


def stations(call: Call, user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call("getInternetRadioStations", user)["internetRadioStations"][
        "internetRadioStation"
    ]
    return found


def test_a_station_from_its_start_to_its_end(call: Call, manager: dict[str, str], member: User) -> None:
    assert stations(call, member) == []
    assert call("createInternetRadioStation", **manager, **STATION)["status"] == "ok"
    pk = Radio.objects.get().pk
    assert stations(call, member) == [{"id": pk, **STATION}]
    home = "https://radio.example/"
    changed = {"id": pk, "streamUrl": "http://radio.example/2", "name": "Two", "homepageUrl": home}
    assert call("updateInternetRadioStation", **manager, **changed)["status"] == "ok"
    # what comes in as homepageUrl goes out as homePageUrl
    shown = {"id": pk, "streamUrl": "http://radio.example/2", "name": "Two", "homePageUrl": home}
    assert stations(call, member) == [shown]
    assert call("updateInternetRadioStation", **manager, id=pk, **STATION)["status"] == "ok"
    assert stations(call, member) == [{"id": pk, **STATION, "homePageUrl": home}]
    assert call("deleteInternetRadioStation", **manager, id=pk)["status"] == "ok"
    assert stations(call, member) == []
    actions = AuditEntry.objects.filter(object_type="radio").order_by("pk").values_list("action", "channel")
    assert list(actions) == [(f"radio.{action}", "rest") for action in ("create", "update", "update", "delete")]


def test_stations_are_in_order_of_their_names(call: Call, member: User) -> None:
    for name in ("b", "A", "C"):
        Radio.objects.create(name=name, stream_url="https://radio.example/")
    assert [station["name"] for station in stations(call, member)] == ["A", "b", "C"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"name": ""}, 10), ({"streamUrl": ""}, 10), ({"streamUrl": "ftp://radio.example/"}, 0), ({"name": "Taken"}, 0),
     ({"homepageUrl": "javascript:alert(1)"}, 0), ({"name": "x" * 256}, 0)],
)  # fmt: skip
def test_what_cannot_be_a_station(call: Call, manager: dict[str, str], wrong: dict[str, str], code: int) -> None:
    Radio.objects.create(name="Taken", stream_url="https://radio.example/")
    answer = call("createInternetRadioStation", **manager, **{**STATION, **wrong})
    assert answer["error"]["code"] == code
    assert Radio.objects.count() == 1


def test_an_unknown_station(call: Call, manager: dict[str, str]) -> None:
    for pk in ("nope", "a/b", "é"):
        for method in ("updateInternetRadioStation", "deleteInternetRadioStation"):
            assert call(method, **manager, id=pk, **STATION)["error"]["code"] == 70
    assert call("deleteInternetRadioStation", **manager)["error"]["code"] == 10


@pytest.mark.parametrize("action", ["create", "update", "delete"])
def test_others_change_nothing(call: Call, member: User, admin: User, action: str) -> None:
    radio = Radio.objects.create(name="Radio", stream_url="https://radio.example/")
    for user in (member, admin):
        asked = {"u": user.username, "p": app_password(user), "id": radio.pk, **STATION}
        assert call(f"{action}InternetRadioStation", **asked)["error"]["code"] == 50
    assert Radio.objects.get().updated_at == radio.updated_at
