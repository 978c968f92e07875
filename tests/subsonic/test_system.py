"""`getLicense`, `getOpenSubsonicExtensions`, `tokenInfo`, `getMusicFolders`, `getUser`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.test import Client
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings

from libraries.models import Library
from tests.conftest import Configure
from tests.subsonic.conftest import Call
from users.app_passwords import app_password
from users.models import LibraryAccess, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(tmp_path: Path) -> User:
    """Can access the first of two libraries."""
    user = User.objects.create_user("member", "open sesame, please")
    first = Library.objects.create(name="Jazz", path=str(tmp_path / "jazz"))
    Library.objects.create(name="Secret", path=str(tmp_path / "secret"))
    LibraryAccess.objects.create(user=user, library=first)
    return user


def test_the_license_is_valid(member: User, call: Call) -> None:
    assert call("getLicense", member)["license"] == {"valid": True}


def test_extensions_need_no_credentials(configure: Configure, settings: Settings) -> None:
    names = (
        "apiKeyAuthentication",
        "formPost",
        "indexBasedQueue",
        "playbackReport",
        "songLyrics",
        "topSongsByArtistId",
    )
    known = {name: [1] for name in (*names, "transcoding")} | {"songLyrics": [1, 2]}
    for program, more in (("/nowhere/ffmpeg", {}), (get_ffmpeg_exe(), {"transcodeOffset": [1]})):
        configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path=program))
        response = Client().get("/rest/getOpenSubsonicExtensions?f=json").json()["subsonic-response"]
        found = {one["name"]: one["versions"] for one in response["openSubsonicExtensions"]}
        assert found == known | more


def test_music_folders_are_the_libraries_of_the_caller(member: User, call: Call) -> None:
    jazz = Library.objects.get(name="Jazz")
    assert call("getMusicFolders", member)["musicFolders"] == {"musicFolder": [{"id": jazz.pk, "name": "Jazz"}]}
    admin = User.objects.create_superuser("admin", "open sesame, please")
    assert len(call("getMusicFolders", admin)["musicFolders"]["musicFolder"]) == 2


def test_user(member: User, call: Call) -> None:
    shown = call("getUser", member, username="MEMBER")["user"]
    assert (shown["username"], shown["adminRole"]) == ("member", False)
    assert shown["folder"] == [Library.objects.get(name="Jazz").pk]
    assert call("getUser", member, username="admin")["error"]["code"] == 50
    admin = User.objects.create_superuser("admin", "open sesame, please")
    assert call("getUser", admin, username="member")["user"]["folder"] == shown["folder"]
    assert call("getUser", admin, username="nobody")["error"]["code"] == 70


def test_user_has_every_role_in_every_notation(member: User, call: Call) -> None:
    roles = {
        f"{role}Role"
        for role in ("admin", "settings", "download", "upload", "playlist", "coverArt", "comment", "podcast", "stream",
                     "jukebox", "share", "videoConversion")
    }  # fmt: skip
    shown = call("getUser", member, username="member")["user"]
    assert roles | {"username", "scrobblingEnabled"} <= set(shown)
    assert all(isinstance(shown[key], bool) for key in (*roles, "scrobblingEnabled"))
    query = {"u": "member", "p": app_password(member), "v": "1.16.1", "c": "test", "username": "member"}
    (element,) = ElementTree.fromstring(Client().get("/rest/getUser", query).content)
    assert all(element.attrib[key] in ("true", "false") for key in (*roles, "scrobblingEnabled"))


def test_user_needs_a_name(member: User, call: Call) -> None:
    for given in ({}, {"username": ""}):
        assert call("getUser", member, **given)["error"] == {
            "code": 10, "message": "Required parameter is missing: username"
        }  # fmt: skip


def test_token_info(member: User, call: Call) -> None:
    assert call("tokenInfo", member)["tokenInfo"] == {"username": "member"}
