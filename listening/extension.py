"""How other apps add keys to playlists and radio stations on the wire."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from django.db.models import Model

# the keys of some things by their ids, in a constant number of queries; things without any are left out
KeysOf = Callable[[Collection[str]], Mapping[str, Mapping[str, Any]]]
_added: Final[dict[type[Model], list[KeysOf]]] = {}


def add_keys(model: type[Model], keys_of: KeysOf) -> None:
    """Have keys added to each object of a kind. To be called in the `ready` of an app."""
    _added.setdefault(model, []).append(keys_of)


def added_keys(model: type[Model], ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The keys that were added to some things, by their ids."""
    found: dict[str, dict[str, Any]] = {pk: {} for pk in ids}
    for keys_of in _added.get(model, ()):
        for pk, keys in keys_of(ids).items():
            found[pk].update(keys)
    return found
