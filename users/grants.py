"""Which libraries accounts can access, and by which way each came: like `visible_to`, for many accounts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from libraries import visible
from libraries.models import Library
from navidrome_lib.viewer import Viewer
from users.models import GroupAccess, LibraryAccess, User


@dataclass(frozen=True)
class Grant:
    """One library that one account can access. `ways`: `admin`, `user`, or `group:<name>`."""

    library: Library
    ways: list[str] = field(default_factory=list)


def libraries_of(users: Iterable[User], viewer: Viewer) -> dict[str, list[Grant]]:
    """For each account (by id) its libraries that `viewer` can access, too, by name. Three queries in all."""
    people = list(users)
    libraries = visible.libraries_with_state(viewer)
    ways = ways_of([user.pk for user in people if not user.is_superuser])
    found: dict[str, list[Grant]] = {}
    for user in people:
        if user.is_superuser:
            found[user.pk] = [Grant(library, ["admin"]) for library in libraries]
        else:
            mine = ways[user.pk]
            found[user.pk] = [Grant(library, mine[library.pk]) for library in libraries if library.pk in mine]
    return found


def ways_of(user_ids: list[str]) -> defaultdict[str, dict[int, list[str]]]:
    """For each account the ways to each library: granted to the person first, then groups by name."""
    ways: defaultdict[str, dict[int, list[str]]] = defaultdict(dict)
    own = LibraryAccess.objects.filter(user__in=user_ids).values_list("user_id", "library_id")
    for user_id, library_id in own:
        ways[user_id].setdefault(library_id, []).append("user")
    shared = GroupAccess.objects.filter(group__user__in=user_ids).order_by("group__name")
    for user_id, library_id, name in shared.values_list("group__user", "library_id", "group__name"):
        ways[user_id].setdefault(library_id, []).append(f"group:{name}")
    return ways
