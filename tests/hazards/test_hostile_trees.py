"""Names, links and special files that nobody expects, scanned by the real pipeline."""

from __future__ import annotations

import os
import socket
import stat
import unicodedata
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest

from libraries.audio.pool.protocol import ReadResult
from libraries.models import Folder, Library, MediaFile, Scan, ScanProblem
from libraries.scanner import pipeline
from libraries.services.libraries import update_library
from libraries.services.library_rules import prepare_library
from tests.hazards.database import another_database
from tests.hazards.files import RememberingPool, put, song
from tests.hazards.test_broken_files import by_name
from tests.support.scans import counts, picture, scan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

CAFE = "Café del Mar"


def plain_files() -> list[bytes]:
    """The names of files that belong to the library, whatever they look like."""
    composed, decomposed = (unicodedata.normalize(form, CAFE).encode() for form in ("NFC", "NFD"))
    return [
        b"latin-\xe9\xff/caf\xe9.mp3",
        b"latin-\xe9\xff/caf\xe8.mp3",
        b"n" * 251 + b".mp3",
        b"d" * 255 + b"/" + "ü".encode() * 125 + b"x.mp3",
        b"new\nline/so\nng\r\t.mp3",
        composed + b"/1.mp3",
        decomposed + b"/1.mp3",
        composed + b" " + composed + b".mp3",
        composed + b" " + decomposed + b".mp3",
        b"CASE/Song.mp3",
        b"case/song.MP3",
        b" spaces /  .mp3",
        b"dots.../...And Justice.mp3",
        b"quote'\"`$(rm)\\/;--%s%00.mp3",
        b"surrogate-\xed\xa0\x80/\xed\xb0\x80.mp3",
        b"\xf0\x9f\x8e\xb5/\xe2\x80\xae.mp3",
        b"old/1901.mp3",
        b"old/2099.mp3",
        b"-rf/--.mp3",
        b"con/aux.mp3",
        b"deep" + b"/d" * 120 + b"/x.mp3",
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The hostile tree."""
    base = os.fsencode(tmp_path / "music")
    for number, name in enumerate(plain_files()):
        write(base, name, song(f"Song {number}", mark=number, number=number + 1))
    os.utime(os.path.join(base, b"old/1901.mp3"), (-2_177_452_800, -2_177_452_800))
    os.utime(os.path.join(base, b"old/2099.mp3"), (4_070_908_800, 4_070_908_800))
    bait = song("Bait", mark=999)
    for name in (
        b"._fork.mp3", b".hidden.mp3", b".Trash-1000/x.mp3", b"@eaDir/x.mp3", b"#recycle/x.mp3", b"$RECYCLE.BIN/x.mp3",
        b"lost+found/x.mp3", b"con/@eaDir/aux.mp3/SYNOINDEX.mp3", b"System Volume Information/x.mp3",
    ):  # fmt: skip
        write(base, name, bait)
    outside = tmp_path / "outside"
    put(outside / "album" / "foreign.mp3", song("Foreign", mark=1000))
    links(base, os.fsencode(outside))
    specials(base)
    return tmp_path / "music"


def write(base: bytes, name: bytes, data: bytes) -> None:
    path = os.path.join(base, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def links(base: bytes, outside: bytes) -> None:
    os.symlink(b".", os.path.join(base, b"loop"))
    os.symlink(b"../..", os.path.join(base, b"con", b"up and up"))
    os.symlink(base, os.path.join(base, b"case", b"whole"))
    os.symlink(b"b.mp3", os.path.join(base, b"a.mp3"))
    os.symlink(b"a.mp3", os.path.join(base, b"b.mp3"))
    os.symlink(os.path.join(outside, b"album"), os.path.join(base, b"way out"))
    os.symlink(os.path.join(outside, b"album", b"foreign.mp3"), os.path.join(base, b"way out.mp3"))
    os.symlink(b"nowhere", os.path.join(base, b"dangling"))
    os.symlink(b"nowhere.mp3", os.path.join(base, b"dangling.mp3"))
    os.symlink(b"/dev/zero", os.path.join(base, b"zero.mp3"))
    os.symlink(b"/proc/self/fd", os.path.join(base, b"fd"))
    os.symlink(b"CASE/Song.mp3", os.path.join(base, b"twin.mp3"))


def specials(base: bytes) -> None:
    os.mkfifo(os.path.join(base, b"fifo.mp3"))
    os.mkfifo(os.path.join(base, b"con", b".ndignore"))
    # the path of a socket is short: it is made from inside
    here = os.getcwd()
    os.chdir(base)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(b"socket.mp3")
    finally:
        os.chdir(here)
    try:
        os.mknod(os.path.join(base, b"device.mp3"), 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        assert os.getuid() != 0, "root makes devices"


def found() -> set[bytes]:
    tracks = MediaFile.objects.present().select_related("folder")
    return {os.path.join(bytes(track.folder.path_bytes), bytes(track.name_bytes)) for track in tracks}


def test_exactly_what_belongs_to_it(
    root: Path, tmp_path: Path, quick_reading: RememberingPool, new_database: Path
) -> None:
    library = Library.objects.create(name="Hostile", path=str(root))
    done = scan(library)
    assert done.state == "finished", done.error
    assert found() == set(plain_files())
    assert not ScanProblem.objects.unresolved().exists()
    titles = {os.path.join(bytes(t.folder.path_bytes), bytes(t.name_bytes)): t.title for t in MediaFile.objects.all()}
    assert titles == {name: f"Song {number}" for number, name in enumerate(plain_files())}
    seen = by_name(picture(library))
    for full in (False, True, False):
        again = counts(scan(library, full=full))
        assert not again.keys() & {"added", "moved", "restored", "missing", "failed"}, again
        assert full or "updated" not in again
        assert by_name(picture(library)) == seen
    with another_database(tmp_path, new_database):
        elsewhere = Library.objects.create(name="Hostile", path=str(root))
        assert scan(elsewhere).state == "finished"
        assert by_name(picture(elsewhere)) == seen


def test_links_out_of_the_root_when_they_are_followed(root: Path, quick_reading: RememberingPool) -> None:
    (root / "fd").unlink()
    (root / "con/up and up").unlink()
    library = Library.objects.create(name="Hostile", path=str(root), follow_symlinks=True)
    done = scan(library)
    assert done.state == "finished", done.error
    assert found() == {*plain_files(), b"way out/foreign.mp3", b"way out.mp3"}
    assert not counts(scan(library)).keys() & {"added", "updated", "moved", "restored", "missing"}
    outside = root.with_name("outside")
    outside.rename(root.with_name("unmounted"))
    assert scan(library).missing == 0
    assert MediaFile.objects.missing().count() == 0
    root.with_name("unmounted").rename(outside)
    assert not counts(scan(library)).keys() & {"added", "moved", "missing", "failed"}


def test_a_loop_through_a_link_out_of_the_root(root: Path, quick_reading: RememberingPool) -> None:
    """A link that leads to the folder around the root: the library is met again, once, and not for ever."""
    library = Library.objects.create(name="Hostile", path=str(root), follow_symlinks=True)
    (root / "fd").unlink()
    done = scan(library)
    assert done.state == "finished", done.error
    assert set(plain_files()) <= found()
    assert not counts(scan(library)).keys() & {"added", "updated", "moved", "restored", "missing"}


def test_nothing_is_written_below_the_root(root: Path, quick_reading: RememberingPool) -> None:
    def state() -> dict[bytes, tuple[int, ...]]:
        return {
            path: (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_nlink)
            for folder, folders, files in os.walk(os.fsencode(root))
            for name in [*folders, *files]
            for path in [os.path.join(folder, name)]
            for facts in [os.lstat(path)]
        }

    before = state()
    library = Library.objects.create(name="Hostile", path=str(root))
    scan(library)
    scan(library, full=True)
    assert state() == before


class Meddler(RememberingPool):
    """Somebody changes the files while they are read: `meddle` is called before each file."""

    def __init__(self, meddle: Callable[[bytes], None]) -> None:
        super().__init__()
        self.meddle = meddle

    def close(self) -> None:
        self.end()

    def read_many(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[ReadResult, None, None]:
        for path in paths:
            self.meddle(path)
            yield from super().read_many([path], stop=stop)


def test_files_that_vanish_grow_or_come_during_a_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number:02}.mp3" for number in range(30)]
    for number, name in enumerate(names):
        put(tmp_path / name, song(f"Song {number}", number=number + 1, mark=number))
    library = Library.objects.create(name="Busy", path=str(tmp_path))

    def meddle(path: bytes) -> None:
        number = int(os.path.basename(path)[:2])
        if number % 5 == 1:
            os.unlink(path)
        elif number % 5 == 2:
            with open(path, "ab") as file:
                file.write(bytes(5000))
        elif number % 5 == 3:
            put(tmp_path / f"new/{number}.mp3", song(f"New {number}", mark=100 + number))
        elif number % 5 == 4:
            os.rename(path, path.replace(b".mp3", b" renamed.mp3"))

    monkeypatch.setattr(pipeline, "make_pool", lambda **_: Meddler(meddle))
    done = scan(library)
    assert (done.state, done.failed, done.missing) == ("finished", 0, 0), done.error
    assert done.added == 12
    monkeypatch.undo()
    assert counts(scan(library)) == {"added": 18, "skipped": 12}
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.mp3")}
    assert set(MediaFile.objects.present().values_list("path", flat=True)) == there
    assert counts(scan(library)) == {"skipped": len(there)}
    assert not MediaFile.objects.missing().exists()


def test_a_second_later_everything_has_another_time(root: Path, quick_reading: RememberingPool) -> None:
    """A restored backup: other inodes and times, the same files."""
    library = Library.objects.create(name="Hostile", path=str(root))
    scan(library)
    known = {bytes(t.name_bytes) + bytes(t.folder.path_bytes): (t.pk, t.created_at) for t in MediaFile.objects.all()}
    for name in plain_files():
        path = os.path.join(os.fsencode(root), name)
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        write(os.fsencode(root), name, data)
        os.utime(path, (946_684_800, 946_684_800))
    done = scan(library)
    assert counts(done).keys() <= {"updated", "skipped"}
    assert done.updated == len(plain_files())
    after = {bytes(t.name_bytes) + bytes(t.folder.path_bytes): (t.pk, t.created_at) for t in MediaFile.objects.all()}
    assert after == known


def test_relocation_of_the_whole_root(root: Path, tmp_path: Path, quick_reading: RememberingPool) -> None:
    library = Library.objects.create(name="Hostile", path=str(root))
    scan(library)
    before = by_name(picture(library))
    known = set(MediaFile.objects.values_list("pk", "created_at"))
    (tmp_path / "elsewhere").mkdir()
    root.rename(tmp_path / "elsewhere" / "moved")
    assert scan(library).state == "offline"
    update_library(library, prepare_library({"path": str(tmp_path / "elsewhere" / "moved")}, library=library))
    library.refresh_from_db()
    Scan.objects.queued().delete()
    done = scan(library)
    assert counts(done).keys() <= {"skipped"}, counts(done)
    assert set(MediaFile.objects.values_list("pk", "created_at")) == known
    assert by_name(picture(library)) == before
    assert Folder.objects.filter(missing=True).count() == 0
