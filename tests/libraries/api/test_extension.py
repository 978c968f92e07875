"""What an app adds to songs: keys, orders and filters, for who may see them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat
from rest_framework import serializers

from libraries.catalog_api.extension import Addition, Asked, Resource, Sort, WireObject, extend, withdraw
from libraries.catalog_api.songs import song_objects
from libraries.models import Library, MediaFile
from navidrome_lib.api.filters import TruthFilter
from navidrome_lib.viewer import Viewer
from tests.conftest import SignIn
from tests.support.catalog import make_track
from tests.support.waiting import run_module
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


class OwnFilter(TruthFilter):
    """Songs that are called as the viewer is."""

    def filter_truth(self, rows: QuerySet[Any], truth: bool) -> QuerySet[Any]:
        mine = {"title": self.viewer.name}
        return rows.filter(**mine) if truth else rows.exclude(**mine)


def backwards(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.annotate(marked=Concat("title", Value(asked.viewer.name)))
    return found


class Greetings(Addition):
    """Something of its own for each viewer."""

    keys = {"greeting": serializers.CharField(required=False, help_text="A greeting.")}
    sorts = {"marked": Sort("marked", prepare=backwards)}
    filters = {"own": OwnFilter(help_text="Called as you are.")}

    def add_keys(self, objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
        for pk, title in MediaFile.objects.filter(pk__in=objects).values_list("pk", "title"):
            for song in objects[pk]:
                song["greeting"] = f"{viewer.name}: {title}"


@pytest.fixture
def greetings() -> Iterator[Greetings]:
    addition = Greetings()
    extend(Resource.SONG, addition)
    yield addition
    withdraw(Resource.SONG, addition)


@pytest.fixture
def songs(library: Library, other_library: Library, greetings: Greetings) -> list[str]:
    places = ((library, "member"), (library, "admin"), (other_library, "zz"))
    return [make_track(place, f"{title}.mp3", title=title, missing=False).pk for place, title in places]


def test_keys_sorts_and_filters(member: User, sign_in: SignIn, songs: list[str]) -> None:
    client = sign_in(member)
    found = client.get("/api/song?_sort=marked&_order=desc").json()
    assert [song["greeting"] for song in found] == ["member: member", "member: admin"]
    assert [song["title"] for song in client.get("/api/song?own=true").json()] == ["member"]
    assert [song["title"] for song in client.get("/api/song?own=false").json()] == ["admin"]
    assert client.get(f"/api/song/{songs[0]}").json()["greeting"] == "member: member"


def test_songs_in_a_given_order_with_all_their_keys(member: User, songs: list[str]) -> None:
    first, second, foreign = songs
    found = song_objects([second, foreign, first, "nope", second], member.as_viewer())
    assert [song["id"] for song in found] == [second, first, second]
    assert [song["greeting"] for song in found] == ["member: admin", "member: member", "member: admin"]
    found[0]["id"] = "1"
    assert found[2]["id"] == second


# a server makes its document once, when its apps are loaded
DOCUMENT = """
import django
django.setup()
from libraries.catalog_api.extension import Resource, extend
from system.schema_view import JSON, make_document
from tests.libraries.api.test_extension import Greetings
extend(Resource.SONG, Greetings())
print(make_document(JSON, prefix="/", numeric_ids=False).text.decode())
"""


def test_the_openapi_document_has_them() -> None:
    process = run_module(DOCUMENT)
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    schema = json.loads(told)
    parameters = {each["name"]: each for each in schema["paths"]["/api/song"]["get"]["parameters"]}
    assert parameters["own"]["description"] == "Called as you are."
    assert "marked" in parameters["_sort"]["description"]
    song = schema["components"]["schemas"]["Song"]
    assert "greeting" in song["properties"]
    assert "greeting" not in song["required"]


def test_no_two_apps_add_the_same(greetings: Greetings) -> None:
    with pytest.raises(ValueError, match="greeting, marked, own"):
        extend(Resource.SONG, Greetings())


def test_an_order_through_a_relation() -> None:
    assert Sort("order_title", "pk").through("media_file").by == ("media_file__order_title", "media_file__pk")
    with pytest.raises(ValueError, match="prepared"):
        Greetings.sorts["marked"].through("media_file")
