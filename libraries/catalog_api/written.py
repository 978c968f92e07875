"""Objects as bytes, kept as they were written for as long as nothing of their library has changed.

Most of what a list says is the same for all who may see it, and stays so from one scan to the next; to make and write
it again costs ten times what it costs to look whether it still holds. Each object is kept with what was known of its
library before it was made: its path, its name, and the `revision` that every transaction raises which changes songs.
What belongs to the viewer, and all else that apps add, is asked for by each request and written behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from libraries.catalog_api.common import JSON
from libraries.catalog_api.extension import READ_BY_ADDITIONS, Resource, WireObject, add_keys
from libraries.limits import ListLimits
from libraries.visible import LibraryFacts
from navidrome_lib.limits import limits_of
from navidrome_lib.viewer import Viewer

# what an object takes in memory besides its text
_MORE_BYTES: Final = 700

Make = Callable[[Sequence[str], Mapping[int, LibraryFacts]], list[WireObject]]


class Kept(NamedTuple):
    """An object: its library as it was before, its text without braces and id, and what additions read of it."""

    library: int
    facts: LibraryFacts
    text: bytes
    read: WireObject


class KeptObjects:
    """Those that were asked for last, of all kinds together.

    In two generations: what is asked for comes into the young one, and the old one is dropped when that is full. So
    threads need no lock.
    """

    def __init__(self) -> None:
        self._young: dict[str, Kept] = {}
        self._old: dict[str, Kept] = {}
        self._size = 0

    def get(self, key: str) -> Kept | None:
        """The object that has a key."""
        kept = self._young.get(key)
        if kept is None and (kept := self._old.get(key)) is not None:
            self.put(key, kept)
        return kept

    def put(self, key: str, kept: Kept) -> None:
        """Keep an object."""
        size = len(kept.text) + _MORE_BYTES
        if self._size + size > limits_of(ListLimits).kept_objects_bytes // 2:
            self._old, self._young, self._size = self._young, {}, 0
        self._young[key] = kept
        self._size += size


_kept: Final = KeptObjects()


class Shape(NamedTuple):
    """How objects of a resource are written: all that is not added by apps (without the id), and what is.

    `name` tells it from the other shapes; `make` makes the objects of the catalog, without what apps add. Objects that
    are missing are left out where `present` says so.
    """

    name: str
    resource: Resource
    make: Make
    plain: Callable[[WireObject], WireObject]
    added: Callable[[WireObject], WireObject]
    present: bool = False


def without_id(found: WireObject) -> WireObject:
    """An object of the catalog as the wire has it."""
    return {key: value for key, value in found.items() if key != "id"}


def what_apps_add(found: WireObject) -> WireObject:
    """What was added, of an object that had no more than what additions read."""
    return {key: value for key, value in found.items() if key not in READ_BY_ADDITIONS}


def written(
    shape: Shape, ids: Sequence[str], viewer: Viewer, libraries: Mapping[int, LibraryFacts]
) -> list[tuple[str, bytes]]:
    """The ids and texts of objects, in this order; those that are not in the libraries are left out.

    A text has neither braces nor the id, which some lists have another one for. It is asked for the libraries that the
    viewer can access, which have to be known before anything else is looked up.
    """
    known = _known(shape, ids, libraries)
    late = [pk for pk in dict.fromkeys(ids) if pk not in known]
    if late:
        known.update(_made(shape, late, libraries))
    stubs = {pk: kept.read.copy() for pk, kept in known.items()}
    add_keys(shape.resource, list(stubs.values()), viewer)
    texts = {pk: _whole(known[pk].text, shape.added(stub)) for pk, stub in stubs.items()}
    return [(pk, texts[pk]) for pk in ids if pk in texts]


def _known(shape: Shape, ids: Iterable[str], libraries: Mapping[int, LibraryFacts]) -> dict[str, Kept]:
    """What is kept of objects in these libraries, as these are now."""
    found: dict[str, Kept] = {}
    for pk in ids:
        kept = _kept.get(shape.name + pk)
        if kept is not None and libraries.get(kept.library) == kept.facts:
            found[pk] = kept
    return found


def _made(shape: Shape, ids: Sequence[str], libraries: Mapping[int, LibraryFacts]) -> Iterable[tuple[str, Kept]]:
    for each in shape.make(ids, libraries):
        if each["missing"] and shape.present:
            continue
        library, pk = each["libraryId"], each["id"]
        text = orjson.dumps(shape.plain(each), option=JSON)[1:-1]
        kept = Kept(library, libraries[library], text, {key: each[key] for key in READ_BY_ADDITIONS if key in each})
        # who takes part in missing songs alone is another question for each viewer
        if not each["missing"]:
            _kept.put(shape.name + pk, kept)
        yield pk, kept


def _whole(text: bytes, added: WireObject) -> bytes:
    return text + b"," + orjson.dumps(added, option=JSON)[1:-1] if added else text


def as_array(objects: Iterable[tuple[str, bytes]]) -> bytes:
    """Objects as an array of JSON; their ids are texts of letters and digits."""
    return b"[" + b",".join([b'{"id":"%b",%b}' % (pk.encode(), text) for pk, text in objects]) + b"]"
