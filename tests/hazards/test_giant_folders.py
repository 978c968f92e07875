"""A folder with more files than one batch holds is written in pieces, and is as safe as a small one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from libraries.audio.errors import ReadProblem
from libraries.audio.pool.protocol import ReadResult
from libraries.models import Folder, Library, MediaFile, Scan, ScanProblem
from libraries.scanner import pipeline
from tests.hazards.database import Killed
from tests.hazards.files import RememberingPool, put, song
from tests.support.limits import limit_scans
from tests.support.scans import counts, ids, redo, request, scan

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(tmp_path: Path, quick_reading: RememberingPool, settings: Settings) -> Library:
    """Nine songs in one folder, two of which fill a batch."""
    limit_scans(settings, batch_files=2)
    for number in range(1, 10):
        put(tmp_path / f"{number}.mp3", song(f"Song {number}", number=number, mark=number))
    return Library.objects.create(name="Giant", path=str(tmp_path))


class Flaky(RememberingPool):
    """Storage fails for one file, as often as it is told to."""

    def __init__(self, name: bytes, times: int) -> None:
        super().__init__()
        self.name = name
        self.times = times

    def close(self) -> None:
        self.end()

    def read_many(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[ReadResult, None, None]:
        for result in super().read_many(paths, stop=stop):
            if result.path.endswith(self.name) and self.times:
                self.times -= 1
                yield ReadResult(result.path, problem=ReadProblem("io", "The disk did not answer."))
            else:
                yield result


def test_a_bad_file_stays_a_problem(library: Library) -> None:
    put(Path(library.path) / "1.mp3", b"")
    for full in (False, True, False, True, True):
        done = scan(library, full=full)
        assert done.failed == 1, full
        assert list(ScanProblem.objects.unresolved().values_list("path", "kind")) == [("1.mp3", "empty")], full


def test_trouble_in_any_piece_is_tried_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (b"/1.mp3", b"/5.mp3", b"/9.mp3"):
        pool = Flaky(name, 1)
        monkeypatch.setattr(pipeline, "make_pool", lambda pool=pool, **_: pool)
        assert scan(library, full=True).failed == 1
        assert not counts(scan(library)).get("failed"), name
        assert not ScanProblem.objects.unresolved().exists()
        assert MediaFile.objects.present().count() == 9


def test_a_crash_between_the_pieces_and_the_moves_loses_nothing(library: Library) -> None:
    """Two names were swapped in the first piece; the process ends before what is replaced is dealt with."""
    scan(library)
    known = ids(library)
    root = Path(library.path)
    (root / "1.mp3").rename(root / "between")
    (root / "2.mp3").rename(root / "1.mp3")
    (root / "between").rename(root / "2.mp3")
    for number in range(3, 10):
        put(root / f"{number}.mp3", song(f"Song {number} again", number=number, mark=number))

    def die(running: Scan) -> None:
        if running.phase == "moving":
            raise Killed

    scan_id = request(library).pk
    with pytest.raises(Killed):
        pipeline.run(scan_id, on_progress=die)
    redo(scan_id)
    assert ids(library) == known | {"1.mp3": known["2.mp3"], "2.mp3": known["1.mp3"]}
    assert Folder.objects.get(library=library).digest
    assert counts(scan(library)) == {"skipped": 9}
