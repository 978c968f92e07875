"""Schemathesis asks every operation of the OpenAPI document: what is answered is what is described, and never a 500."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.fixtures import Settings

from libraries.gathering import gather
from libraries.models import Library
from listening.models import Radio, Scrobble, Share, Transcoding
from listening.services.players import find_player
from missing.purges import purge_missing_files
from system.schema_view import JSON, make_document
from tests.conftest import Configure, MakeScan
from tests.listening.api.test_playlists import make_playlist
from tests.support.catalog import SEEN, make_track
from tests.support.sharing import DAY, THOROUGH
from users import api_keys, tokens
from users.models import Scope, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

# each operation belongs to the longest of these that its path begins with
AREAS = (
    "/api/",
    "/api/apikey",
    "/api/audit",
    "/api/library",
    "/api/missing",
    "/api/missing/purge",
    "/api/player",
    "/api/playlist",
    "/api/queue",
    "/api/radio",
    "/api/scan",
    "/api/scrobble",
    "/api/share",
    "/api/transcoding",
    "/api/user",
    "/api/user/{id}",
    "/auth/",
)
DRAWN = 200 if THOROUGH else 3
# rules that no schema can tell: a folder is on the disk, an id exists, a schedule has five fields, ids are in one place
MORE_THAN_A_SHAPE = {
    "POST /auth/login",
    "POST /auth/createAdmin",
    "DELETE /api/missing",
    "POST /api/missing/{id}/relink",
    "POST /api/apikey",
    "POST /api/player",
    "PUT /api/player/{id}",
    "POST /api/playlist",
    "PUT /api/playlist/{id}",
    "PUT /api/playlist/{id}/tracks/{place}",
    "POST /api/playlist/{id}/image",
    "POST /api/radio/{id}/image",
    "POST /api/artist/{id}/image",
    "PUT /api/listenbrainz/link",
    "PUT /api/lastfm/link",
    "POST /api/queue",
    "PUT /api/queue",
    "POST /api/radio",
    "PUT /api/radio/{id}",
    "POST /api/share",
    "PUT /api/share/{id}",
    "POST /api/transcoding",
    "PUT /api/transcoding/{id}",
    "POST /api/library",
    "PUT /api/library/{id}",
    "PATCH /api/library/{id}",
    "GET /api/library/{id}/explain",
    "POST /api/scan",
    "POST /api/user",
    "PUT /api/user/{id}",
    "PATCH /api/user/{id}",
    "PUT /api/user/{id}/library",
}


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is written meanwhile."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def area_of(path: str) -> str:
    return max((area for area in AREAS if path.startswith(area)), key=len)


@pytest.fixture(scope="module")
def described() -> Any:
    """The document as schemathesis reads it. Imported here: it takes seconds, which only this module should pay."""
    document = json.loads(make_document(JSON, prefix="/", numeric_ids=False).text)
    described = import_module("schemathesis").openapi.from_dict(document)
    described.app = get_wsgi_application()
    described.config.generation.update(with_security_parameters=False)
    return described


@pytest.fixture
def ids(
    library: Library, other_library: Library, member: User, admin: User, make_scan: MakeScan
) -> Mapping[str, Mapping[str, str]]:
    """Rows of every kind, and their ids by the beginning of the paths that take one."""
    key, _ = api_keys.create_key(admin, name="Phone", scope=Scope.READ)
    gone = make_track(library, "a/1.mp3")
    song = make_track(library, "a/2.mp3", missing=False)
    purged = purge_missing_files([make_track(other_library, "b/1.mp3").pk], requested_by="admin")
    assert purged.purge is not None
    found = {
        "/api/apikey/": key.pk,
        "/api/library/": library.pk,
        "/api/missing/": gone.pk,
        "/api/missing/purge/": purged.purge.pk,
        "/api/scan/": make_scan(library).pk,
        "/api/user/": member.pk,
        "/api/user/{id}/subsonic": admin.pk,
    }
    playlist = make_playlist(member, "Mine", song, gone)
    found |= {
        "/api/player/": find_player(member.as_viewer(), "a", "", "").pk,
        "/api/playlist/": playlist.pk,
        "/api/radio/": Radio.objects.create(name="r", stream_url="http://radio.example/").pk,
        "/api/scrobble/": Scrobble.objects.create(user=admin, media_file=song, submission_time=SEEN).pk,
        "/api/share/": Share.objects.create(user=member, resource_type="album", expires_at=SEEN).pk,
        "/api/transcoding/": Transcoding.objects.create(name="t", target_format="t").pk,
    }
    # each answer is taken back, and would gather this again
    gather([library.pk, other_library.pk])
    ids = {path: {"id": str(pk)} for path, pk in found.items()}
    return {**ids, "/api/playlist/{id}/tracks/": {"id": playlist.pk, "place": "1"}}


@pytest.fixture(autouse=True)
def open_server(settings: Settings, configure: Configure) -> Iterator[None]:
    """A server that hides and throttles nothing, and that keeps the test's connection."""
    settings.ALLOWED_HOSTS = ["*"]
    inspect = dataclasses.replace(settings.CONF.inspect, enabled=True, max_requests=100_000)
    configure(
        auth_request_limit=0,
        dev_ui_show_config=True,
        inspect=inspect,
        enable_sharing=True,
        enable_transcoding_config=True,
    )
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_area_has_operations(described: Any) -> None:
    assert {area_of(result.ok().path) for result in described.get_all_operations()} == set(AREAS)


