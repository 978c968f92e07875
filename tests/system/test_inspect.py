"""`GET /api/inspect?id=`."""

from __future__ import annotations

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from libraries.models import Library, MediaFile
from navidrome_lib.config.conf import Inspect
from tests.conftest import Configure
from tests.support import audio
from tests.support.scans import scan, write_track

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def track(library: Library) -> MediaFile:
    """A real file that was really scanned."""
    write_track(Path(library.path) / "Ann" / "one.flac", "One", comment="kept")
    scan(library)
    return MediaFile.objects.get()


@pytest.fixture
def open_door(configure: Configure) -> None:
    configure(inspect=Inspect(enabled=True))


@pytest.mark.parametrize("who", ["as_anonymous", "as_member", "as_admin"])
@pytest.mark.parametrize("query", ["", "?id=x"])
def test_without_the_flag_it_does_not_exist(request: pytest.FixtureRequest, who: str, query: str) -> None:
    response = request.getfixturevalue(who).get(f"/api/inspect{query}")
    assert (response.status_code, response.json()) == (404, {"error": "Not found."})


@pytest.mark.parametrize(("who", "status"), [("as_anonymous", 401), ("as_member", 403), ("as_outsider", 403)])
def test_with_the_flag_it_is_for_admins(request: pytest.FixtureRequest, open_door: None, who: str, status: int) -> None:
    assert request.getfixturevalue(who).get("/api/inspect?id=x").status_code == status


def test_a_file_as_it_is_now(as_admin: APIClient, open_door: None, library: Library, track: MediaFile) -> None:
    response = as_admin.get(f"/api/inspect?id={track.pk}")
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"file", "rawTags", "mappedTags", "textEncoding"}
    assert answer["textEncoding"] == ""
    assert answer["file"] == "Ann/one.flac"
    assert answer["rawTags"]["TITLE"] == ["One"]
    mapped = answer["mappedTags"]
    assert (mapped["title"], mapped["artist"], mapped["album"]) == ("One", "Ann", "First")
    assert mapped["comment"] == "kept"
    assert mapped["albumRecord"]["name"] == "First"
    assert {part["role"] for part in mapped["participants"]} >= {"artist", "albumartist"}
    assert mapped["genres"] == ["Rock"]
    # nothing was stored meanwhile: the disk is asked
    write_track(Path(library.path) / "Ann" / "one.flac", "Two")
    assert as_admin.get(f"/api/inspect/?id={track.pk}").json()["mappedTags"]["title"] == "Two"
    assert MediaFile.objects.get().title == "One"


def test_the_encoding_of_text_that_tells_none(as_admin: APIClient, open_door: None, library: Library) -> None:
    frames = ((b"TPE1", "王菲"), (b"TIT2", "红豆"), (b"TALB", "唱游"), (b"TCOM", "柳重言"))
    tag = audio.id3_tag(*(audio.id3_frame(name, b"\0" + text.encode("gbk")) for name, text in frames))
    (Path(library.path) / "one.mp3").write_bytes(tag + audio.mp3())
    scan(library)
    answer = as_admin.get(f"/api/inspect?id={MediaFile.objects.get().pk}").json()
    assert (answer["textEncoding"], answer["mappedTags"]["title"], answer["rawTags"]) == (
        "gbk", "红豆", {name.decode(): [text] for name, text in frames},
    )  # fmt: skip
    Library.objects.update(text_encoding="off")
    answer = as_admin.get(f"/api/inspect?id={MediaFile.objects.get().pk}").json()
    title = "红豆".encode("gbk").decode("latin-1")
    assert (answer["textEncoding"], answer["rawTags"]["TIT2"]) == ("iso-8859-1", [title])


def test_no_id(as_admin: APIClient, open_door: None) -> None:
    response = as_admin.get("/api/inspect")
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"id"}


@pytest.mark.parametrize("pk", ["x", "9" * 400, "%00", "0000000000000000000000", "../etc/passwd"])
def test_an_unknown_id(as_admin: APIClient, open_door: None, pk: str) -> None:
    assert as_admin.get(f"/api/inspect?id={pk}").status_code == 404


def test_a_file_that_is_gone_or_broken(
    as_admin: APIClient, open_door: None, library: Library, track: MediaFile
) -> None:
    path = Path(library.path) / "Ann" / "one.flac"
    path.write_bytes(b"fLaC\x00\x00")
    assert as_admin.get(f"/api/inspect?id={track.pk}").status_code == 409
    path.unlink()
    response = as_admin.get(f"/api/inspect?id={track.pk}")
    assert (response.status_code, response.json()) == (404, {"error": "The file is not on the disk."})


def test_it_is_throttled(as_admin: APIClient, configure: Configure) -> None:
    configure(inspect=Inspect(enabled=True, max_requests=2))
    assert [as_admin.get("/api/inspect?id=x").status_code for _ in range(3)] == [404, 404, 429]
    response = as_admin.get("/api/inspect?id=x")
    assert int(response["Retry-After"]) > 0
    assert set(response.json()) == {"error"}
