"""`/rest/getCoverArt`: which picture is found for what, by whom, and how it is kept."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse
from PIL import Image
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.choices import ScanState, ScanTrigger
from libraries.models import Album, Library, LibraryArtist, MediaFile, Scan
from media.covers import background
from media.covers.mosaics import register_mosaic, withdraw_mosaic
from media.covers.service import looks
from media.limits import MediaLimits
from media.models import Cover
from navidrome_lib.viewer import Viewer
from synth import Track, make_cover, make_png, track_bytes
from tests.conftest import Configure
from tests.media.conftest import Get, MakeSong, body_of, error_of
from tests.support.catalog import make_artist
from tests.support.limits import change_limits
from users.models import LibraryAccess, User

pytestmark = pytest.mark.alike

RED, GREEN, BLUE, GREY = (250, 20, 20), (20, 250, 20), (20, 20, 250), (120, 120, 120)
NAMES = {RED: "red", GREEN: "green", BLUE: "blue", GREY: "grey"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, settings: Settings) -> None:
    """A cache of its own for each test, and nothing remembered of another one."""
    settings.CACHE_FOLDER = tmp_path / "cache"
    change_limits(settings, MediaLimits, cover_seconds=0, known_cover_seconds=0)
    looks.forget()


def music(colour: tuple[int, int, int] | None = None) -> bytes:
    return track_bytes(Track(title="x", picture=make_cover(64, colour) if colour else None), "flac")


def put(library: Library, path: str, colour: tuple[int, int, int]) -> Path:
    file = Path(library.path, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(make_png(64, colour))
    return file


def colour_of(response: HttpResponse) -> str:
    """The name of the colour that a picture has most of."""
    image = Image.open(io.BytesIO(response.content)).convert("RGB").resize((1, 1))
    found = image.getpixel((0, 0))
    assert isinstance(found, tuple)
    strongest = [part for part in range(3) if found[part] > 1.8 * min(found) + 20]
    names: dict[tuple[int, ...], str] = {(0,): "red", (1,): "green", (2,): "blue"}
    return names.get(tuple(strongest), "grey")


def is_drawn(response: HttpResponse) -> bool:
    return response["ETag"].startswith('"drawn')


@pytest.fixture
def song(library: Library, make_song: MakeSong) -> MediaFile:
    return make_song(library, "Ada/First/1.flac", music(GREEN), has_picture=True)


class TestPlaces:
    """Where the picture of a thing is looked for."""

    def test_pictures_in_the_folder_count_before_those_in_files(
        self, get: Get, member: User, library: Library, song: MediaFile
    ) -> None:
        album = f"al-{song.album_ref_id}"
        assert colour_of(get("getCoverArt", member, id=album)) == "green"
        put(library, "Ada/First/Front.PNG", BLUE)
        assert colour_of(get("getCoverArt", member, id=album)) == "blue"
        put(library, "Ada/First/cover.png", RED)
        assert colour_of(get("getCoverArt", member, id=album)) == "red"
        Path(library.path, "Ada/First/cover.png").unlink()
        assert colour_of(get("getCoverArt", member, id=album)) == "blue"

    def test_the_order_is_an_option(
        self, get: Get, member: User, library: Library, song: MediaFile, configure: Configure, settings: Settings
    ) -> None:
        put(library, "Ada/First/cover.png", RED)
        put(library, "Ada/First/back.png", BLUE)
        order = dataclasses.replace(settings.CONF.media, cover_art_priority=("external", "back.*", "embedded"))
        configure(media=order)
        assert colour_of(get("getCoverArt", member, id=f"al-{song.album_ref_id}")) == "blue"

    def test_a_song_has_the_picture_in_its_file_else_that_of_the_album(
        self, get: Get, member: User, library: Library, song: MediaFile, make_song: MakeSong
    ) -> None:
        put(library, "Ada/First/cover.png", RED)
        plain = make_song(library, "Ada/First/2.flac", music())
        assert colour_of(get("getCoverArt", member, id=f"mf-{song.pk}")) == "green"
        assert colour_of(get("getCoverArt", member, id=f"mf-{plain.pk}")) == "red"

    def test_discs(self, get: Get, member: User, library: Library, make_song: MakeSong) -> None:
        one = make_song(library, "Ada/Two/CD1/1.flac", music(), disc_number=1, album="Two")
        make_song(library, "Ada/Two/CD2/1.flac", music(), disc_number=2, album="Two")
        make_song(library, "Ada/Two/CD3/1.flac", music(), disc_number=3, album="Two")
        put(library, "Ada/Two/cover.png", RED)
        put(library, "Ada/Two/CD2/cover.png", GREEN)
        put(library, "Ada/Two/disc3.png", BLUE)
        discs = [get("getCoverArt", member, id=f"dc-{one.album_ref_id}:{number}") for number in (1, 2, 3, 9)]
        assert [colour_of(response) for response in discs] == ["red", "green", "blue", "red"]

    def test_artists(self, get: Get, member: User, library: Library, song: MediaFile, make_song: MakeSong) -> None:
        make_song(library, "Ada/Second/1.flac", music(), album="Second")
        assert song.album_ref is not None
        artist = song.album_ref.artist
        assert artist is not None
        LibraryArtist.objects.create(library=library, artist=artist, song_count=2)
        Album.objects.filter(pk=song.album_ref_id).update(max_year=2000)
        assert colour_of(get("getCoverArt", member, id=f"ar-{artist.pk}")) == "green", "that of an album"
        put(library, "Ada/First/artist.png", BLUE)
        assert colour_of(get("getCoverArt", member, id=artist.pk)) == "blue"
        put(library, "Ada/artist.png", RED)
        assert colour_of(get("getCoverArt", member, id=f"ar-{artist.pk}")) == "red"

    def test_a_picture_that_is_broken_makes_room_for_the_next(
        self, get: Get, member: User, library: Library, song: MediaFile
    ) -> None:
        put(library, "Ada/First/cover.png", RED).write_bytes(b"\x89PNG\r\n\x1a\nbroken")
        assert colour_of(get("getCoverArt", member, id=f"al-{song.album_ref_id}", size=32)) == "green"
        assert colour_of(get("getCoverArt", member, id=f"al-{song.album_ref_id}", size=40)) == "green"

    def test_links_out_of_the_library_show_nothing(
        self, get: Get, member: User, library: Library, make_song: MakeSong
    ) -> None:
        song = make_song(library, "Ada/First/1.flac", music())
        put(library, "../secret/cover.png", RED)
        Path(library.path, "Ada/First/cover.png").symlink_to("../../../secret/cover.png")
        assert is_drawn(get("getCoverArt", member, id=f"al-{song.album_ref_id}"))
        Library.objects.filter(pk=library.pk).update(follow_symlinks=True)
        assert colour_of(get("getCoverArt", member, id=f"al-{song.album_ref_id}")) == "red"


class TestAnswers:
    """Sizes, formats and caching."""

    def test_as_it_is_and_smaller(self, get: Get, member: User, song: MediaFile) -> None:
        whole = get("getCoverArt", member, id=f"mf-{song.pk}")
        assert (whole.content, whole["Content-Type"]) == (make_png(64, GREEN), "image/png")
        small = get("getCoverArt", member, id=f"mf-{song.pk}", size=32)
        assert (Image.open(io.BytesIO(small.content)).size, small["Content-Type"]) == ((32, 32), "image/jpeg")
        webp = get("getCoverArt", member, id=f"mf-{song.pk}", size=32, headers={"Accept": "image/webp,*/*"})
        assert webp["Content-Type"] == "image/webp"
        assert "Accept" in webp["Vary"]
        for size in ("64", "9999", "-5", "x", "0", "99999999999"):
            assert get("getCoverArt", member, id=f"mf-{song.pk}", size=size).content == whole.content

    def test_an_id_with_the_digest_is_kept_for_ever(
        self, get: Get, member: User, library: Library, song: MediaFile
    ) -> None:
        plain = f"al-{song.album_ref_id}"
        assert get("getCoverArt", member, id=plain)["Cache-Control"] == "private, no-cache"
        digest = Cover.objects.get(item_id=song.album_ref_id).digest
        named = get("getCoverArt", member, id=f"{plain}_{digest}", size=32)
        assert named["Cache-Control"] == "private, max-age=31536000, immutable"
        assert named["ETag"].startswith(f'"{digest}-32')
        assert get("getCoverArt", member, id=f"{plain}_0", size=32)["Cache-Control"] == "private, no-cache"
        put(library, "Ada/First/cover.png", RED)
        changed = get("getCoverArt", member, id=f"{plain}_{digest}")
        assert (colour_of(changed), changed["Cache-Control"]) == ("red", "private, no-cache")
        assert Cover.objects.get(item_id=song.album_ref_id).digest != digest

    def test_what_the_client_has_is_not_sent_again(self, get: Get, member: User, song: MediaFile) -> None:
        first = get("getCoverArt", member, id=f"mf-{song.pk}", size=32)
        again = get("getCoverArt", member, id=f"mf-{song.pk}", size=32, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])

    def test_a_placeholder_is_drawn_and_may_change(
        self, get: Get, member: User, library: Library, make_song: MakeSong
    ) -> None:
        song = make_song(library, "Ada/First/1.flac", music())
        drawn = get("getCoverArt", member, id=f"al-{song.album_ref_id}", size=100)
        assert (drawn.status_code, drawn["Cache-Control"], is_drawn(drawn)) == (200, "private, no-cache", True)
        assert max(Image.open(io.BytesIO(drawn.content)).size) == 100
        assert Cover.objects.get(item_id=song.album_ref_id).digest == ""

    def test_what_is_in_the_cache_needs_no_storage(
        self, get: Get, member: User, library: Library, song: MediaFile
    ) -> None:
        cover = f"al-{song.album_ref_id}"
        first = get("getCoverArt", member, id=cover, size=32)
        os.rename(library.path, f"{library.path}-away")
        assert get("getCoverArt", member, id=cover, size=32).content == first.content
        assert is_drawn(get("getCoverArt", member, id=cover, size=40)), "made when the disk is back"
        assert Cover.objects.get(item_id=song.album_ref_id).digest, "nothing was forgotten meanwhile"

    def test_facts_for_instant_drawing(self, get: Get, member: User, song: MediaFile) -> None:
        get("getCoverArt", member, id=f"mf-{song.pk}")
        row = Cover.objects.get(item_id=song.pk)
        assert (row.width, row.height, len(row.digest)) == (64, 64, 16)
        assert row.color[0] == "#"
        assert max(range(3), key=lambda part: int(row.color[1 + 2 * part : 3 + 2 * part], 16)) == 1
        assert row.thumb_hash


class TestAccess:
    """Nobody sees a picture of a library that is not theirs, nor learns whether it is there."""

    def test_foreign_and_unknown_are_the_same(
        self, get: Get, member: User, admin: User, other_library: Library, make_song: MakeSong
    ) -> None:
        song = make_song(other_library, "Ada/First/1.flac", music(RED), has_picture=True)
        ids = [f"al-{song.album_ref_id}", f"mf-{song.pk}", f"dc-{song.album_ref_id}:1", song.pk, song.album_ref_id]
        unknown = error_of(get("getCoverArt", member, id="al-nope"))
        assert unknown["code"] == 70
        for each in ids:
            assert colour_of(get("getCoverArt", admin, id=each)) == "red"
            assert error_of(get("getCoverArt", member, id=each)) == unknown
        digest = Cover.objects.get(kind="al").digest
        assert error_of(get("getCoverArt", member, id=f"al-{song.album_ref_id}_{digest}")) == unknown

    def test_an_artist_of_two_libraries_looks_as_in_those_that_one_can_access(
        self, get: Get, member: User, admin: User, library: Library, other_library: Library, make_song: MakeSong
    ) -> None:
        own = make_song(library, "Ada/First/1.flac", music())
        make_song(other_library, "Ada/Hidden/1.flac", music(), album="Hidden")
        put(other_library, "Ada/artist.png", RED)
        assert own.album_ref is not None
        artist = own.album_ref.artist
        assert artist is not None
        for each in (library, other_library):
            LibraryArtist.objects.create(library=each, artist=artist, song_count=1)
        assert colour_of(get("getCoverArt", admin, id=f"ar-{artist.pk}")) == "red"
        assert is_drawn(get("getCoverArt", member, id=f"ar-{artist.pk}"))
        LibraryAccess.objects.create(user=member, library=other_library)
        assert colour_of(get("getCoverArt", member, id=f"ar-{artist.pk}")) == "red"


class TestMosaics:
    """Covers of lists, which other apps register: of the albums that the viewer can access, in their order."""

    @pytest.fixture
    def albums(self, library: Library, other_library: Library, make_song: MakeSong) -> Iterator[list[str]]:
        """The albums of the list `mine`: one of a hidden library, then one of each colour."""
        made = [make_song(other_library, "Hidden/1.flac", music(GREY), album="Hidden", has_picture=True)]
        made += [
            make_song(library, f"{number}/1.flac", music(colour), album=f"{number}", has_picture=True)
            for number, colour in enumerate((RED, GREEN, RED, BLUE))
        ]
        ids = [str(song.album_ref_id) for song in made]

        def finder(viewer: Viewer, pk: str) -> list[str] | None:
            return {"mine": [ids[0], ids[1], ids[1], *ids[2:]], "one": ids[1:2], "none": []}.get(pk)

        register_mosaic(finder)
        yield ids
        withdraw_mosaic(finder)

    def test_the_first_different_pictures(self, get: Get, member: User, admin: User, albums: list[str]) -> None:
        mosaic = get("getCoverArt", member, id="pl-mine", size=100)
        image = Image.open(io.BytesIO(mosaic.content)).convert("RGB")
        corners = [image.getpixel(place) for place in ((10, 10), (90, 10), (10, 90), (90, 90))]
        strongest = [max(range(3), key=corner.__getitem__) for corner in corners]  # type: ignore[index]
        assert strongest == [0, 1, 2, 0], "red, green and blue, and the first again"
        assert get("getCoverArt", member, id="mine", size=100).content == mosaic.content
        assert get("getCoverArt", admin, id="pl-mine", size=100).content != mosaic.content, (
            "an admin has one more album"
        )
        digest = mosaic["ETag"].strip('"').partition("-")[0]
        assert "immutable" in get("getCoverArt", member, id=f"pl-mine_{digest}", size=100)["Cache-Control"]
        assert mosaic["Cache-Control"] == "private, no-cache"

    def test_one_picture_and_none(self, get: Get, member: User, albums: list[str]) -> None:
        assert colour_of(get("getCoverArt", member, id="pl-one")) == "red"
        assert is_drawn(get("getCoverArt", member, id="pl-none"))
        assert error_of(get("getCoverArt", member, id="pl-unknown"))["code"] == 70


class TestBackground:
    """Albums whose pictures are known before anybody asks."""

    def test_new_and_changed_albums_are_looked_at_once(
        self, library: Library, song: MediaFile, settings: Settings
    ) -> None:
        assert (background.find_covers(), background.find_covers()) == (1, 0)
        row = Cover.objects.get()
        assert (row.kind, row.item_id, bool(row.digest)) == ("al", song.album_ref_id, True)
        put(library, "Ada/First/cover.png", RED)
        Album.objects.update(updated_at=row.updated_at.replace(year=row.updated_at.year + 1))
        assert background.find_covers() == 1
        assert Cover.objects.get().digest != row.digest

    def test_an_offline_library_is_left_alone(self, library: Library, song: MediaFile) -> None:
        os.rename(library.path, f"{library.path}-away")
        assert background.find_covers() == 0
        assert not Cover.objects.exists()

    def test_nothing_is_looked_for_while_a_scan_runs(self, get: Get, member: User, song: MediaFile) -> None:
        running = Scan.objects.create(library=song.library, trigger=ScanTrigger.API, state=ScanState.RUNNING)
        assert (background.is_due(), background.find_covers()) == (False, 0)
        assert body_of(get("getCoverArt", member, id=f"mf-{song.pk}")) != b"", "what is asked for is shown"
        Scan.objects.filter(pk=running.pk).update(state=ScanState.FINISHED)
        assert (background.is_due(), background.find_covers()) == (True, 1)

    def test_what_is_gone_is_forgotten(self, get: Get, member: User, song: MediaFile) -> None:
        get("getCoverArt", member, id=f"mf-{song.pk}")
        get("getCoverArt", member, id=f"al-{song.album_ref_id}")
        assert background.prune_covers() == 0
        song.delete()
        assert background.prune_covers() == 1
        assert body_of(get("getCoverArt", member, id=f"al-{song.album_ref_id}", f="json")) != b""

    def test_artists_too(self, library: Library, song: MediaFile) -> None:
        artist = make_artist("Ada")
        LibraryArtist.objects.create(library=library, artist=artist, song_count=1, album_count=1)
        put(library, "Ada/artist.png", RED)
        assert (background.find_covers(), background.find_covers()) == (2, 0)
        assert Cover.objects.get(kind="ar", item_id=artist.pk, part=str(library.pk)).digest


class TestLists:
    """What lists of the catalog say of pictures."""

    def test_keys(
        self, as_member: APIClient, library: Library, song: MediaFile, make_song: MakeSong, get: Get, member: User
    ) -> None:
        plain = make_song(library, "Ada/First/2.flac", music())
        silent = make_song(library, "Bea/1.flac", music(), album="Bare", artist="Bea")
        assert "imageHash" not in as_member.get(f"/api/album/{song.album_ref_id}").json(), "nobody has looked"
        put(library, "Ada/First/cover.png", RED)
        background.find_covers()
        album = as_member.get(f"/api/album/{song.album_ref_id}").json()
        expected = {
            name: album[name] for name in ("imageHash", "thumbHash", "dominantColor", "imageWidth", "imageHeight")
        }
        assert (album["imageWidth"], album["imageHeight"], len(album["imageHash"])) == (64, 64, 16)
        cover = get("getCoverArt", member, id=f"al-{song.album_ref_id}_{album['imageHash']}")
        assert "immutable" in cover["Cache-Control"]
        songs = {each["id"]: each for each in as_member.get("/api/song").json()}
        assert {name: songs[plain.pk].get(name) for name in expected} == expected
        assert "imageHash" not in songs[song.pk], "its own picture is another one"
        get("getCoverArt", member, id=f"mf-{song.pk}")
        own = as_member.get(f"/api/song/{song.pk}").json()
        assert own["imageHash"] not in (album["imageHash"], "")
        assert as_member.get(f"/api/album/{silent.album_ref_id}").json()["imageAbsent"] is True

    def test_an_artist_has_the_picture_of_a_library_that_one_can_access(
        self, as_member: APIClient, as_admin: APIClient, library: Library, other_library: Library, make_song: MakeSong
    ) -> None:
        make_song(library, "Ada/First/1.flac", music())
        make_song(other_library, "Ada/Hidden/1.flac", music(), album="Hidden")
        put(other_library, "Ada/artist.png", RED)
        artist = make_artist("Ada")
        for each in (library, other_library):
            LibraryArtist.objects.create(library=each, artist=artist, song_count=1, album_count=1)
        background.find_covers()
        assert as_admin.get(f"/api/artist/{artist.pk}").json()["imageWidth"] == 64
        shown = as_member.get(f"/api/artist/{artist.pk}").json()
        assert (shown.get("imageAbsent"), "imageHash" in shown) == (True, False)
