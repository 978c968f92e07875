"""Songs are found by the beginnings of their words, and only by those that they have now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from libraries import cleanup
from libraries.models import Library, MediaFile, SongWords
from libraries.search import index
from missing import purges
from tests.support.catalog import make_track
from tests.support.scans import scan, write_track

pytestmark = pytest.mark.django_db


def found(text: str, libraries: list[int] | None = None) -> list[str]:
    rows = index.search_songs(MediaFile.objects.all(), text, libraries)
    return sorted(rows.values_list("title", flat=True))


def make(library: Library, path: str, title: str, **fields: Any) -> MediaFile:
    track = make_track(library, path, title=title, **fields)
    index.refresh_songs([track.pk])
    return track


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("quiet", True), ("QUI", True), ("riv qu", True), ("uiet", False), ("quiet sea", False),
        ("björk", True), ("bjork", True), ("cafe", True), ("夜", True), ("庭夜", True), ("ガ", True), ("ac/dc", True),
        ('"quiet" OR', False), ("quiet'", True), ("qui*", True), ("_1", False), ("!!!", False), ("folder", True),
    ],
)  # fmt: skip
def test_words_are_found_by_their_beginnings(library: Library, text: str, hit: bool) -> None:
    make(library, "Folder/01.mp3", "Quiet Rivers", artist="Björk & AC/DC", album="Café 夜の庭 ガラス")
    assert found(text) == (["Quiet Rivers"] if hit else [])


def test_only_the_asked_libraries(library: Library, other_library: Library) -> None:
    make(library, "a.mp3", "Rivers")
    make(other_library, "b.mp3", "Rivers too")
    assert found("rivers") == ["Rivers", "Rivers too"]
    assert found("rivers", [library.pk]) == ["Rivers"]
    assert found("rivers", [library.pk, other_library.pk]) == ["Rivers", "Rivers too"]
    assert found("rivers", []) == []


def test_a_scan_and_a_change_and_a_purge_are_followed(library: Library) -> None:
    path = Path(library.path) / "a.flac"
    write_track(path.with_name("b.flac"), "Other")
    write_track(path, "Before")
    scan(library)
    assert found("before") == ["Before"]
    path.unlink()
    write_track(path, "Afterwards, quite another")
    scan(library)
    assert found("before") == []
    assert found("afterw") == ["Afterwards, quite another"]
    path.unlink()
    scan(library)
    gone = MediaFile.objects.missing().get()
    purge = purges.purge_missing_files([gone.pk]).purge
    assert purge is not None
    assert [entry.words.split()[1] for entry in SongWords.objects.all()] == ["other"]
    purges.undo_purge(purge)
    assert found("afterw") == ["Afterwards, quite another"]


def test_all_who_take_part_and_all_sort_names_are_words(library: Library) -> None:
    write_track(
        Path(library.path) / "a.flac", "One", artists=("Ann",), album="Suite", album_artists=("Quartet",),
        composers=("Zoltán",), performers=(("violin", "Vera"),), title_sort="Uno", artist_sort="Doe, Ann",
        album_sort="Sweet", album_artist_sort="Four, The",
    )  # fmt: skip
    scan(library)
    asked = ("zoltan", "vera", "quart", "uno", "doe", "sweet", "four", "ann suite zol")
    assert {text: found(text) for text in (*asked, "violin")} == {**{key: ["One"] for key in asked}, "violin": []}
    written = SongWords.objects.get().words
    SongWords.objects.update(words="other")
    index.refresh_songs([MediaFile.objects.get().pk])
    assert SongWords.objects.get().words == written


def test_rows_that_were_written_by_other_means_can_be_made_known(library: Library) -> None:
    make_track(library, "a.mp3", title="Unheard")
    assert found("unheard") == []
    index.index_everything()
    assert found("unheard") == ["Unheard"]


def test_the_index_of_sqlite_agrees_with_its_table(library: Library) -> None:
    tracks = [make(library, f"{number}.mp3", f"Song {number}") for number in range(30)]
    MediaFile.objects.filter(pk=tracks[0].pk).update(title="Renamed")
    index.refresh_songs([track.pk for track in tracks])
    cleanup.delete_tracks([tracks[1].pk])
    index.forget_songs([tracks[1].pk])
    assert SongWords.objects.count() == 29
    assert found("renamed") == ["Renamed"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {index.FULL_TEXT} ({index.FULL_TEXT}) VALUES ('integrity-check')")  # noqa: S608


def test_a_song_without_words_or_folder_is_written_too(library: Library) -> None:
    for path, title in (("?.mp3", "!"), ("a/?.mp3", "…"), ("?/?.mp3", "Words")):
        write_track(Path(library.path) / path, title, artists=("?",), album="-", album_artists=("?",))
    scan(library)
    assert MediaFile.objects.count() == SongWords.objects.count() == 3
    assert all(
        len(words.split(" ")) == len(words.split()) for words in SongWords.objects.values_list("words", flat=True)
    )
    assert found("word") == ["Words"]
