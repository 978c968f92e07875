"""No credential in any log line."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory, override_settings
from django.views.debug import ExceptionReporter
from rest_framework.test import APIClient

from navidrome_lib.security.redaction import RedactingFormatter, redact
from subsonic import authentication
from tests.conftest import PASSWORD
from users import api_keys, app_passwords, services, tokens
from users.models import User

SECRET = "hunter2-Canary"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "line",
    [
        f"GET /rest/ping?u=a&p={SECRET}&v=1",
        f"GET /rest/ping.view?p=enc:{SECRET}",
        f"/rest/ping?t={SECRET}&s={SECRET}",
        f"/rest/ping?apiKey={SECRET}",
        f"POST body p={SECRET}&u=a",
        f"/api/user?jwt={SECRET}",
        f'{{"username": "a", "password": "{SECRET}"}}',
        f'{{"password":"quo\\"{SECRET}"}}',
        f"{{'password': '{SECRET}', 'p': ['{SECRET}']}}",
        f"Authorization: Bearer {SECRET}",
        f"X-ND-Authorization: Bearer {TOKEN}",
        f"token was {TOKEN}",
        f"redis://user:{SECRET}@host:6379/0 and postgres://nd:{SECRET}@db/nd",
        f"Cookie: sessionid={SECRET}; jwt={SECRET}",
        f"Cookie: navidrome_lib_session={SECRET}",
        "key ndk_abcdefghijklmnopqrst",
        "GET /share/hunter2Can/stream/1ab 200",
    ],
)
def test_lines_are_cleaned(line: str) -> None:
    cleaned = redact(line)
    assert SECRET not in cleaned
    assert TOKEN not in cleaned
    assert "ndk_abcdefgh" not in cleaned
    assert "hunter2" not in cleaned
    assert "****" in cleaned


@pytest.mark.parametrize("line", ["Scanned 3 folders of /music/Pass: The Album", "GET /rest/ping?u=a&v=1 200", "t s p"])
def test_innocent_lines_stay(line: str) -> None:
    assert redact(line) == line


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that any logger writes, as the console shows it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("{levelname} {name}: {message}", style="{"))
    root = logging.getLogger()
    names = ["", "django", "django.request", "django.security", "subsonic", "users", "libraries"]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def requests(member: User) -> list[tuple[str, str, dict[str, Any]]]:
    """Each way to carry a credential: method, address, further arguments."""
    token, app = tokens.issue(member), app_passwords.app_password(member)
    _, key = api_keys.create_key(member, name="k", scope="read")
    rest = "v=1.16.1&c=test&u=member"
    return [
        ("post", "/auth/login", {"data": {"username": "member", "password": PASSWORD}}),
        ("post", "/auth/login", {"data": {"username": "member", "password": SECRET}}),
        ("get", f"/rest/ping?{rest}&p={PASSWORD}", {}),
        ("get", f"/rest/ping?{rest}&p={app}", {}),
        ("get", f"/rest/ping?{rest}&p=enc:{SECRET.encode().hex()}", {}),
        ("get", f"/rest/getUser?v=1.16.1&c=test&apiKey={key}", {}),
        ("get", f"/api/user/{member.pk}?jwt={token}", {}),
        ("get", f"/api/user/{member.pk}", {"HTTP_AUTHORIZATION": f"Bearer {token}"}),
        ("get", f"/api/user/{member.pk}", {"HTTP_X_ND_AUTHORIZATION": f"Bearer {key}"}),
        ("get", f"/api/nothing?jwt={token}&p={SECRET}", {}),
        ("put", f"/api/user/{member.pk}?jwt={token}", {"data": {"password": SECRET, "currentPassword": SECRET}}),
    ]


@pytest.mark.parametrize("crash", [False, True])
def test_no_request_leaves_a_credential(
    member: User, written: io.StringIO, monkeypatch: pytest.MonkeyPatch, crash: bool
) -> None:
    """Also not when the server makes a mistake in the middle of it and writes a traceback."""
    sent = requests(member)
    if crash:

        def broken(*args: Any, **options: Any) -> None:
            raise RuntimeError(f"broken: {args!r} {options!r}")

        for module, name in ((services, "find_by_name"), (services, "get_user"), (authentication, "find_by_name")):
            monkeypatch.setattr(module, name, broken)
    client = APIClient(raise_request_exception=False)
    for method, url, options in sent:
        getattr(client, method)(url, **options)
    text = written.getvalue()
    assert ("RuntimeError" in text) is crash
    _, key = sent[5][1].rsplit("=", 1)
    for secret in (
        PASSWORD,
        SECRET,
        SECRET.encode().hex(),
        app_passwords.app_password(member),
        key,
        tokens.issue(member),
    ):
        assert secret not in text


def test_error_reports_hide_credentials(member: User) -> None:
    """What tools that collect errors take from Django."""
    request = RequestFactory().post(f"/rest/ping?p={SECRET}&t={SECRET}", {"p": SECRET, "u": "member"})
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {SECRET}"
    request.COOKIES["jwt"] = SECRET
    try:
        password = SECRET
        raise RuntimeError(len(password))
    except RuntimeError:
        reporter = ExceptionReporter(request, *sys.exc_info())
    variables = reporter.get_traceback_data()["frames"][-1]["vars"]
    assert SECRET not in str([pair for pair in variables if pair[0] == "password"])
    report_filter = reporter.filter
    assert SECRET not in str(report_filter.get_post_parameters(request))
    assert SECRET not in str(report_filter.get_safe_request_meta(request))
    assert SECRET not in str(report_filter.get_safe_cookies(request))


def test_the_console_uses_it() -> None:
    assert settings.LOGGING["formatters"]["line"]["class"] == "navidrome_lib.security.redaction.RedactingFormatter"


def test_the_web_server_uses_it() -> None:
    """gunicorn's own lines: an access log has no query string, and an error no credential."""
    code = (
        "import logging.config, runpy; found = runpy.run_path('gunicorn.conf.py');"
        "assert 'q' not in found['access_log_format'].replace('%(m)s', '') and '(r)' not in found['access_log_format'];"
        "assert '(f)' not in found['access_log_format'];"
        "logging.config.dictConfig(found['logconfig_dict']);"
        f"logging.getLogger('gunicorn.error').error('Error handling request %s', '/rest/ping?p={SECRET}');"
        f"logging.getLogger('gunicorn.access').info('/rest/ping?p={SECRET}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=settings.BASE_DIR, check=True
    )
    assert "Error handling request /rest/ping" in done.stderr
    assert "/rest/ping" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_refused_host_is_one_line_that_names_the_option(caplog: pytest.LogCaptureFixture) -> None:
    allowed = override_settings(ALLOWED_HOSTS=["music.example"])
    with allowed, caplog.at_level(logging.WARNING, "django.security.DisallowedHost"):
        Client(raise_request_exception=False).get("/login/", headers={"host": "evil.example"})
    (record,) = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    # as the console has written it
    line = RedactingFormatter("{levelname} {message}", style="{").format(record)
    assert line == (
        "WARNING Invalid HTTP_HOST header: 'evil.example' (ND_ALLOWEDHOSTS names the hosts that are answered)."
    )
