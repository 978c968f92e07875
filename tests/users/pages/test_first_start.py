"""`/` without an account, `/setup` and `/setup/music`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from libraries.models import Library, Scan
from navidrome_lib.audit.models import AuditEntry, SignIn
from tests.conftest import PASSWORD, Configure, MakeUser
from tests.support.scans import write_album
from users import setup_code
from users.models import User

NEW = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD}
ELSEWHERE: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "192.0.2.1:4533"}

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, configure: Configure) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    configure(data_folder=folder)
    return folder


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST="localhost:4533")


class TestSetup:
    """“Create your admin account”."""

    @pytest.mark.parametrize("address", ["/", "/login", "/admin/login/"])
    def test_every_way_in_leads_there(self, browser: Client, address: str) -> None:
        assert browser.get(address, follow=True).redirect_chain[-1] == ("/setup", 302)

    def test_creates_signs_in_and_goes_on_to_the_music(self, browser: Client) -> None:
        page = browser.get("/setup")
        assert (page.status_code, page["Cache-Control"]) == (200, "private, no-store")
        assert "Set-up code" not in page.content.decode()
        answer = browser.post("/setup", NEW)
        assert (answer.status_code, answer["Location"]) == (302, "/setup/music")
        user = User.objects.get()
        assert (user.username, user.is_superuser, user.check_password(PASSWORD)) == ("ada", True, True)
        assert user.last_login is not None
        assert browser.get("/setup/music").status_code == 200
        assert AuditEntry.objects.filter(action="user.create", channel="admin").exists()
        assert SignIn.objects.filter(outcome="signed_in", user_id=user.pk, channel="admin").count() == 1

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"password2": "another long one"}, "The two passwords differ."),
            ({"password1": "1234567", "password2": "1234567"}, "at least 8 characters"),
            ({"password1": "password", "password2": "password"}, "too common"),
            ({"username": "a\x07b"}, "control characters"),
            ({"username": ""}, "This field is required."),
        ],
    )
    def test_what_is_wrong_stands_there(self, browser: Client, change: dict[str, str], sentence: str) -> None:
        answer = browser.post("/setup", {**NEW, **change})
        assert (answer.status_code, sentence in answer.content.decode()) == (200, True)
        assert not User.objects.exists()

    def test_from_another_machine_with_the_code_of_the_console(self) -> None:
        browser, code = Client(**ELSEWHERE), setup_code.setup_code()
        assert f'value="{code}"' in browser.get("/setup", {"code": code}).content.decode()
        for given in ("", "K7QF-9XTM-2HWC"):
            answer = browser.post("/setup", {**NEW, "code": given})
            assert (answer.status_code, "not the set-up code" in answer.content.decode()) == (403, True)
        assert not User.objects.exists()
        assert browser.post("/setup", {**NEW, "code": code}).status_code == 302

    def test_guesses_of_the_code_are_slowed_down(self) -> None:
        browser, code = Client(**ELSEWHERE), setup_code.setup_code()
        for _ in range(5):
            browser.post("/setup", {**NEW, "code": "guess"})
        answer = browser.post("/setup", {**NEW, "code": code})
        assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)
        assert "Try again in 60 seconds." in answer.content.decode()

    @pytest.mark.parametrize(
        "headers",
        [{"HTTP_SEC_FETCH_SITE": "cross-site"}, {"HTTP_ORIGIN": "http://evil.example"}, {"HTTP_HOST": "evil"}],
    )
    def test_pages_of_others_get_nowhere(self, browser: Client, headers: dict[str, Any], settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        answer = browser.post("/setup", NEW, **headers)
        assert (answer.status_code, b"<form" in answer.content) == (403, False)
        assert not User.objects.exists()

    @pytest.mark.parametrize("site", ["none", "cross-site", "same-origin"])
    def test_a_link_may_lead_to_it(self, browser: Client, site: str) -> None:
        assert browser.get("/setup", HTTP_SEC_FETCH_SITE=site).status_code == 200

    def test_under_a_name_that_nobody_gave_the_server_it_is_not_shown(self, browser: Client, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        answer = browser.get("/setup", HTTP_HOST="evil.example")
        assert (answer.status_code, "ND_ALLOWEDHOSTS" in answer.content.decode()) == (403, True)

    def test_is_closed_once_there_is_an_account(self, browser: Client, make_user: MakeUser) -> None:
        make_user("somebody")
        for answer in (browser.get("/setup"), browser.post("/setup", NEW)):
            assert answer["Location"] == "/"
        assert User.objects.count() == 1

    def test_a_form_of_another_page_lacks_its_token(self) -> None:
        strict = Client(enforce_csrf_checks=True, HTTP_HOST="localhost")
        assert strict.post("/setup", NEW).status_code == 403
        assert not User.objects.exists()


class TestMusic:
    """“Add your music”."""

    @pytest.fixture
    def music(self, tmp_path: Path) -> Path:
        folder = tmp_path / "my songs"
        folder.mkdir()
        return folder

    def test_shows_folders_files_and_a_name(self, site: Client, music: Path) -> None:
        write_album(music / "Ann", 2)
        page = site.get("/setup/music", {"path": str(music)}).content.decode()
        assert "2 audio files are below this folder." in page
        assert 'value="My songs"' in page
        assert ">Ann<" in page
        top = site.get("/setup/music").content.decode()
        assert ("/srv" in top, "Add this folder" in top) == (True, False)

    @pytest.mark.parametrize(("access", "default", "granted"), [("everybody", True, 2), ("admins", False, 0)])
    def test_adds_and_scans_for_whom_it_says(
        self, site: Client, make_user: MakeUser, music: Path, access: str, default: bool, granted: int
    ) -> None:
        make_user("bea")
        make_user("cy")
        answer = site.post("/setup/music", {"path": str(music), "name": "Ours", "access": access})
        library = Library.objects.get()
        assert answer["Location"] == f"/setup/music/{library.pk}"
        assert (library.name, library.path, library.default_new_users) == ("Ours", str(music), default)
        assert library.users.count() == granted
        assert Scan.objects.get().requested_by == "admin"
        assert "Waiting for a worker" in site.get(answer["Location"]).content.decode()

    def test_some_users_only(self, site: Client, make_user: MakeUser, music: Path) -> None:
        bea, _ = make_user("bea"), make_user("cy")
        site.post("/setup/music", {"path": str(music), "name": "Ours", "access": "chosen", "users": [bea.pk]})
        assert list(Library.objects.get().users.all()) == [bea]

    def test_refuses_with_the_reason_at_its_place(self, site: Client, make_library: Any, tmp_path: Path) -> None:
        make_library("Rock")
        (tmp_path / "other").mkdir()
        for path, name, sentence in [
            (tmp_path / "nowhere", "A", "does not exist"),
            (tmp_path / "other", "rock", "name"),
            (tmp_path / "Rock", "A", "Rock"),
        ]:
            answer = site.post("/setup/music", {"path": str(path), "name": name, "access": "admins"})
            assert (answer.status_code, sentence in answer.content.decode()) == (200, True), sentence
        assert Library.objects.count() == 1

    def test_is_for_admins(self, member: User, library: Library) -> None:
        client = Client()
        for address in ("/setup/music", f"/setup/music/{library.pk}"):
            assert client.get(address)["Location"] == f"/login?next={address}"
            assert client.post(address).status_code in (302, 405)
        client.force_login(member)
        for address in ("/setup/music", f"/setup/music/{library.pk}"):
            assert client.get(address).status_code == 403
        body = {"path": "/tmp", "name": "x", "access": "everybody"}
        assert client.post("/setup/music", body).status_code == 403
        assert Library.objects.count() == 2
