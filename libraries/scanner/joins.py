"""Joining a track that lost its file to the file that turned up elsewhere: the old id and `created_at` survive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from libraries.bulk import chunks, quoted, table
from libraries.digests import clear_digests, look_again
from libraries.ids import first_id
from libraries.maintenance import (
    Delta,
    add_to_totals,
    artists_of,
    delete_tracks,
    refresh_albums,
    refresh_library_artists,
    unpurge,
)
from libraries.models import HeldMark, MediaFile, Participant, ScanProblem, TrackGenre
from libraries.scanner.context import key_of
from libraries.scanner.moves import Side, rank
from libraries.scanner.rows import WRITTEN, NewState, TrackRows
from libraries.search import forget_songs, refresh_songs

_SIDE_COLUMNS = (
    "id", "library_id", "folder_id", "name_bytes", "pid", "mbz_track_id", "audio_hash", "size", "mtime_ns", "inode",
    "duration", "codec", "sample_rate", "bit_rate", "channels", "title", "album_ref_id", "missing",
)  # fmt: skip
_KEPT_STATE = ("missing", "missing_since", "last_seen_at", "purge_id")


def _side(row: Sequence[Any], at: datetime) -> Side:
    *place, name = row[:4]
    return Side._make((*place, bytes(name), *row[4:], at))


def old_sides(ids: Iterable[str], last_scan_at: datetime | None) -> Iterator[Side]:
    """Tracks of one library that lost their file, by id."""
    for piece in chunks(ids):
        rows = MediaFile.objects.filter(pk__in=piece).values_list(*_SIDE_COLUMNS, "last_seen_at", "created_at")
        for *row, last_seen_at, created_at in rows:
            yield _side(row, last_seen_at or last_scan_at or created_at)


def broken_sides(library_id: int, last_scan_at: datetime | None) -> Iterator[Side]:
    """The present tracks of a library at whose places there are files that cannot be read."""
    broken: dict[str, set[bytes]] = defaultdict(set)
    problems = ScanProblem.objects.filter(library=library_id).unresolved()
    for path in problems.values_list("path_bytes", flat=True).iterator(5000):
        folder, _, name = bytes(path).rpartition(b"/")
        broken[key_of(folder)].add(name)
    ids: list[str] = []
    for piece in chunks(sorted(broken)):
        rows = MediaFile.objects.present().filter(folder__library=library_id, folder__path_key__in=piece)
        for pk, folder_key, name in rows.values_list("pk", "folder__path_key", "name_bytes").iterator(5000):
            if bytes(name) in broken[folder_key]:
                ids.append(pk)
    yield from old_sides(ids, last_scan_at)


def missing_sides() -> Iterator[Side]:
    """All tracks that are missing, in any library."""
    rows = MediaFile.objects.missing().filter(library__deleted_at__isnull=True)
    for *row, last_seen_at, created_at in rows.values_list(*_SIDE_COLUMNS, "last_seen_at", "created_at").iterator(5000):
        yield _side(row, last_seen_at or created_at)


def new_sides(since: datetime | None, library_id: int | None, is_wanted: Callable[[Side], bool]) -> Iterator[Side]:
    """Present tracks that came after `since` and are wanted: in one library, or in all."""
    rows = MediaFile.objects.present().filter(library__deleted_at__isnull=True)
    if since is not None:
        rows = rows.filter(pk__gte=first_id(since))
    if library_id is not None:
        rows = rows.filter(library=library_id)
    for *row, created_at in rows.values_list(*_SIDE_COLUMNS, "created_at").iterator(5000):
        side = _side(row, created_at)
        if is_wanted(side):
            yield side


def known_before_losses(last_scan_at: datetime) -> datetime:
    """From when on tracks are new for a scan whose last one ended at `last_scan_at`.

    That is earlier where other libraries have lost tracks since: the last scan may have found the files already, when
    the tracks were not yet missing.
    """
    losses = MediaFile.objects.missing().filter(missing_since__gte=last_scan_at)
    earliest = losses.aggregate(seen=Min(Coalesce("last_seen_at", "created_at")))["seen"]
    return min(last_scan_at, earliest) if earliest else last_scan_at


def has_new(library_id: int, since: datetime | None) -> bool:
    """Whether any present track of a library came after `since`."""
    rows = MediaFile.objects.present().filter(library=library_id)
    return (rows if since is None else rows.filter(pk__gte=first_id(since))).exists()


def other_libraries_sides(library_id: int) -> Iterator[Side]:
    """The present tracks of all other libraries."""
    rows = MediaFile.objects.present().filter(library__deleted_at__isnull=True).exclude(library=library_id)
    for *row, created_at in rows.values_list(*_SIDE_COLUMNS, "created_at").iterator(5000):
        yield _side(row, created_at)


@dataclass(slots=True)
class Join:
    """What one transaction joins. `pairs`: an old track and the row of the new file, which it takes over."""

    pairs: list[tuple[Side, Side]] = field(default_factory=list)
    # an old track takes a file that has no row yet; its place may be that of a track in `vacated`
    taken: list[tuple[Side, NewState]] = field(default_factory=list)
    # files whose track went to another file: they are new
    added: list[NewState] = field(default_factory=list)
    vacated: list[Side] = field(default_factory=list)
    # those of `vacated` that go missing by it
    lost: list[Side] = field(default_factory=list)


class Joiner:
    """Carries out joins in the transactions of a scan, or in one of its own."""

    def __init__(self, library_id: int, rows: TrackRows | None = None) -> None:
        self._library_id = library_id
        self._rows = rows
        # rows whose state this scan has changed already, by id: they are missing now
        self._gone: set[str] = set()
        self._vacated: set[str] = set()
        self._deltas: dict[int, Delta] = {}
        self._albums: set[str] = set()

    def apply(self, join: Join, transaction_: AbstractContextManager[None], last_seen: datetime | None) -> set[str]:
        """Join all or nothing; returns the artists whose counts may have changed."""
        self._deltas, self._albums = {}, set()
        with transaction_:
            self._unsettle_folders(join)
            _leave_out_changed(join, self._gone)
            olds = [old for old, _ in join.pairs] + [old for old, _ in join.taken]
            unpurge(side.id for side in olds if side.missing)
            artists = artists_of({side.id for side in [*olds, *join.vacated, *(new for _, new in join.pairs)]})
            self._vacated = self._vacate([*olds, *join.vacated], last_seen)
            self._absorb(join.pairs)
            artists |= self._take(join)
            refresh_albums(self._library_id, self._albums)
            for library_id, delta in sorted(self._deltas.items()):
                add_to_totals(library_id, delta)
            # its own scan may be about to end, and knows nothing of these
            for library_id in sorted(self._deltas.keys() - {self._library_id}):
                refresh_library_artists(library_id, artists)
        return artists

    def committed(self) -> None:
        """Remember what the last `apply` has changed: not before its transaction has ended."""
        self._gone |= self._vacated

    def _unsettle_folders(self, join: Join) -> None:
        """Take back what the digests of all folders promise that lose a track, before any track is locked."""
        olds = [*(old for old, _ in [*join.pairs, *join.taken]), *join.vacated]
        # a track that this scan has taken off its place before is at another one by now, which it does not lose
        own = {s.folder_id for s in olds if not s.missing and s.id not in self._gone and self._is_scanning(s)}
        # the file at the place of a new side stays, but the scan of its library may know it by another id
        others = {side.folder_id for side in [*olds, *(new for _, new in join.pairs)] if not self._is_scanning(side)}
        clear_digests(own)
        look_again(others)

    def _is_scanning(self, side: Side) -> bool:
        return self._rows is not None and side.library_id == self._library_id

    def _add(self, library_id: int, delta: Delta) -> None:
        self._deltas[library_id] = self._deltas.get(library_id, Delta()).plus(delta)

    def _vacate(self, sides: Iterable[Side], last_seen: datetime | None) -> set[str]:
        """Take tracks off their places, so that no two are present at one; each may get another in a moment."""
        there = {side.id: side for side in sides if not side.missing and side.id not in self._gone}
        now = timezone.now()
        for piece in chunks(there):
            MediaFile.objects.filter(pk__in=piece).update(
                missing=True, missing_since=now, last_seen_at=last_seen, updated_at=now
            )
        for side in there.values():
            self._add(side.library_id, Delta(-1, -side.size, -side.duration, 1))
            self._albums |= {side.album_id} - {None}  # type: ignore[arg-type]
        return set(there)

    def _absorb(self, pairs: Sequence[tuple[Side, Side]]) -> None:
        """The old row takes all that the new one says, and the new one goes."""
        if not pairs:
            return
        olds, news = [old.id for old, _ in pairs], [new.id for _, new in pairs]
        MediaFile.objects.filter(pk__in=news).update(missing=True)
        columns = [column for column in WRITTEN if column not in _KEPT_STATE]
        sets = ", ".join(f"{quoted(column)} = n.{quoted(column)}" for column in columns)
        sql = f"""UPDATE {table(MediaFile)} SET {sets}, missing = %s, missing_since = NULL, last_seen_at = NULL,
            purge_id = NULL
            FROM {table(MediaFile)} AS n WHERE {table(MediaFile)}.id = %s AND n.id = %s"""  # noqa: S608 - own names
        with transaction.get_connection().cursor() as cursor:
            cursor.executemany(sql, [(False, old, new) for old, new in zip(olds, news, strict=True)])
            for model in (Participant, TrackGenre):
                model._default_manager.filter(media_file__in=olds).delete()
                cursor.executemany(
                    f"UPDATE {table(model)} SET media_file_id = %s WHERE media_file_id = %s",  # noqa: S608 - own names
                    list(zip(olds, news, strict=True)),
                )
        HeldMark.objects.filter(media_file__in=olds).delete()
        delete_tracks(news)
        forget_songs(news)
        refresh_songs(olds)
        for old, new in pairs:
            self._add(old.library_id, Delta(missing=-1))
            self._add(new.library_id, Delta())
            self._albums |= {old.album_id, new.album_id} - {None}  # type: ignore[arg-type]

    def _take(self, join: Join) -> set[str]:
        """Old tracks take files that have no row; what is left of the files gets rows of its own."""
        states = [state for _, state in join.taken]
        if self._rows is None or not (states or join.added):
            return set()
        self._rows.find([*states, *join.added])
        self._rows.update(states)
        self._rows.insert(join.added)
        for old, _ in join.taken:
            self._add(old.library_id, Delta(missing=-1))
            self._albums |= {old.album_id} - {None}  # type: ignore[arg-type]
        for state in [*states, *join.added]:
            duration = state.record.duration
            self._add(self._library_id, Delta(1, state.entry.size, duration))
            self._albums.add(self._rows.album_of(state))
        return self._rows.lookup.artist_ids(c for state in [*states, *join.added] for c in state.record.credits)


def _leave_out_changed(join: Join, gone: Collection[str]) -> None:
    """Leave out what the scan of another library has changed or removed since it was matched, and lock the rest.

    A new file whose old track was brought back elsewhere is only new. `gone` are tracks that this scan has vacated.
    """
    wanted = {side.id for pair in join.pairs for side in pair} | {old.id for old, _ in join.taken}
    missing: dict[str, bool] = {}
    for piece in chunks(sorted(wanted)):
        rows = MediaFile.objects.filter(pk__in=piece).order_by("pk").select_for_update()
        missing |= dict(rows.values_list("pk", "missing"))

    def is_as_matched(old: Side) -> bool:
        return missing.get(old.id) == (old.missing or old.id in gone)

    join.pairs = [(old, new) for old, new in join.pairs if is_as_matched(old) and missing.get(new.id) is False]
    join.added += [state for old, state in join.taken if not is_as_matched(old)]
    join.taken = [(old, state) for old, state in join.taken if is_as_matched(old)]


def candidates(old: MediaFile, limit: int = 20) -> list[tuple[MediaFile, int]]:
    """The present tracks that could be what a missing one has become, the likeliest first, each with its rank."""
    (gone,) = old_sides([old.pk], old.library.last_scan_at)
    alike = Q(title=old.title, artist=old.artist)
    for column in ("pid", "mbz_track_id", "audio_hash"):
        if value := getattr(old, column):
            alike |= Q(**{column: value})
    found: QuerySet[Any] = MediaFile.objects.present().filter(alike, library__deleted_at__isnull=True)
    sides = [_side(row, old.created_at) for row in found.values_list(*_SIDE_COLUMNS)[: limit * 10]]
    ranked = sorted(((rank(gone, side), side.id) for side in sides), key=lambda item: (-item[0], item[1]))
    points = {pk: value for value, pk in ranked[:limit] if value}
    rows = MediaFile.objects.in_bulk(list(points))
    return [(rows[pk], value) for pk, value in points.items() if pk in rows]


def relink(old: MediaFile, new: MediaFile) -> None:
    """Join a missing track to a present one by hand: `old` takes the file of `new` and keeps its id."""
    (gone,) = old_sides([old.pk], old.library.last_scan_at)
    (found,) = old_sides([new.pk], None)
    Joiner(old.library_id).apply(Join(pairs=[(gone, found)]), transaction.atomic(), gone.at)
