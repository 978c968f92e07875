"""A model of two music folders and of what people do to them; every operation is also carried out on disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from tests.hazards.files import put, song

_T = TypeVar("_T")

FOLDERS: Final = ("", "a", "a/b", "c", "c/d", "e")
NAMES: Final = ("1.mp3", "2.mp3", "3.mp3")
GARBAGE: Final = (b"", b"garbage", b"ID3\4\0\0\0\0\x7f\x7f")


class Place(NamedTuple):
    """A path below a root: that of library 0 or 1, or that of a drawer (-1, -2, …) outside of both."""

    root: int
    path: str


class File:
    """One file of the world, or one that was. `ops` is what was done to it since the catalog last settled."""

    def __init__(self, music: int, place: Place, version: int = 0) -> None:
        self.music = music
        self.place: Place | None = place
        self.version = version
        self.is_broken = False
        self.ops: set[str] = set()
        # what the catalog knew of it when it last settled: the id and the time of its track, and where that was
        self.identity: tuple[str, datetime] | None = None
        self.was_at: Place | None = None
        self.was_present = False
        # all places of it since then
        self.places = {place}
        # the only file and the only track of its music
        self.is_sole = True

    def __repr__(self) -> str:
        return f"<{self.title} v{self.version} at {self.place}, was at {self.was_at}, {sorted(self.ops)}>"

    @property
    def title(self) -> str:
        return f"Song {self.music}"

    @property
    def album(self) -> str:
        # each song and each version has a size of its own
        return f"Take {self.version}:" + "x" * (self.music * 40 + self.version)

    @property
    def is_certain(self) -> bool:
        """Whether what was done to the only file of some music leaves no doubt about what it is."""
        ops = self.ops - {"write"}
        if "break" in ops:
            return ops == {"break"}
        # a file that went to another library with other tags: the first scan may give its track to what is at its place
        if "retag" in ops and self.place and self.was_at and self.place.root != self.was_at.root:
            return False
        # a copy with other tags could be anything
        return not ops & {"purge", "replace"} and not {"copy", "retag"} <= ops

    @property
    def is_promised(self) -> bool:
        """Whether the track of a file that is there must be the one that it was."""
        if self.identity is None or self.is_sole:
            return self.identity is not None and self.is_certain
        # of several copies: the one that was left alone, or that was only renamed; a copy never steals an id. One that
        # left its library may: where copies change places between libraries, the first scan finds only those near it
        if self.place and self.was_at and self.place.root != self.was_at.root:
            return False
        return self.ops <= {"write", "rename"} and (self.was_present or self.place == self.was_at)

    def content(self) -> bytes:
        number, frames = self.music + 1, 4 + 3 * self.music  # a length of its own for each song
        tags = {"TPE1": f"Singer {self.music % 3}", "TALB": self.album}
        return song(self.title, mark=number, number=number, frames=frames, **tags)


class Impossible(Exception):
    """The tree is not such that this can be done now."""


class Tree:
    """The operations pick files and folders by number, modulo how many there are; see `Impossible`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.roots = [folder / "one", folder / "two"]
        for root in self.roots:
            root.mkdir()
        self.is_on = [True, True]
        self.files: list[File] = []
        self._songs = 0
        self._drawers = 0
        # the folders in drawers, and where they came from
        self.lost: list[tuple[Place, Place]] = []

    # -- looking

    def path(self, place: Place) -> Path:
        """Where a place is on disk now."""
        if place.root < 0:
            return self._folder / f"drawer {-place.root}" / place.path
        return (self.roots[place.root] if self.is_on[place.root] else self._away(place.root)) / place.path

    def _away(self, root: int) -> Path:
        return self._folder / f"away {root}"

    def there(self, root: int | None = None) -> list[File]:
        """The files below one root; without an argument: those that can be touched now."""
        roots = [root] if root is not None else [number for number in (0, 1) if self.is_on[number]]
        return [file for file in self.files if file.place and file.place.root in roots]

    def at(self, place: Place) -> File | None:
        return next((file for file in self.files if file.place == place), None)

    def below(self, folder: Place) -> list[File]:
        """The files in a folder and in the folders below it."""
        return [file for file in self.files if file.place and is_below(file.place, folder)]

    def folders(self, root: int) -> set[str]:
        """The folders on disk, the root (the empty path) among them."""
        top = os.fspath(self.path(Place(root, "")))
        return {os.path.relpath(at, top).removeprefix(".") for at, _, _ in os.walk(top)}

    def _pick(self, number: int, files: Iterable[File] | None = None) -> File:
        return _nth(self.there() if files is None else list(files), number)

    def _folder_at(self, number: int) -> Place:
        """A folder that holds files, not a root."""
        found = {Place(file.place.root, above) for file in self.there() if file.place for above in parents(file.place)}
        return _nth(sorted(found), number)

    def _free(self, place: Place) -> Place:
        if not self.is_on[place.root] or self.path(place).exists():
            raise Impossible
        # a file may stand where a folder is needed, never here: names of folders and of files differ
        return place

    def look_around(self) -> None:
        """After each operation: an unknown file in the place of one that left its library may be taken for it."""
        for file in self.files:
            if file.place:
                file.places.add(file.place)
            for place in file.places:
                other = self.at(place)
                left = file.place is None or file.place.root != place.root
                if other is None or other is file:
                    continue
                # two copies that change places look as if neither had moved
                is_twin = place == file.was_at and other.music == file.music
                if is_twin or (left and not other.is_promised):
                    file.ops.add("replace")

    # -- files

    def add(self, place: Place) -> None:
        """A file that the world has not seen before."""
        self._write(self._new(self._free(place)))

    def _new(self, place: Place) -> File:
        file = File(self._songs, place)
        self._songs += 1
        self.files.append(file)
        return file

    def _write(self, file: File) -> None:
        assert file.place is not None
        file.ops.add("write")
        put(self.path(file.place), file.content())

    def replace(self, number: int, in_place: bool) -> None:
        """Other music in the place of a file: written over it, or as a new file."""
        old = self._pick(number)
        place = old.place
        assert place is not None
        old.place = None
        if not in_place:
            self.path(place).unlink()
        self._write(self._new(place))

    def rename(self, number: int, place: Place) -> None:
        """To a free place, or over another file, which is gone then."""
        file = self._pick(number)
        if file.place is None or file.place == place or not self.is_on[place.root] or self.path(place).is_dir():
            raise Impossible
        if (lost := self.at(place)) is not None:
            lost.place = None
        self.path(place).parent.mkdir(parents=True, exist_ok=True)
        self.path(file.place).rename(self.path(place))
        self._moved(file, place, "rename")

    def swap(self, one: int, two: int) -> None:
        first, second = self._pick(one), self._pick(two)
        if first is second or first.place is None or second.place is None:
            raise Impossible
        between = self._folder / "between"
        self.path(first.place).rename(between)
        self.path(second.place).rename(self.path(first.place))
        between.rename(self.path(second.place))
        place = first.place
        self._moved(first, second.place, "rename")
        self._moved(second, place, "rename")

    def carry(self, number: int, place: Place) -> None:
        """As between two disks: a copy, and the first file deleted."""
        file = self._pick(number)
        self._free(place)
        assert file.place is not None
        self.path(place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.path(file.place), self.path(place))
        self.path(file.place).unlink()
        self._moved(file, place, "copy")

    def retag(self, number: int, time: int | None) -> None:
        """Other tags in place, perhaps with a time long ago."""
        file = self._pick(number, (file for file in self.there() if not file.is_broken))
        assert file.place is not None
        file.version += 1
        file.ops.add("retag")
        self.path(file.place).write_bytes(file.content())
        if time is not None:
            os.utime(self.path(file.place), (time, time))

    def copy(self, number: int, place: Place, keep_time: bool) -> None:
        file = self._pick(number)
        self._free(place)
        self._copy(file, place, keep_time)

    def _copy(self, file: File, place: Place, keep_time: bool) -> None:
        assert file.place is not None
        self.path(place).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copy2 if keep_time else shutil.copyfile)(self.path(file.place), self.path(place))
        twin = File(file.music, place, file.version)
        twin.is_broken = file.is_broken
        self.files.append(twin)
        self._twins(file.music)

    def _twins(self, music: int) -> None:
        """There is one more file of some music: those who promise nothing of copies promise nothing of any of them."""
        for each in self.files:
            if each.music == music:
                each.ops.add("twin")
                each.is_sole = False

    def delete(self, number: int) -> None:
        file = self._pick(number)
        assert file.place is not None
        self.path(file.place).unlink()
        file.place = None

    def write_again(self, number: int, place: Place) -> None:
        """A file that was deleted or replaced, from a backup, anywhere."""
        file = self._pick(number, (file for file in self.files if file.place is None))
        file.place, file.is_broken = self._free(place), False
        self._write(file)
        file.ops.add("copy")
        if any(each.music == file.music and each.place for each in self.files if each is not file):
            self._twins(file.music)

    def corrupt(self, number: int, garbage: bytes) -> None:
        file = self._pick(number)
        assert file.place is not None
        file.is_broken = True
        file.ops.add("break")
        self.path(file.place).write_bytes(garbage)

    def heal(self) -> None:
        """All broken files are as they were."""
        broken = [file for file in self.there() if file.is_broken]
        if not broken:
            raise Impossible
        for file in broken:
            file.is_broken = False
            file.ops.add("break")
            self._write(file)

    def _moved(self, file: File, place: Place, how: str) -> None:
        file.place = place
        file.ops.add(how)

    # -- folders

    def _free_folder(self, folder: Place, source: Place) -> Place:
        if not folder.path or is_below(folder, source) or is_below(source, folder):
            raise Impossible
        return self._free(folder)

    def _move_folder(self, source: Place, target: Place, how: str) -> None:
        self.path(target).parent.mkdir(parents=True, exist_ok=True)
        if how == "rename":
            self.path(source).rename(self.path(target))
        else:
            shutil.move(shutil.copytree(self.path(source), self._folder / "between"), self.path(target))
            shutil.rmtree(self.path(source))
        for file in self.below(source):
            assert file.place is not None
            self._moved(file, moved(file.place, source, target), how)

    def rename_folder(self, number: int, folder: Place) -> None:
        """With all that is in it, also to the other library."""
        source = self._folder_at(number)
        self._move_folder(source, self._free_folder(folder, source), "rename")

    def carry_folder(self, number: int, folder: Place) -> None:
        """As between two disks."""
        source = self._folder_at(number)
        self._move_folder(source, self._free_folder(folder, source), "copy")

    def copy_folder(self, number: int, folder: Place, keep_time: bool) -> None:
        source = self._folder_at(number)
        self._free_folder(folder, source)
        for file in self.below(source):
            assert file.place is not None
            self._copy(file, moved(file.place, source, folder), keep_time)

    def delete_folder(self, number: int) -> None:
        source = self._folder_at(number)
        shutil.rmtree(self.path(source))
        for file in self.below(source):
            file.place = None

    def swap_folders(self, one: int, two: int) -> None:
        first, second = self._folder_at(one), self._folder_at(two)
        if is_below(first, second) or is_below(second, first):
            raise Impossible
        between = self._open_drawer()
        self._move_folder(first, between, "rename")
        self._move_folder(second, first, "rename")
        self._move_folder(between, second, "rename")

    def _open_drawer(self) -> Place:
        self._drawers += 1
        return Place(-self._drawers, "x")

    def lose_folder(self, number: int) -> None:
        """Out of both libraries, as by a disk that is pulled or a folder that is moved to a drawer for a while."""
        source, drawer = self._folder_at(number), self._open_drawer()
        self._move_folder(source, drawer, "rename")
        self.lost.append((drawer, source))

    def return_folder(self, number: int, elsewhere: Place | None) -> None:
        """Back to its place (identical to the last bit and to the last nanosecond), or to another."""
        drawer, home = _nth(self.lost, number)
        target = home if elsewhere is None else elsewhere
        if not target.path:
            raise Impossible
        self._move_folder(drawer, self._free(target), "rename")
        self.lost.remove((drawer, home))

    # -- libraries

    def switch_off(self, root: int, empty: bool) -> None:
        """The storage of a library is away; perhaps the bare mount point is left."""
        if not self.is_on[root]:
            raise Impossible
        self.roots[root].rename(self._away(root))
        self.is_on[root] = False
        if empty:
            self.roots[root].mkdir()

    def switch_on(self, root: int) -> None:
        if self.is_on[root]:
            raise Impossible
        if self.roots[root].exists():
            self.roots[root].rmdir()
        self._away(root).rename(self.roots[root])
        self.is_on[root] = True


def parents(place: Place) -> Iterator[str]:
    """The folders above a file, without the root."""
    path = place.path.rpartition("/")[0]
    while path:
        yield path
        path = path.rpartition("/")[0]


def is_below(place: Place, folder: Place) -> bool:
    """Whether a place is a folder or somewhere below it."""
    return place.root == folder.root and (place.path == folder.path or place.path.startswith(folder.path + "/"))


def moved(place: Place, source: Place, target: Place) -> Place:
    """A place below `source` when that has become `target`."""
    return Place(target.root, target.path + place.path.removeprefix(source.path))


def _nth(found: list[_T], number: int) -> _T:
    if not found:
        raise Impossible
    return found[number % len(found)]
