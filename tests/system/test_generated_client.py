"""A client that openapi-python-client makes of the OpenAPI document signs in and works with a running server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from libraries.models import Library
from missing.purges import purge_missing_files
from system.schema_view import JSON, make_document
from tests.conftest import PASSWORD, MakeScan
from tests.support.catalog import make_track
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

PACKAGE = "generated_client"
# no formatter runs over what is thrown away; lines of JSON and M3U are no types that the generator knows
CONFIG = """post_hooks: []
content_type_overrides:
  application/x-ndjson: application/octet-stream
  audio/x-mpegurl: application/octet-stream
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the package that was generated, which can be imported as long as the tests of this module run."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "document.json").write_bytes(make_document(JSON, prefix="/", numeric_ids=False).text)
    (folder / "config.yml").write_text(CONFIG)
    program = str(Path(sys.executable).parent / "openapi-python-client")
    program = str(Path(sys.executable).parent / "openapi-python-client")
    generate = [program, "generate", "--fail-on-warning", "--meta", "none"]
    files = ["--path", "document.json", "--config", "config.yml", "--output-path", PACKAGE]
    done = subprocess.run([*generate, *files], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield PACKAGE
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


class Caller:
    """The generated client of one server, by the names of its operations."""

    def __init__(self, package: str, address: str, token: str = "") -> None:
        self.package = package
        top = import_module(package)
        self.client = top.AuthenticatedClient(address, token) if token else top.Client(address)

    def model(self, name: str) -> Any:
        return getattr(import_module(f"{self.package}.models"), name)

    def ask(self, operation: str, *values: Any, **named: Any) -> Any:
        """Call `area.operation`, and return what its answer was read as; the status is compared by the caller."""
        module: ModuleType = import_module(f"{self.package}.api.{operation}")
        return module.sync_detailed(*values, client=self.client, **named)

    def read(self, operation: str, *values: Any, **named: Any) -> Any:
        """Call an operation that must succeed, and return its answer."""
        answer = self.ask(operation, *values, **named)
        assert answer.status_code in (200, 201), answer.content
        assert answer.parsed is not None, operation
        return answer.parsed


@pytest.fixture
def caller(generated: str, live_server: LiveServer, admin: User) -> Caller:
    """A client that has signed in with user name and password."""
    anyone = Caller(generated, live_server.url)
    body = anyone.model("CredentialsRequest")(username=admin.username, password=PASSWORD)
    signed_in = anyone.read("login.login_create", body=body)
    assert (signed_in.id, signed_in.is_admin) == (admin.pk, True)
    return Caller(generated, live_server.url, signed_in.token)


def test_refusals_are_read_too(caller: Caller, live_server: LiveServer) -> None:
    unknown = caller.ask("library.library_retrieve", "999")
    assert (unknown.status_code, unknown.parsed.error) == (404, "Not found.")
    anyone = Caller(caller.package, live_server.url)
    body = anyone.model("CredentialsRequest")(username="admin", password="wrong")
    refused = anyone.ask("login.login_create", body=body)
    assert (refused.status_code, bool(refused.parsed.error)) == (401, True)
    broken = caller.ask("library.library_create", body=caller.model("LibraryInputRequest")(name="", path="/nowhere"))
    assert broken.status_code == 400
    assert set(broken.parsed.errors.to_dict()) == {"name", "path"}


def test_libraries_and_scans(caller: Caller, library: Library, make_scan: MakeScan, tmp_path: Path) -> None:
    assert [each.name for each in caller.read("library.library_list")] == ["Rock"]
    (tmp_path / "New").mkdir()
    made = caller.read(
        "library.library_create", body=caller.model("LibraryInputRequest")(name="New", path=str(tmp_path / "New"))
    )
    assert (made.name, made.last_scan_at, made.next_scan_time) == ("New", None, None)
    changed = caller.read(
        "library.library_partial_update", made.id, body=caller.model("PatchedLibraryInputRequest")(name="N")
    )
    assert changed.name == "N"
    done = make_scan(library)
    assert caller.read("scan.scan_retrieve", str(done.pk)).state == "finished"
    scan = caller.read("scan.scan_create", body=caller.model("ScanRequestRequest")(library_id=str(library.pk)))
    assert (scan.state, scan.started, scan.finished, scan.approves) == ("queued", None, None, None)
    assert caller.read("scan.scan_destroy", scan.id).state == "cancelled"
    assert {each.id for each in caller.read("scan.scan_list")} >= {scan.id, str(done.pk)}
    assert caller.read("library.library_destroy", made.id).id == made.id


def test_people_and_keys(caller: Caller, member: User, library: Library) -> None:
    people = {each.user_name: each for each in caller.read("user.user_list")}
    assert people["member"].last_access_at is None
    assert [each.name for each in people["member"].libraries] == ["Rock"]
    libraries = caller.read("user.user_library_list", member.pk, all_=True)
    assert {each.name: each.has_access for each in libraries} == {"Rock": True, "Jazz": False}
    key = caller.read("apikey.apikey_create", body=caller.model("ApiKeyInputRequest")(name="Phone"))
    assert (key.expires_at, key.last_used_at, key.library_ids) == (None, None, None)
    with_key = Caller(caller.package, caller.client._base_url, key.key)
    assert [each.id for each in with_key.read("library.library_list")]
    assert caller.read("apikey.apikey_destroy", key.id).id == key.id
    assert with_key.ask("library.library_list").status_code == 401


def test_missing_files(caller: Caller, library: Library) -> None:
    track = make_track(library, "a/1.mp3")
    purged = purge_missing_files([make_track(library, "a/2.mp3").pk], requested_by="admin").purge
    assert purged is not None
    (row,) = caller.read("missing.missing_list")
    assert (row.id, row.path) == (track.pk, "a/1.mp3")
    assert caller.read("missing.missing_purge", dry_run=True).removed == 0
    assert caller.read("missing.missing_purge", id=[track.pk]).removed == 1
    assert {each.undone_at for each in caller.read("missing.missing_purge_list")} == {None}
    assert caller.read("missing.missing_purge_undo_create", purged.pk).restored == 1


def test_the_server_itself(caller: Caller) -> None:
    assert caller.read("health.health").status
    assert caller.read("insights.insights").id == "insights_status"
    assert caller.read("audit.audit_signin_list")[0].outcome == "signed_in"
    assert caller.ask("config.config").status_code == 404