@pytest.mark.parametrize("area", AREAS)
def test_what_is_answered_is_described(
    described: Any, area: str, admin: User, ids: Mapping[str, Mapping[str, str]]
) -> None:
    headers = {"Authorization": f"Bearer {tokens.issue(admin)}"}
    for result in described.get_all_operations():
        operation = result.ok()
        if area_of(operation.path) == area:
            known = max((path for path in ids if operation.path.startswith(path)), key=len, default="")
            ask(operation, headers, ids.get(known, {}))


def sender(headers: Mapping[str, str], without: list[Any]) -> Callable[[Any], None]:
    """Return a test of one case: it is sent, and its answer goes through all checks but those named.

    Every second case waits for the next day.
    """
    numbers = count(0 if THOROUGH else DAY)

    def send(case: Any) -> None:
        if next(numbers) % 2 and not THOROUGH:
            return
        with undone():
            case.call_and_validate(headers=dict(headers), excluded_checks=without)

    return send


def ask(operation: Any, headers: Mapping[str, str], ids: Mapping[str, str]) -> None:
    """Send what schemathesis can think of; each case finds all rows as they were."""
    builder = import_module("schemathesis.generation.hypothesis.builder")
    checks = import_module("schemathesis.specs.openapi.checks")
    override = import_module("schemathesis.generation.overrides").Override
    modes = builder.HypothesisTestMode
    # who may ask is shown in tests/access, with every role
    excluded = [checks.ignored_auth]
    if operation.label in MORE_THAN_A_SHAPE:
        excluded.append(checks.positive_data_acceptance)
    # of a parameter that is there twice the last counts; what is drawn takes that for wrong
    of_drawn = [*excluded, checks.negative_data_rejection]
    for mode, given, without in (
        (modes.COVERAGE, ids, excluded),
        (modes.FUZZING, ids, of_drawn),
        (modes.FUZZING, {}, of_drawn),
    ):
        config = builder.HypothesisTestConfig(
            project=operation.schema.config,
            modes=[mode],
            settings=hypothesis_settings(
                max_examples=DRAWN, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck
            ),
            override=override(path_parameters=dict(given)),
        )
        test: Callable[[], None] = builder.create_test(
            operation=operation, test_func=sender(headers, without), config=config
        )
        test()
