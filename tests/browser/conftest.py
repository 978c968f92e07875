"""A real browser against the real site. Any request to another host, script error or broken policy fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from pytest_django.live_server_helper import LiveServer

from libraries.models import Scan
from libraries.scanner import pipeline
from system import dashboard
from tests.conftest import PASSWORD, MakeUser
from tests.support.not_run import say_not_run

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ADVICE = "no Chromium found: install the package “chromium” (apt install chromium), or set ND_CHROMIUM to its path"
OPTIONS = [
    "--no-sandbox", "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
# Playwright runs an event loop in this thread; what the tests ask the database has nothing to do with it
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

Open = Callable[..., "Visitor"]


def find_chromium() -> str | None:
    """The browser to test with."""
    asked = os.environ.get("ND_CHROMIUM")
    if asked:
        return asked
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(autouse=True)
def whole_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages are shown without broker and worker, which the dashboard would complain about."""
    monkeypatch.setattr(dashboard, "server_attention", list)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip(ADVICE)
    started = playwright.chromium.launch(executable_path=path, args=OPTIONS)
    yield started
    started.close()


class Visitor:
    """Somebody at a browser. `complaints` must stay empty: requests elsewhere, script errors, broken policies."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.context, self.home = context, home
        self.complaints: list[str] = []
        # what the console may say because a test has it happen
        self.complaints_allowed: tuple[str, ...] = ("the server responded with a status of 4",)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        context.on("request", lambda request: self.check_address(request.url))
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("console", lambda said: self.listen(said.type, said.text))

    def check_address(self, url: str) -> None:
        if not url.startswith((self.home, "data:", "blob:")):
            self.complaints.append(f"request to another host: {url}")

    def listen(self, kind: str, text: str) -> None:
        if kind == "error" and not any(allowed in text for allowed in self.complaints_allowed):
            self.complaints.append(f"console: {text}")

    def go(self, path: str) -> None:
        self.page.goto(self.home + path)

    def sign_in(self, username: str) -> None:
        self.go("/admin/login/?next=/admin/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.press("#id_password", "Enter")
        self.page.wait_for_url(f"{self.home}/admin/")

    def fits(self) -> bool:
        """Whether nothing sticks out at the side."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, transactional_db: None) -> Iterator[Open]:
    """Open a browser window; its options are those of a Playwright context."""
    opened: list[Visitor] = []

    def open_one(username: str = "", **options: Any) -> Visitor:
        window = {"viewport": {"width": 1280, "height": 900}, **options}
        visitor = Visitor(browser.new_context(**window), live_server.url)
        opened.append(visitor)
        if username:
            visitor.sign_in(username)
        return visitor

    yield open_one
    complaints = [complaint for visitor in opened for complaint in visitor.complaints]
    for visitor in opened:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def at_admin(visit: Open, make_user: MakeUser) -> Visitor:
    """An admin, signed in, on the dashboard."""
    make_user("admin", is_superuser=True)
    return visit("admin")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def run_queued() -> list[Scan]:
    """Run the scans that wait, as a worker would."""
    return [done for scan in Scan.objects.queued() if (done := pipeline.run(scan.pk)) is not None]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it when the browser tests did not run."""
    if find_chromium() is None:
        say_not_run(terminalreporter, "BROWSER TESTS", ADVICE)
