"""The extension point: what other apps add to the objects of the catalog and to the lists of them.

An app that keeps something of songs, albums or artists, such as favourites or covers, makes a subclass of `Addition`
for each of these resources, and registers it when it is ready:

    class SongFavourites(Addition):
        keys = {"starred": serializers.BooleanField(required=False, help_text="…")}
        sorts = {"starredAt": Sort("mine__starred_at", prepare=join_mine)}
        filters = {"starred": StarredFilter(help_text="…")}

        def add_keys(self, objects, viewer):
            for song_id, at in Favourite.objects.filter(user=viewer.pk, song__in=objects).values_list("song", "at"):
                for song in objects[song_id]:
                    song["starred"] = True

    def extend_lists() -> None:
        extend(Resource.SONG, SongFavourites())

    class ListeningConfig(AppConfig):
        def ready(self) -> None:
            extend_by("listening.additions")

The catalog decides who may see an object; an addition is given only objects that its viewer can see.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from django.db.models import QuerySet

from navidrome_lib.viewer import Viewer

if TYPE_CHECKING:
    import django_filters
    from rest_framework.serializers import Field

WireObject = dict[str, Any]
"""One object on its way to the wire: keys in camelCase, values that orjson writes."""


# what additions may read of the objects that they add to, as far as these have it
READ_BY_ADDITIONS: Final = ("id", "albumId", "hasCoverArt")


class Resource(StrEnum):
    """What can be added to."""

    SONG = "song"
    ALBUM = "album"
    ARTIST = "artist"


class Asked(NamedTuple):
    """Who asks for a list, and by which `seed` a random order is made."""

    viewer: Viewer
    seed: str


Prepare = Callable[[QuerySet[Any], Asked], QuerySet[Any]]


class Valued(NamedTuple):
    """The rows of another table that have the values of an order, one for each row that has any.

    `rows` finds them for who asks, `by` names the columns of the order, `key` the field that refers to the row. An
    index on what finds them, `by` and `key` lets a page be read off it.
    """

    rows: Callable[[Asked], QuerySet[Any]]
    by: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Sort:
    """An order of a list, ascending: names of fields, relations or annotations, the first counts most.

    Equal rows are in the order of their ids; descending is the whole order backwards. Rows without a value come first
    (last, when descending). `prepare` adds the annotations or joins that the names speak of.

    Where few rows have a value, and another table has these, `valued` says so: the others need no sorting then.
    An order is not `steady` where `prepare` has to look at something before each list.
    """

    by: tuple[str, ...]
    prepare: Prepare | None = None
    valued: Valued | None = None
    steady: bool = True

    def __init__(
        self, *by: str, prepare: Prepare | None = None, valued: Valued | None = None, steady: bool = True
    ) -> None:
        object.__setattr__(self, "by", by)
        object.__setattr__(self, "prepare", prepare)
        object.__setattr__(self, "valued", valued)
        object.__setattr__(self, "steady", steady)

    def through(self, relation: str) -> Sort:
        """The same order for rows that refer to these: `Sort("title").through("media_file")`. Without `prepare`."""
        if self.prepare is not None:
            raise ValueError("an order that is prepared cannot be reached through a relation")
        return Sort(*(f"{relation}__{name}" for name in self.by))


class Addition:
    """What an app adds to one resource; a subclass says what it has of it.

    `keys`: how the keys look that `add_keys` sets, for the OpenAPI document; a key that may be absent is not required.
    `sorts`: by what `_sort` says, in camelCase. `filters`: by query parameter; one that asks about the viewer is a
    `navidrome_lib.api.filters.ViewerFilter`. No name may be one that the catalog or another addition has.
    """

    keys: ClassVar[Mapping[str, Field[Any, Any, Any, Any]]] = {}
    sorts: ClassVar[Mapping[str, Sort]] = {}
    filters: ClassVar[Mapping[str, django_filters.Filter]] = {}
    # those of the filters whose conditions follow from the query and the viewer alone, without a look at any row
    steady: ClassVar[frozenset[str]] = frozenset()

    def add_keys(self, objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
        """Set keys of objects that are about to be sent, in one query whatever their number.

        By id; a song that a list has twice is two objects. An object may have no more than `READ_BY_ADDITIONS` yet.
        """

    def state(self, viewer: Viewer) -> object:
        """What is another value as soon as `add_keys` sets other keys, for who keeps objects; quicker than these."""
        raise NotImplementedError(f"the keys of {type(self).__name__} cannot be kept")


_additions: Final[dict[Resource, list[Addition]]] = {resource: [] for resource in Resource}
_modules: Final[list[str]] = []
_loading: Final = threading.RLock()


def extend_by(module: str) -> None:
    """Have the function `extend_lists` of a module call `extend` when a list is first asked for.

    To be called in `AppConfig.ready`: a worker, which answers no lists, loads nothing that only they need.
    """
    _modules.append(module)


def extend(resource: Resource, addition: Addition) -> None:
    """Add to a resource from now on. Raises ValueError for a name that is taken."""
    for known in _additions[resource]:
        taken = {*known.keys, *known.sorts, *known.filters} & {*addition.keys, *addition.sorts, *addition.filters}
        if taken:
            raise ValueError(f"{resource} has these already: {', '.join(sorted(taken))}")
    _additions[resource].append(addition)


def withdraw(resource: Resource, addition: Addition) -> None:
    """Add to a resource no longer."""
    _additions[resource].remove(addition)


def additions(resource: Resource | None) -> Iterator[Addition]:
    """All that was added to a resource, in the order of the apps; nothing to what has none."""
    _load()
    return iter(_additions[resource] if resource else ())


def states(resource: Resource, viewer: Viewer) -> list[object]:
    """What all additions to a resource depend on."""
    return [addition.state(viewer) for addition in additions(resource)]


def _load() -> None:
    if _modules:
        with _loading:
            while _modules:
                import_module(_modules[0]).extend_lists()
                del _modules[0]


def add_keys(resource: Resource | None, objects: Sequence[WireObject], viewer: Viewer) -> None:
    """Have every addition set its keys."""
    found: dict[str, list[WireObject]] = {}
    for each in objects:
        found.setdefault(each["id"], []).append(each)
    if found:
        for addition in additions(resource):
            addition.add_keys(found, viewer)
