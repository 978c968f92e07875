"""Statements of lists that are kept: every viewer and every query has their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from libraries.catalog_api.statements import ListStatements, Statement, StatementCache
from libraries.models import Library, MediaFile
from libraries.totals import refresh_library_artists
from listening.models import TrackAnnotation
from tests.conftest import SignIn
from tests.subsonic.conftest import credentials
from tests.support.catalog import SEEN, make_track
from users import api_keys
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def titles(client: APIClient, query: str) -> tuple[list[str], int]:
    answer = client.get(f"/api/song?{query}")
    return [song["title"] for song in answer.json()], int(answer["X-Total-Count"])


def test_each_query_and_viewer_has_its_own(
    as_admin: APIClient, admin: User, sign_in: SignIn, library: Library, other_library: Library
) -> None:
    tracks: dict[str, MediaFile] = {
        title: make_track(place, f"{title}.mp3", title=title, order_title=title, missing=False, year=year)
        for place, title, year in ((library, "a", 1990), (library, "b", 1991), (other_library, "c", 1990))
    }
    member = User.objects.create_user("member")
    access = LibraryAccess.objects.create(user=member, library=library)
    client = sign_in(member)
    TrackAnnotation.objects.create(user=member, media_file=tracks["b"], starred_at=SEEN)
    TrackAnnotation.objects.create(user=admin, media_file=tracks["c"], starred_at=SEEN)
    for _ in range(2):
        assert titles(as_admin, "_sort=title&_start=0&_end=2") == (["a", "b"], 3)
        assert titles(as_admin, "_sort=title&_start=2&_end=4") == (["c"], 3)
        assert titles(as_admin, "_sort=title&_start=1&_end=1") == ([], 3)
        assert titles(as_admin, "_sort=title&_order=DESC&_start=0&_end=2") == (["c", "b"], 3)
        assert titles(as_admin, "_sort=title&_start=0&_end=9&year=1990") == (["a", "c"], 2)
        assert titles(as_admin, "_sort=title&_start=0&_end=9&year=1990&year=1991") == (["a", "b", "c"], 3)
        assert titles(as_admin, "_start=0&_end=9&starred=true") == (["c"], 1)
        assert titles(client, "_sort=title&_start=0&_end=2") == (["a", "b"], 2)
        assert titles(client, "_start=0&_end=9&starred=true") == (["b"], 1)
        assert titles(client, f"_start=0&_end=9&library_id={other_library.pk}") == ([], 0)
    access.delete()
    assert titles(client, "_sort=title&_start=0&_end=2") == ([], 0)
    LibraryAccess.objects.create(user=member, library=other_library)
    assert titles(client, "_sort=title&_start=0&_end=2") == (["c"], 1)


def test_those_that_were_asked_for_last_stay() -> None:
    cache, made = StatementCache(most=2), list[str]()

    def find(key: str) -> None:
        def build() -> ListStatements:
            made.append(key)
            return ListStatements(Statement("", ()), Statement("", ()))

        assert (cache.find(key, build).ordered.ids(0, 5), cache.find(key, build).total()) == ([], 0)

    for key in ("a", "b", "a", "c", "a", "b"):
        find(key)
    assert made == ["a", "b", "c", "b"]


def test_a_key_has_other_statements_than_its_account(library: Library, other_library: Library) -> None:
    """Those of the account ask which libraries it can access, and find more as soon as it is granted more."""
    member = User.objects.create_user("member")
    LibraryAccess.objects.create(user=member, library=library)
    for place, name in ((other_library, "Ada"), (library, "Bob")):
        make_track(place, f"{name}.mp3", artist=name, missing=False)
        refresh_library_artists(place.pk)
    _, key = api_keys.create_key(member, name="car", scope="listen", library_ids=[library.pk])

    def artists(known_by: dict[str, str]) -> list[str]:
        query: dict[str, Any] = {"v": "1.16.1", "c": "test", "f": "json", "query": "", "artistCount": 1}
        answer = Client().get("/rest/search3", {**query, **known_by}).json()["subsonic-response"]
        return [artist["name"] for artist in answer["searchResult3"].get("artist", [])]

    own = credentials(member)
    assert artists(own) == artists({"apiKey": key}) == ["Bob"]
    LibraryAccess.objects.create(user=member, library=other_library)
    assert artists({"apiKey": key}) == ["Bob"]
    assert artists(own) == ["Ada"]
