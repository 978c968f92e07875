"""Lists of genres and tags are kept as they were sent: changes show at once, and each sees their own libraries."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from libraries.gathering import gather
from libraries.models import Album, Library, MediaFile
from missing.models import Purge
from missing.purges import purge_missing_files, undo_purge
from tests.conftest import SignIn
from tests.support.scans import scan, write_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "music"


@pytest.fixture
def library(root: Path) -> Library:
    for genre in ("Folk", "Jazz", "Rock"):
        write_track(root / f"{genre}/1.flac", "Song", album=genre, artists=("Ada",), genres=(genre,), mood="Calm")
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    return library


def genres(client: APIClient, query: str = "") -> list[str]:
    answer = client.get(f"/api/genre?_sort=name{query}")
    names = [each["name"] for each in answer.json()]
    assert int(answer["X-Total-Count"]) >= len(names)
    return names


def counts(client: APIClient) -> dict[str, int]:
    return {each["tagValue"]: each["songCount"] for each in client.get("/api/tag?_sort=name").json()}


def test_a_second_list_asks_for_the_libraries_alone(as_admin: APIClient, library: Library) -> None:
    gather([library.pk])
    assert genres(as_admin) == ["Folk", "Jazz", "Rock"]
    with CaptureQueriesContext(connection) as asked:
        assert genres(as_admin) == ["Folk", "Jazz", "Rock"]
    # who asks, and what they can access
    assert len(asked) == 2
    assert genres(as_admin, "&_order=DESC") == ["Rock", "Jazz", "Folk"]
    assert genres(as_admin, "&_start=1&_end=2") == ["Jazz"]
    assert genres(as_admin, "&name=o") == ["Folk", "Rock"]
    assert as_admin.get("/api/genre?library_id=x").status_code == 400


def test_changes_show_at_once(as_admin: APIClient, library: Library, root: Path) -> None:
    assert genres(as_admin) == ["Folk", "Jazz", "Rock"]
    assert counts(as_admin) == {"Calm": 3, "Folk": 1, "Jazz": 1, "Rock": 1}
    write_track(root / "Jazz/1.flac", "Song", album="Jazz", artists=("Ada",), genres=("Blues",), mood="Calm")
    write_track(root / "Rock/2.flac", "Other", album="Rock", artists=("Ada",), genres=("Rock",))
    scan(library)
    # nothing is gathered yet
    assert Album.objects.filter(details="").exists()
    assert genres(as_admin) == ["Blues", "Folk", "Rock"]
    assert counts(as_admin) == {"Blues": 1, "Calm": 3, "Folk": 1, "Rock": 2}
    (root / "Folk/1.flac").unlink()
    scan(library)
    gone = str(MediaFile.objects.get(missing=True).pk)
    assert genres(as_admin) == ["Blues", "Folk", "Rock"]
    purge_missing_files([gone])
    assert genres(as_admin) == ["Blues", "Rock"]
    undo_purge(Purge.objects.get())
    assert genres(as_admin) == ["Blues", "Folk", "Rock"]


def test_each_sees_their_libraries(as_admin: APIClient, sign_in: SignIn, library: Library, tmp_path: Path) -> None:
    write_track(tmp_path / "other/1.flac", "Song", album="Other", artists=("Bob",), genres=("Metal",))
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    scan(other)
    client, member = sign_in(User.objects.create_user("member")), User.objects.get(username="member")
    assert genres(as_admin) == ["Folk", "Jazz", "Metal", "Rock"]
    assert genres(client) == []
    LibraryAccess.objects.create(user=member, library=other)
    assert genres(client) == ["Metal"]
    LibraryAccess.objects.create(user=member, library=library)
    assert genres(client, f"&library_id={library.pk}") == ["Folk", "Jazz", "Rock"]
    LibraryAccess.objects.filter(library=library).delete()
    assert genres(client, f"&library_id={library.pk}") == []
    assert genres(client) == ["Metal"]
    LibraryAccess.objects.all().delete()
    assert genres(client) == []
    assert genres(as_admin) == ["Folk", "Jazz", "Metal", "Rock"]
