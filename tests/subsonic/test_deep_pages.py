"""Pages far down a long list: those of a kept order are the same as without it, and of the viewer's libraries only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile
from tests.subsonic.conftest import Call
from tests.subsonic.music import add_song, settle
from tests.support.limits import limit_lists
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]
KINDS = ("newest", "alphabeticalByName", "alphabeticalByArtist")


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Where orders are kept from now on: of lists of two rows and more."""
    settings.CACHE_FOLDER = tmp_path / "cache"
    limit_lists(settings, kept_from=2, old_order_seconds=0.0)
    return tmp_path / "cache" / "orders"


def albums(call: Call, user: User, kind: str, size: int) -> list[str]:
    """A whole list of albums, page by page."""
    found: list[str] = []
    while page := call("getAlbumList2", user, type=kind, size=size, offset=len(found))["albumList2"]["album"]:
        found += [album["id"] for album in page]
    return found


def songs_copied(call: Call, user: User, size: int) -> list[str]:
    """All songs, page by page, each asked for by another program."""
    found: list[str] = []
    while True:
        query: dict[str, Any] = {"query": "", "songCount": size, "songOffset": len(found), "c": f"c{len(found)}"}
        page = call("search3", user, artistCount=0, albumCount=0, **query)["searchResult3"]["song"]
        if not page:
            return found
        found += [song["id"] for song in page]


def test_pages_are_the_same_as_without(
    call: Call, caller: User, songs: Songs, folder: Path, settings: Settings
) -> None:
    kept = {kind: albums(call, caller, kind, 2) for kind in KINDS}
    copied = songs_copied(call, caller, 2)
    assert len(list(folder.glob("*/*"))) == len(KINDS) + 1
    limit_lists(settings, kept_from=1000)
    settings.CACHE_FOLDER = folder.parent / "others"
    assert {kind: albums(call, caller, kind, 500) for kind in KINDS} == kept
    assert songs_copied(call, caller, 500) == copied
    assert len(set(copied)) == len(copied) > 3
    assert not list((folder.parent / "others").rglob("*"))


def test_what_comes_and_goes_shows_at_once(
    call: Call, member: User, songs: Songs, library: Library, folder: Path
) -> None:
    before = songs_copied(call, member, 2)
    new = add_song(library, ("N/1.mp3", "New", "Newest", "Folk", {"title": "New"}))
    MediaFile.objects.filter(pk=before[0]).update(missing=True)
    Library.objects.update(revision=F("revision") + 1)
    settle(library)
    assert songs_copied(call, member, 2) == [*before[1:], new.pk]
    assert albums(call, member, "newest", 2)[0] == new.album_ref_id


def test_each_sees_their_own(call: Call, admin: User, member: User, songs: Songs, folder: Path) -> None:
    of_admin, of_member = (songs_copied(call, user, 2) for user in (admin, member))
    assert set(of_member) < set(of_admin)
    assert songs_copied(call, member, 2) == of_member
