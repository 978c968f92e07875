"""Lists whose queries are built once say what they say when they are built for each request."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.mixins import ListModelMixin
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate

from libraries.models import Library, Scan
from libraries.views import LibraryViewSet, ScanViewSet
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture
def api(admin: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin, admin.as_viewer())  # type: ignore[arg-type]
    return client


def built_anew(view: Any, admin: User, asked: str) -> tuple[Any, str]:
    """The answer of DRF's own list, with its total."""

    class Anew(view):  # type: ignore[misc]
        list = ListModelMixin.list

    request = APIRequestFactory().get(f"/?{asked}")
    force_authenticate(request, admin, admin.as_viewer())  # type: ignore[arg-type]
    answer = Anew.as_view({"get": "list"})(request)
    return answer.data, answer["X-Total-Count"]


@pytest.mark.parametrize(
    ("path", "view", "asked"),
    [
        ("library", LibraryViewSet, ""),
        ("library", LibraryViewSet, "_start=1&_end=3&_sort=songCount&_order=DESC"),
        ("library", LibraryViewSet, "name=usic+2&_start=0&_end=5"),
        ("library", LibraryViewSet, "id=9000"),
        ("scan", ScanViewSet, "_start=1&_end=3"),
        ("scan", ScanViewSet, "_start=2&_end=2"),
        ("scan", ScanViewSet, "_start=1&_end=2&state=failed&state=queued"),
        ("scan", ScanViewSet, f"state=failed&{'x' * 300}=1"),
    ],
)
def test_the_same_question_has_the_answer_of_the_moment(
    api: APIClient, admin: User, path: str, view: Any, asked: str
) -> None:
    for number in range(4):
        library = Library.objects.create(name=f"Music {number}", path=f"/srv/{number}", total_songs=number)
        Scan.objects.create(library=library, state="failed")
        answer = api.get(f"/api/{path}?{asked}")
        assert answer.status_code == 200
        assert (answer.json(), answer["X-Total-Count"]) == built_anew(view, admin, asked)


def test_a_wrong_question_stays_wrong(api: APIClient) -> None:
    for _ in range(2):
        assert api.get("/api/scan?library_id=nonsense").status_code == 400


def test_a_page_takes_as_many_queries_as_before(api: APIClient) -> None:
    Library.objects.create(name="Music", path="/srv/music")
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            api.get("/api/library?_start=0&_end=1")
        assert len(asked) <= 3
