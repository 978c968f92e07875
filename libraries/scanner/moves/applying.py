"""Apply moves: a track that lost its file gets the one that turned up elsewhere, and keeps id and `created_at`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from libraries.cleanup import delete_tracks
from libraries.digests import clear_digests, look_again
from libraries.models import HeldMark, MediaFile, Participant, ScanProblem, TrackGenre
from libraries.scanner.moves.matching import rank
from libraries.scanner.paths import key_of
from libraries.scanner.types import MoveCandidate, MovePlan
from libraries.scanner.write.retags import LEFT
from libraries.scanner.write.tracks import WRITTEN, TrackRows
from libraries.search.index import forget_songs, refresh_songs
from libraries.signals import tracks_became
from libraries.totals import Delta, add_to_totals, artists_of, refresh_albums, refresh_library_artists, unpurge
from navidrome_lib.db.bulk import chunks, quoted, table
from navidrome_lib.db.ids import first_id

_CANDIDATE_COLUMNS = (
    "id", "library_id", "folder_id", "name_bytes", "pid", "mbz_track_id", "audio_hash", "size", "mtime_ns", "inode",
    "duration", "codec", "sample_rate", "bit_rate", "channels", "title", "album_ref_id", "missing",
)  # fmt: skip
_KEPT_STATE = ("missing", "missing_since", "last_seen_at", "purge_id")


def _candidate(row: Sequence[Any], at: datetime) -> MoveCandidate:
    *place, name = row[:4]
    return MoveCandidate._make((*place, bytes(name), *row[4:], at))


def gone_candidates(ids: Iterable[str], last_scan_at: datetime | None) -> Iterator[MoveCandidate]:
    """Tracks of one library that lost their file, by id."""
    for piece in chunks(ids):
        rows = MediaFile.objects.filter(pk__in=piece).values_list(*_CANDIDATE_COLUMNS, "last_seen_at", "created_at")
        for *row, last_seen_at, created_at in rows:
            yield _candidate(row, last_seen_at or last_scan_at or created_at)


def unreadable_candidates(library_id: int, last_scan_at: datetime | None) -> Iterator[MoveCandidate]:
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
    yield from gone_candidates(ids, last_scan_at)


def missing_candidates() -> Iterator[MoveCandidate]:
    """All tracks that are missing, in any library."""
    rows = MediaFile.objects.missing().filter(library__deleted_at__isnull=True)
    for *row, last_seen_at, created_at in rows.values_list(*_CANDIDATE_COLUMNS, "last_seen_at", "created_at").iterator(
        5000
    ):
        yield _candidate(row, last_seen_at or created_at)


def new_candidates(
    since: datetime | None, library_id: int | None, is_wanted: Callable[[MoveCandidate], bool]
) -> Iterator[MoveCandidate]:
    """Present tracks that came after `since` and are wanted: in one library, or in all."""
    rows = MediaFile.objects.present().filter(library__deleted_at__isnull=True)
    if since is not None:
        rows = rows.filter(pk__gte=first_id(since))
    if library_id is not None:
        rows = rows.filter(library=library_id)
    for *row, created_at in rows.values_list(*_CANDIDATE_COLUMNS, "created_at").iterator(5000):
        candidate = _candidate(row, created_at)
        if is_wanted(candidate):
            yield candidate


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


def candidates_of_other_libraries(library_id: int) -> Iterator[MoveCandidate]:
    """The present tracks of all other libraries."""
    rows = MediaFile.objects.present().filter(library__deleted_at__isnull=True).exclude(library=library_id)
    for *row, created_at in rows.values_list(*_CANDIDATE_COLUMNS, "created_at").iterator(5000):
        yield _candidate(row, created_at)


class MoveApplier:
    """Applies moves in the transactions of a scan, or in one of its own."""

    def __init__(self, library_id: int, rows: TrackRows | None = None) -> None:
        self._library_id = library_id
        self._rows = rows
        # rows whose state this scan has changed already, by id: they are missing now
        self._gone: set[str] = set()
        self._vacated: set[str] = set()
        self._deltas: dict[int, Delta] = {}
        self._albums: set[str] = set()

    def apply(self, plan: MovePlan, transaction_: AbstractContextManager[None], last_seen: datetime | None) -> set[str]:
        """Move all or nothing; returns the artists whose counts may have changed."""
        self._deltas, self._albums = {}, set()
        with transaction_:
            self._unsettle_folders(plan)
            _leave_out_changed(plan, self._gone)
            gone_tracks = [gone for gone, _ in plan.pairs] + [gone for gone, _ in plan.taken]
            unpurge(candidate.id for candidate in gone_tracks if candidate.missing)
            artists = artists_of(
                {candidate.id for candidate in [*gone_tracks, *plan.vacated, *(new for _, new in plan.pairs)]}
            )
            self._vacated = self._vacate([*gone_tracks, *plan.vacated], last_seen)
            self._absorb(plan.pairs)
            artists |= self._take(plan)
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

    def _unsettle_folders(self, plan: MovePlan) -> None:
        """Take back what the digests of all folders promise that lose a track, before any track is locked."""
        gone_tracks = [*(gone for gone, _ in [*plan.pairs, *plan.taken]), *plan.vacated]
        # a track that this scan has taken off its place before is at another one by now, which it does not lose
        leaving = [gone for gone in gone_tracks if not gone.missing and gone.id not in self._gone]
        own = {gone.folder_id for gone in leaving if self._is_scanning(gone)}
        # the file at the place of a new candidate stays, but the scan of its library may know it by another id
        others = {
            candidate.folder_id
            for candidate in [*gone_tracks, *(new for _, new in plan.pairs)]
            if not self._is_scanning(candidate)
        }
        clear_digests(own)
        look_again(others)

    def _is_scanning(self, candidate: MoveCandidate) -> bool:
        return self._rows is not None and candidate.library_id == self._library_id

    def _add(self, library_id: int, delta: Delta) -> None:
        self._deltas[library_id] = self._deltas.get(library_id, Delta()).plus(delta)

    def _vacate(self, candidates: Iterable[MoveCandidate], last_seen: datetime | None) -> set[str]:
        """Take tracks off their places, so that no two are present at one; each may get another in a moment."""
        there = {
            candidate.id: candidate
            for candidate in candidates
            if not candidate.missing and candidate.id not in self._gone
        }
        now = timezone.now()
        for piece in chunks(there):
            MediaFile.objects.filter(pk__in=piece).update(
                missing=True, missing_since=now, last_seen_at=last_seen, updated_at=now
            )
        for candidate in there.values():
            self._add(candidate.library_id, Delta(-1, -candidate.size, -candidate.duration, 1))
            self._albums |= {candidate.album_id} - {None}  # type: ignore[arg-type]
        return set(there)

    def _absorb(self, pairs: Sequence[tuple[MoveCandidate, MoveCandidate]]) -> None:
        """The gone row takes all that the new one says, and the new one goes."""
        if not pairs:
            return
        gone_tracks, new_tracks = [gone.id for gone, _ in pairs], [new.id for _, new in pairs]
        MediaFile.objects.filter(pk__in=new_tracks).update(missing=True)
        columns = [column for column in WRITTEN if column not in _KEPT_STATE]
        sets = ", ".join(f"{quoted(column)} = n.{quoted(column)}" for column in columns)
        sql = f"""UPDATE {table(MediaFile)} SET {sets}, {LEFT.format(table(MediaFile))},
            missing = %s, missing_since = NULL, last_seen_at = NULL, purge_id = NULL
            FROM {table(MediaFile)} AS n WHERE {table(MediaFile)}.id = %s AND n.id = %s"""  # noqa: S608 - own names
        with transaction.get_connection().cursor() as cursor:
            cursor.executemany(sql, [(False, gone, new) for gone, new in zip(gone_tracks, new_tracks, strict=True)])
            for model in (Participant, TrackGenre):
                model._default_manager.filter(media_file__in=gone_tracks).delete()
                cursor.executemany(
                    f"UPDATE {table(model)} SET media_file_id = %s WHERE media_file_id = %s",  # noqa: S608 - own names
                    list(zip(gone_tracks, new_tracks, strict=True)),
                )
        HeldMark.objects.filter(media_file__in=gone_tracks).delete()
        tracks_became.send(sender=MediaFile, became=dict(zip(new_tracks, gone_tracks, strict=True)))
        delete_tracks(new_tracks)
        forget_songs(new_tracks)
        refresh_songs(gone_tracks)
        for gone, new in pairs:
            self._add(gone.library_id, Delta(missing=-1))
            self._add(new.library_id, Delta())
            self._albums |= {gone.album_id, new.album_id} - {None}  # type: ignore[arg-type]

    def _take(self, plan: MovePlan) -> set[str]:
        """Old tracks take files that have no row; what is left of the files gets rows of its own."""
        states = [state for _, state in plan.taken]
        if self._rows is None or not (states or plan.added):
            return set()
        albums_before = {gone.id: gone.album_id for gone, _ in plan.taken if gone.album_id}
        self._rows.find([*states, *plan.added], albums_before)
        self._rows.update(states, albums_before)
        self._rows.insert(plan.added)
        for gone, _ in plan.taken:
            self._add(gone.library_id, Delta(missing=-1))
            self._albums |= {gone.album_id} - {None}  # type: ignore[arg-type]
        for state in [*states, *plan.added]:
            duration = state.record.duration
            self._add(self._library_id, Delta(1, state.entry.size, duration))
            self._albums.add(self._rows.album_of(state))
        return self._rows.references.artist_ids(c for state in [*states, *plan.added] for c in state.record.credits)


def _leave_out_changed(plan: MovePlan, vacated: Collection[str]) -> None:
    """Leave out what the scan of another library has changed or removed since it was matched, and lock the rest.

    A new file whose gone track was brought back elsewhere is only new. `vacated` are tracks that this scan
    has taken off their places.
    """
    wanted = {candidate.id for pair in plan.pairs for candidate in pair} | {gone.id for gone, _ in plan.taken}
    missing: dict[str, bool] = {}
    for piece in chunks(sorted(wanted)):
        rows = MediaFile.objects.filter(pk__in=piece).order_by("pk").select_for_update()
        missing |= dict(rows.values_list("pk", "missing"))

    def is_as_matched(gone: MoveCandidate) -> bool:
        return missing.get(gone.id) == (gone.missing or gone.id in vacated)

    plan.pairs = [(gone, new) for gone, new in plan.pairs if is_as_matched(gone) and missing.get(new.id) is False]
    plan.added += [state for gone, state in plan.taken if not is_as_matched(gone)]
    plan.taken = [(gone, state) for gone, state in plan.taken if is_as_matched(gone)]


def find_move_candidates(missing_track: MediaFile, limit: int = 20) -> list[tuple[MediaFile, int]]:
    """The present tracks that could be what a missing one has become, the likeliest first, each with its rank."""
    (lost,) = gone_candidates([missing_track.pk], missing_track.library.last_scan_at)
    alike = Q(title=missing_track.title, artist=missing_track.artist)
    for column in ("pid", "mbz_track_id", "audio_hash"):
        if value := getattr(missing_track, column):
            alike |= Q(**{column: value})
    found: QuerySet[Any] = MediaFile.objects.present().filter(alike, library__deleted_at__isnull=True)
    candidates = [
        _candidate(row, missing_track.created_at) for row in found.values_list(*_CANDIDATE_COLUMNS)[: limit * 10]
    ]
    ranked = sorted(
        ((rank(lost, candidate), candidate.id) for candidate in candidates), key=lambda item: (-item[0], item[1])
    )
    points = {pk: value for value, pk in ranked[:limit] if value}
    rows = MediaFile.objects.in_bulk(list(points))
    return [(rows[pk], value) for pk, value in points.items() if pk in rows]


def relink_track(missing_track: MediaFile, present_track: MediaFile) -> None:
    """Link a missing track to a present one by hand: it takes the file of the present one and keeps its id."""
    (lost,) = gone_candidates([missing_track.pk], missing_track.library.last_scan_at)
    (found,) = gone_candidates([present_track.pk], None)
    MoveApplier(missing_track.library_id).apply(MovePlan(pairs=[(lost, found)]), transaction.atomic(), lost.at)
