"""A second disk below the root of a library, or behind a link in it: what happens to it is never taken for losses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db.models import F
from pytest_django.fixtures import Settings

from libraries.models import Library, MediaFile, MountPoint, Scan, ScanProblem
from libraries.scanner import mount_points
from libraries.scanner.walk.mount_table import StorageIdentity, identity_of
from tests.hazards.files import RememberingPool, plant
from tests.hazards.mounting import Disk, MakeDisk, disks
from tests.support.hanging_storage import hanging_mount
from tests.support.limits import limit_scans
from tests.support.scans import counts, ids, picture, scan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

KINDS = ("own", "bound", "made up")


class Scene(NamedTuple):
    """A library with 40 songs of its own and 20 on a disk at `place` below its root."""

    library: Library
    disk: Disk
    place: str
    make: MakeDisk

    def missing(self) -> set[str]:
        return set(MediaFile.objects.missing().values_list("path", flat=True))

    def problems(self) -> dict[str, str]:
        return dict(ScanProblem.objects.unresolved().values_list("path", "kind"))

    def on_disk(self) -> set[str]:
        return {path for path in ids(self.library) if path.startswith(f"{self.place}/")}


@pytest.fixture(params=KINDS)
def make_disk(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[MakeDisk]:
    with disks(request.param, tmp_path, settings) as make:
        yield make


def set_up(tmp_path: Path, make: MakeDisk, *, linked: bool = False) -> Scene:
    root = tmp_path / "music"
    plant(root, 40)
    point = tmp_path / "mnt" / "usb" if linked else root / "more" / "usb"
    point.mkdir(parents=True)
    disk = make(point, "usb")
    plant(disk.files, 20)
    for name in os.listdir(disk.files):
        (disk.files / name).rename(disk.files / f"USB {name}")
    if linked:
        (root / "more").symlink_to(point.parent)
    disk.plug()
    library = Library.objects.create(name="Music", path=str(root), follow_symlinks=linked)
    done = scan(library)
    assert (done.state, done.added) == ("finished", 60)
    return Scene(library, disk, "more/usb", make)


@pytest.fixture(params=[False, True], ids=["below", "link"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, make_disk: MakeDisk, quick_reading: RememberingPool) -> Scene:
    return set_up(tmp_path, make_disk, linked=request.param)


@pytest.fixture
def below(tmp_path: Path, make_disk: MakeDisk, quick_reading: RememberingPool) -> Scene:
    return set_up(tmp_path, make_disk)


def test_a_disk_that_is_pulled_out_keeps_its_songs(scene: Scene) -> None:
    before, known = picture(scene.library), ids(scene.library)
    scene.disk.pull()
    for options in ({}, {"full": True}, {"targets": ["more"]}, {"targets": ["more/usb/USB Artist 000"]}):
        done = scan(scene.library, **options)
        assert (done.state, done.missing, done.failed) == ("finished", 0, 1), options
        assert scene.problems() == {scene.place: "storage"}
        assert (scene.missing(), ids(scene.library)) == (set(), known)
    assert "none of 20 known files" in ScanProblem.objects.unresolved().get().message
    (scene.disk.point / "left behind.mp3").write_bytes(b"")
    assert (scan(scene.library).missing, scene.missing()) == (0, set())
    (scene.disk.point / "left behind.mp3").unlink()
    scene.disk.plug()
    assert counts(scan(scene.library)) == {"skipped": 60}
    assert picture(scene.library) == before
    assert scene.problems() == {}


def test_what_is_deleted_on_a_disk_that_is_there_is_missing(scene: Scene) -> None:
    """Also all of it: the very disk is there, and is empty."""
    on_disk = scene.on_disk()
    (first,) = [path for path in on_disk if path.endswith("000/01 song.mp3")]
    (Path(scene.library.path) / first).unlink()
    assert (scan(scene.library).missing, scene.missing()) == (1, {first})
    for name in os.listdir(scene.disk.point):
        shutil.rmtree(scene.disk.point / name)
    assert (scan(scene.library).missing, scene.missing()) == (19, on_disk)
    assert scene.problems() == {}


def test_another_disk_in_its_place_is_accepted_only_on_demand(scene: Scene) -> None:
    on_disk = scene.on_disk()
    scene.disk.pull()
    other = scene.make(scene.disk.point, "other")
    plant(other.files, 5, first=1000, frames=6)
    other.plug()
    done = scan(scene.library)
    assert (done.state, done.missing, done.added) == ("finished", 0, 0)
    assert scene.problems() == {scene.place: "storage"}
    assert scan(scene.library, accept_empty=True).missing == 0
    done = scan(scene.library, accept_device=True)
    assert (done.state, done.missing, done.added, scene.missing()) == ("finished", 20, 5, on_disk)
    assert scene.problems() == {}
    assert counts(scan(scene.library)) == {"skipped": 45}
    # and from now on this one is the disk that belongs there
    other.pull()
    assert (scan(scene.library).missing, scene.missing()) == (0, on_disk)
    assert scene.problems() == {scene.place: "storage"}


def test_a_disk_that_was_removed_for_good_is_given_up_on_demand(below: Scene) -> None:
    on_disk = below.on_disk()
    below.disk.pull()
    assert scan(below.library).missing == 0
    below.disk.point.rmdir()  # as automounters leave it: even the mount point is gone
    for options in ({}, {"targets": ["more"]}, {"full": True}):
        assert (scan(below.library, **options).missing, below.missing()) == (0, set())
        assert below.problems() == {below.place: "storage"}
    done = scan(below.library, accept_device=True)
    assert (done.missing, below.missing(), below.problems()) == (20, on_disk, {})
    assert not MountPoint.objects.exists()
    assert counts(scan(below.library)) == {"skipped": 40}


def test_a_link_that_was_removed_takes_its_songs_along(tmp_path: Path, make_disk: MakeDisk) -> None:
    scene = set_up(tmp_path, make_disk, linked=True)
    on_disk = scene.on_disk()
    (Path(scene.library.path) / "more").unlink()
    done = scan(scene.library)
    assert (done.missing, scene.missing(), scene.problems()) == (20, on_disk, {})


def test_a_link_to_a_folder_on_a_disk(tmp_path: Path, make_disk: MakeDisk, quick_reading: RememberingPool) -> None:
    """Below the mount point there may be an empty folder of that name: installers and containers make it."""
    root = tmp_path / "music"
    plant(root, 40)
    point = tmp_path / "mnt" / "usb"
    (point / "music").mkdir(parents=True)
    disk = make_disk(point, "usb")
    plant(disk.files / "music", 20)
    (root / "more").symlink_to(point / "music")
    disk.plug()
    library = Library.objects.create(name="Music", path=str(root), follow_symlinks=True)
    assert scan(library).added == 60
    assert counts(scan(library)) == {"skipped": 60}
    known = ids(library)
    disk.pull()
    scan(library)
    assert not MediaFile.objects.missing().exists()
    assert dict(ScanProblem.objects.unresolved().values_list("path", "kind")) == {"more": "storage"}
    disk.plug()
    assert counts(scan(library)) == {"skipped": 60}
    assert ids(library) == known
    assert not ScanProblem.objects.unresolved().exists()


def test_files_that_were_copied_into_the_folder_need_no_disk(below: Scene) -> None:
    known = ids(below.library)
    below.disk.pull()
    shutil.copytree(below.disk.files, below.disk.point, dirs_exist_ok=True)
    done = scan(below.library)
    assert (done.missing, done.updated, ids(below.library)) == (0, 20, known)
    assert not MountPoint.objects.exists()
    shutil.rmtree(below.disk.point)
    assert scan(below.library).missing == 20


def test_numbers_that_change_at_a_restart_are_learnt_anew(scene: Scene) -> None:
    MountPoint.objects.update(device=F("device") + 1, fsid=F("fsid") - 1)
    assert counts(scan(scene.library)) == {"skipped": 60}
    found = scene.disk.point.stat()
    assert list(MountPoint.objects.values_list("path", "device", "inode")) == [
        (scene.place, found.st_dev, found.st_ino)
    ]
    scene.disk.pull()
    assert (scan(scene.library).missing, scene.problems()) == (0, {scene.place: "storage"})


def test_a_catalog_that_is_older_than_its_mount_points_learns_them(scene: Scene) -> None:
    MountPoint.objects.all().delete()
    assert counts(scan(scene.library)) == {"skipped": 60}
    scene.disk.pull()
    assert (scan(scene.library).missing, scene.problems()) == (0, {scene.place: "storage"})


@pytest.mark.parametrize("phase", ["walking", "reading", "moving"])
def test_a_disk_that_is_pulled_out_during_a_scan(scene: Scene, phase: str) -> None:
    known = ids(scene.library)
    (Path(scene.library.path) / "Artist 000/Album 000/01 song.mp3").touch()
    pulled: list[str] = []

    def pull(running: Scan) -> None:
        if running.phase == phase and not pulled:
            pulled.append(phase)
            scene.disk.pull()

    done = scan(scene.library, on_progress=pull)
    assert pulled
    assert (done.state, done.missing) == ("offline", 0)
    assert "was unmounted during the scan" in done.error
    assert (scene.missing(), ids(scene.library)) == (set(), known)


def test_a_disk_over_a_folder_with_songs_hides_them_only(tmp_path: Path, make_disk: MakeDisk) -> None:
    root = tmp_path / "music"
    plant(root, 60)
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    disk = make_disk(root / "Artist 002", "over")
    disk.plug()
    done = scan(library)
    assert (done.state, done.missing, MediaFile.objects.missing().count()) == ("finished", 0, 0)
    assert ScanProblem.objects.unresolved().get().path == "Artist 002"
    disk.pull()
    assert counts(scan(library)) == {"skipped": 60}
    assert not ScanProblem.objects.unresolved().exists()


def test_a_disk_on_a_disk(tmp_path: Path, make_disk: MakeDisk, quick_reading: RememberingPool) -> None:
    scene = set_up(tmp_path, make_disk)
    (scene.disk.point / "inner").mkdir()
    inner = scene.make(scene.disk.point / "inner", "inner")
    plant(inner.files, 10)
    inner.plug()
    scan(scene.library)
    known = ids(scene.library)
    inner.pull()
    assert (scan(scene.library).missing, scene.problems()) == (0, {"more/usb/inner": "storage"})
    scene.disk.pull()
    assert (scan(scene.library).missing, scene.problems()) == (0, {"more/usb": "storage", "more/usb/inner": "storage"})
    assert ids(scene.library) == known
    scene.disk.plug()
    assert (scan(scene.library).missing, scene.problems()) == (0, {"more/usb/inner": "storage"})
    inner.plug()
    scan(scene.library)
    assert (ids(scene.library), scene.problems()) == (known, {})


def test_a_rule_that_leaves_the_folder_out_ends_the_protection(below: Scene) -> None:
    below.disk.pull()
    Library.objects.update(exclude_patterns=["/more/"])
    below.library.refresh_from_db()
    assert (scan(below.library).missing, below.problems()) == (20, {})


def test_a_disk_that_does_not_answer(tmp_path: Path, quick_reading: RememberingPool, settings: Settings) -> None:
    """The walk does not enter it: a look at it would never end."""
    with disks("made up", tmp_path, settings) as make:
        scene = set_up(tmp_path, make)
        known = ids(scene.library)
        scene.disk.pull()
        scene.disk.point.rmdir()
        limit_scans(settings, answer_seconds=0.3)
        with pytest.MonkeyPatch.context() as patch, hanging_mount(scene.disk.point, patch):
            done = scan(scene.library)
        assert (done.state, done.missing, scene.problems()) == ("finished", 0, {scene.place: "storage"})
        assert "did not answer" in ScanProblem.objects.unresolved().get().message
        assert ids(scene.library) == known


def test_a_root_whose_file_system_was_replaced(
    tmp_path: Path, make_disk: MakeDisk, quick_reading: RememberingPool
) -> None:
    """Another file system of the same type: the same inode, and often the same number of the device."""
    root = tmp_path / "music"
    root.mkdir()
    disk = make_disk(root, "first")
    plant(disk.files, 18)
    disk.plug()
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    before = picture(library)
    disk.pull()
    other = make_disk(root, "second")
    plant(other.files / "others", 3)
    other.plug()
    for option in ("", "full", "accept_empty"):
        done = scan(library, full=option == "full", accept_empty=option == "accept_empty")
        assert (done.state, picture(library)) == ("offline", before), (option, done.error)
    assert "none of 18 known files is there" in done.error or "on another device" in done.error
    done = scan(library, accept_device=True)
    assert (done.state, done.missing) == ("finished", 15)
    assert counts(scan(library)) == {"skipped": 3}


def test_looking_at_mounts_costs_a_library_without_any_nothing(
    tmp_path: Path, quick_reading: RememberingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, 20)
    library = Library.objects.create(name="Music", path=str(tmp_path))
    scan(library)
    looks: list[bytes] = []

    def note(folder: bytes) -> StorageIdentity:
        looks.append(folder)
        return identity_of(folder)

    monkeypatch.setattr(mount_points, "identity_of", note)
    scan(library)
    assert looks == []
