"""Disks for tests that come and go at a folder: mounted for real where that is allowed, made of renames elsewhere."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings


def mounting(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


class Disk:
    """A disk that can be plugged in at `point`; its files are at `files` while it is not."""

    def __init__(self, point: Path, files: Path) -> None:
        self.point = point
        self.files = files
        files.mkdir(parents=True)

    def plug(self) -> None:
        assert mounting("--bind", str(self.files), str(self.point))

    def pull(self) -> None:
        subprocess.run(["umount", "-l", str(self.point)], capture_output=True, check=True)


class OwnFileSystem(Disk):
    """A disk whose file system is its own: other numbers of device and file system, and mostly the same inode."""

    def __init__(self, point: Path, files: Path) -> None:
        super().__init__(point, files)
        assert mounting("-t", "tmpfs", "-o", "size=8m", "none", str(files))


class MadeUp(Disk):
    """A folder that is renamed, with a table of mounts that says it was mounted."""

    def __init__(self, point: Path, files: Path, table: Path) -> None:
        super().__init__(point, files)
        self.table = table

    def plug(self) -> None:
        self.point.rename(self.table.with_name(f"{self.files.name}.covered"))
        self.files.rename(self.point)
        with self.table.open("a") as table:
            table.write(self.line())

    def pull(self) -> None:
        self.point.rename(self.files)
        self.table.with_name(f"{self.files.name}.covered").rename(self.point)
        self.table.write_text(self.table.read_text().replace(self.line(), ""))

    def line(self) -> str:
        point = str(self.point).replace(" ", r"\040")
        return f"30 22 0:40 / {point} rw,relatime - ext4 /dev/sdb1 rw\n"


MakeDisk = Callable[[Path, str], Disk]


@contextmanager
def disks(kind: str, home: Path, settings: Settings) -> Iterator[MakeDisk]:
    """Makes disks of one kind: "own" (a file system of its own), "bound" (a folder of the same one) or "made up"."""
    made: list[Disk] = []
    if kind == "made up":
        table = home / "mountinfo"
        table.touch()
        settings.MOUNT_TABLE = table
    elif not may_mount(home):
        pytest.skip("no right to mount here; what is made up shows the same")

    def make(point: Path, name: str) -> Disk:
        if kind == "made up":
            disk: Disk = MadeUp(point, home / name, table)
        else:
            disk = (OwnFileSystem if kind == "own" else Disk)(point, home / name)
        made.append(disk)
        return disk

    try:
        yield make
    finally:
        for disk in reversed(made):
            for folder in (disk.point, disk.files):
                while kind != "made up" and os.path.ismount(folder):
                    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)
            if kind == "bound":
                subprocess.run(["umount", "-l", str(disk.point)], capture_output=True, check=False)


def may_mount(home: Path) -> bool:
    probe = home / "probe"
    probe.mkdir(exist_ok=True)
    if not mounting("--bind", str(probe), str(probe)):
        return False
    subprocess.run(["umount", str(probe)], capture_output=True, check=True)
    return True
