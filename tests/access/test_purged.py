"""A crawl of everything by an admin: of what a purge hides nothing is shown, but on the pages of the purge itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from rest_framework.test import APIClient

from libraries.models import Album, Folder, Library, MediaFile
from libraries.search.index import index_everything
from libraries.totals import refresh_library_artists, refresh_library_totals
from missing.models import Purge
from missing.purges import purge_missing_files, undo_purge
from navidrome_lib.config.conf import Inspect
from tests.access.read_queries import ReadQueries
from tests.access.rest_table import REST
from tests.access.routes import READS_NO_QUERY, routes
from tests.access.test_canary import content
from tests.conftest import Configure
from tests.support.catalog import make_track
from tests.support.sharing import THOROUGH, Share
from users import app_passwords
from users.models import User

pytestmark = pytest.mark.alike

MARK = "Nightingale"
QUERIES = (
    "", "_start=0&_end=100", "_sort=path", "_sort=missingFileCount&_order=DESC", "library_id={library}", "id={track}",
    "album=Nighting", "artist=Nighting", "title=Nighting", "path=A", "q=Nighting", "q=a", "missing__exact=1",
    "suffix=mp3", "o=1", "library__id__exact={library}", "folder={folder}", "folder_id={folder_id}",
    "album_id={common}", "dryRun=true",
)  # fmt: skip


@pytest.fixture
def hidden(library: Library) -> MediaFile:
    """A purged track, with an album, an artist, a genre and a folder of its own, and one in an album of others."""
    tags = {"title": [MARK]}
    track = make_track(
        library, f"A/{MARK}/{MARK}.mp3", artist=MARK, album=MARK, genre=MARK, tags=tags, comment=MARK, has_picture=True
    )
    part = make_track(library, f"A/Common/{MARK}.mp3")
    make_track(library, "A/Common/missing.mp3", title="Listed as missing")
    make_track(library, "A/Common/here.mp3", missing=False, title="Present")
    index_everything()
    assert purge_missing_files([track.pk, part.pk]).purge
    refresh_library_artists(library.pk)
    refresh_library_totals(library.pk)
    return track


def addresses(track: MediaFile) -> Iterator[str]:
    """Every address that answers GET: lists with every query, pages with every id of what is hidden."""
    album, common = track.album_ref, Album.objects.get(name="First")
    # of a folder and an album that are asked for by key, the name is shown: these have another purged track
    folder = Folder.objects.get(path="A/Common")
    assert album is not None
    assert album.artist_id is not None
    names = {"library": track.library_id, "track": track.pk, "folder": folder.path_key, "folder_id": folder.pk}
    names["common"] = common.pk
    ids = [track.pk, album.pk, album.artist_id, str(track.library_id)]
    for route in routes():
        if route.startswith("/rest/") or "logout" in route or "event" in route:
            continue
        for pk in ids if "{" in route else [""]:
            path = route
            for name in ("{pk}", "{object_id}", "{id}"):
                path = path.replace(name, pk)
            path = path.replace("{content_type_id}", "1")
            for query in ("",) if pk or route in READS_NO_QUERY else QUERIES:
                yield f"{path}?{query.format(**names)}"


def shows(client: Client, url: str) -> bool:
    return MARK in content(answer(client, url)).decode("utf-8", "replace")


def answer(client: Client, url: str) -> HttpResponseBase:
    response = client.get(url)
    assert response.status_code < 500, url
    return response


def shows_nothing(client: Client, url: str) -> HttpResponseBase:
    response = answer(client, url)
    assert MARK not in content(response).decode("utf-8", "replace"), url
    return response


def test_no_list_and_no_page(hidden: MediaFile, admin: User, as_admin: APIClient, share: Share) -> None:
    site = Client()
    site.force_login(admin)
    crawled = list(addresses(hidden))
    assert len(crawled) > 400
    readers = {client: ReadQueries(client, partial(shows_nothing, client)) for client in (site, as_admin)}
    for url in share.of(crawled):
        client = site if url.startswith("/admin/") else as_admin
        if THOROUGH or readers[client].differs(url):
            shows_nothing(client, url)
    # the same crawl finds it once it is not hidden any more
    undo_purge(Purge.objects.get())
    pages = (
        "missing/missingfile/", "missing/missingfile/export/", f"missing/missingfile/{hidden.pk}/change/",
        "libraries/mediafile/", f"libraries/mediafile/{hidden.pk}/change/", "libraries/album/",
        f"libraries/album/{hidden.album_ref_id}/change/",
    )  # fmt: skip
    for url in ("/api/missing?", *(f"/admin/{page}?" for page in pages)):
        assert url in crawled
        assert shows(site if url.startswith("/admin/") else as_admin, url), url


def test_nothing_can_be_done_with_it(hidden: MediaFile, as_admin: APIClient) -> None:
    present = MediaFile.objects.present().get()
    for path in ("candidates", "relink"):
        answer = as_admin.get(f"/api/missing/{hidden.pk}/{path}")
        assert answer.status_code in (404, 405), path
    assert as_admin.post(f"/api/missing/{hidden.pk}/relink", {"songId": present.pk}).status_code == 404
    assert as_admin.delete(f"/api/missing?id={hidden.pk}").status_code == 404
    other = MediaFile.objects.missing().get()
    assert as_admin.delete(f"/api/missing?id={hidden.pk}&id={other.pk}").json()["ids"] == [other.pk]


def test_what_counts_leaves_it_out(hidden: MediaFile, as_admin: APIClient, library: Library) -> None:
    assert as_admin.get("/api/missing")["X-Total-Count"] == "1"
    assert as_admin.get("/api/missing").json()[0]["missingFileCount"] == 1
    assert as_admin.get("/api/insights/").json()["statistics"]["missing"] == 1
    counted = as_admin.get(f"/api/library/{library.pk}").json()
    assert (counted["totalMissingFiles"], counted["totalSongs"], counted["totalAlbums"]) == (1, 1, 0)


def test_inspect_does_not_know_it(hidden: MediaFile, as_admin: APIClient, configure: Configure) -> None:
    configure(inspect=Inspect(enabled=True))
    assert as_admin.get(f"/api/inspect?id={hidden.pk}").status_code == 404


def test_subsonic(hidden: MediaFile, admin: User) -> None:
    client, credentials = Client(), {"u": admin.username, "p": app_passwords.app_password(admin)}
    for method, extra in itertools.product(REST, ({}, {"id": hidden.pk}, {"query": MARK}, {"type": "newest"})):
        query = {"v": "1.16.1", "c": "test", **credentials, **extra}
        response = client.get(f"/rest/{method.replace('.*', 'x')}", query)
        assert MARK not in content(response).decode("utf-8", "replace"), method
