"""A scan whose process ends at any commit, or between two, loses nothing: the next one gives the reference result."""

from __future__ import annotations

import os
import random
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.choices import ScanState
from libraries.models import Library, MediaFile, Scan
from libraries.scanner import lease, pipeline
from tests.hazards import at_most
from tests.hazards.database import KILLED, Snapshot, in_a_process_that_dies, watched
from tests.hazards.files import RememberingPool, plant, put, song
from tests.support.limits import limit_scans
from tests.support.scans import changes, counts, ids, picture, request, scan
from tests.support.sharing import DAY, THOROUGH, Share

pytestmark = pytest.mark.django_db(transaction=True)

FILES = 300
SEED = 20240229


@pytest.fixture
def small_steps(quick_reading: RememberingPool, settings: Settings) -> None:
    """More transactions than a library of this size would need."""
    limit_scans(settings, batch_files=75, pairs=12, marks=12)


def change(root: Path, paths: list[Path]) -> None:
    """Everything that happens to a library, without touching a file that is linked from elsewhere."""
    for path in paths[0:20]:
        path.rename(path.with_name("moved " + path.name))
    (root / "Artist 001" / "Album 003").rename(root / "Artist 001" / "Album 003 (renamed)")
    for path in paths[60:75]:
        path.unlink()
    shutil.rmtree(paths[80].parent)
    for index in range(100, 120):
        paths[index].unlink()
        put(paths[index], song(f"Song {index}, retagged", mark=index + 1, TALB="Another", TPE1="Bob", TPE2="Bob"))
    for one, two in ((130, 131), (140, 155)):
        paths[one].rename(root / "between")
        paths[two].rename(paths[one])
        (root / "between").rename(paths[two])
    paths[160].replace(paths[161])
    paths[170].rename(root / "retagged and moved.mp3")
    put(root / "retagged and moved.mp3", song("Song 170", mark=171, number=1, TALB="Album 017", TPE1="X"))
    paths[180].unlink()
    put(paths[180], b"no song at all")
    paths[181].unlink()
    put(paths[181], b"")
    for index in range(15):
        put(root / "New" / f"{index:02}.mp3", song(f"New {index}", mark=1000 + index, TPE1="Zoe", TALB="New"))


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """The library before and after its changes; the same files (inodes) as far as they are the same."""
    before, after = tmp_path / "before", tmp_path / "after"
    paths = plant(before, FILES)
    shutil.copytree(before, after, copy_function=os.link)
    change(after, [after / path.relative_to(before) for path in paths])
    return before, after


def dump(library: Library, known: dict[str, str]) -> dict[str, Any]:
    """The whole catalog by names; `known` are the tracks of old, which shows who became what."""
    came_from = {pk: path for path, pk in known.items()}
    tracks = MediaFile.objects.filter(library=library)
    return picture(library) | {
        "came from": {path: came_from.get(pk) for path, pk in ids(library).items()},
        "missing": {came_from.get(pk) for pk in tracks.missing().values_list("pk", flat=True)},
        "changes": changes(),
        "created": {came_from[t.pk]: t.created_at for t in tracks if t.pk in came_from},
    }


def recover() -> None:
    """What workers and the reaper do when a process died."""
    Scan.objects.running().update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    lease.reap_stale()
    while (waiting := Scan.objects.queued().first()) is not None:
        done = pipeline.run(waiting.pk)
        assert done is not None
        assert done.state == ScanState.FINISHED, done.error


@pytest.mark.parametrize("later", [False, True], ids=["first scan", "scan of changes"])
def test_killed_anywhere(small_steps: None, trees: tuple[Path, Path], share: Share, later: bool) -> None:
    before, after = trees
    library = Library.objects.create(name="Music", path=str(before))
    if later:
        assert counts(scan(library)) == {"added": FILES}
        Library.objects.update(path=str(after))
    known = ids(library)
    request(library)
    start = Snapshot()

    def work() -> None:
        pipeline.run(Scan.objects.queued().get().pk)

    commits: list[str] = []
    writes: list[str] = []
    with watched(commits.append, writes.append):
        work()
    assert Scan.objects.latest("pk").state == ScanState.FINISHED
    assert len(commits) > 14
    reference = dump(library, known)
    assert counts(scan(library)).keys() <= {"skipped", "failed"}
    assert dump(library, known) == reference

    dice = random.Random(SEED if THOROUGH else DAY)  # other points each day
    # every commit is tried by the scenarios of test_every_commit, too; here in a larger library
    chosen = dice.sample(range(1, len(commits) + 1), min(len(commits), at_most(6, 1000)))
    deaths = [{"commit": point} for point in sorted(chosen)]
    inside = min(len(writes), at_most(2, 100))
    deaths += [{"write": point} for point in sorted(dice.sample(range(1, len(writes) + 1), inside))]
    for death in share.of(deaths):
        start.restore()
        assert in_a_process_that_dies(work, **death) == KILLED, death
        recover()
        assert dump(library, known) == reference, death
        assert counts(scan(library)).keys() <= {"skipped", "failed"}, death
    assert dump(library, known) == reference
