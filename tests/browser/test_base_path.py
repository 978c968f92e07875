"""Below a path of a host: every link, asset, cookie, redirect and stream, at a browser behind a real nginx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import APIRequestContext, Browser, Response, expect

from libraries.models import Library
from tests.browser.conftest import Visitor
from tests.conftest import PASSWORD, MakeUser
from tests.support.nginx import documented_location, nginx
from tests.support.processes import environment, web_server
from tests.support.scans import scan, write_album
from users.models import User

pytestmark = [pytest.mark.browser, pytest.mark.alike]

PATH = "/music"
STRIPPED = """
location /music/ {{
    proxy_pass http://127.0.0.1:{port}/;
    proxy_set_header Host $http_host;
    proxy_hide_header Referrer-Policy;
    add_header Referrer-Policy no-referrer;
}}
"""
# every address that a page holds, wherever a script or the browser may take it from
ADDRESS = re.compile(r'''\s(?!value|placeholder|title)[\w:@-]+="(/[^/"\s][^"]*)"''')
EVENT = """(address) => new Promise((done) => {
    const source = new EventSource(address);
    source.addEventListener("scanStatus", (event) => { source.close(); done(JSON.parse(event.data)); });
    source.onerror = () => done(null);
})"""


@pytest.fixture
def upstream(transactional_db: None, make_user: MakeUser, tmp_path: Path) -> Iterator[int]:
    """The port of a server with one admin and one library, on the database of this test."""
    # by a hash that another process knows
    user = make_user("admin", is_superuser=True)
    User.objects.filter(pk=user.pk).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt"))
    (tmp_path / "blues").mkdir()
    write_album(tmp_path / "rock" / "First", 1)
    scan(Library.objects.create(name="Rock", path=str(tmp_path / "rock")))
    environ = environment(tmp_path / "data", ND_BASEURL=PATH, ND_TRUSTEDPROXIES="127.0.0.1")
    with web_server(environ, tmp_path / "web.log") as port:
        yield port


class Below(Visitor):
    """A visitor for whom every answer other than a success is a complaint."""

    def __init__(self, browser: Browser, home: str) -> None:
        super().__init__(browser.new_context(viewport={"width": 1280, "height": 900}), home)
        self.expected = {200, 301, 302}
        self.context.on("response", self.check_answer)

    def check_answer(self, response: Response) -> None:
        if response.status not in self.expected:
            self.complaints.append(f"{response.status}: {response.url}")

    def look(self, path: str) -> None:
        """Read a page, all of whose addresses lie below the path."""
        answer = self.context.request.get(self.home + path)
        found = ADDRESS.findall(answer.text())
        assert (answer.status, bool(found)) == (200, True)
        self.complaints += [f"{path} holds {text}" for text in found if not f"{text}/".startswith(f"{PATH}/")]


@pytest.fixture
def below(browser: Browser, upstream: int, tmp_path: Path) -> Iterator[Below]:
    with nginx(tmp_path / "nginx", documented_location(upstream)) as port:
        visitor = Below(browser, f"http://127.0.0.1:{port}{PATH}")
        yield visitor
        visitor.context.close()
        assert visitor.complaints == []


def programs_get_along(program: APIRequestContext, root: str, music: Path) -> None:
    """Sign in, make something, and follow its address."""
    home, credentials = root + PATH, {"username": "admin", "password": PASSWORD}
    token = program.post(f"{home}/auth/login", data=credentials).json()["token"]
    headers = {"X-ND-Authorization": f"Bearer {token}"}
    made = program.post(f"{home}/api/library", data={"name": "Blues", "path": str(music)}, headers=headers)
    assert made.headers["location"] == f"{PATH}/api/library/{made.json()['id']}"
    assert program.get(root + made.headers["location"], headers=headers).json()["name"] == "Blues"
    assert f"servers:\n- url: {PATH}\n" in program.get(f"{home}/api/schema/").text()
    assert f'href="{PATH}/static/' in program.get(f"{home}/admin/login/").text()


def test_a_day_below_a_path(below: Below, upstream: int, music: Path, tmp_path: Path) -> None:
    """Sign in, see every page of the menu, add a library, read the API's pages and events, get lost, sign out."""
    page = below.page
    below.go("")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{below.home}/admin/")
    menu = [link.get_attribute("href") or "" for link in page.locator("#nav-sidebar a").all()]
    assert len(menu) >= 14
    library = f"/admin/libraries/library/{Library.objects.get().pk}"
    pages = [
        f"{library}/change/",
        f"{library}/relocate/",
        "/admin/password_change/",
        "/admin/users/user/add/",
        "/api/docs/",
    ]
    for path in [*dict.fromkeys(link.removeprefix(PATH) for link in menu), *pages]:
        below.look(path)
    below.go(f"{library}/change/")
    below.go("/admin/libraries/library/add/")
    page.fill("#id_name", "Jazz")
    page.get_by_role("link", name="Choose a folder on the server").click()
    expect(page.get_by_role("dialog").get_by_role("heading")).not_to_be_empty()
    page.keyboard.press("Escape")
    page.fill("#id_path", str(music))
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"{below.home}/admin/")
    assert Library.objects.filter(name="Jazz").exists()
    assert page.evaluate(EVENT, f"{PATH}/api/events")["scanning"] is True
    below.go("/api/docs/")
    operation = page.locator(".opblock", has_text="/api/keepalive/").first
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table td.response-col_status:not(.col_header)")).to_have_text("200")
    below.expected = {404}
    below.go("/nowhere")
    below.expected = {200, 301, 302}
    page.get_by_role("link", name="To the start").click()
    page.wait_for_url(f"{below.home}/admin/")
    with page.expect_navigation():
        page.evaluate("document.querySelector('form[action$=\"/logout/\"]').submit()")
    assert page.url.startswith(f"{below.home}/")
    assert {cookie["path"] for cookie in below.context.cookies()} == {PATH}
    with nginx(tmp_path / "stripping", STRIPPED.format(port=upstream)) as port:
        behind_a_stripping_proxy(below, f"http://127.0.0.1:{port}", tmp_path / "blues")


def behind_a_stripping_proxy(below: Below, root: str, music: Path) -> None:
    """Programs get along; pages say that this proxy also hides from which page a form comes."""
    page = below.page
    programs_get_along(page.request, root, music)
    below.home, below.expected = root + PATH, {200, 302, 403}
    below.go("/admin/login/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    expect(page.get_by_role("heading", name="The form was not accepted")).to_be_visible()
    expect(page.get_by_text("Referrer-Policy: no-referrer")).to_be_visible()
