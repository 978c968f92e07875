"""Joining a missing file by hand to the song that it has become."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from libraries import totals
from libraries.models import Library, MediaFile, Scan
from libraries.scanner import find_move_candidates, relink_track
from missing.models import MissingFile
from navidrome_lib.audit.services import record
from navidrome_lib.db.locks import lock_library
from navidrome_lib.errors import Conflict, InvalidInput, NotFound
from navidrome_lib.viewer import Viewer

LIMIT = 20
# a song at the very place of the missing file comes before all others
SAME_PLACE = 100


@dataclass(frozen=True)
class Candidate:
    """A song that may be what the missing file has become; `reasons` say why, `rank` how likely."""

    song: MediaFile
    rank: int
    reasons: list[str]


def find_candidates(file: MissingFile) -> list[Candidate]:
    """The likeliest songs first."""
    ranks = {song.pk: rank for song, rank in find_move_candidates(file, LIMIT)}
    here = MediaFile.objects.present().filter(folder=file.folder_id)
    for pk, name in here.values_list("pk", "name_bytes"):
        if bytes(name) == bytes(file.name_bytes):
            ranks[pk] = ranks.get(pk, 0) + SAME_PLACE
    songs = MediaFile.objects.select_related("library").in_bulk(list(ranks))
    ordered = sorted(songs.values(), key=lambda song: (-ranks[song.pk], song.pk))
    return [Candidate(song, ranks[song.pk], reasons(file, song)) for song in ordered]


def reasons(file: MediaFile, song: MediaFile) -> list[str]:
    """What the two have in common, in words of the API."""
    same = {
        "place": song.folder_id == file.folder_id and bytes(song.name_bytes) == bytes(file.name_bytes),
        "audio": bool(file.audio_hash) and song.audio_hash == file.audio_hash,
        "musicBrainzTrack": bool(file.mbz_track_id) and song.mbz_track_id == file.mbz_track_id,
        "tags": bool(file.pid) and song.pid == file.pid,
        "title": bool(file.title) and song.title == file.title,
        "artist": bool(file.artist) and song.artist == file.artist,
        "fileName": bytes(song.name_bytes) == bytes(file.name_bytes),
        "size": song.size == file.size,
        "duration": abs(song.duration - file.duration) <= 1,
    }
    return [name for name, holds in same.items() if holds]


def find_song(song_id: str, viewer: Viewer) -> MediaFile:
    """A present song; what cannot be one is said in a sentence."""
    song: MediaFile | None = MediaFile.objects.visible_to(viewer).filter(pk=song_id).first()
    if song is None:
        raise InvalidInput(errors={"songId": "There is no song with this id."})
    if song.missing:
        raise InvalidInput(errors={"songId": "The file of this song is missing, too."})
    return song


@transaction.atomic
def relink(file: MissingFile, song: MediaFile) -> MediaFile:
    """`file` takes over the file, tags and place of `song`, and keeps its own id and age; `song` is no more."""
    pair = {file.pk, song.pk}
    libraries = sorted({file.library_id, song.library_id})
    lock_library(*libraries)  # no scan of them is requested meanwhile
    # the lock of the rows: the scan of another library may bring the file back, or lose the song, at this moment
    rows = MediaFile.objects.in_catalog().select_for_update().select_related(None).filter(pk__in=pair).order_by("pk")
    states = dict(rows.values_list("pk", "missing"))
    removed = Library.objects.filter(pk__in=libraries, deleted_at__isnull=False)
    if states.keys() != pair or removed.exists():
        raise NotFound
    if not states[file.pk] or states[song.pk]:
        raise Conflict("Meanwhile the missing file was found again, or the song went missing. Reload and check.")
    if Scan.objects.active().filter(library__in=libraries).exists():
        raise Conflict("The library is being scanned. Try again when the scan has ended.")
    before = {"path": file.path, "replaces": song.pk, "takes": song.path}
    artists = totals.artists_of(pair)
    relink_track(file, song)
    for library_id in libraries:
        totals.refresh_library_artists(library_id, artists)
        totals.refresh_library_totals(library_id)
    record("missing.relink", before, kind="song", pk=file.pk, name=file.title)
    linked: MediaFile = MediaFile.objects.select_related("library").get(pk=file.pk)
    return linked
