"""`/api/artwork/{kind}/{id}/refresh`: covers that are made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.models import Library, LibraryArtist, MediaFile
from listening.models import Playlist, PlaylistTrack, Radio
from media.covers.service import image_cache, looks
from media.limits import MediaLimits
from media.models import Cover, OutsideInfo
from synth import make_png
from tests.media.conftest import Get, MakeSong, body_of
from tests.media.test_covers import BLUE, RED, colour_of, is_drawn, music
from tests.media.test_uploads import give, picture
from tests.support.catalog import SEEN
from tests.support.limits import change_limits
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

SIZE = 2000


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    settings.CACHE_FOLDER, settings.PICTURES_FOLDER = tmp_path / "cache", tmp_path / "pictures"
    change_limits(settings, MediaLimits, cover_seconds=0, known_cover_seconds=0)
    looks.forget()


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    """A song of an album with a red cover."""
    song = make_song(library, "Ada/First/1.flac", music())
    show(library, RED)
    return song


def show(library: Library, colour: tuple[int, int, int]) -> None:
    """Give the album a picture that has the size and the time of any other one."""
    data = make_png(64, colour)
    file = Path(library.path, "Ada/First/cover.png")
    file.write_bytes(data + bytes(SIZE - len(data)))
    os.utime(file, (SEEN.timestamp(), SEEN.timestamp()))


def refresh(client: APIClient, kind: str, pk: object) -> int:
    return client.post(f"/api/artwork/{kind}/{pk}/refresh").status_code


def test_a_file_that_changed_and_looks_the_same(
    as_admin: APIClient, get: Get, member: User, library: Library, song: MediaFile
) -> None:
    ids = (f"al-{song.album_ref_id}", f"mf-{song.pk}", f"dc-{song.album_ref_id}:1")
    assert [colour_of(get("getCoverArt", member, id=each, size=40)) for each in ids] == ["red"] * 3
    show(library, BLUE)
    assert colour_of(get("getCoverArt", member, id=ids[0], size=40)) == "red"
    assert refresh(as_admin, "al", song.album_ref_id) == 204
    assert [colour_of(get("getCoverArt", member, id=each, size=40)) for each in ids] == ["blue"] * 3


def test_of_a_song_an_artist_and_a_playlist(
    as_admin: APIClient, get: Get, member: User, library: Library, song: MediaFile
) -> None:
    artist = song.artists.all()[0]
    LibraryArtist.objects.create(library=library, artist=artist, song_count=1)
    playlist = Playlist.objects.create(owner=member, updated_at=SEEN)
    PlaylistTrack.objects.create(playlist=playlist, position=1, media_file=song)
    for number, (kind, pk) in enumerate((("mf", song.pk), ("ar", artist.pk), ("pl", playlist.pk))):
        before, after = ("red", "blue") if number % 2 == 0 else ("blue", "red")
        assert colour_of(get("getCoverArt", member, id=f"{kind}-{pk}")) == before
        show(library, BLUE if after == "blue" else RED)
        assert refresh(as_admin, kind, pk) == 204
        assert colour_of(get("getCoverArt", member, id=f"{kind}-{pk}")) == after


def test_sizes_that_were_kept_are_made_again(as_admin: APIClient, get: Get, member: User, song: MediaFile) -> None:
    cover = f"al-{song.album_ref_id}"
    whole = body_of(get("getCoverArt", member, id=cover, size=32))
    (path,) = image_cache().folder.glob("*/*-32-*")
    path.write_bytes(b"torn")
    assert body_of(get("getCoverArt", member, id=cover, size=32)) == b"torn"
    assert refresh(as_admin, "al", song.album_ref_id) == 204
    assert body_of(get("getCoverArt", member, id=cover, size=32)) == whole


def test_what_a_person_gave_stays(as_admin: APIClient, get: Get, member: User) -> None:
    radio = Radio.objects.create(name="R", stream_url="https://radio.example/")
    assert refresh(as_admin, "ra", radio.pk) == 204
    give(as_admin, f"/api/radio/{radio.pk}", picture())
    assert refresh(as_admin, "ra", radio.pk) == 204
    assert not is_drawn(get("getCoverArt", member, id=f"ra-{radio.pk}", size=32))


def test_storage_that_is_away(as_admin: APIClient, get: Get, member: User, library: Library, song: MediaFile) -> None:
    cover = f"al-{song.album_ref_id}"
    first = get("getCoverArt", member, id=cover, size=32)
    os.rename(library.path, f"{library.path}-away")
    answer = as_admin.post(f"/api/artwork/al/{song.album_ref_id}/refresh")
    assert (answer.status_code, library.name in answer.json()["error"]) == (503, True)
    assert get("getCoverArt", member, id=cover, size=32).content == first.content
    assert Cover.objects.get().digest


def test_what_is_outside_is_asked_again(as_admin: APIClient, song: MediaFile) -> None:
    told = {"kind": "al", "item_id": song.album_ref_id, "settled_at": timezone.now(), "failures": 3}
    for source in ("coverartarchive", "lastfm"):
        OutsideInfo.objects.create(source=source, **told)
    assert refresh(as_admin, "al", song.album_ref_id) == 204
    waiting = OutsideInfo.objects.exclude(next_try_at=None)
    assert list(waiting.values_list("source", "failures")) == [("coverartarchive", 0)]


def test_refusals(as_admin: APIClient, as_member: APIClient, song: MediaFile) -> None:
    assert refresh(as_admin, "zz", song.album_ref_id) == 400
    assert refresh(as_admin, "al", song.pk) == 404
    assert refresh(as_admin, "dc", song.album_ref_id) == 404
    assert refresh(as_admin, "ra", "nothing") == 404
    assert refresh(as_member, "al", song.album_ref_id) == 403
