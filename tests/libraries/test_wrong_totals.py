"""Totals that are wrong stop no scan, and the next one sets them right."""

from __future__ import annotations

from pathlib import Path

import pytest

from libraries import totals
from libraries.models import Library, MediaFile
from tests.support.scans import picture, scan, write_album

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = {"total_songs": 0, "total_size": 0, "total_duration": 0, "total_missing_files": 0}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_album(tmp_path / "Ann")
    library: Library = Library.objects.create(name="Music", path=str(tmp_path))
    scan(library)
    return library


def test_never_below_zero(library: Library) -> None:
    Library.objects.filter(pk=library.pk).update(**NOTHING)
    totals.add_to_totals(library.pk, totals.Delta(-3, -5000, -1.5, -1))
    assert Library.objects.filter(pk=library.pk, totals_stale=True, **NOTHING).exists()


def test_a_scan_that_loses_files_sets_them_right(library: Library, tmp_path: Path) -> None:
    (tmp_path / "Ann/01.flac").unlink()
    Library.objects.filter(pk=library.pk).update(**NOTHING)
    done = scan(library)
    assert (done.state, done.missing) == ("finished", 1)
    assert (library.total_songs, library.total_missing_files, library.totals_stale) == (2, 1, False)
    assert library.total_size == sum(MediaFile.objects.present().values_list("size", flat=True))


def test_an_unchanged_scan_sets_right_what_had_to_stop_at_zero(library: Library) -> None:
    right = picture(library)
    totals.add_to_totals(library.pk, totals.Delta(-5, -1))
    assert Library.objects.get(pk=library.pk).total_songs == 0
    scan(library)
    assert picture(library) == right
