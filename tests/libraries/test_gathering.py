"""What is gathered of albums and artists: what it is made of, and that every change has it gathered again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from libraries.cleanup import prune_albums
from libraries.gathering import details_of, gather, role_stats
from libraries.models import Album, AlbumTag, Artist, Library, LibraryArtist, MediaFile, Tag
from libraries.tag_names import tag_id
from missing.purges import purge_missing_files, undo_purge
from tests.support.scans import scan, write_track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(root: Path) -> Library:
    write_track(root / "one/1.flac", "A", number=1, genres=("Rock", "Folk"), mood="Calm", disc_number=1,
                disc_subtitle="Night", composers=("Cy",), isrc="I1")  # fmt: skip
    write_track(root / "one/2.flac", "B", number=2, genres=("Folk",), mood="Bright", disc_number=2,
                performers=(("violin", "Ann"), ("viola", "Ann")), isrc="I2",
                extra=(("itunesadvisory", ("1",)),))  # fmt: skip
    write_track(root / "two/1.flac", "C", album="Second", genres=("Jazz",), artists=("Bob",))
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    return library


def details(name: str) -> dict[str, Any]:
    text = Album.objects.get(name=name).details
    assert text
    keys: dict[str, Any] = orjson.loads(text)["keys"]
    return keys


def tags(name: str) -> set[tuple[str, str, int]]:
    rows = AlbumTag.objects.filter(album__name=name)
    return set(rows.values_list("tag__name", "tag__value", "song_count"))


def test_what_the_songs_of_an_album_say_together(library: Library) -> None:
    assert set(Album.objects.values_list("details", flat=True)) == {""}
    assert gather([library.pk])
    keys = details("First")
    assert keys["discs"] == {"1": "Night", "2": ""}
    assert keys["explicitStatus"] == "e"
    assert keys["tags"]["genre"] == ["Folk", "Rock"]
    assert keys["tags"]["mood"] == ["Bright", "Calm"]
    assert "isrc" not in keys["tags"]
    assert [genre["name"] for genre in keys["genres"]] == ["Folk", "Rock"]
    people = {role: [(each["name"], each.get("subRole")) for each in who] for role, who in keys["participants"].items()}
    assert people == {
        "albumartist": [("Ann", None)], "artist": [("Ann", None)], "composer": [("Cy", None)],
        "performer": [("Ann", "Violin"), ("Ann", "Viola")],
    }  # fmt: skip
    assert tags("First") >= {("genre", "Folk", 2), ("genre", "Rock", 1), ("mood", "Calm", 1), ("isrc", "I2", 1)}
    assert tags("Second") >= {("genre", "Jazz", 1)}


def test_what_an_artist_does_role_by_role(library: Library) -> None:
    assert gather([library.pk])
    row = LibraryArtist.objects.get(artist__name="Ann")
    sizes = dict(MediaFile.objects.values_list("title", "size"))
    assert orjson.loads(row.stats) == {
        "albumartist": [3, 2, sum(sizes.values())], "artist": [2, 1, sizes["A"] + sizes["B"]],
        "performer": [1, 1, sizes["B"]], "maincredit": [3, 2, sum(sizes.values())],
    }  # fmt: skip
    assert (row.size, row.main_song_count, row.main_album_count) == (sum(sizes.values()), 3, 2)
    cy = Artist.objects.get(name="Cy").pk
    assert role_stats(library.pk, [cy])[cy].keys() == {"composer", ""}


def test_a_retag_has_its_album_and_its_artists_gathered_again(library: Library, root: Path) -> None:
    gather([library.pk])
    write_track(root / "two/1.flac", "C", album="Second", genres=("Blues",), artists=("Ann",), composers=("Bob",))
    scan(library)
    assert dict(Album.objects.values_list("name", "details"))["Second"] == ""
    assert details("First")["discs"]
    assert gather([library.pk])
    assert {each for each in tags("Second") if each[0] == "genre"} == {("genre", "Blues", 1)}
    stats = {row.artist.name: orjson.loads(row.stats) for row in LibraryArtist.objects.select_related("artist")}
    assert stats["Bob"].keys() == {"composer"}
    assert stats["Ann"]["artist"][0] == 3


def test_a_song_that_goes_missing_counts_no_more_unless_all_do(library: Library, root: Path) -> None:
    gather([library.pk])
    (root / "one/1.flac").rename(root / "one/1.away")
    scan(library)
    gather([library.pk])
    assert details("First")["discs"] == {"2": ""}
    (root / "one/2.flac").rename(root / "one/2.away")
    scan(library, accept_empty=True)
    gather([library.pk])
    assert details("First")["discs"] == {"1": "Night", "2": ""}


def test_a_bounded_look_says_that_there_is_more(library: Library) -> None:
    assert not gather([library.pk], most=1)
    assert Album.objects.filter(details="").count() == 1
    assert gather([library.pk], most=100)
    assert not Album.objects.filter(details="").exists()
    assert not LibraryArtist.objects.filter(stats="").exists()


def test_an_album_that_is_pruned_leaves_no_tags(library: Library) -> None:
    gather([library.pk])
    MediaFile.objects.filter(album="Second").delete()
    Album.objects.filter(name="Second").update(song_count=0)
    assert prune_albums(library.pk) == 1
    assert set(AlbumTag.objects.values_list("album__name", flat=True)) == {"First"}


def test_a_purged_song_is_said_nothing_of(library: Library, root: Path) -> None:
    (root / "two/1.flac").unlink()
    scan(library)
    gather([library.pk])
    assert ("genre", "Jazz", 1) in tags("Second")
    purge = purge_missing_files(list(MediaFile.objects.missing().values_list("pk", flat=True))).purge
    gather([library.pk])
    assert tags("Second") == set()
    assert purge is not None
    undo_purge(purge)
    gather([library.pk])
    assert ("genre", "Jazz", 1) in tags("Second")


def test_a_value_has_one_id_in_all_catalogs(library: Library) -> None:
    gather([library.pk])
    assert Tag.objects.get(name="mood", value="Calm").pk == tag_id("mood", "Calm")
    assert len({tag_id("mood", "Calm"), tag_id("mood", "calm"), tag_id("media", "Calm")}) == 3
    assert details_of([]) == {}
