"""Every list that people and clients turn over, each with its orders, filters and searches, timed in this process."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from rest_framework.test import APIClient

from bench.catalog import SEED, Words
from bench.subsonic_calls import subsonic_calls
from libraries.catalog_api.views import (
    AlbumListView,
    ArtistListView,
    FolderListView,
    GenreListView,
    SongListView,
    TagListView,
)
from libraries.models import Album, Artist, Genre, Library, MediaFile, Scan, ScanProblem
from libraries.views import LibraryViewSet, ScanViewSet
from missing.models import MissingFile, Purge
from missing.views import MissingFileView, PurgeViewSet
from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.audit.views import AuditViewSet
from users.models import ApiKey, LibraryAccess, User
from users.views import ApiKeyViewSet, UserViewSet

FIRST, MIDDLE, FILTER, SORT = "first page", "middle page", "filtered", "sorted"
ROUNDS = 5
# an answer that takes so long is not asked for again and again
SLOW = 2.0
LISTS = (MediaFile, MissingFile, Album, Artist, Library, Scan, ScanProblem, Purge, AuditEntry, User, ApiKey)
RESTRICTED_LISTS = (MediaFile, Album, Artist, ScanProblem)
CATALOG = (SongListView, AlbumListView, ArtistListView, GenreListView, TagListView, FolderListView)
PAGES = {
    "dashboard": "/admin/", "dashboard, live": "/admin/libraries/library/live/",
    "dashboard, formats": "/admin/libraries/library/formats/", "access matrix": "/admin/users/user/access/",
}  # fmt: skip


class Page(NamedTuple):
    """One request: the list it belongs to, the kind of question, and its name among these."""

    where: str
    kind: str
    what: str
    client: Client
    address: str


class Timed(NamedTuple):
    """What a request took."""

    where: str
    kind: str
    what: str
    milliseconds: float
    queries: int


def words_to_find() -> dict[str, str]:
    """A word that very many songs have, one that few have, one that none has, and two at once."""
    known = Words(random.Random(SEED)).all
    return {
        "a frequent word": known[0], "a rare word": known[-1], "a word of none": "Zzyzx",
        "two words": f"{known[0]} {known[40][:4]}", "two letters": known[1][:2],
    }  # fmt: skip


def signed_in(user: User) -> Client:
    """Return a browser whose first page, which writes the time into the session, was answered."""
    client = Client()
    client.force_login(user)
    client.get("/account")
    return client


def all_pages() -> Iterator[Page]:
    """Every request that is measured."""
    api = APIClient()
    boss = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("boss")
    site = signed_in(boss)
    api.force_authenticate(boss, boss.as_viewer())  # type: ignore[arg-type]
    for model in LISTS:
        yield from changelist_pages(site, model, str(model._meta.verbose_name_plural))
    restricted = signed_in(somebody_with(Library.objects.order_by("total_songs")[0]))
    for model in RESTRICTED_LISTS:
        yield from few_pages(restricted, model, f"{model._meta.verbose_name_plural}, of one library")
    for name, address in PAGES.items():
        yield Page(name, FIRST, FIRST, site, address)
    yield from api_pages(api)
    for what, address in subsonic_calls(boss, words_to_find()["a frequent word"]):
        yield Page("Subsonic", what.partition(" ")[0], what, Client(), address)


def somebody_with(library: Library) -> User:
    """Staff who may look at everything of the one library that they can access."""
    user = User.objects.filter(username="restricted").first() or User.objects.create_user("restricted", is_staff=True)
    permissions = Permission.objects.filter(content_type__app_label="libraries")
    user.user_permissions.set(permissions.filter(codename__startswith="view"))
    LibraryAccess.objects.get_or_create(user=user, library=library)
    return user


def changelist_pages(site: Client, model: Any, name: str) -> Iterator[Page]:
    """What the page of a list offers: turning it, its filters, its columns to sort by, and its search."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    answer: Any = site.get(address)
    shown = answer.context_data["cl"]
    yield Page(name, FIRST, FIRST, site, address)
    if shown.paginator.num_pages > 2:
        yield Page(name, MIDDLE, MIDDLE, site, f"{address}?p={shown.paginator.num_pages // 2}")
    for spec in shown.filter_specs:
        for choice in list(spec.choices(shown))[1:6]:
            yield Page(name, FILTER, f"{spec.title}: {choice['display']}", site, address + choice["query_string"])
    for index, column in enumerate(shown.list_display):
        if shown.get_ordering_field(column) and (shown.sortable_by is None or column in shown.sortable_by):
            for sign in ("", "-"):
                yield Page(name, SORT, f"{sign}{column}", site, f"{address}?o={sign}{index}")
    if shown.search_fields:
        yield from searches(site, name, address)


