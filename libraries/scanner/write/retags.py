"""Album rows follow their tracks: an album whose tracks all go to one new identity keeps its id and first-seen date.

A transaction sees some tracks of an album. Where it sees all of them, and nothing has the new identity yet, it renames
the row at once (`find_renames`). Otherwise the tracks go to the row of their new identity and remember the album that
they have left (`remember_left`), and the end of the scan decides which row belongs to which identity (`settle_albums`):
from rows alone, so that neither the order of writing nor the death of a worker makes a difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Case, Count, F, Q, When
from django.utils import timezone

from libraries.choices import Freshness
from libraries.models import Album, AlbumTag, Library, MediaFile
from libraries.scanner.lease import Lease
from libraries.scanner.types import TrackRow
from libraries.scanner.write.album_rows import AlbumRow, Settlement, settle
from libraries.scanner.write.references import References
from libraries.scanner.write.retry import with_retry
from libraries.signals import albums_became
from libraries.totals import refresh_albums
from navidrome_lib.db.bulk import chunks, delete_where, lock_rows, placeholders, quoted, table
from navidrome_lib.db.ids import new_id

_OWN = {"id", "library_id", "created_at", "freshness", "split_from"}

Before = Mapping[str, str]
"""The album that each of some tracks was in, by their ids."""


# -- in the transactions that write tracks


def find_renames(library_id: int, states: Iterable[TrackRow], before: Before, free: Collection[str]) -> dict[str, str]:
    """The albums whose tracks are all among these and go to one identity of those that are free, each with that pid.

    Of several that go to one, the first seen; the others come to it at the end of the scan.
    """
    going: dict[str, list[str]] = defaultdict(list)
    tracks: dict[str, list[str]] = defaultdict(list)
    for state in states:
        if (album := before.get(state.media_file_id or "")) is not None:
            going[album].append(state.record.shared.album.pid)
            tracks[album].append(str(state.media_file_id))
    wanted = {album: pids[0] for album, pids in going.items() if len(set(pids)) == 1 and pids[0] in free}
    found: dict[str, str] = {}
    # tracks are locked before their albums, and no other writer moves one meanwhile
    for piece in chunks(sorted(pk for album in wanted for pk in tracks[album])):
        lock_rows(MediaFile, f"id IN ({placeholders(piece)})", piece)
    whole: list[tuple[Any, str]] = []
    for piece in chunks(sorted(wanted)):
        inside = MediaFile.objects.filter(album_ref__in=piece).order_by()
        counts = dict(inside.values_list("album_ref_id").annotate(Count("pk")))
        rows = Album.objects.filter(pk__in=piece, library=library_id)
        whole += [(at, pk) for pk, at in rows.values_list("pk", "created_at") if counts.get(pk) == len(going[pk])]
    for _, album in sorted(whole):
        if wanted[album] not in found.values():
            found[album] = wanted[album]
    return found


def remember_left(moves: Iterable[tuple[str, str]]) -> None:
    """Have tracks that are about to go to another album remember theirs; each is a track and the other album."""
    sql = f"""UPDATE {table(MediaFile)} SET left_album = album_ref_id
        WHERE id = %s AND album_ref_id <> %s AND left_album IS NULL"""  # noqa: S608 - own names
    if rows := sorted(moves):
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)


# what remembers the album of a row of the table by itself, where the row `n` takes its place
LEFT = (
    "left_album = CASE WHEN {0}.album_ref_id = n.album_ref_id THEN {0}.left_album "
    "ELSE COALESCE({0}.left_album, {0}.album_ref_id) END"
)


# -- at the end of a scan


def settle_albums(lease: Lease, references: References) -> None:
    """Give each album row the identity that its tracks went to."""
    library_id = lease.scan.library_id
    for albums in _groups(library_id, lease.limits.marks):
        with_retry(lease.scan.pk, references, partial(_settle_in_transaction, lease, albums))
    fresh = Album.objects.filter(~Q(freshness=Freshness.SETTLED), library=library_id)
    if fresh.exists():
        with lease.transaction():
            fresh.update(freshness=Freshness.SETTLED)
    references.forget()


def _settle_in_transaction(lease: Lease, albums: Sequence[str]) -> None:
    with lease.transaction():
        _settle(lease.scan.library_id, albums)


def _left(library_id: int) -> Any:
    """The tracks of a library that are in another album than before."""
    return MediaFile.objects.filter(left_album__isnull=False, library=library_id).order_by()


def _groups(library_id: int, most: int) -> Iterator[list[str]]:
    """The albums that exchange tracks with each other, in groups of at most `most` tracks that moved, or of one."""
    leader: dict[str, str] = {}

    def find(album: str) -> str:
        while leader.setdefault(album, album) != album:
            leader[album] = album = leader[leader[album]]
        return album

    edges = list(_left(library_id).values_list("left_album", "album_ref").annotate(Count("pk")))
    for old, new, _ in edges:
        leader[find(old)] = find(new or old)
    sizes: Counter[str] = Counter()
    for old, _, count in edges:
        sizes[find(old)] += count
    together: dict[str, list[str]] = defaultdict(list)
    for album in leader:
        together[find(album)].append(album)
    group: list[str] = []
    size = 0
    for first in sorted(together):
        if group and size + sizes[first] > most:
            yield group
            group, size = [], 0
        group += together[first]
        size += sizes[first]
    if group:
        yield group


def _settle(library_id: int, albums: Sequence[str]) -> None:
    """Settle albums that exchange tracks with none but each other."""
    for piece in chunks(sorted(albums)):
        lock_rows(MediaFile, f"album_ref_id IN ({placeholders(piece)})", piece)
    rows: dict[str, dict[str, Any]] = {}
    went: Counter[tuple[str, str]] = Counter()
    stayed: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    for piece in chunks(sorted(albums)):
        lock_rows(Album, f"id IN ({placeholders(piece)})", piece)
        rows |= {row["id"]: row for row in Album.objects.filter(pk__in=piece).values()}
        tracks = MediaFile.objects.filter(album_ref__in=piece).order_by()
        counts = {"count": Count("pk"), "there": Count("pk", filter=Q(missing=False))}
        for left, album, count, there in tracks.values_list("left_album", "album_ref").annotate(**counts):
            inside[album] += count
            if left is None or left == album:
                stayed[album] += there
            else:
                went[left, album] += there
    known = {pk: AlbumRow(**{name: row[name] for name in AlbumRow._fields}) for pk, row in rows.items()}
    placed = _carry_out(settle(known, went, stayed, inside), rows, inside)
    for piece in chunks(sorted(albums)):
        _left(library_id).filter(Q(left_album__in=piece) | Q(album_ref__in=piece)).update(left_album=None)
    refresh_albums(library_id, placed)
    # where an album that is in none of its libraries any more is to be forgotten
    elsewhere = {row["library_id"] for row in rows.values()} - {library_id}
    is_stale = Case(When(pk=library_id, then=F("totals_stale")), default=True)
    changed = Library.objects.filter(pk__in=elsewhere | {library_id})
    changed.update(totals_stale=is_stale, revision=F("revision") + 1)


def _carry_out(plan: Settlement, rows: Mapping[str, dict[str, Any]], inside: Mapping[str, int]) -> set[str]:
    """Give rows their identities, and tracks the rows of theirs; returns the rows that have one."""
    if plan.became:
        albums_became.send(sender=Album, became=plan.became)
    place = {identity: row or new_id() for identity, row in plan.place.items()}
    moved = {identity: row for identity, row in place.items() if row != identity}
    # a pid is free before another row takes it
    for piece in chunks(sorted(moved)):
        Album.objects.filter(pk__in=piece).update(pid=F("id"))
    now = timezone.now()
    for identity, row in moved.items():
        described = {name: value for name, value in rows[identity].items() if name not in _OWN}
        described |= {"created_at": plan.first_seen[identity], "updated_at": now}
        if not Album.objects.filter(pk=row).update(**described):
            Album.objects.create(id=row, library_id=rows[identity]["library_id"], **described)
    for identity, at in plan.first_seen.items():
        if identity not in moved and at != rows[identity]["created_at"]:
            Album.objects.filter(pk=identity).update(created_at=at, updated_at=now)
    for row, origin in plan.split_from.items():
        Album.objects.filter(pk=row).update(split_from=origin)
    _move_tracks({identity: row for identity, row in moved.items() if inside.get(identity)})
    gone = sorted(set(rows) - set(place.values()))
    delete_where(AlbumTag, "album_id", gone)
    delete_where(Album, "id", gone)
    return set(place.values())


def _move_tracks(moves: Mapping[str, str]) -> None:
    """Move all tracks of albums to other rows; a row may be left by some and taken by others at once."""
    name, ref = table(MediaFile), quoted("album_ref_id")
    with connection.cursor() as cursor:
        if not moves.keys() & set(moves.values()):
            sql = f"UPDATE {name} SET {ref} = %s, left_album = NULL WHERE {ref} = %s"  # noqa: S608 - own names
            cursor.executemany(sql, [(new, old) for old, new in sorted(moves.items())])
            return
        sql = f"UPDATE {name} SET left_album = %s WHERE {ref} = %s"  # noqa: S608 - own names
        cursor.executemany(sql, [(new, old) for old, new in sorted(moves.items())])
        sql = f"""UPDATE {name} SET {ref} = left_album, left_album = NULL
            WHERE {ref} = %s AND left_album IS NOT NULL"""  # noqa: S608 - own names
        for old in sorted(moves):
            cursor.execute(sql, [old])
