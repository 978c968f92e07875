"""Pictures that people give to playlists, radio stations and artists."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.models import Artist, Library, LibraryArtist
from listening.models import Playlist, Radio
from media.covers.background import prune_covers
from media.covers.service import looks
from media.images.jobs import MAX_PIXELS
from media.models import Cover
from tests.libraries.api.test_refresh_events import Listeners
from tests.media.conftest import Get, body_of, error_of
from tests.support.catalog import SEEN, make_artist
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

RED, BLUE = (200, 20, 20), (20, 20, 200)
Committing = Callable[[], AbstractContextManager[Any]]


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    settings.CACHE_FOLDER, settings.PICTURES_FOLDER = tmp_path / "cache", tmp_path / "pictures"
    looks.forget()


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    """What the body of this context waits to do until its transaction ends is done at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def playlist(member: User) -> Playlist:
    return Playlist.objects.create(owner=member, name="Mine", updated_at=SEEN)


@pytest.fixture
def radio(db: None) -> Radio:
    return Radio.objects.create(name="R", stream_url="https://radio.example/")


@pytest.fixture
def artist(library: Library) -> Artist:
    artist = make_artist("Ada")
    LibraryArtist.objects.create(library=library, artist=artist, song_count=1)
    return artist


def picture(colour: tuple[int, int, int] = RED, form: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", size, colour).save(sink, form)
    return sink.getvalue()


def give(client: APIClient, url: str, data: bytes, field: str = "image") -> Any:
    return client.post(f"{url}/image", {field: SimpleUploadedFile("../../x.png", data)}, format="multipart")


def colour_of(data: bytes) -> tuple[int, int, int]:
    with Image.open(io.BytesIO(data)) as image:
        found = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(found, tuple)
    return found[0], found[1], found[2]


def is_like(data: bytes, colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(colour_of(data), colour, strict=True))


def files(settings: Settings) -> list[Path]:
    return sorted(settings.PICTURES_FOLDER.glob("*"))


def test_a_playlist_shows_what_it_was_given(
    as_member: APIClient, member: User, playlist: Playlist, get: Get, settings: Settings, committing: Committing
) -> None:
    url = f"/api/playlist/{playlist.pk}"
    before = as_member.get(url).json()
    assert before["uploadedImage"] == ""
    assert not {"imageHash", "imageWidth"} & set(before)
    answer = give(as_member, url, picture(size=(3000, 1000)))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    shown = as_member.get(url).json()
    assert (shown["uploadedImage"], shown["imageWidth"], shown["imageHeight"]) == (f"{playlist.pk}.jpg", 3000, 1000)
    assert as_member.get("/api/playlist").json() == [shown]
    known = f"pl-{playlist.pk}_{shown['imageHash']}"
    cover = get("getCoverArt", member, id=known, size=50)
    assert is_like(body_of(cover), RED)
    assert cover["Cache-Control"].endswith("immutable")
    of_protocol = get("getPlaylists", member, f="json").json()["subsonic-response"]["playlists"]["playlist"]
    assert [each["coverArt"] for each in of_protocol] == [known]
    whole = get("getPlaylist", member, f="json", id=playlist.pk).json()["subsonic-response"]["playlist"]
    assert whole["coverArt"] == known
    with committing():
        give(as_member, url, picture(BLUE))
    changed = as_member.get(url).json()
    assert changed["imageHash"] != shown["imageHash"]
    assert is_like(body_of(get("getCoverArt", member, id=f"pl-{playlist.pk}", size=50)), BLUE)
    assert "immutable" not in get("getCoverArt", member, id=known, size=50)["Cache-Control"]
    assert len(files(settings)) == 1
    with committing():
        assert as_member.delete(f"{url}/image").json() == {"status": "ok"}
    assert as_member.delete(f"{url}/image").status_code == 200
    assert {**as_member.get(url).json(), "updatedAt": ""} == {**before, "updatedAt": ""}
    assert files(settings) == []
    assert not is_like(body_of(get("getCoverArt", member, id=f"pl-{playlist.pk}", size=50)), BLUE)


def test_it_is_there_after_the_cache_was_emptied(
    as_member: APIClient, member: User, playlist: Playlist, get: Get, settings: Settings, tmp_path: Path
) -> None:
    give(as_member, f"/api/playlist/{playlist.pk}", picture())
    (path,) = files(settings)
    assert path.stat().st_mode & 0o777 & ~0o644 == 0
    settings.CACHE_FOLDER = tmp_path / "another"
    assert is_like(body_of(get("getCoverArt", member, id=f"pl-{playlist.pk}")), RED)


def test_who_may_give_a_playlist_a_picture(
    as_member: APIClient, as_admin: APIClient, as_outsider: APIClient, playlist: Playlist, get: Get, outsider: User
) -> None:
    url = f"/api/playlist/{playlist.pk}"
    assert give(as_outsider, url, picture()).status_code == 404
    assert give(as_admin, url, picture()).status_code == 200
    assert error_of(get("getCoverArt", outsider, id=f"pl-{playlist.pk}"))["code"] == 70
    Playlist.objects.update(public=True)
    assert (give(as_outsider, url, picture()).status_code, as_outsider.delete(f"{url}/image").status_code) == (403, 403)
    assert is_like(body_of(get("getCoverArt", outsider, id=f"pl-{playlist.pk}")), RED)


def station_of(get: Get, user: User) -> dict[str, Any]:
    """The only station, as the protocol has it."""
    answer = get("getInternetRadioStations", user, f="json").json()["subsonic-response"]
    (found,) = answer["internetRadioStations"]["internetRadioStation"]
    return dict(found)


def test_radio_stations(as_admin: APIClient, as_member: APIClient, outsider: User, radio: Radio, get: Get) -> None:
    url = f"/api/radio/{radio.pk}"
    assert give(as_member, url, picture()).status_code == 403
    drawn = body_of(get("getCoverArt", outsider, id=f"ra-{radio.pk}"))
    assert "coverArt" not in station_of(get, outsider)
    assert "uploadedImage" not in as_member.get(url).json()
    assert give(as_admin, url, picture()).status_code == 200
    shown = as_member.get(url).json()
    assert shown["uploadedImage"] == f"{radio.pk}.jpg"
    assert as_member.get("/api/radio").json() == [shown]
    known = station_of(get, outsider)["coverArt"]
    assert known == f"ra-{radio.pk}_{shown['imageHash']}"
    given = get("getCoverArt", outsider, id=known)
    assert is_like(body_of(given), RED)
    assert not is_like(drawn, RED)
    assert given["Cache-Control"].endswith("immutable")
    assert error_of(get("getCoverArt", outsider, id="ra-nothing"))["code"] == 70
    # clients send whole objects back
    assert as_admin.put(url, shown).status_code == 200


def test_artists(
    as_admin: APIClient, as_member: APIClient, member: User, outsider: User, artist: Artist, get: Get
) -> None:
    url = f"/api/artist/{artist.pk}"
    assert give(as_member, url, picture()).status_code == 403
    assert give(as_admin, f"{url[:-1]}_", picture()).status_code == 404
    assert give(as_admin, url, picture()).status_code == 200
    shown = as_member.get(url).json()
    assert shown["uploadedImage"] == f"{artist.pk}.jpg"
    assert is_like(body_of(get("getCoverArt", member, id=f"ar-{artist.pk}_{shown['imageHash']}")), RED)
    assert error_of(get("getCoverArt", outsider, id=f"ar-{artist.pk}"))["code"] == 70
    assert as_admin.delete(f"{url}/image").status_code == 200
    assert "uploadedImage" not in as_member.get(url).json()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_each_form_is_written_anew(as_member: APIClient, playlist: Playlist, settings: Settings, form: str) -> None:
    secret = b"GPS 48.85 N <script>"
    assert give(as_member, f"/api/playlist/{playlist.pk}", picture(form=form) + secret).status_code == 200
    (path,) = files(settings)
    assert secret not in path.read_bytes()
    assert is_like(path.read_bytes(), RED)


def bomb() -> bytes:
    """A small file of a picture with more pixels than are decoded."""
    edge = int(MAX_PIXELS**0.5) + 10
    sink = io.BytesIO()
    Image.new("1", (edge, edge)).save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize("data", [b"x", b"\x89PNG\r\n\x1a\n" + bytes(50), b"<svg xmlns='x'/>", bomb()])
def test_what_is_no_picture(as_member: APIClient, playlist: Playlist, settings: Settings, data: bytes) -> None:
    answer = give(as_member, f"/api/playlist/{playlist.pk}", data)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"image"})
    assert (files(settings), Cover.objects.count()) == ([], 0)


