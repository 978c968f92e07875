"""Statements of lists that are kept: every viewer and every query has their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from libraries.catalog_api.statements import ListStatements, Statement, StatementCache
from libraries.catalog_api.word_search import MOST
from libraries.models import Artist, Library, MediaFile
from libraries.search.index import index_everything, refresh_songs
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


def test_words_are_looked_for_each_time_and_the_rest_by_one_statement(
    as_admin: APIClient, admin: User, sign_in: SignIn, library: Library, other_library: Library
) -> None:
    member = User.objects.create_user("member")
    LibraryAccess.objects.create(user=member, library=library)
    clients = (as_admin, sign_in(member))
    tracks = [
        make_track(place, f"{title}.mp3", title=title, order_title=title, missing=False, year=year)
        for place, title, year in (
            (library, "Night", 1990),
            (library, "Night bus", 1991),
            (other_library, "Nightly", 1990),
        )
    ]
    index_everything()
    for text, most in (("night", 3), ("bus", 1), ("night bus", 1), ("day", 0), ("…", 0), ("night&title=bus", 1)):
        found = [titles(client, f"_sort=title&_start=0&_end=9&title={text}") for client in clients]
        assert [total for _, total in found] == [most, min(most, 2)], text
    assert titles(as_admin, "_sort=title&_start=0&_end=9&title=night&year=1990") == (["Night", "Nightly"], 2)
    assert titles(as_admin, "_sort=title&_order=DESC&_start=1&_end=2&title=night") == (["Night bus"], 3)
    assert titles(as_admin, "_sort=title&_start=0&_end=9&title=night&missing=true") == ([], 0)
    TrackAnnotation.objects.create(user=admin, media_file=tracks[1], starred_at=SEEN)
    assert titles(as_admin, "_start=0&_end=9&title=night&starred=true") == (["Night bus"], 1)
    MediaFile.objects.filter(pk=tracks[0].pk).update(title="Day", path="Day.mp3")
    refresh_songs([tracks[0].pk])
    assert titles(as_admin, "_sort=title&_start=0&_end=9&title=night") == (["Night bus", "Nightly"], 2)
    assert titles(as_admin, "_sort=title&_start=0&_end=9&title=")[1] == 3
    # a filter without any value is none, and not the one whose words were found
    assert titles(as_admin, '_sort=title&_start=0&_end=9&_filters={"title":[]}')[1] == 3


def test_words_that_nothing_has_ask_for_no_rows(as_admin: APIClient, library: Library) -> None:
    make_track(library, "a.mp3", title="Night", missing=False)
    index_everything()
    assert titles(as_admin, "_sort=title&_start=0&_end=9&title=night") == (["Night"], 1)
    with CaptureQueriesContext(connection) as queries:
        assert titles(as_admin, "_sort=title&_start=0&_end=9&title=day") == ([], 0)
    assert not [query for query in queries if 'FROM "libraries_mediafile"' in query["sql"]]


def test_an_impossible_filter_beside_words_is_told_whatever_they_find(as_admin: APIClient, library: Library) -> None:
    make_track(library, "a.mp3", title="Night", missing=False)
    index_everything()
    for _ in range(2):
        for text in ("night", "day"):
            answer = as_admin.get(f"/api/song?_start=0&_end=9&title={text}&library_id=x")
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["library_id"])


def test_more_artists_than_are_found_first_are_searched_in_the_rows(as_admin: APIClient, library: Library) -> None:
    make_track(library, "a.mp3", artist="Night choir", missing=False)
    refresh_library_artists(library.pk)
    Artist.objects.update(words=" night choir")
    others = (f"Night {number}" for number in range(MOST))
    Artist.objects.bulk_create(
        Artist(pid=name, name=name, words=" night", created_at=SEEN, updated_at=SEEN) for name in others
    )
    names = [each["name"] for each in as_admin.get("/api/artist?_start=0&_end=9&name=night").json()]
    assert names == ["Night choir"]
