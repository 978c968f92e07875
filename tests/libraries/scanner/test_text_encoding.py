"""How a library has text in tags read that does not tell its encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from libraries.models import Album, Library, MediaFile
from libraries.scanner import scan_options
from libraries.services.libraries import update_library
from libraries.services.library_rules import prepare_library
from tests.support import audio
from tests.support.scans import counts, ids, scan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

ARTIST, ALBUM, TITLES = "Кино", "Ночь", ("Видели ночь", "Фильмы", "Мама-анархия")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for number, title in enumerate(TITLES, 1):
        frames = ((b"TPE1", ARTIST), (b"TALB", ALBUM), (b"TIT2", title))
        tag = audio.id3_tag(*(audio.id3_frame(name, b"\0" + text.encode("koi8-r")) for name, text in frames))
        (tmp_path / f"{number}.mp3").write_bytes(tag + audio.mp3())
    return Library.objects.create(name="Music", path=str(tmp_path))


def names() -> set[tuple[str, str, str]]:
    return set(MediaFile.objects.values_list("artist", "album", "title"))


def test_a_named_encoding_is_used_from_the_next_full_scan_on(library: Library) -> None:
    """Songs and their ids stay, and the album is the same one with its name."""
    scan(library)
    before, known = names(), ids(library)
    assert not any("Кино" in row for row in before)
    prepared = prepare_library({"text_encoding": "koi8-r"}, library=library)
    library = update_library(library, prepared)
    assert [asked.full for asked in library.scans.queued()] == [True]
    library.scans.queued().delete()
    assert counts(scan(library)) == {"skipped": 3}
    assert names() == before
    assert counts(scan(library, full=True)) == {"updated": 3}
    assert names() == {(ARTIST, ALBUM, title) for title in TITLES}
    assert ids(library) == known
    assert list(Album.objects.values_list("name", flat=True)) == [ALBUM]


def test_each_library_has_its_own(library: Library, tmp_path: Path) -> None:
    other = Library.objects.create(name="Other", path=str(tmp_path), text_encoding="koi8-r")
    scan(library)
    scan(other)
    assert {*MediaFile.objects.filter(library=other).values_list("artist", flat=True)} == {ARTIST}
    assert ARTIST not in {*MediaFile.objects.filter(library=library).values_list("artist", flat=True)}
    assert (scan_options(library).text_encoding, scan_options(other).text_encoding) == ("auto", "koi8-r")