def few_pages(site: Client, model: Any, name: str) -> Iterator[Page]:
    """The same list for an account that can access little of it."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    yield Page(name, FIRST, FIRST, site, address)
    yield from searches(site, name, address)


def searches(site: Client, name: str, address: str) -> Iterator[Page]:
    for kind, text in words_to_find().items():
        yield Page(name, f"search: {kind}", kind, site, f"{address}?q={text.replace(' ', '+')}")


def catalog_lists(library: int, word: str, rare: str) -> dict[str, tuple[Any, list[str]]]:
    """The view of each list of the catalog, and the filters that are asked for."""
    genre, album = Genre.objects.latest("pk").pk, Album.objects.latest("pk").pk
    artist = Artist.objects.order_by("pk")[0].pk
    return {
        "/api/song": (
            SongListView,
            [f"title={word}", f"title={rare}", f"album_id={album}", f"artists_id={artist}", f"genre_id={genre}",
             f"library_id={library}", "missing=true", "year=1999"],
        ),
        "/api/album": (
            AlbumListView,
            [f"name={word}", f"name={rare}", f"artist_id={artist}", f"genre_id={genre}", f"library_id={library}",
             "missing=true", "year=1999"],
        ),
        "/api/artist": (
            ArtistListView,
            [f"name={word}", f"name={rare}", "role=composer", f"library_id={library}", "missing=true"],
        ),
        "/api/genre": (GenreListView, ["name=b", f"library_id={library}"]),
        "/api/tag": (TagListView, ["tag_name=genre", f"library_id={library}"]),
        "/api/folder": (FolderListView, ["path=B"]),
    }  # fmt: skip


def api_pages(api: APIClient) -> Iterator[Page]:
    """The lists of the REST API, a page of 50 each."""
    word, rare = (words_to_find()[kind] for kind in ("a frequent word", "a rare word"))
    library, scan = Library.objects.latest("pk").pk, ScanProblem.objects.latest("pk").scan_id
    lists: dict[str, tuple[Any, list[str]]] = {
        "/api/missing": (
            MissingFileView,
            [f"library_id={library}", f"title={word}", f"album={rare}", "path=B", "missingSince=2025-06-01"],
        ),
        "/api/missing/purge": (PurgeViewSet, []),
        "/api/library": (LibraryViewSet, ["name=us"]),
        "/api/scan": (ScanViewSet, [f"library_id={library}", "state=failed", "state=running"]),
        f"/api/scan/{scan}/problem": (None, []),
        "/api/user": (UserViewSet, ["userName=user+1"]),
        "/api/apikey": (ApiKeyViewSet, []),
        "/api/audit": (
            AuditViewSet,
            [
                "userName=user+7",
                "action=user",
                "channel=api",
                "objectType=scan",
                "address=10.0.7.1",
                "since=2025-06-01",
            ],
        ),
    }
    lists |= catalog_lists(library, word, rare)
    for address, (view, filters) in lists.items():
        name = address.replace(str(scan), "{id}") if view is None else address
        first = f"{address}?_start=0&_end=50"
        yield Page(name, FIRST, FIRST, api, first)
        total = int(api.get(first)["X-Total-Count"])
        if total > 100:
            yield Page(name, MIDDLE, MIDDLE, api, f"{address}?_start={total // 2}&_end={total // 2 + 50}")
        for asked in filters:
            yield Page(name, FILTER, asked, api, f"{first}&{asked}")
        more = ["missingFileCount"] if view is MissingFileView else []
        keys = view.all_sorts() if view in CATALOG else getattr(view, "sort_fields", {})
        for key in [*keys, *more]:
            for order in ("ASC", "DESC"):
                yield Page(name, SORT, f"{key} {order}", api, f"{first}&_sort={key}&_order={order}")


@override_settings(ALLOWED_HOSTS=["*"])
def measure(only: str = "", rounds: int = ROUNDS) -> Iterator[Timed]:
    """The median of some requests of each page (of the lists with `only` in their name), after one that warms up."""
    for page in all_pages():
        if only and only not in page.where:
            continue
        with CaptureQueriesContext(connection) as asked:
            times = [ask(page)]
        queries = len(asked)
        times = [ask(page) for _ in range(rounds if times[0] < SLOW else 1)]
        yield Timed(page.where, page.kind, page.what, median(times) * 1000, queries)


def ask(page: Page) -> float:
    """The seconds until the whole answer is there."""
    started = time.perf_counter()
    answer = page.client.get(page.address)
    taken = time.perf_counter() - started
    if answer.status_code != 200:
        raise AssertionError(f"{page.address}: {answer.status_code}")
    return taken
