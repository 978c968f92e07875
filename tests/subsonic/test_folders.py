"""Browsing by folders."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from libraries.choices import ScanState, ScanTrigger
from libraries.models import Library, MediaFile, Scan
from tests.subsonic.conftest import OK, Call, code, names
from tests.support.catalog import make_artist
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]


def test_indexes(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    found = call("getIndexes", caller)["indexes"]
    artists = [name for index in found["index"] for name in names(index["artist"])]
    assert artists == ["Ada", "Bob", "The Cure", *(["Eve"] if sees_all else []), "7 Seconds"]
    assert {index["name"] for index in found["index"]} >= {"A", "B", "C", "#"}


def scanned(library: Library, seconds: int, **counts: int) -> None:
    """A scan that ended some seconds ago."""
    at = timezone.now() - timedelta(seconds=seconds)
    Scan.objects.create(
        library=library, trigger=ScanTrigger.API, state=ScanState.FINISHED, finished_at=at, **counts
    )  # fmt: skip


def test_an_index_that_did_not_change(
    call: Call, member: User, songs: Songs, library: Library, other_library: Library
) -> None:
    scanned(library, 500, added=1)
    first = call("getIndexes", member)["indexes"]
    since = first["lastModified"]
    assert first["index"]
    for moment in (since, since + 5000, 4102444800000):
        again = call("getIndexes", member, ifModifiedSince=moment)["indexes"]
        assert (again.get("index"), again["lastModified"]) == (None, since)
    scanned(library, 400, skipped=5)
    assert "index" not in call("getIndexes", member, ifModifiedSince=since)["indexes"]
    scanned(other_library, 350, added=1)
    assert "index" not in call("getIndexes", member, ifModifiedSince=since)["indexes"]
    scanned(library, 300, missing=1)
    changed = call("getIndexes", member, ifModifiedSince=since)["indexes"]
    assert changed["index"]
    assert changed["lastModified"] > since
    since = changed["lastModified"]
    scanned(library, 300, added=1)
    assert call("getIndexes", member, ifModifiedSince=since)["indexes"]["index"]
    for wrong in ("", "x", "-1", "0"):
        assert call("getIndexes", member, ifModifiedSince=wrong)["indexes"]["index"]


def test_another_library_is_a_change(call: Call, member: User, songs: Songs, other_library: Library) -> None:
    Library.objects.filter(pk=other_library.pk).delete()
    other_library = Library.objects.create(pk=125_000 + 125, name="Jazz", path=other_library.path)
    since = call("getIndexes", member)["indexes"]["lastModified"]
    LibraryAccess.objects.create(user=member, library=other_library)
    assert call("getIndexes", member, ifModifiedSince=since)["indexes"]["index"]


def test_directories(call: Call, caller: User, sees_all: bool, songs: Songs, library: Library) -> None:
    root = call("getMusicDirectory", caller, id=library.pk)["directory"]
    assert (root["id"], root["name"]) == (str(library.pk), "Rock")
    assert names(root["child"]) == ["7 Seconds", "Ada", "Bob", "The Cure"]
    artist = call("getMusicDirectory", caller, id=root["child"][1]["id"])["directory"]
    assert names(artist["child"]) == ["Early", "First"]
    assert all(child["isDir"] and child["parent"] == artist["id"] for child in artist["child"])
    album = call("getMusicDirectory", caller, id=artist["child"][1]["id"])["directory"]
    assert (album["name"], album["parent"], names(album["child"])) == ("First", artist["id"], ["Overture", "Opening"])
    assert not any(child["isDir"] for child in album["child"])
    assert all(child["type"] == "music" and child["duration"] > 0 for child in album["child"])
    eve = songs["Opening too"]
    for hidden in (make_artist("Eve").pk, eve.album_ref_id, eve.library_id):
        assert code(call("getMusicDirectory", caller, id=hidden)) == (OK if sees_all else 70)
    for wrong in ("nope", "999999", "\x00", songs["Dawn"].pk):
        assert code(call("getMusicDirectory", caller, id=wrong)) == 70
    assert code(call("getMusicDirectory", caller)) == 10
