"""Which row belongs to which identity, once tracks have gone from albums to others. No Django, no database.

An identity is named by the row that has it before. All decisions follow from rows: which row an album has at the end
does not depend on the order in which its tracks were written, nor on how many attempts that took.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from libraries.choices import Freshness


class AlbumRow(NamedTuple):
    """An album as it is before anything is settled; `created_at` is when it was first seen."""

    id: str
    library_id: int
    pid: str
    freshness: int
    split_from: str | None
    created_at: datetime


@dataclass(slots=True)
class Settlement:
    """What becomes of some albums; a row that has no identity in the end is to be deleted."""

    # the row of each identity; None: it needs a row of its own
    place: dict[str, str | None] = field(default_factory=dict)
    # what hangs on the first row belongs to the second from now on
    became: dict[str, str] = field(default_factory=dict)
    first_seen: dict[str, datetime] = field(default_factory=dict)
    # the rows of albums that were made of some tracks of another one
    split_from: dict[str, str] = field(default_factory=dict)


def settle(
    rows: Mapping[str, AlbumRow],
    went: Mapping[tuple[str, str], int],
    stayed: Mapping[str, int],
    inside: Collection[str],
) -> Settlement:
    """Find the row of each identity.

    `went` counts present tracks by the row that they have left and the one where they are; `stayed` those that are
    where they were, or came as new files. `inside` are the rows that have any tracks, present or missing.

    An album goes with its present tracks, to where most of them went; where some stayed, it stays. Missing tracks do
    not count and keep the identity that they had, in a row of their own if need be: what their files say is unknown
    now, and one that comes back unchanged belongs to the album of old.
    """
    going: dict[str, dict[str, int]] = defaultdict(dict)
    for (old, new), count in went.items():
        if old in rows and count:
            going[old][new] = count
    main = {
        old: min(targets, key=lambda new: (-targets[new], rows[new].pid))
        for old, targets in going.items()
        if not stayed.get(old)
    }
    claims: dict[str, list[str]] = defaultdict(list)
    for old, new in sorted(main.items()):
        claims[new].append(old)
    plan = Settlement()
    for identity, claimants in claims.items():
        row = _survivor(rows[identity], [rows[old] for old in claimants], leaves=identity in main)
        if row is not None:
            plan.place[identity] = row
    _place_others(plan, rows, inside)
    _name_successors(plan, rows, main)
    _date(plan, rows, going, claims)
    return plan


def _survivor(own: AlbumRow, claimants: Sequence[AlbumRow], *, leaves: bool) -> str | None:
    """The row that an identity gets: its own one where that was known before, else the oldest that came to it."""
    # a row never changes its library: the scan of that one may refer to it at this moment
    near = [row for row in claimants if row.library_id == own.library_id]
    older = [row for row in near if row.freshness != Freshness.NEW]
    was_part = own.split_from in {row.id for row in older}
    stays = not leaves and not was_part
    if stays and (own.freshness == Freshness.SETTLED or not older):
        return own.id
    pool = older or near
    if stays and own.freshness == Freshness.RENAMED:
        pool = [*pool, own]
    return min(pool, key=lambda row: (row.created_at, row.id)).id if pool else None


def _place_others(plan: Settlement, rows: Mapping[str, AlbumRow], inside: Collection[str]) -> None:
    """The identities that nothing came to keep their rows; those whose row went elsewhere get others if needed."""
    taken = set(plan.place.values())
    bereft = [pk for pk in rows if pk not in plan.place and pk in taken]
    for pk in rows:
        if pk not in plan.place and pk not in taken:
            plan.place[pk] = pk
    used = set(plan.place.values())
    spare = sorted(pk for pk, row in rows.items() if pk not in used and row.freshness == Freshness.NEW)
    for pk in sorted(bereft, key=lambda pk: rows[pk].pid):
        if pk in inside:
            own = next((each for each in spare if rows[each].library_id == rows[pk].library_id), None)
            plan.place[pk] = own
            if own is not None:
                spare.remove(own)


def _name_successors(plan: Settlement, rows: Mapping[str, AlbumRow], main: Mapping[str, str]) -> None:
    """What hangs on a row goes where its tracks went, and from one that another takes over to that one."""
    for pk in rows:
        new = plan.place.get(main.get(pk, pk))
        if new is not None and new != pk and (pk in main or pk not in plan.place.values()):
            plan.became[pk] = new


def _date(
    plan: Settlement,
    rows: Mapping[str, AlbumRow],
    going: Mapping[str, Mapping[str, int]],
    claims: Mapping[str, Sequence[str]],
) -> None:
    """The earliest date wins; an album that some tracks of another one have founded was first seen when that was."""
    origins: dict[str, dict[str, int]] = defaultdict(dict)
    for old, targets in going.items():
        for new, count in targets.items():
            origins[new][old] = count
    for identity, row in plan.place.items():
        own = rows[identity]
        is_new = own.freshness == Freshness.NEW
        sources = list(origins[identity]) if is_new else claims.get(identity, ())
        dates = [rows[old].created_at for old in sources]
        # the date of a row that only came with this scan says nothing where others came to it
        plan.first_seen[identity] = min(dates if is_new and dates else [own.created_at, *dates])
        near = {old: count for old, count in origins[identity].items() if rows[old].library_id == own.library_id}
        if is_new and near and row == identity:
            first = min(near, key=lambda old: (-near[old], rows[old].pid))
            plan.split_from[identity] = plan.became.get(first, first)
