"""Small files as collections hold them, each with what a careful reader makes of it: one scan meets all of it.

`expected.json` names values as the catalog does. `same_album_as`: both files are on one album. `artists` and
`artist_ids`: the credited names and their MusicBrainz ids, in order. An empty object: the file is in the library.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from libraries.choices import Role
from libraries.models import Library, MediaFile, ScanProblem
from tests.support.scans import scan

HERE: Final = Path(__file__).resolve().parent
EXPECTED: Final[dict[str, dict[str, Any]]] = json.loads((HERE / "expected.json").read_text("utf-8"))
# seconds, such as of silence that an encoder adds
_TOLERANCE: Final = 0.1
_LONGEST: Final = 60

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Facts = dict[str, Any]


@pytest.fixture(scope="module")
def catalog(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> dict[str, Facts]:
    """What the catalog has of each file after one scan of all; the database is left as it was."""
    root = tmp_path_factory.mktemp("field") / "music"
    shutil.copytree(HERE / "files", root)
    with django_db_blocker.unblock(), transaction.atomic():
        library = Library.objects.create(name="Field", path=str(root))
        scan(library)
        problems = ScanProblem.objects.filter(library=library)
        found: dict[str, Facts] = {problem.path: {"problem": problem.message} for problem in problems}
        found |= {track.path: facts_of(track) for track in MediaFile.objects.present().filter(library=library)}
        transaction.set_rollback(True)
    return found


def facts_of(track: MediaFile) -> Facts:
    """Return the columns of a track by their names, and its credited artists in order."""
    credits_ = track.participants.filter(role=Role.ARTIST).order_by("position").select_related("artist")
    columns = {field.attname: getattr(track, field.attname) for field in MediaFile._meta.concrete_fields}
    return columns | {
        "artists": [credit.artist.name for credit in credits_],
        "artist_ids": [credit.artist.mbz_artist_id for credit in credits_],
    }


def test_every_file_is_expected() -> None:
    files = {path.relative_to(HERE / "files").as_posix() for path in (HERE / "files").rglob("*") if path.is_file()}
    assert files == EXPECTED.keys()


@pytest.mark.parametrize("path", EXPECTED)
def test_file(catalog: dict[str, Facts], path: str) -> None:
    facts = catalog[path]
    assert "problem" not in facts, facts["problem"]
    assert 0 < facts["duration"] < _LONGEST
    for key, value in EXPECTED[path].items():
        if key == "same_album_as":
            assert facts["album_ref_id"] == catalog[value]["album_ref_id"], value
        elif key == "duration":
            assert facts[key] == pytest.approx(value, abs=_TOLERANCE)
        else:
            assert facts[key] == value, key
