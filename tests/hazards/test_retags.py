"""Album rows follow retags: ids and first-seen dates of albums survive, whatever the order of writing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.models import Album, Library, MediaFile, Scan
from libraries.scanner import lease, pipeline
from libraries.signals import albums_became
from tests.hazards import at_most
from tests.hazards.database import KILLED, Snapshot, in_a_process_that_dies, watched
from tests.hazards.files import RememberingPool, put, song
from tests.support.limits import limit_scans
from tests.support.scans import counts, ids, picture, request, scan
from tests.support.sharing import DAY, Share

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

Told = list[dict[str, str]]


@pytest.fixture
def library(root: Path) -> Library:
    return Library.objects.create(name="Music", path=str(root))


@pytest.fixture(params=[1, 2, 800], ids=["a file at once", "two at once", "all at once"])
def batches(request: pytest.FixtureRequest, quick_reading: RememberingPool, settings: Settings) -> int:
    """How many files one transaction writes."""
    limit_scans(settings, batch_files=request.param, batch_folders=request.param, pairs=request.param)
    return int(request.param)


@pytest.fixture
def told() -> Iterator[Told]:
    """What others were told of albums that became others."""
    found: Told = []

    def hear(became: dict[str, str], **_: Any) -> None:
        assert Album.objects.filter(pk__in={*became, *became.values()}).count() == len({*became, *became.values()})
        found.append(became)

    albums_became.connect(hear)
    yield found
    albums_became.disconnect(hear)


def write(path: Path, album: str, number: int = 1, *, new_inode: bool = False, **frames: Any) -> Path:
    """One track of an album; its sound goes by its number and stays what it is under other tags."""
    if new_inode:
        path.unlink()
    return put(path, song(f"Song {number}", number=number % 100, mark=number, TALB=album, **frames))


def write_all(folder: Path, album: str, numbers: range, **options: Any) -> None:
    for number in numbers:
        write(folder / f"{number:03}.mp3", album, number, **options)


def rows(library: Library) -> dict[str, tuple[str, int]]:
    """The id and number of songs of each album with songs, by name."""
    assert not Album.objects.exclude(freshness=0).exists()
    assert not MediaFile.objects.filter(left_album__isnull=False).exists()
    found = library.albums.filter(song_count__gt=0).values_list("name", "pk", "song_count")
    albums = {name: (pk, songs) for name, pk, songs in found}
    assert len(albums) == len(found)
    library.refresh_from_db()
    assert library.total_albums == len(albums)
    return albums


def first_seen(name: str) -> Any:
    return Album.objects.get(name=name).created_at


@pytest.mark.parametrize("new_inode", [False, True], ids=["in place", "by another file"])
def test_a_whole_album_is_renamed(batches: int, root: Path, library: Library, told: Told, new_inode: bool) -> None:
    """Its discs lie in two folders, another album beside it."""
    write_all(root / "cd1", "Old", range(1, 4))
    write_all(root / "cd2", "Old", range(4, 6))
    write_all(root / "other", "Other", range(10, 12))
    scan(library)
    before, songs, date = rows(library), ids(library), first_seen("Old")
    write_all(root / "cd1", "New", range(1, 4), new_inode=new_inode)
    write_all(root / "cd2", "New", range(4, 6), new_inode=new_inode)
    scan(library)
    assert rows(library) == {"New": before["Old"], "Other": before["Other"]}
    assert (first_seen("New"), ids(library)) == (date, songs)
    assert all(new == before["Old"][0] for became in told for new in became.values())
    assert counts(scan(library)) == {"skipped": 7}


def test_a_folder_that_moves_and_is_retagged(batches: int, root: Path, library: Library) -> None:
    write_all(root / "old", "Old", range(1, 5))
    scan(library)
    before, songs, date = rows(library), ids(library), first_seen("Old")
    (root / "old").rename(root / "new")
    write_all(root / "new", "New", range(1, 5))
    assert counts(scan(library)) == {"moved": 4}
    assert (rows(library), first_seen("New")) == ({"New": before["Old"]}, date)
    assert ids(library) == {path.replace("old", "new"): pk for path, pk in songs.items()}


def test_some_tracks_make_a_new_album_of_the_same_age(batches: int, root: Path, library: Library, told: Told) -> None:
    write_all(root, "Old", range(1, 6))
    scan(library)
    before, date = rows(library), first_seen("Old")
    write_all(root, "New", range(1, 3))
    scan(library)
    after = rows(library)
    assert after["Old"] == (before["Old"][0], 3)
    assert (after["New"][1], first_seen("New"), first_seen("Old")) == (2, date, date)
    assert after["New"][0] != before["Old"][0]
    assert told == []
    # the rest follows later, as when a tagger is slower than the watcher: the row of old follows, too
    write_all(root, "New", range(3, 6))
    scan(library)
    assert rows(library) == {"New": (before["Old"][0], 5)}
    assert (first_seen("New"), told) == (date, [{after["New"][0]: before["Old"][0]}])


def test_an_album_that_joins_another(batches: int, root: Path, library: Library, told: Told) -> None:
    write_all(root / "a", "One", range(1, 4))
    scan(library)
    write_all(root / "b", "Two", range(11, 13))
    scan(library)
    before, date = rows(library), first_seen("One")
    assert first_seen("Two") > date
    write_all(root / "a", "Two", range(1, 4))
    scan(library)
    assert rows(library) == {"Two": (before["Two"][0], 5)}
    assert (first_seen("Two"), told) == (date, [{before["One"][0]: before["Two"][0]}])
    assert not Album.objects.filter(pk=before["One"][0]).exists()


def test_two_albums_become_a_new_one(batches: int, root: Path, library: Library, told: Told) -> None:
    write_all(root / "b", "One", range(1, 3))
    scan(library)
    write_all(root / "a", "Two", range(11, 14))
    scan(library)
    before, date = rows(library), first_seen("One")
    write_all(root / "b", "Both", range(1, 3))
    write_all(root / "a", "Both", range(11, 14))
    scan(library)
    assert rows(library) == {"Both": (before["One"][0], 5)}
    assert first_seen("Both") == date
    assert {old: new for became in told for old, new in became.items()}[before["Two"][0]] == before["One"][0]


def test_two_albums_swap_their_names(batches: int, root: Path, library: Library, told: Told) -> None:
    """Each row stays with its tracks."""
    write_all(root / "a", "One", range(1, 4))
    write_all(root / "b", "Two", range(11, 13))
    scan(library)
    before, songs = rows(library), ids(library)
    write_all(root / "a", "Two", range(1, 4))
    write_all(root / "b", "One", range(11, 13))
    scan(library)
    assert rows(library) == {"Two": before["One"], "One": before["Two"]}
    assert (ids(library), told) == (songs, [])
    assert set(MediaFile.objects.filter(album_ref=before["One"][0]).values_list("path", flat=True)) == {
        path for path in songs if path.startswith("a/")
    }


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "backwards"])
def test_names_that_go_round(batches: int, root: Path, library: Library, told: Told, reverse: bool) -> None:
    """One album takes the name that another one has just left, in whichever order they are read."""
    folders = ["c", "b", "a"] if reverse else ["a", "b", "c"]
    for index, folder in enumerate(folders):
        write_all(root / folder, f"Name {index}", range(10 * index + 1, 10 * index + 3))
    scan(library)
    before = rows(library)
    for index, folder in enumerate(folders):
        write_all(root / folder, f"Name {index + 1}", range(10 * index + 1, 10 * index + 3))
    scan(library)
    assert rows(library) == {f"Name {index + 1}": before[f"Name {index}"] for index in range(3)}
    fresh = {new for became in told for new in became.values()}
    assert fresh <= {pk for pk, _ in before.values()}


def test_an_album_that_is_torn_in_two_goes_with_the_larger_part(
    batches: int, root: Path, library: Library, told: Told
) -> None:
    write_all(root, "Old", range(1, 6))
    scan(library)
    before, date = rows(library), first_seen("Old")
    write_all(root, "A", range(1, 3))
    write_all(root, "B", range(3, 6))
    scan(library)
    after = rows(library)
    assert after["B"] == (before["Old"][0], 3)
    assert (after["A"][1], first_seen("A"), first_seen("B")) == (2, date, date)


def test_missing_tracks_keep_their_album(batches: int, root: Path, library: Library, told: Told) -> None:
    """The present ones take the row along; the others come back to an album as old."""
    write_all(root, "Old", range(1, 5))
    scan(library)
    before, songs, date = rows(library), ids(library), first_seen("Old")
    (root / "004.mp3").rename(root / "004.away")
    scan(library)
    write_all(root, "New", range(1, 4))
    scan(library)
    assert rows(library) == {"New": (before["Old"][0], 3)}
    assert MediaFile.objects.missing().get().album_ref.name == "Old"
    (root / "004.away").rename(root / "004.mp3")
    assert counts(scan(library)) == {"restored": 1, "skipped": 3}
    assert (rows(library)["Old"][1], first_seen("Old"), ids(library)) == (1, date, songs)


@pytest.mark.parametrize("full", [False, True])
def test_scans_of_one_folder_after_the_other(
    quick_reading: RememberingPool, root: Path, library: Library, full: bool
) -> None:
    write_all(root / "cd1", "Old", range(1, 4))
    write_all(root / "cd2", "Old", range(4, 6))
    scan(library)
    before, date = rows(library), first_seen("Old")
    write_all(root / "cd1", "New", range(1, 4))
    write_all(root / "cd2", "New", range(4, 6))
    scan(library, targets=["cd1"], full=full)
    assert rows(library)["Old"] == (before["Old"][0], 2)
    assert first_seen("New") == date
    scan(library, targets=["cd2"], full=full)
    assert (rows(library), first_seen("New")) == ({"New": before["Old"]}, date)


@pytest.mark.parametrize("lost_first", [True, False], ids=["lost first", "found first"])
def test_an_album_that_moves_to_another_library(
    quick_reading: RememberingPool, root: Path, library: Library, tmp_path: Path, told: Told, lost_first: bool
) -> None:
    write_all(root / "old", "Old", range(1, 4))
    scan(library)
    before, songs, date = rows(library), ids(library), first_seen("Old")
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    write_all(tmp_path / "other", "Else", range(50, 52))
    scan(other)
    (root / "old").rename(tmp_path / "other" / "old")
    write_all(tmp_path / "other" / "old", "New", range(1, 4))
    (root / "keep").mkdir()
    write_all(root / "keep", "Kept", range(60, 62))
    for one in (library, other, library) if lost_first else (other, library, other):
        scan(one)
        assert not Library.objects.filter(totals_stale=True).exists()
    after = rows(other)
    assert set(after) == {"Else", "New"}
    assert first_seen("New") == date
    assert set(songs.values()) <= set(ids(other).values())
    assert told == [{before["Old"][0]: after["New"][0]}]
    assert not Album.objects.filter(pk=before["Old"][0]).exists()


def test_a_scan_that_was_cancelled_makes_no_difference(
    quick_reading: RememberingPool, root: Path, library: Library, settings: Settings, told: Told
) -> None:
    limit_scans(settings, batch_files=1, batch_folders=1, beat_seconds=0.0)
    for album in range(3):
        write_all(root / str(album), f"Old {album}", range(10 * album + 1, 10 * album + 4))
    scan(library)
    before, date = rows(library), first_seen("Old 1")
    for album in range(3):
        write_all(root / str(album), f"New {album}", range(10 * album + 1, 10 * album + 4))
    asked = request(library)

    def cancel_half_way(scan_: Any) -> None:
        if scan_.updated == 5:
            type(asked).objects.filter(pk=asked.pk).update(cancel_requested=True)

    done = pipeline.run(asked.pk, on_progress=cancel_half_way)
    assert done is not None
    assert (done.state, done.updated < 9) == ("cancelled", True)
    scan(library)
    assert rows(library) == {f"New {album}": before[f"Old {album}"] for album in range(3)}
    assert first_seen("New 1") == date


def test_the_catalog_is_that_of_a_first_scan(batches: int, root: Path, library: Library) -> None:
    write_all(root / "a", "One", range(1, 4))
    write_all(root / "b", "Two", range(11, 14))
    write_all(root / "c", "Three", range(21, 24))
    scan(library)
    write_all(root / "a", "Two", range(1, 4), TYER="1999")
    write_all(root / "b", "Four", range(12, 14), TCMP="1")
    write_all(root / "c", "One", range(21, 24), TPE2="Bob")
    scan(library)
    fresh = Library.objects.create(name="Fresh", path=str(root))
    scan(fresh)
    assert picture(library) == picture(fresh)


def retag_everything(root: Path) -> None:
    """Rename, swap, join, tear and follow, in place and by other files, some of it with a move."""
    write_all(root / "rename", "Renamed", range(1, 5), new_inode=True)
    write_all(root / "swap 1", "Swap 2", range(11, 14))
    write_all(root / "swap 2", "Swap 1", range(21, 24))
    write_all(root / "join", "Joined", range(31, 33))
    write_all(root / "tear", "Torn 1", range(51, 53))
    write_all(root / "tear", "Torn 2", range(53, 56))
    write_all(root / "some", "Some of it", range(61, 63))
    write_all(root / "chain 1", "Chain 2", range(71, 73))
    write_all(root / "chain 2", "Chain 3", range(73, 75))
    (root / "move").rename(root / "moved")
    write_all(root / "moved", "Moved", range(81, 84))


def test_killed_while_albums_are_retagged(
    quick_reading: RememberingPool, root: Path, library: Library, settings: Settings, share: Share
) -> None:
    limit_scans(settings, batch_files=3, batch_folders=2, pairs=2, marks=4)
    sizes = {"rename": 4, "swap 1": 3, "swap 2": 3, "join": 2, "joined": 2, "tear": 5, "some": 4, "chain 1": 2,
             "chain 2": 2, "move": 3}  # fmt: skip
    firsts = dict(zip(sizes, (1, 11, 21, 31, 41, 51, 61, 71, 73, 81), strict=True))
    for folder, size in sizes.items():
        write_all(root / folder, folder.capitalize(), range(firsts[folder], firsts[folder] + size))
    scan(library)
    known = {pk: name for name, (pk, _) in rows(library).items()}
    dates = dict(Album.objects.values_list("name", "created_at"))
    retag_everything(root)
    request(library)
    start = Snapshot()

    def work() -> None:
        pipeline.run(Scan.objects.queued().get().pk)

    def outcome() -> dict[str, Any]:
        seen = dict(Album.objects.values_list("name", "created_at"))
        return {
            "came from": {name: (known.get(pk), songs) for name, (pk, songs) in rows(library).items()},
            "first seen": {name: [old for old, at in dates.items() if at == seen[name]] for name in rows(library)},
            "picture": picture(library),
        }

    commits: list[str] = []
    with watched(commits.append, lambda _: None):
        work()
    reference = outcome()
    assert reference["came from"] == {
        "Renamed": ("Rename", 4), "Swap 2": ("Swap 1", 3), "Swap 1": ("Swap 2", 3), "Joined": ("Joined", 4),
        "Torn 1": (None, 2), "Torn 2": ("Tear", 3), "Some": ("Some", 2), "Some of it": (None, 2),
        "Chain 2": ("Chain 1", 2), "Chain 3": ("Chain 2", 2), "Moved": ("Move", 3),
    }  # fmt: skip
    assert reference["first seen"]["Torn 1"] == ["Tear"]
    assert reference["first seen"]["Some of it"] == ["Some"]
    deaths = [{"commit": point} for point in range(1, len(commits) + 1)]
    for death in share.of(random.Random(DAY).sample(deaths, at_most(6, len(deaths)))):
        start.restore()
        assert in_a_process_that_dies(work, **death) == KILLED, death
        Scan.objects.running().update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        lease.reap_stale()
        for waiting in Scan.objects.queued():
            pipeline.run(waiting.pk)
        scan(library)
        assert outcome() == reference, death
