"""Finding songs by the beginnings of their words, however many songs there are.

The words are folded by our own code (see words), once for all databases. Each database has its own index for them: FTS5
in SQLite, GIN in PostgreSQL. Code that writes a song calls `add_songs` or `refresh_songs` in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from libraries.models import MediaFile, Participant, SongWords
from libraries.search.words import each_once, folder_words, shared_words, title_words, words_of
from navidrome_lib.db.bulk import chunks, insert_rows, placeholders, table, update_rows

# a word is looked up in this many songs at most, the newest
DEPTH = 2_000
# words of a search that count; the rest is ignored
MAX_ASKED = 8
FULL_TEXT = "libraries_songwords_found"
_COLUMNS = (
    "pk", "library_id", "path", "title", "sort_title", "artist", "sort_artist", "album", "sort_album", "album_artist",
    "sort_album_artist",
)  # fmt: skip


class Song(NamedTuple):
    """What the words of a song are taken from."""

    id: str
    library_id: int
    path: str
    title: str
    sort_title: str
    artist: str
    sort_artist: str
    album: str
    sort_album: str
    album_artist: str
    sort_album_artist: str


def line_of(library_id: int, folder: str, words: str) -> str:
    """All that a song is found by: the mark of its library, the words of its folder, and its own."""
    # PostgreSQL takes what is between two spaces for a word
    return " ".join(filter(None, (mark(library_id), folder_words(folder), words)))


def _line_of(song: Song, people: Iterable[str]) -> str:
    folder, _, name = song.path.rpartition("/")
    texts = (song.artist, song.sort_artist, song.album, song.sort_album, song.album_artist, song.sort_album_artist)
    shared = chain.from_iterable(map(shared_words, (*texts, *people)))
    words = each_once([*title_words(song.title, name), *words_of(song.sort_title), *shared])
    return line_of(song.library_id, folder, words)


def _lines(songs: Iterable[Song]) -> dict[str, str]:
    """The lines of songs by their ids, with the names of all who take part in them."""
    known = {song.id: song for song in songs}
    people: dict[str, list[str]] = {}
    for piece in chunks(known):
        parts = Participant.objects.filter(media_file__in=piece).order_by("position")
        for pk, name in parts.values_list("media_file", "artist__name"):
            people.setdefault(pk, []).append(name)
    return {pk: _line_of(song, people.get(pk, ())) for pk, song in known.items()}


def mark(library_id: int) -> str:
    """A word that no search can contain: folded words have no such sign."""
    return f"_{library_id}"


def add_songs(lines: Collection[tuple[str, str]]) -> None:
    """Make new songs known, each by its id and its line. To be called in the transaction that writes them."""
    if not lines:
        return
    last = SongWords.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    insert_rows(SongWords, ("media_file_id", "words"), list(lines))
    if connection.vendor == "sqlite":
        # in one statement: row by row costs the full-text table five times as much
        _run(
            f"INSERT INTO {FULL_TEXT} (rowid, words) SELECT id, words FROM {table(SongWords)} "  # noqa: S608 - own names
            "WHERE id > %s",
            [last],
        )


def refresh_songs(ids: Iterable[str]) -> None:
    """Make known what the rows of these songs say now. To be called in the transaction that writes them."""
    for piece in chunks(ids):
        rows = MediaFile.objects.in_catalog().filter(pk__in=piece).values_list(*_COLUMNS)
        lines = _lines(map(Song._make, rows))
        known = {
            song: (pk, words)
            for pk, song, words in SongWords.objects.filter(media_file_id__in=piece).values_list(
                "pk", "media_file_id", "words"
            )
        }
        changed = [(line, known[pk][0]) for pk, line in lines.items() if pk in known and known[pk][1] != line]
        _forget([pk for _, pk in changed])
        update_rows(SongWords, ("words",), changed)
        _remember([pk for _, pk in changed])
        add_songs([(pk, line) for pk, line in lines.items() if pk not in known])


def forget_songs(ids: Collection[str]) -> None:
    """Let songs be found no more. To be called in the transaction that deletes or hides them, or behind it."""
    for piece in chunks(ids):
        entries = SongWords.objects.filter(media_file_id__in=piece)
        if connection.vendor == "sqlite":
            _forget(list(entries.values_list("pk", flat=True)))
        entries.delete()


def found_songs(text: str, library_ids: Collection[int] | None = None) -> list[str]:
    """The ids of the newest `DEPTH` songs with words that begin so: all of `text`, in the given libraries only."""
    asked = list(dict.fromkeys(words_of(text)))[:MAX_ASKED]
    marks = None if library_ids is None else [mark(pk) for pk in sorted(library_ids)]
    if not asked or marks == []:
        return []
    if connection.vendor == "sqlite":
        sql = f"""SELECT media_file_id FROM {table(SongWords)} WHERE id IN (SELECT rowid FROM {FULL_TEXT}
            WHERE {FULL_TEXT} MATCH %s ORDER BY rowid DESC LIMIT {DEPTH})"""  # noqa: S608 - own names
        words = " AND ".join(f'"{word}" *' for word in asked) + _any('"{}"', " OR ", " AND ", marks)
    else:
        # materialized: for a frequent word the planner would walk all songs by id, and take each one's words apart
        sql = f"""WITH found AS MATERIALIZED (SELECT id, media_file_id FROM {table(SongWords)}
            WHERE array_to_tsvector(string_to_array(words, ' ')) @@ %s::tsquery)
            SELECT media_file_id FROM found ORDER BY id DESC LIMIT {DEPTH}"""  # noqa: S608 - own names
        words = " & ".join(f"'{word}':*" for word in asked) + _any("'{}'", " | ", " & ", marks)
    with connection.cursor() as cursor:
        # the search is a parameter, and of letters and digits only
        cursor.execute(sql, [words])
        return [pk for (pk,) in cursor.fetchall()]


def search_songs(songs: QuerySet[Any], text: str, library_ids: Collection[int] | None = None) -> QuerySet[Any]:
    """Those of `songs` that `found_songs` finds: looked up once, however often the result is asked for."""
    return songs.filter(pk__in=found_songs(text, library_ids))


def index_everything() -> None:
    """Make known every song that is not yet; for rows that were written by other means."""
    unknown = MediaFile.objects.in_catalog().exclude(pk__in=SongWords.objects.values("media_file_id")).order_by("pk")
    for piece in chunks(unknown.values_list(*_COLUMNS).iterator(5000), 5000):
        add_songs(list(_lines(map(Song._make, piece)).items()))


def _any(form: str, either: str, both: str, words: Collection[str] | None) -> str:
    return "" if words is None else f"{both}({either.join(form.format(word) for word in words)})"


def _forget(keys: Collection[int]) -> None:
    """Take entries out of the full-text table, which must be told what it was given."""
    if keys and connection.vendor == "sqlite":
        _run(
            f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}, rowid, words) SELECT 'delete', id, words "  # noqa: S608 - own names
            f"FROM {table(SongWords)} WHERE id IN ({placeholders(keys)})",
            keys,
        )


def _remember(keys: Collection[int]) -> None:
    if keys and connection.vendor == "sqlite":
        _run(
            f"INSERT INTO {FULL_TEXT} (rowid, words) SELECT id, words FROM {table(SongWords)} "  # noqa: S608 - own names
            f"WHERE id IN ({placeholders(keys)})",
            keys,
        )


def _run(sql: str, values: Collection[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
