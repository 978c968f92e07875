"""Missing files and purges in the admin site."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from libraries.models import Library, MediaFile
from missing.models import MissingFile, Purge
from tests.conftest import MakeUser
from tests.support.catalog import dump, make_many, make_track
from users.models import User

pytestmark = pytest.mark.alike

FILES = "/admin/missing/missingfile/"
PURGES = "/admin/missing/purge/"


@pytest.fixture
def site(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def test_the_list_shows_missing_files_only(site: Client, library: Library, other_library: Library) -> None:
    make_track(library, "gone.mp3")
    make_track(library, "here.mp3", missing=False)
    page = site.get(FILES).content.decode()
    assert "gone.mp3" in page
    assert "here.mp3" not in page
    assert site.get(f"{FILES}{MissingFile.objects.get().pk}/change/").status_code == 200
    assert "gone.mp3" not in site.get(f"{FILES}?library__id__exact={other_library.pk}").content.decode()


def test_a_purge_asks_first(site: Client, library: Library) -> None:
    gone = make_track(library, "gone.mp3", album="Lost Album")
    kept = make_track(library, "kept.mp3")
    before = dump()
    page = site.post(FILES, {"action": "purge", "_selected_action": [gone.pk]})
    assert page.status_code == 200
    assert "Remove 1 missing file (" in page.content.decode()
    assert "<bdi>Ada</bdi> – <bdi>Lost Album</bdi>" in page.content.decode()
    assert dump() == before
    answer = site.post(FILES, {"action": "purge", "_selected_action": [gone.pk], "confirmed": "yes"}, follow=True)
    assert "1 file was removed from the catalog." in answer.content.decode()
    assert MediaFile.objects.in_catalog().get().pk == kept.pk
    assert Purge.objects.get().created_by == "admin"


def test_all_files_of_a_filter_can_be_purged(site: Client, library: Library, other_library: Library) -> None:
    ids = make_many(library, 150)
    other = make_track(other_library, "kept.mp3")
    body = {"action": "purge", "_selected_action": ids[:1], "select_across": "1"}
    address = f"{FILES}?library__id__exact={library.pk}"
    assert "Remove 150 missing files" in site.post(address, body).content.decode()
    site.post(address, {**body, "confirmed": "yes"})
    assert MediaFile.objects.in_catalog().get().pk == other.pk


def test_a_purge_can_be_undone(site: Client, library: Library) -> None:
    gone = make_track(library, "gone.mp3")
    site.post(FILES, {"action": "purge", "_selected_action": [gone.pk], "confirmed": "yes"})
    purge = Purge.objects.get()
    assert "admin" in site.get(PURGES).content.decode()
    assert site.get(f"{PURGES}{purge.pk}/change/").status_code == 200
    body = {"action": "undo", "_selected_action": [purge.pk]}
    assert "1 file was restored as missing." in site.post(PURGES, body, follow=True).content.decode()
    assert MissingFile.objects.get().pk == gone.pk
    assert "already been undone" in site.post(PURGES, body, follow=True).content.decode()


@pytest.mark.parametrize("address", [FILES, PURGES])
def test_staff_that_are_not_admins_see_nothing(make_user: MakeUser, library: Library, address: str) -> None:
    staff = make_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["missing", "libraries"]))
    track = make_track(library, "gone.mp3")
    client = Client()
    client.force_login(staff)
    assert client.get(address).status_code == 403
    body = {"action": "purge", "_selected_action": [track.pk], "confirmed": "yes"}
    assert client.post(address, body).status_code == 403
    assert MediaFile.objects.exists()


@pytest.mark.parametrize("address", [FILES, PURGES])
def test_nothing_is_added_or_deleted_by_hand(site: Client, library: Library, address: str) -> None:
    track = make_track(library, "gone.mp3")
    assert site.get(f"{address}add/").status_code == 403
    assert site.post(f"{FILES}{track.pk}/delete/", {"post": "yes"}).status_code == 403
    assert MediaFile.objects.exists()
