"""The names that lists are in order of: of a text alone, of what a scan reads, and of what was there before."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from pytest_django.fixtures import Settings

from libraries.models import Album, Artist, Library, MediaFile
from libraries.order_names import MAX_ORDER_NAME, order_name
from tests.support.scans import scan, write_track

ARTICLES = ("The", "La")
COLUMNS = ("order_title", "order_album", "order_artist", "order_album_artist")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Audiobook", "audiobook"),
        ("THE  La Audiobook", "la audiobook"),
        ("The", "the"),
        ("Theatre", "theatre"),
        ("Été à Zürich", "ete a zurich"),
        ("“Quoted” & <Marked>", '"quoted" & <marked>'),
        ("Hotel Ω", "hotel ω"),
        ("夏の歌が", "夏の歌が"),
        ("Привет", "привет"),
        ("ＡＢＣ", "abc"),
        ("x" * 500, "x" * MAX_ORDER_NAME),
    ],
)
def test_order_of_a_text(text: str, expected: str) -> None:
    assert order_name(text, ARTICLES) == expected


def test_a_title_keeps_its_article() -> None:
    assert order_name("The Opening") == "the opening"


def orders() -> dict[str, Any]:
    """All that is in an order."""
    return {
        "songs": list(MediaFile.objects.order_by("path").values_list(*COLUMNS)),
        "albums": list(Album.objects.order_by("name").values_list("order_name", "order_artist")),
        "artists": sorted(Artist.objects.values_list("order_name", flat=True)),
    }


EXPECTED = {
    "songs": [("the 1st", "ete", "beatles", "beatles")],
    "albums": [("ete", "beatles")],
    "artists": ["ann", "beatles"],
}


@pytest.fixture
def scanned(tmp_path: Path) -> Library:
    (tmp_path / "music").mkdir()
    path = tmp_path / "music" / "a.flac"
    write_track(path, "The 1st", artists=("The Beatles", "Ann"), album_artists=("The Beatles",), album="Été")
    library = Library.objects.create(name="Music", path=str(path.parent))
    scan(library)
    return library


@pytest.mark.django_db(transaction=True)
def test_a_scan_keeps_them_and_an_option_says_which_articles_count(scanned: Library, settings: Settings) -> None:
    assert orders() == EXPECTED
    tags = dataclasses.replace(settings.CONF.tags, ignored_articles=())
    settings.CONF = dataclasses.replace(settings.CONF, tags=tags)
    scan(scanned, full=True)
    assert orders() == {
        "songs": [("the 1st", "ete", "the beatles", "the beatles")],
        "albums": [("ete", "the beatles")],
        "artists": ["ann", "the beatles"],
    }


@pytest.mark.django_db(transaction=True)
def test_what_was_there_before_gets_them(scanned: Library) -> None:
    MediaFile.objects.update(**dict.fromkeys(COLUMNS, ""))
    Album.objects.update(order_name="", order_artist="")
    Artist.objects.update(order_name="")
    migration = import_module("libraries.migrations.0015_order_names")
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)
    assert orders() == EXPECTED
