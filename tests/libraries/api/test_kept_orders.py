"""Orders that are kept in files: the same pages as without them, of the catalog as it is, and of nobody else's."""

from __future__ import annotations

import random
from collections.abc import Collection
from pathlib import Path

import pytest
from django.db.models import F
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.catalog_api import kept_orders
from libraries.catalog_api.sorting import is_indexed
from libraries.catalog_api.views import AlbumListView, ArtistListView, FolderListView, SongListView, TagListView
from libraries.choices import ScanState
from libraries.gathering import gather, late_libraries
from libraries.models import Library, MediaFile, Scan
from listening.models import TrackAnnotation
from missing.purges import purge_missing_files
from tests.conftest import SignIn
from tests.support.limits import limit_lists
from tests.support.scans import scan, write_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

VIEWS = {
    "song": SongListView, "album": AlbumListView, "artist": ArtistListView, "tag": TagListView,
    "folder": FolderListView,
}  # fmt: skip
COUNT = 9


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "music"


@pytest.fixture
def library(root: Path) -> Library:
    for number in range(COUNT):
        write_track(root / f"{number % 4}/{number}.flac", f"Song {number * 5 % COUNT}", number=number % 3 + 1,
                    album=f"Album {number % 4}", artists=(f"Artist {number % 5}",), genres=(f"Genre {number % 2}",),
                    date=str(1990 + number % 3))  # fmt: skip
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    gather([library.pk])
    return library


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Where orders are kept from now on: of lists of two rows and more, for no longer than they are right."""
    settings.CACHE_FOLDER = tmp_path / "cache"
    limit_lists(settings, kept_from=2, old_order_seconds=0.0)
    return tmp_path / "cache" / "orders"


def ids(client: APIClient, query: str) -> list[str]:
    answer = client.get(f"/api/{query}")
    assert answer.status_code == 200
    return [each["id"] for each in answer.json()]


def pages(client: APIClient, query: str, size: int = 4) -> list[str]:
    """A whole list, page by page."""
    found: list[str] = []
    while page := ids(client, f"{query}&_start={len(found)}&_end={len(found) + size}"):
        found += page
    return found


@pytest.mark.parametrize("name", VIEWS)
def test_pages_are_the_same_as_without(
    as_admin: APIClient, library: Library, settings: Settings, folder: Path, name: str
) -> None:
    queries = [
        f"{name}?_sort={key}&_order={order}"
        for key in VIEWS[name].sorts
        for order in ("ASC", "DESC")
        if key != "random"
    ]
    kept = {query: pages(as_admin, query) for query in queries}
    totals = {query: as_admin.get(f"/api/{query}&_start=3&_end=4")["X-Total-Count"] for query in queries}
    assert list(folder.glob("*/*"))
    limit_lists(settings, kept_from=1000)
    settings.CACHE_FOLDER = folder.parent / "others"
    assert {query: pages(as_admin, query) for query in queries} == kept
    assert {query: as_admin.get(f"/api/{query}&_start=3&_end=4")["X-Total-Count"] for query in queries} == totals
    assert not list((folder.parent / "others").rglob("*"))


def test_a_second_page_sorts_nothing(as_admin: APIClient, library: Library, folder: Path) -> None:
    first = as_admin.get("/api/song?_sort=path&_start=0&_end=4")
    files = {path: path.stat().st_mtime_ns for path in folder.glob("*/*")}
    assert len(files) == 1
    # what is in the file is what is shown
    file = next(iter(files))
    assert file.read_bytes()[4096:].decode() == "".join(ids(as_admin, "song?_sort=path"))
    assert first["X-Total-Count"] == str(COUNT)
    as_admin.get("/api/song?_sort=path&_start=4&_end=8")
    as_admin.get("/api/song?_sort=path&_order=DESC&_start=4&_end=8")
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*/*")} == files


def test_a_change_of_the_catalog_shows_at_once(
    as_admin: APIClient, library: Library, root: Path, settings: Settings, folder: Path
) -> None:
    query = "song?_sort=path"
    before = pages(as_admin, query)
    write_track(root / "0/00.flac", "New", album="Album 0", artists=("Artist 0",))
    scan(library)
    after = pages(as_admin, query)
    assert len(after) == COUNT + 1
    assert [pk for pk in after if pk in before] == before
    (root / "0/00.flac").unlink()
    scan(library)
    gone = MediaFile.objects.missing().get().pk
    assert gone in pages(as_admin, query)
    assert pages(as_admin, f"{query}&missing=true") == [gone]
    assert pages(as_admin, f"{query}&missing=false") == before
    # while a scan runs an order of some seconds ago counts; it shows nothing that is not to be seen any more
    limit_lists(settings, kept_from=2, old_order_seconds=1000.0)
    last = Scan.objects.filter(pk=Scan.objects.latest("pk").pk)
    last.update(state=ScanState.RUNNING)
    purge_missing_files([gone])
    page = f"/api/{query}&_start=0&_end=100"
    assert gone not in ids(as_admin, f"{query}&_start=0&_end=100")
    assert as_admin.get(page)["X-Total-Count"] == str(COUNT + 1)
    last.update(state=ScanState.FINISHED)
    assert as_admin.get(page)["X-Total-Count"] == str(COUNT)
    assert pages(as_admin, query) == before


def test_a_random_order_goes_together_and_depends_on_its_seed(
    as_admin: APIClient, library: Library, root: Path, folder: Path
) -> None:
    every = set(ids(as_admin, "song?"))
    orders = {seed: pages(as_admin, f"song?_sort=random&seed={seed}", 2) for seed in "abcdef"}
    assert all(set(order) == every and len(order) == COUNT for order in orders.values())
    assert len(set(map(tuple, orders.values()))) == len(orders)
    assert pages(as_admin, "song?_sort=random&seed=a", 3) == orders["a"]
    assert pages(as_admin, "song?_sort=random&_order=DESC&seed=a", 3) == orders["a"][::-1]
    # one file for all of them, and a song that comes leaves the others where they are
    assert len(list(folder.glob("*/*"))) == 1
    write_track(root / "9/9.flac", "New", album="Other", artists=("Artist 0",))
    scan(library)
    now = pages(as_admin, "song?_sort=random&seed=a", 3)
    assert len(now) == COUNT + 1
    assert [pk for pk in now if pk in every] == orders["a"]


def test_nobody_gets_the_order_of_other_libraries(
    as_admin: APIClient, sign_in: SignIn, library: Library, tmp_path: Path, folder: Path
) -> None:
    for number in range(3):
        write_track(tmp_path / "other" / f"{number}.flac", f"Else {number}", album="Away", artists=("Zoe",))
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    scan(other)
    member = User.objects.create_user("member")
    LibraryAccess.objects.create(user=member, library=other)
    client = sign_in(member)
    assert len(pages(as_admin, "song?_sort=path")) == COUNT + 3
    own = pages(client, "song?_sort=path")
    assert set(own) == set(MediaFile.objects.filter(library=other).values_list("pk", flat=True))
    assert pages(as_admin, f"song?_sort=path&library_id={other.pk}") == own
    assert pages(client, f"song?_sort=path&library_id={library.pk}") == []
    LibraryAccess.objects.filter(user=member).delete()
    assert pages(client, "song?_sort=path") == []


def test_orders_of_an_index_begin_without_a_file(as_admin: APIClient, library: Library, folder: Path) -> None:
    assert [key for key, sort in SongListView.sorts.items() if is_indexed(MediaFile, sort)] == [
        "id", "title", "artist", "album", "createdAt", "recentlyAdded",
    ]  # fmt: skip
    first = ids(as_admin, "song?_sort=title&_start=0&_end=2")
    assert not list(folder.rglob("*"))
    second = ids(as_admin, "song?_sort=title&_start=2&_end=4")
    assert len(list(folder.glob("*/*"))) == 1
    assert ids(as_admin, "song?_sort=title&_start=0&_end=4") == first + second
    # filters that hardly come twice leave nothing behind
    for query in ("_sort=path&title=song", "_sort=path&starred=false"):
        pages(as_admin, f"song?{query}")
    assert len(list(folder.glob("*/*"))) == 1


@pytest.mark.parametrize("noted", [0, 1, 4, COUNT])
def test_favourites_are_taken_out_of_the_order_of_ids(
    as_admin: APIClient, admin: User, library: Library, settings: Settings, folder: Path, noted: int
) -> None:
    every = sorted(ids(as_admin, "song?"))
    chosen = random.Random(noted).sample(every, noted)
    for number, pk in enumerate(chosen):
        TrackAnnotation.objects.create(user=admin, media_file_id=pk, play_count=number % 3 + 1)
    queries = [f"song?_sort=playCount&_order={order}" for order in ("ASC", "DESC")]
    kept = {(query, size): pages(as_admin, query, size) for query in queries for size in (1, 2, 5, 100)}
    assert len(list(folder.glob("*/*"))) == 1
    limit_lists(settings, kept_from=1000)
    settings.CACHE_FOLDER = folder.parent / "others"
    assert {(query, size): pages(as_admin, query, size) for query in queries for size in (1, 2, 5, 100)} == kept
    assert kept[queries[0], 2] == kept[queries[1], 5][::-1]
    # of too many, the database puts all rows in order
    limit_lists(settings, kept_from=2, valued_rows=0)
    assert pages(as_admin, queries[0]) == kept[queries[0], 2]


def test_where_nothing_may_be_kept_lists_are_the_same(
    as_admin: APIClient, library: Library, settings: Settings, folder: Path
) -> None:
    kept = pages(as_admin, "song?_sort=path")
    settings.CACHE_FOLDER = folder.parent / "others"
    limit_lists(settings, kept_bytes=0)
    assert pages(as_admin, "song?_sort=path") == kept
    assert not list((folder.parent / "others").rglob("*"))


def test_any_number_of_libraries_has_an_order(as_admin: APIClient, library: Library, folder: Path) -> None:
    Library.objects.bulk_create(
        Library(name=f"L{number}", name_key=f"l{number}", path=f"/nowhere/{number}", revision=10**12)
        for number in range(300)
    )
    assert len(pages(as_admin, "song?_sort=path")) == len(pages(as_admin, "song?_sort=random&seed=a")) == COUNT
    assert len(list(folder.glob("*/*"))) == 2


@pytest.mark.parametrize("broken", [b"", b"\0" * 5000, b"{}".ljust(4096), b"[1]".ljust(4096) + b"x" * 22])
def test_a_file_that_was_not_written_whole_is_made_again(
    as_admin: APIClient, library: Library, folder: Path, broken: bytes
) -> None:
    """As after a power failure: a list that cannot be shown for ever would be worse than one that is slow."""
    query = "song?_sort=path"
    kept = pages(as_admin, query)
    (file,) = folder.glob("*/*")
    whole = file.read_bytes()
    file.write_bytes(broken)
    assert pages(as_admin, query) == kept
    assert file.read_bytes()[4096:] == whole[4096:]
    file.write_bytes(whole[:-30])
    assert pages(as_admin, query) == kept


def test_an_order_that_a_scan_changes_while_it_is_begun_is_none_of_now(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_then_change(library_ids: Collection[int]) -> set[int]:
        found = late_libraries(library_ids)
        Library.objects.filter(pk=library.pk).update(revision=F("revision") + 1)
        return found

    with monkeypatch.context() as replaced:
        replaced.setattr(kept_orders, "late_libraries", look_then_change)
        begun = kept_orders.revision_of([library.pk])
    assert begun != kept_orders.revision_of([library.pk])
