"""Looking through the catalog in the admin site, whatever stands in the tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from libraries.models import Album, Library, MediaFile
from synth import make_cover
from tests.support.scans import scan, write_album, write_track

pytestmark = pytest.mark.alike

SITE = "/admin/libraries/"
EVIL = "<script>alert(1)</script>{{ 7|add:35 }}"


@pytest.fixture
def music(library: Library) -> Library:
    write_album(Path(library.path) / "First", 3, picture=make_cover(32, (200, 30, 30)))
    scan(library)
    return library


@pytest.fixture
def hostile(library: Library) -> MediaFile:
    """A song all of whose tags are meant to do harm."""
    write_track(
        Path(library.path) / "<b>x.flac", EVIL, artists=(EVIL,), album=EVIL, album_artists=(EVIL,), genres=(EVIL,),
        comment="\u202e" + "x" * 10_000, composers=(EVIL,),
    )  # fmt: skip
    scan(library)
    found: MediaFile = MediaFile.objects.get()
    return found


def pages_of(track: MediaFile) -> list[str]:
    album = track.album_ref
    assert album is not None
    return [
        f"{SITE}artist/", f"{SITE}artist/{album.artist_id}/change/", f"{SITE}album/", f"{SITE}album/{album.pk}/change/",
        f"{SITE}mediafile/", f"{SITE}mediafile/{track.pk}/change/", f"{SITE}mediafile/?q=script",
    ]  # fmt: skip


def test_from_artist_to_album_to_song(site: Client, music: Library) -> None:
    album = Album.objects.get()
    assert f"{SITE}artist/{album.artist_id}/change/" in site.get(f"{SITE}artist/").content.decode()
    assert f"{SITE}album/{album.pk}/change/" in site.get(f"{SITE}artist/{album.artist_id}/change/").content.decode()
    page = site.get(f"{SITE}album/{album.pk}/change/").content.decode()
    for track in album.media_files.all():
        assert f"{SITE}mediafile/{track.pk}/change/" in page
    assert f"{SITE}album/{album.pk}/cover/" in page


def test_a_song_shows_its_tags_as_read_beside_the_mapped_ones(site: Client, music: Library) -> None:
    page = site.get(f"{SITE}mediafile/{MediaFile.objects.earliest('path').pk}/change/").content.decode()
    assert "<bdi>TRACKNUMBER</bdi>" in page  # as the file has it
    assert "<bdi>tracknumber</bdi>" in page or "<bdi>track</bdi>" in page  # as the catalog has it
    assert "8,000 Hz" in page


def test_a_cover_comes_from_the_file(site: Client, music: Library, as_staff: Client) -> None:
    address = f"{SITE}album/{Album.objects.get().pk}/cover/"
    answer = site.get(address)
    assert answer["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert as_staff.get(address).status_code == 200
    assert Client().get(address).status_code == 302
    assert site.get(f"{SITE}album/nothing/cover/").status_code == 404


def test_a_missing_cover_has_a_placeholder(site: Client, hostile: MediaFile) -> None:
    assert site.get(f"{SITE}album/{hostile.album_ref_id}/cover/")["Content-Type"] == "image/svg+xml"


def test_tags_are_never_markup(site: Client, hostile: MediaFile) -> None:
    for address in pages_of(hostile):
        page = site.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in page, address
        assert "<script>alert" not in page, address
        assert "42" not in page.split("</head>")[1].split("&lt;script")[1][:60], address
    page = site.get(f"{SITE}mediafile/{hostile.pk}/change/").content.decode()
    assert "x" * 2_000 not in page  # a long tag is cut


def test_staff_see_their_libraries_only(
    as_staff: Client, site: Client, library: Library, other_library: Library
) -> None:
    write_track(Path(library.path) / "mine.flac", "Mine", artists=("Me",), album="M", album_artists=("Me",))
    write_track(Path(other_library.path) / "other.flac", "Other", artists=("You",), album="O", album_artists=("You",))
    scan(library)
    scan(other_library)
    mine, other = MediaFile.objects.get(library=library), MediaFile.objects.get(library=other_library)
    for address in pages_of(mine)[:-1]:
        assert as_staff.get(address).status_code == 200, address
    for model in ("artist", "album", "mediafile"):
        page = as_staff.get(f"{SITE}{model}/").content.decode()
        assert "You" not in page, model
        assert "Other" not in page, model
    for address in (pages_of(other)[1], pages_of(other)[3], pages_of(other)[5]):
        assert as_staff.get(address).status_code == 404, address
        assert site.get(address).status_code == 200, address
    # what stands in a file is for admins: it is read from the disk
    assert "Tags in the file" not in as_staff.get(f"{SITE}mediafile/{mine.pk}/change/").content.decode()


def test_nothing_can_be_changed(site: Client, music: Library) -> None:
    track = MediaFile.objects.earliest("path")
    for address in (f"{SITE}mediafile/{track.pk}/change/", f"{SITE}mediafile/add/", f"{SITE}artist/add/"):
        assert site.post(address, {"title": "Mine"}).status_code == 403, address
    assert site.post(f"{SITE}mediafile/{track.pk}/delete/", {"post": "yes"}).status_code == 403
    track.refresh_from_db()
    assert track.title == "Song 1"


def test_lists_ask_a_fixed_number_of_queries(site: Client, library: Library) -> None:
    models, counts = ("artist", "album", "mediafile", "scan", "scanproblem"), []
    for start in (0, 1, 10):
        for number in range(start, start * 10 or 1):
            artist = f"Artist {number}"
            write_track(
                Path(library.path) / artist / "1.flac", f"Song {number}", artists=(artist,), album=artist,
                album_artists=(artist,),
            )  # fmt: skip
            (Path(library.path) / f"bad {number}.mp3").write_bytes(b"nonsense" * 100)
        scan(library)
        counts.append([queries_of(site, f"{SITE}{model}/") for model in models])
    assert counts[0] == counts[1] == counts[2]
    assert max(counts[0]) <= 9


def queries_of(site: Client, address: str) -> int:
    """Count the queries of a page that was shown once before."""
    site.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert site.get(address).status_code == 200
    return len(queries)


def test_long_lists_are_not_counted_to_the_end(site: Client, music: Library, settings: Settings) -> None:
    settings.ADMIN_COUNTED_ROWS = 2
    with CaptureQueriesContext(connection) as queries:
        page = site.get(f"{SITE}mediafile/").content.decode()
    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counting
    assert all("LIMIT 2" in sql for sql in counting), counting
    assert "Song 1" in page or "Song 3" in page


def test_no_column_is_sorted_by_a_relation() -> None:
    for model, page in admin.site._registry.items():
        relations = {field.name for field in model._meta.get_fields() if field.one_to_many or field.many_to_many}
        assert not relations & set(page.list_display), model