def test_bodies_that_are_no_form_with_a_picture(as_member: APIClient, playlist: Playlist) -> None:
    url = f"/api/playlist/{playlist.pk}"
    assert set(give(as_member, url, picture(), field="file").json()["errors"]) == {"image"}
    assert as_member.post(f"{url}/image", {"image": "text"}, format="multipart").status_code == 400
    assert as_member.post(f"{url}/image", {}, format="json").status_code in (400, 415)
    assert as_member.post(f"{url}/image", picture(), content_type="image/png").status_code == 415
    broken = as_member.post(f"{url}/image", b"--x", content_type="multipart/form-data; boundary=")
    assert broken.status_code == 400


def test_how_large_it_may_be(as_member: APIClient, playlist: Playlist) -> None:
    url = f"/api/playlist/{playlist.pk}"
    # larger than any other body
    assert give(as_member, url, picture() + bytes(3 * 1024 * 1024)).status_code == 200
    assert give(as_member, url, picture() + bytes(11 * 1024 * 1024)).status_code == 413


def test_it_goes_with_its_playlist_and_with_its_person(
    as_member: APIClient, as_admin: APIClient, member: User, radio: Radio, settings: Settings, committing: Committing
) -> None:
    lists = [Playlist.objects.create(owner=member, name=name, updated_at=SEEN) for name in "ab"]
    for each in lists:
        give(as_member, f"/api/playlist/{each.pk}", picture())
    give(as_admin, f"/api/radio/{radio.pk}", picture())
    assert len(files(settings)) == 3
    with committing():
        as_member.delete(f"/api/playlist/{lists[0].pk}")
    assert len(files(settings)) == 2
    with committing():
        member.delete()
    assert (len(files(settings)), Cover.objects.count()) == (1, 1)
    with committing():
        as_admin.delete(f"/api/radio/{radio.pk}")
    assert (files(settings), Cover.objects.count()) == ([], 0)


def test_leftovers_are_pruned(as_admin: APIClient, artist: Artist, radio: Radio, settings: Settings) -> None:
    for url in (f"/api/artist/{artist.pk}", f"/api/radio/{radio.pk}"):
        give(as_admin, url, picture())
    left = settings.PICTURES_FOLDER / f"{'0' * 28}.jpg"
    left.write_bytes(b"x")
    prune_covers()
    assert len(files(settings)) == 3  # it may be one that is about to get its row
    for path in files(settings):
        os.utime(path, (0, time.time() - 2 * 24 * 3600))
    prune_covers()
    assert (len(files(settings)), left.exists()) == (2, False)
    Artist.objects.all().delete()
    prune_covers()
    assert len(files(settings)) == 1


def test_others_are_told(as_member: APIClient, member: User, outsider: User, playlist: Playlist) -> None:
    listeners = Listeners(member, outsider)
    give(as_member, f"/api/playlist/{playlist.pk}", picture())
    assert listeners.told() == [[{"playlist": [playlist.pk]}], []]
