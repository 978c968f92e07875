"""`/api/player`, `/api/radio` and `/api/transcoding`: keys as clients know them, and who may change what."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from listening.models import Player, Radio, Transcoding
from listening.services.players import find_player
from tests.conftest import Configure
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

PLAYER = {
    "userName", "id", "name", "userAgent", "userId", "client", "ip", "lastSeen", "transcodingId", "maxBitRate",
    "reportRealPath", "scrobbleEnabled",
}  # fmt: skip
FFMPEG = "ffmpeg -ss %t -i %s -map 0:a:0 -map_metadata 0 -map_metadata 0:s:a:0"


@pytest.fixture
def profiles() -> None:
    """The default profiles, as a migration adds them to every server."""
    Transcoding.objects.all().delete()
    Transcoding.objects.create(name="mp3 audio", target_format="mp3", default_bit_rate=192, command=f"{FFMPEG} x")
    Transcoding.objects.create(name="flac audio", target_format="flac", command=f"{FFMPEG} y")


class TestPlayers:
    def test_keys_and_whose(self, as_admin: APIClient, as_member: APIClient, admin: User, member: User) -> None:
        find_player(admin.as_viewer(), "Feishin", "X11", "127.0.0.1")
        own = find_player(member.as_viewer(), "DSub", "", "127.0.0.1")
        listed = as_admin.get("/api/player?_sort=user_name&_order=ASC")
        assert listed["X-Total-Count"] == "2"
        assert set(listed.json()[0]) == PLAYER
        assert [row["userName"] for row in listed.json()] == ["admin", "member"]
        (row,) = as_member.get("/api/player").json()
        assert row == {
            "userName": "member", "id": own.pk, "name": "DSub []", "userAgent": "", "userId": member.pk,
            "client": "DSub", "ip": "127.0.0.1", "lastSeen": row["lastSeen"], "transcodingId": "", "maxBitRate": 0,
            "reportRealPath": False, "scrobbleEnabled": True,
        }  # fmt: skip
        assert [row["client"] for row in as_admin.get("/api/player?name=feish").json()] == ["Feishin"]

    def test_absent_keys_stay(self, as_member: APIClient, member: User, profiles: None) -> None:
        player = find_player(member.as_viewer(), "DSub", "Agent", "127.0.0.1")
        mp3 = Transcoding.objects.get(target_format="mp3")
        changed = as_member.put(f"/api/player/{player.pk}", {"transcodingId": mp3.pk, "maxBitRate": 128}).json()
        assert (changed["transcodingId"], changed["maxBitRate"], changed["name"]) == (mp3.pk, 128, "DSub [Agent]")
        changed = as_member.put(f"/api/player/{player.pk}", {**changed, "name": "Phone"}).json()
        assert (changed["transcodingId"], changed["maxBitRate"], changed["name"]) == (mp3.pk, 128, "Phone")
        assert as_member.put(f"/api/player/{player.pk}", {"transcodingId": ""}).json()["transcodingId"] == ""

    def test_mistakes(self, as_member: APIClient, as_admin: APIClient, member: User, admin: User) -> None:
        of_admin = find_player(admin.as_viewer(), "a", "", "")
        own = find_player(member.as_viewer(), "b", "", "")
        for verb in ("get", "put", "delete"):
            assert getattr(as_member, verb)(f"/api/player/{of_admin.pk}", {"name": "x"}).status_code == 404
        assert as_member.post("/api/player", {"name": "n", "userId": admin.pk}).status_code == 403
        assert as_member.put(f"/api/player/{own.pk}", {"userId": admin.pk}).status_code == 403
        assert set(as_member.put(f"/api/player/{own.pk}", {"transcodingId": "x"}).json()["errors"]) == {"transcodingId"}
        assert set(as_member.put(f"/api/player/{own.pk}", {"maxBitRate": -1}).json()["errors"]) == {"maxBitRate"}
        assert as_member.post("/api/player", {"name": "n", "client": "b"}).status_code == 409
        assert as_admin.post("/api/player", {"name": "n", "userId": member.pk}).json()["id"]
        assert as_admin.post("/api/player", {"name": "n", "userId": "nobody"}).status_code == 400
        assert as_member.delete(f"/api/player/{own.pk}").json() == {}
        assert as_member.delete(f"/api/player/{own.pk}").status_code == 404
        assert Player.objects.filter(user=member).count() == 1


class TestRadios:
    def test_life(self, as_admin: APIClient, as_member: APIClient) -> None:
        made = as_admin.post("/api/radio", {"name": "R", "streamUrl": "https://radio.example/r"})
        assert (made.status_code, set(made.json())) == (200, {"id"})
        pk = made.json()["id"]
        changed = as_admin.put(f"/api/radio/{pk}", {"name": "R2", "homePageUrl": "https://radio.example"}).json()
        assert changed["streamUrl"] == "https://radio.example/r"
        (row,) = as_member.get("/api/radio?name=r2").json()
        assert row == changed
        assert set(row) == {"id", "streamUrl", "name", "homePageUrl", "createdAt", "updatedAt"}
        assert as_admin.post("/api/radio", {"name": "R2", "streamUrl": "https://x"}).json()["errors"] == {
            "name": "There is another radio with this name."
        }
        assert as_admin.delete(f"/api/radio/{pk}").json() == {}
        assert as_admin.get(f"/api/radio/{pk}").status_code == 404

    @pytest.mark.parametrize("field", ["streamUrl", "homePageUrl"])
    def test_addresses_that_clients_should_not_open(self, as_admin: APIClient, field: str) -> None:
        body = {"name": "B", "streamUrl": "https://x", field: "javascript:alert(1)"}
        assert set(as_admin.post("/api/radio", body).json()["errors"]) == {field}
        assert set(as_admin.post("/api/radio", {}).json()["errors"]) == {"name", "streamUrl"}
        assert not Radio.objects.exists()


class TestTranscodings:
    def test_every_server_has_the_defaults(self, as_admin: APIClient, as_member: APIClient, profiles: None) -> None:
        rows = as_admin.get("/api/transcoding?_sort=target_format&_order=DESC").json()
        assert [(row["targetFormat"], row["defaultBitRate"], row["command"]) for row in rows] == [
            ("mp3", 192, f"{FFMPEG} x"),
            ("flac", 0, f"{FFMPEG} y"),
        ]
        shown = as_member.get("/api/transcoding?_sort=target_format&_order=DESC").json()
        assert shown == [{**row, "command": ""} for row in rows]
        assert as_member.get(f"/api/transcoding/{rows[0]['id']}").json() == shown[0]
        assert len(as_member.get("/api/transcoding?name=mp").json()) == 1

    def test_commands_change_only_where_that_is_allowed(self, as_admin: APIClient, configure: Configure) -> None:
        body = {"name": "wav", "targetFormat": "wav", "command": "ffmpeg -i %s -f wav -", "defaultBitRate": 0}
        refused = as_admin.post("/api/transcoding", body)
        assert refused.status_code == 403
        assert "ND_ENABLETRANSCODINGCONFIG" in refused.json()["error"]
        configure(enable_transcoding_config=True)
        pk = as_admin.post("/api/transcoding", body).json()["id"]
        changed = as_admin.put(f"/api/transcoding/{pk}", {"name": "wave"}).json()
        assert changed == {"id": pk, **body, "name": "wave"}
        assert set(as_admin.post("/api/transcoding", body).json()["errors"]) == {"targetFormat"}
        assert as_admin.delete(f"/api/transcoding/{pk}").json() == {}


def test_the_migration_adds_the_defaults(db: None) -> None:
    """Other tests may have emptied the tables: here they are added again."""
    Transcoding.objects.all().delete()
    import_module("listening.migrations.0002_default_transcodings").add_defaults(apps, None)
    assert sorted(Transcoding.objects.values_list("target_format", "default_bit_rate")) == [
        ("aac", 256),
        ("flac", 0),
        ("mp3", 192),
        ("opus", 128),
    ]
    assert all(row.command.startswith(FFMPEG) for row in Transcoding.objects.all())
