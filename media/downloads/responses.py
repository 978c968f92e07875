"""A collection as an answer: an archive that is sent while it is written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

from django.conf import settings
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from libraries.limits import StorageLimits
from libraries.models import MediaFile
from libraries.storage.opening import open_below
from libraries.timeouts import call_with_timeout
from media.downloads.archive import Entry, Reader, archive_pieces, archive_size
from media.downloads.collections import Collection
from media.downloads.names import UniqueNames, safe_name
from media.errors import StorageAway, TooManyArchives
from media.limits import MediaLimits
from media.opening import OFFLINE, RETRY_SECONDS, SILENT, is_root_there, relative_path
from media.responses import attachment
from media.transcoding.ffmpeg import Recipe
from media.transcoding.readers import ConvertedReader
from navidrome_lib.api.streams import PulledResponse
from navidrome_lib.file_slots import take_place
from navidrome_lib.limits import limits_of

ZIP = "application/zip"
LEFT_OUT = "Not included.txt"
NOTHING = "None of these songs can be read at the moment; their storage may be switched off."
# of all looks at the files of an archive
LOOK_SECONDS = 30.0


@dataclass(frozen=True)
class Conversion:
    """How songs of an archive are converted: the recipe of each, None for one that stays as it is; and for whom."""

    recipe_of: Callable[[MediaFile], Recipe | None]
    person: str


def archive_response(
    collection: Collection, *, is_head: bool, conversion: Conversion | None = None, guests_of: str = ""
) -> HttpResponseBase:
    """The archive of a collection; `StorageAway` when its storage is away, or none of its songs is there.

    Its length is not known where songs are converted. With `guests_of` it is for guests of that person, and
    `TooManyArchives` where they get as many as they may.
    """
    if is_head:
        entries = entries_of(collection, conversion)
        response: HttpResponseBase = StreamingHttpResponse((), content_type=ZIP)
    else:
        place = place_of_guests(guests_of) if guests_of else None
        try:
            entries = entries_of(collection, conversion)
        except BaseException:
            if place is not None:
                place.close()
            raise
        source = ArchiveSource(entries, collection.tracks[0].library.path, place)
        response = PulledResponse(source, content_type=ZIP)
    length = archive_size(entries)
    if length is not None:
        response["Content-Length"] = str(length)
    response["Content-Disposition"] = attachment(f"{collection.name or 'music'}.zip")
    response["Accept-Ranges"] = "none"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def place_of_guests(person: str) -> IO[bytes]:
    """The right to send an archive to a guest of a person, until it is closed; `TooManyArchives` without one.

    It goes with the process that has it, as that of a conversion does.
    """
    who = hashlib.blake2b(person.encode(), digest_size=8).hexdigest()
    folder = settings.CACHE_FOLDER / "archives"
    place = take_place(folder, f"guests-{who}", limits_of(MediaLimits).guest_archives)
    if place is None:
        raise TooManyArchives(retry_after=RETRY_SECONDS)
    return os.fdopen(place, "rb", buffering=0)


def entries_of(collection: Collection, conversion: Conversion | None = None) -> list[Entry]:
    """An entry for each song that is there, and a text with the names of those that are not."""
    names, entries, left_out = UniqueNames(), list[Entry](), list[str]()
    for number, (track, facts) in enumerate(_looked_at(collection.tracks), 1):
        recipe = conversion.recipe_of(track) if conversion is not None and facts is not None else None
        suffix = track.suffix if recipe is None else recipe.target.name
        name = names.take(entry_name(collection, track, number, suffix))
        if facts is None:
            left_out.append(name)
        elif conversion is not None and recipe is not None:
            converted = partial(ConvertedReader, track, recipe, conversion.person)
            entries.append(Entry(name, None, facts.st_mtime, converted))
        else:
            entries.append(Entry(name, facts.st_size, facts.st_mtime, _opener(track)))
    if not entries:
        raise StorageAway(NOTHING, retry_after=RETRY_SECONDS)
    if left_out:
        text = "".join(f"{line}\r\n" for line in left_out).encode()
        entries.append(Entry(names.take(LEFT_OUT), len(text), 0, lambda: TextReader(text)))
    return entries


def entry_name(collection: Collection, track: MediaFile, number: int, suffix: str) -> str:
    """The name of a song in an archive: by its place in the album, or in the list."""
    if collection.is_ordered:
        width = len(str(len(collection.tracks)))
        return safe_name(f"{number:0{max(width, 2)}} - {track.artist} - {track.title}", suffix)
    disc = f"{track.disc_number}-" if track.disc_number and (track.disc_total or 0) != 1 else ""
    place = f"{disc}{track.track_number:02} - " if track.track_number else ""
    name = safe_name(f"{place}{track.title}", suffix)
    return f"{safe_name(track.album or 'Unknown album')}/{name}" if collection.has_albums else name


class TextReader:
    """A text as a file."""

    def __init__(self, text: bytes) -> None:
        self._left = text

    def read(self, size: int) -> bytes:
        found, self._left = self._left[:size], self._left[size:]
        return found

    def close(self) -> None:
        self._left = b""


class ArchiveSource:
    """An archive, as a `navidrome_lib.api.streams.Source`: each file is opened when its turn has come."""

    def __init__(self, entries: list[Entry], storage: str, place: IO[bytes] | None = None) -> None:
        self.storage = storage
        self._place = place
        self._entries = entries
        self._pieces: Iterator[bytes | Reader] | None = None
        self._rest = b""
        # the song that is being made, and has nothing yet
        self._awaited: ConvertedReader | None = None

    def read(self, size: int) -> bytes | None:
        if self._pieces is None:
            self._pieces = archive_pieces(self._entries, size)
        self._awaited = None
        while len(self._rest) < size:
            piece = next(self._pieces, b"")
            if isinstance(piece, ConvertedReader):
                self._awaited = piece
                break
            if not isinstance(piece, bytes) or not piece:
                break
            self._rest += piece
        found, self._rest = self._rest[:size], self._rest[size:]
        return found or (None if self._awaited is not None else b"")

    def when_ready(self, callback: Callable[[], None]) -> None:
        if self._awaited is None:
            callback()
        else:
            self._awaited.when_ready(callback)

    def close(self) -> None:
        if self._pieces is not None:
            self._pieces.close()  # type: ignore[attr-defined]  # a generator, which closes the file that is open
        if self._place is not None:
            self._place.close()


def _opener(track: MediaFile) -> Callable[[], Reader]:
    return lambda: os.fdopen(_open(track), "rb", buffering=0)


def _open(track: MediaFile) -> int:
    library = track.library
    return open_below(os.fsencode(library.path), relative_path(track), follow_links=library.follow_symlinks)


def _looked_at(tracks: list[MediaFile]) -> list[tuple[MediaFile, os.stat_result | None]]:
    """The tracks with the facts of their files, None for those that are not there. `StorageAway` without storage."""
    found: list[tuple[MediaFile, os.stat_result | None]] = []
    for library in dict.fromkeys(track.library for track in tracks):
        own = [track for track in tracks if track.library == library]
        try:
            facts = call_with_timeout(
                lambda own=own: list(map(_facts, own)),  # type: ignore[misc]
                about=library.path,
                seconds=LOOK_SECONDS,
                limits=limits_of(StorageLimits),
            )
        except TimeoutError:
            raise StorageAway(SILENT.format(name=library.name), retry_after=RETRY_SECONDS) from None
        if not any(facts) and not is_root_there(library.path):
            raise StorageAway(OFFLINE.format(name=library.name), retry_after=RETRY_SECONDS)
        found += zip(own, facts, strict=True)
    places = {track.pk: place for place, track in enumerate(tracks)}
    return sorted(found, key=lambda pair: places[pair[0].pk])


def _facts(track: MediaFile) -> os.stat_result | None:
    if track.missing:
        return None
    try:
        fd = _open(track)
    except OSError:
        return None
    try:
        return os.fstat(fd)
    finally:
        os.close(fd)
