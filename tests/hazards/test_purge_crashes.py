"""A purge, an undo or an expiry whose process ends at any commit, or between two, can be done again to the same end."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from libraries.models import Folder, Library, MediaFile
from libraries.search.index import index_everything, search_songs
from missing import purges
from missing.models import MissingFile, Purge
from navidrome_lib.errors import Conflict
from tests.hazards import at_most
from tests.hazards.database import KILLED, Snapshot, in_a_process_that_dies, watched
from tests.support.catalog import dump, make_many, make_track
from tests.support.clocks import DAY, live
from tests.support.limits import limit_purges

pytestmark = pytest.mark.django_db(transaction=True)

FILES = 60
SEED = 20240229


@pytest.fixture
def catalog(library: Library, other_library: Library, settings: Settings) -> None:
    """Missing files of two libraries, some of which stay, with more transactions than they would need."""
    limit_purges(settings, batch=15)
    make_many(library, FILES)
    make_track(library, "Ada/Album 00000/here.mp3", album="Album 00000", missing=False)
    make_track(other_library, "x.mp3", artist="Bob", album="Other")
    Library.objects.filter(pk=library.pk).update(total_songs=1)
    Folder.objects.update(missing=True)
    index_everything()


def ids_of_all() -> list[str]:
    return sorted(MissingFile.objects.values_list("pk", flat=True))


def the_purge() -> Purge:
    return Purge.objects.get()


def picture() -> dict[str, Any]:
    """All that a purge, an undo or an expiry may change. The id of the purge differs from attempt to attempt."""
    rows = dump()
    for row in rows["MediaFile"]:
        row["purge_id"] = row["purge_id"] is not None
    return rows | {
        "totals": list(Library.objects.order_by("pk").values_list("total_songs", "total_missing_files")),
        "found": {word: sorted(found(word)) for word in ("Ada", "Bob")},
        "purges": list(Purge.objects.values_list("file_count", "size", "restored_count")),
        "restorable": [purge.files.count() for purge in Purge.objects.all()],
    }


def found(word: str) -> list[str]:
    """What people find by a word; the index may know more than that of what is hidden."""
    songs = search_songs(MediaFile.objects.in_catalog(), word)
    return list(songs.values_list("pk", flat=True))


def purge_all() -> None:
    """As somebody does who was not answered: what is not there any more cannot be purged again."""
    purges.purge_missing_files(ids_of_all())


def undo() -> None:
    """As somebody does who does not know how far the first attempt came: it may have come to its end."""
    if the_purge().files.exists():
        purges.undo_purge(the_purge())
    else:
        with pytest.raises(Conflict, match="already been undone"):
            purges.undo_purge(the_purge())


def expire() -> None:
    # seen by a first look, and kept for as long as the server has lived for 31 days
    purges.expire_purges()
    live(31 * DAY)
    purges.expire_purges()


@pytest.mark.parametrize("work", [purge_all, undo, expire])
def test_killed_anywhere(catalog: None, work: Callable[[], None]) -> None:
    if work is not purge_all:
        purge_all()
    start, before = Snapshot(), picture()
    commits: list[str] = []
    writes: list[str] = []
    with watched(commits.append, writes.append):
        work()
    reference = picture()
    assert reference != before
    assert len(commits) > 4
    deaths = [{"commit": point} for point in range(1, len(commits) + 1)]
    dice = random.Random(SEED)
    inside = min(len(writes), at_most(4, 200))
    deaths += [{"write": point} for point in sorted(dice.sample(range(1, len(writes) + 1), inside))]
    for death in deaths:
        start.restore()
        assert in_a_process_that_dies(work, **death) == KILLED, death
        if work is purge_all:
            # a reader sees all of it or nothing
            assert MediaFile.objects.purged().count() in (0, FILES + 1), death
        totals = dict(Library.objects.values_list("pk", "total_missing_files"))
        assert sum(totals.values()) == MissingFile.objects.count(), death
        work()
        assert picture() == reference, death
        work()
        assert picture() == reference, death
