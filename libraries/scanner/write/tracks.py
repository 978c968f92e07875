"""Tracks as rows: the columns of the table, where each value comes from, and the statements that save many of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

from django.utils import timezone

from libraries.models import Artist, Genre, MediaFile, Participant, TrackGenre
from libraries.scanner.types import COLUMNS, Credit, TrackRow
from libraries.scanner.write.references import References
from libraries.scanner.write.retags import Before, find_renames, remember_left
from libraries.search.index import add_songs, line_of, refresh_songs
from navidrome_lib.db.bulk import db_datetime, delete_where, insert_rows, lock_referenced_rows, update_rows
from navidrome_lib.db.ids import new_ids

# what the scanner knows of a file without reading it, and what hangs on the row itself
_PLACE: Final = ("library_id", "folder_id", "path", "name_bytes", "size", "mtime_ns", "ctime_ns", "inode")
_STATE: Final = ("album_ref_id", "pid", "audio_hash", "missing", "updated_at")
# null in every track that is present, so a new row can do without
_ABSENCE: Final = ("missing_since", "last_seen_at", "purge_id")
_OWN: Final = ("id", "created_at")
_FROM_FILE: Final = (*_PLACE, *_STATE, *COLUMNS, "tags")
# every column but `_OWN`
WRITTEN: Final = (*_FROM_FILE, *_ABSENCE)


def values_of(state: TrackRow, library_id: int, album_id: str, now: Any, *rest: Any) -> tuple[Any, ...]:
    """The values of the columns `_FROM_FILE`, and the rest behind them."""
    record = state.record
    return (
        library_id, state.folder_id, state.shown, *state.entry,
        album_id, record.pid, state.audio_hash, False, now,
        *record.own_values, *record.shared.values, record.tags, *rest,
    )  # fmt: skip


class TrackRows:
    """Saves tracks with their artists and genres; the references must know all of them."""

    def __init__(self, library_id: int, references: References) -> None:
        self._library_id = library_id
        self.references = references

    def find(self, states: Sequence[TrackRow], before: Before) -> None:
        """Know the ids of all artists, genres and albums of some tracks; an album that goes as a whole is renamed."""
        records = [state.record for state in states]
        self.references.find_artists(chain.from_iterable(dict.fromkeys(record.credits for record in records)))
        self.references.find_genres(
            chain.from_iterable(shared.genres for shared in {record.shared for record in records})
        )
        if before and (free := self.references.free_pids({record.shared.album for record in records})):
            self.references.rename_albums(find_renames(self._library_id, states, before, free))
        self.references.find_albums((state.shown, state.record.shared.album) for state in states)

    def album_of(self, state: TrackRow) -> str:
        """The id of its album."""
        return self.references.album_id(state.record.shared.album.pid)

    def insert(self, states: Sequence[TrackRow]) -> list[str]:
        """New rows; says their ids in the same order."""
        now = db_datetime(timezone.now())
        ids = new_ids(len(states))
        rows = [
            values_of(state, self._library_id, self.album_of(state), now, pk, now)
            for pk, state in zip(ids, states, strict=True)
        ]
        insert_rows(MediaFile, (*_FROM_FILE, *_OWN), rows)
        add_songs([(pk, self._line(state)) for pk, state in zip(ids, states, strict=True)])
        self._save_people(zip(ids, states, strict=True))
        return ids

    def update(self, states: Sequence[TrackRow], before: Before) -> bool:
        """New values for rows that keep their id and `created_at`; False when one of the rows is not there any more."""
        goals = ((str(state.media_file_id), self.album_of(state)) for state in states)
        remember_left((pk, album) for pk, album in goals if before.get(pk, album) != album)
        now = db_datetime(timezone.now())
        rows = [
            values_of(state, self._library_id, self.album_of(state), now, None, None, None, state.media_file_id)
            for state in states
        ]
        whole = update_rows(MediaFile, WRITTEN, rows) == len(rows)
        ids = [str(state.media_file_id) for state in states]
        if not whole:
            there = set(MediaFile.objects.filter(pk__in=ids).values_list("pk", flat=True))
            states = [state for state in states if state.media_file_id in there]
        delete_where(Participant, "media_file_id", ids)
        delete_where(TrackGenre, "media_file_id", ids)
        self._save_people((str(state.media_file_id), state) for state in states)
        # who takes part is among the words
        refresh_songs(ids)
        return whole

    def _line(self, state: TrackRow) -> str:
        return line_of(self._library_id, state.shown.rpartition("/")[0], state.record.words)

    def _save_people(self, tracks: Iterable[tuple[str, TrackRow]]) -> None:
        artist_id, genre_id = self.references.artist_id, self.references.genre_id
        people, genres = [], []
        # the tracks of an album have mostly the same people
        known: dict[tuple[Credit, ...], list[tuple[Any, ...]]] = {}
        for pk, state in tracks:
            credits_ = state.record.credits
            rows = known.get(credits_)
            if rows is None:
                rows = known[credits_] = [
                    (artist_id(credit.pid), credit.role, credit.sub_role, position)
                    for position, credit in enumerate(credits_)
                ]
            people += [(pk, *row) for row in rows]
            genres += [(pk, genre_id(pid), position) for position, (pid, _) in enumerate(state.record.shared.genres)]
        lock_referenced_rows(Artist, (artist for rows in known.values() for artist, *_ in rows))
        lock_referenced_rows(Genre, (genre for _, genre, _ in genres))
        insert_rows(Participant, ("media_file_id", "artist_id", "role", "sub_role", "position"), people)
        insert_rows(TrackGenre, ("media_file_id", "genre_id", "position"), genres)
