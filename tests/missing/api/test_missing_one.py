"""`GET /api/missing/{id}`."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from libraries.models import Library
from tests.support.catalog import make_track

pytestmark = pytest.mark.django_db


def test_it_is_the_row_of_the_list(as_admin: APIClient, library: Library) -> None:
    track = make_track(library, "Ada/First/01 One.mp3")
    make_track(library, "Ada/First/02 Two.mp3")
    for url in (f"/api/missing/{track.pk}", f"/api/missing/{track.pk}/"):
        assert as_admin.get(url).json() == as_admin.get(f"/api/missing?id={track.pk}").json()[0]


@pytest.mark.parametrize("pk", ["1", "x" * 22, "%00", "a,b", "é"])
def test_unknown(as_admin: APIClient, library: Library, pk: str) -> None:
    response = as_admin.get(f"/api/missing/{pk}")
    assert (response.status_code, response.json()) == (404, {"error": "Not found."})


def test_a_file_that_is_there_or_purged_is_not_missing(as_admin: APIClient, library: Library) -> None:
    there, gone = make_track(library, "a.mp3", missing=False), make_track(library, "b.mp3")
    assert as_admin.get(f"/api/missing/{there.pk}").status_code == 404
    as_admin.delete(f"/api/missing?id={gone.pk}")
    assert as_admin.get(f"/api/missing/{gone.pk}").status_code == 404


def test_only_admins(as_member: APIClient, as_anonymous: APIClient, library: Library) -> None:
    track = make_track(library, "a.mp3")
    assert as_member.get(f"/api/missing/{track.pk}").status_code == 403
    assert as_anonymous.get(f"/api/missing/{track.pk}").status_code == 401
