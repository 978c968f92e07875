"""How other apps have open event streams told of what changed in theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from django.utils.module_loading import import_string

from libraries.events.news import AuditedChange
from navidrome_lib.viewer import Viewer

# what a viewer is told of one look: names and data of events; it must tell nothing that the viewer cannot access, and
# not what the viewer has done in the tab of the given number
Teller = Callable[[Viewer, int], Iterable[tuple[str, dict[str, Any]]]]


class Reader(Protocol):
    """Looks at what changed in another app."""

    def look(self, entries: Sequence[AuditedChange]) -> Teller | None:
        """What there is to tell since the last look, with the new entries of the audit trail; None for nothing.

        The first look finds nothing new. It must cost next to nothing while nothing happens.
        """


_names: Final[list[str]] = []


def tell_also(name: str) -> None:
    """Have a reader made, of the class of that name, for each process that has open streams.

    To be called in the `ready` of an app: a worker, which has no streams, loads nothing that only they need.
    """
    _names.append(name)


def readers() -> list[Reader]:
    """A new reader of each app."""
    return [import_string(name)() for name in _names]
