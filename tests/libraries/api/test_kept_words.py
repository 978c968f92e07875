"""Words of albums that are kept in memory: the same is found as in the rows, of the catalog as it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.catalog_api.finding import found_albums
from libraries.catalog_api.kept_words import AlbumWords, KeptWords
from libraries.gathering import gather
from libraries.models import Album, Library
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.viewer import Viewer
from tests.support.limits import limit_lists
from tests.support.scans import scan, write_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


@pytest.fixture(autouse=True)
def kept(settings: Settings) -> None:
    """Words are kept of the smallest catalog."""
    limit_lists(settings, kept_words_from=0)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "music", "Night Bus", "Night Train", "Été à Zürich", "Nightingale Bus Stop")


def make_library(root: Path, *albums: str) -> Library:
    for number, name in enumerate(albums):
        write_track(root / f"{number}/1.flac", f"Song {number}", number=number + 1, album=name)
    library = Library.objects.create(name=root.name, path=str(root))
    rescan(library)
    return library


def rescan(library: Library) -> None:
    scan(library)
    gather([library.pk])


def there(viewer: Viewer) -> QuerySet[Album]:
    return Album.objects.present().in_libraries(library_facts(viewer))


def find(user: User, text: str) -> list[str]:
    """The names of what is found: in the rows, while the words are read, and in the words."""
    viewer = user.as_viewer()
    answers = []
    for _ in range(3):
        ids = found_albums(there, text, viewer)
        names = dict(Album.objects.values_list("pk", "name"))
        answers.append([names[pk] for pk in ids])
    assert answers[0] == answers[1] == answers[2]
    return answers[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("night", ["Night Bus", "Night Train", "Nightingale Bus Stop"]),
        ("bus night", ["Night Bus", "Nightingale Bus Stop"]),
        ("NIGHT b", ["Night Bus", "Nightingale Bus Stop"]),
        ("zur", ["Été à Zürich"]),
        ("ght", []),
        ("bus bus", ["Night Bus", "Nightingale Bus Stop"]),
        ("ann", ["Night Bus", "Night Train", "Nightingale Bus Stop", "Été à Zürich"]),
        ("nothing", []),
    ],
)  # fmt: skip
def test_words_find_what_the_rows_do(admin: User, library: Library, text: str, names: list[str]) -> None:
    assert sorted(find(admin, text)) == sorted(names)


def test_no_row_is_searched_once_the_words_are_kept(admin: User, library: Library) -> None:
    find(admin, "night")
    with CaptureQueriesContext(connection) as queries:
        assert len(found_albums(there, "train", admin.as_viewer())) == 1
    assert not [query for query in queries if "LIKE" in query["sql"]]


def test_words_are_read_for_the_second_search_of_an_unchanged_catalog(
    admin: User, as_admin: APIClient, library: Library
) -> None:
    def searches(search: Callable[[], object]) -> list[int]:
        """How often each of three searches reads the words of all albums."""
        found = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                search()
            found.append(sum('"words" FROM "libraries_album"' in query["sql"] for query in queries))
        return found

    assert searches(lambda: found_albums(there, "night", admin.as_viewer())) == [0, 1, 0]
    write_track(Path(library.path, "9/1.flac"), "Song 9", number=9, album="Night Boat")
    rescan(library)
    assert searches(lambda: as_admin.get("/api/album?_start=0&_end=9&name=night")) == [0, 1, 0]


def test_a_change_is_found_at_once(admin: User, library: Library) -> None:
    find(admin, "night")
    write_track(Path(library.path, "0/1.flac"), "Song 0", album="Morning Bus")
    write_track(Path(library.path, "9/1.flac"), "Song 9", number=9, album="Night Boat")
    Path(library.path, "1/1.flac").unlink()
    rescan(library)
    assert find(admin, "night") == ["Night Boat", "Nightingale Bus Stop"]
    assert find(admin, "morning") == ["Morning Bus"]


def test_what_is_not_gathered_yet_is_searched_in_the_rows(admin: User, library: Library, settings: Settings) -> None:
    find(admin, "night")
    Album.objects.filter(name="Night Bus").update(details="")
    assert find(admin, "night") == ["Night Bus", "Night Train", "Nightingale Bus Stop"]


def test_everybody_finds_what_is_theirs(admin: User, outsider: User, library: Library, tmp_path: Path) -> None:
    other = make_library(tmp_path / "other", "Night Owl")
    LibraryAccess.objects.create(user=outsider, library=other)
    every = ["Night Bus", "Night Owl", "Night Train", "Nightingale Bus Stop"]
    assert (find(admin, "night"), find(outsider, "night"), find(admin, "night")) == (every, ["Night Owl"], every)


def test_more_than_memory_has_room_for_is_not_kept(admin: User, library: Library, settings: Settings) -> None:
    limit_lists(settings, kept_words_from=0, kept_words_bytes=10)
    assert find(admin, "train") == ["Night Train"]


def test_the_first_by_name_are_found_where_there_are_many(library: Library) -> None:
    facts = {library.pk: LibraryFacts(library.path, library.name, 1, 4)}
    words = KeptWords()
    assert words.find(["night"], facts, 2) is None
    found = words.find(["night"], facts, 2)
    assert [Album.objects.get(pk=pk).name for pk in found or ()] == ["Night Bus", "Night Train"]


def test_any_words_of_any_albums() -> None:
    choice = random.Random(3)
    names = ["a", "ab", "abc", "b", "bc", "é", "ñandú", "x1"]
    rows = [(f"{number:022}", "".join(f" {word}" for word in choice.sample(names, choice.randrange(5))))
            for number in range(200)]  # fmt: skip
    kept = AlbumWords.of(rows)
    for _ in range(300):
        asked = choice.sample(names, choice.randrange(1, 4))
        wanted = [pk for pk, words in rows if all(f" {word}" in words for word in asked)]
        assert kept.find(asked, 200) == wanted
        assert kept.find(asked, len(wanted)) == wanted
        if len(wanted) > 1:
            assert kept.find(asked, len(wanted) - 1) == wanted[:-1]
    assert AlbumWords.of([]).find(["a"], 5) == []


def test_what_words_find_is_looked_at_once(settings: Settings, library: Library, as_admin: APIClient) -> None:
    """However many they are: no more than were found can be counted."""
    limit_lists(settings, kept_words_from=0, few=1)
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            answer = as_admin.get("/api/album?name=night&_start=0&_end=2")
        looks = [each["sql"] for each in asked if 'FROM "libraries_album" WHERE' in each["sql"]]
        assert (len(answer.json()), answer["X-Total-Count"]) == (2, "3")
    assert sum("COUNT(*)" in sql for sql in looks) == 0
    assert sum('AS "pk"' in sql for sql in looks) == 1
