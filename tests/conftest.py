"""The users of every test: an admin, a member with access to one of two libraries, an outsider with none, no one."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from devtools.checks import SHARED_FOLDER
from libraries.audio.pool.pool import ReaderPool
from libraries.models import Library, Scan
from libraries.scanner.read import readers
from tests.support.flushing import quick_flush
from tests.support.kept_readers import kept_readers
from tests.support.server import make_database
from tests.support.sharing import PARTS, Share, chosen_tests
from users import tokens
from users.models import LibraryAccess, User

PASSWORD = "correct horse battery"

# a busy machine is slow, not wrong
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# the settings close what this process writes; what tests make is as open as other people's files are
os.umask(0o022)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--share", default="1/1", metavar="K/N", help="of N runs on different databases the K-th")
    parser.addoption(
        "--part",
        default="all",
        choices=PARTS,
        help="all tests, those that touch the database, those that start servers, or the rest",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of this run. A browser's come last."""
    kept = chosen_tests(items, config.getoption("--part"), share_of(config))
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    # as long as the driver of a browser runs, an event loop runs in this thread, where Django opens another
    # connection, and the one of the tests before stays in its transaction
    items[:] = sorted(kept, key=lambda item: item.get_closest_marker("browser") is not None)


def share_of(config: pytest.Config) -> Share:
    return Share(*map(int, config.getoption("--share").split("/")))


@pytest.fixture(scope="session")
def share(pytestconfig: pytest.Config) -> Share:
    """Take the part of this run of what the runs on several databases share out."""
    return share_of(pytestconfig)


MakeUser = Callable[..., User]
MakeLibrary = Callable[..., Library]
Configure = Callable[..., None]
SignIn = Callable[[User], APIClient]


@pytest.fixture(scope="session", autouse=True)
def static_files() -> Iterator[None]:
    """List the static files once for all test clients: 130 ms that each client would spend before its first answer."""
    found: dict[str, StaticFile] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def add_found(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_found)
        yield


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, for the data folders of servers that tests start."""
    return make_database(Path(os.environ.get(SHARED_FOLDER) or tmp_path_factory.mktemp("new")))


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Whether a database is there for the tests: on SQLite a copy, where other runs need a migrated one anyway."""
    database = connections["default"]
    if database.vendor != "sqlite" or SHARED_FOLDER not in os.environ:
        return False
    shutil.copyfile(request.getfixturevalue("new_database"), database.settings_dict["TEST"]["NAME"])
    return True


@pytest.fixture(scope="session", autouse=True)
def flushes() -> Iterator[None]:
    with quick_flush():
        yield


@pytest.fixture(scope="session", autouse=True)
def readers_of_scans() -> Iterator[None]:
    with kept_readers():
        yield


@pytest.fixture
def own_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans start and end readers of their own, as those of the server do: for tests that look at the processes."""
    monkeypatch.setattr(readers, "ReaderPool", ReaderPool)


@pytest.fixture(autouse=True)
def quick_and_clean(settings: Settings) -> None:
    """A password hash that costs nothing, and a cache that remembers nothing of other tests."""
    os.umask(0o022)  # the entries of the server close what they write, also when a test imports one
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def configure(settings: Settings) -> Configure:
    """Change options of the server (fields of `navidrome_lib.config.conf.Conf`) for one test."""

    def change(**options: Any) -> None:
        settings.CONF = dataclasses.replace(settings.CONF, **options)

    return change


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """A new account, whose password is `PASSWORD`."""

    def make(username: str, **fields: Any) -> User:
        password = fields.pop("password", PASSWORD)
        return User.objects.create_user(username, password, **fields)

    return make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder for the music of a library."""
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture
def make_library(db: None, tmp_path: Path) -> MakeLibrary:
    """A new library with a folder of its own."""

    def make(name: str, **fields: Any) -> Library:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Library.objects.create(name=name, **{"path": str(folder), **fields})

    return make


@pytest.fixture
def library(make_library: MakeLibrary) -> Library:
    """The library that the member can access."""
    return make_library("Rock")


@pytest.fixture
def other_library(make_library: MakeLibrary) -> Library:
    """The library that only admins can access."""
    return make_library("Jazz")


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", is_superuser=True)


@pytest.fixture
def member(make_user: MakeUser, library: Library, other_library: Library) -> User:
    user = make_user("member")
    LibraryAccess.objects.create(user=user, library=library)
    return user


@pytest.fixture
def outsider(make_user: MakeUser) -> User:
    return make_user("outsider")


@pytest.fixture
def sign_in() -> SignIn:
    """A client that is signed in with a token."""

    def client(user: User) -> APIClient:
        signed_in = APIClient()
        signed_in.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
        return signed_in

    return client


@pytest.fixture
def as_admin(admin: User, sign_in: SignIn) -> APIClient:
    return sign_in(admin)


@pytest.fixture
def as_member(member: User, sign_in: SignIn) -> APIClient:
    return sign_in(member)


@pytest.fixture
def as_outsider(outsider: User, sign_in: SignIn) -> APIClient:
    return sign_in(outsider)


@pytest.fixture
def as_anonymous(db: None) -> APIClient:
    return APIClient()


# -- browsers that are signed in to the admin site: an admin, and staff who may only look

MakeScan = Callable[..., Scan]


@pytest.fixture
def site(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def staff(make_user: MakeUser, library: Library, other_library: Library) -> User:
    """Return a person who may look at everything of the catalog, and can access one library of two."""
    user = make_user("staff", is_staff=True)
    catalog = Permission.objects.filter(content_type__app_label="libraries")
    user.user_permissions.set(catalog.filter(codename__startswith="view"))
    LibraryAccess.objects.create(user=user, library=library)
    return user


@pytest.fixture
def as_staff(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def make_scan(db: None) -> MakeScan:
    """A scan as a worker left it."""

    def make(library: Library, state: str = "finished", **fields: Any) -> Scan:
        now = timezone.now()
        times = {} if state == "queued" else {"started_at": now - timedelta(seconds=10), "heartbeat_at": now}
        if state not in ("queued", "running"):
            times["finished_at"] = now
        scan: Scan = Scan.objects.create(library=library, trigger="admin", state=state, **{**times, **fields})
        return scan

    return make
