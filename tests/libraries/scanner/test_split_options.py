"""The options for splitting reach the readers of a scan, and the page that inspects a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from libraries.audio.inspect import read_file
from libraries.audio.pool.pool import ReaderPool
from libraries.models import Library, MediaFile, Participant
from libraries.scanner.mapping.splitting import SplitRules
from libraries.scanner.read.transport import USUAL_CONVERSION, conversion_by, unpack
from system.inspection import mapped
from tests.support.scans import scan, write_track

RULES = SplitRules(artist=(" + ",), roles=(" + ",), genre=("|",), exceptions=("Bob + Bill",))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    (tmp_path / "music").mkdir()
    path = tmp_path / "music" / "a.flac"
    return write_track(path, "A", artists=("Ann + bob + bill",), composers=("Cy/Dee + Eve",), genres=("Rock|Pop/Folk",))


def test_rules_travel_to_the_readers(song: Path) -> None:
    """Each pool has its own."""
    found = []
    for conversion in (conversion_by(RULES), USUAL_CONVERSION):
        with ReaderPool(1, conversion=conversion) as pool:
            (result,) = pool.read_many([bytes(song)])
        assert result.converted is not None
        found.append(unpack(result.converted.own, result.converted.common))
    names = [[each.name for each in track.credits if each.role != "albumartist"] for track in found]
    assert names == [["Ann", "bob + bill", "Cy/Dee", "Eve"], ["Ann + bob + bill", "Cy", "Dee + Eve"]]
    assert [[name for _, name in track.shared.genres] for track in found] == [
        ["Rock", "Pop/Folk"],
        ["Rock|Pop", "Folk"],
    ]


@pytest.mark.django_db(transaction=True)
def test_a_change_of_an_option_counts_at_the_next_full_scan(song: Path, settings: Settings) -> None:
    library = Library.objects.create(name="Music", path=str(song.parent))
    scan(library)
    before = MediaFile.objects.get()

    def artists() -> list[str]:
        rows = Participant.objects.filter(role="artist").order_by("position")
        return list(rows.values_list("artist__name", flat=True))

    assert artists() == ["Ann + bob + bill"]
    settings.CONF = dataclasses.replace(
        settings.CONF,
        tags=dataclasses.replace(settings.CONF.tags, artist_split=(" + ",)),
        scanner=dataclasses.replace(settings.CONF.scanner, artist_split_exceptions=("Bob + Bill",)),
    )
    scan(library)
    assert artists() == ["Ann + bob + bill"]
    scan(library, full=True)
    assert artists() == ["Ann", "bob + bill"]
    assert MediaFile.objects.get().id == before.id
    inspected = mapped(read_file(bytes(song)), b"a.flac")
    assert [each["name"] for each in inspected["participants"] if each["role"] == "artist"] == artists()
