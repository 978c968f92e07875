"""Playlists: who may change them, and what is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from libraries.choices import Role
from libraries.models import MediaFile
from listening.models import DismissedFile, Playlist, PlaylistTrack, TrackAnnotation
from listening.querysets import through_visible_tracks
from listening.services.annotations import Things
from navidrome_lib.audit.services import difference, record
from navidrome_lib.db.bulk import chunks, keep_rows
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import Conflict, InvalidInput, NotAllowed, NotFound
from navidrome_lib.viewer import Viewer

# the order of the tracks of an album
ALBUM_ORDER = ("disc_number", "track_number", "path", "pk")
# whose tracks are those of an artist: on an own album, or as a guest
ARTIST_ROLES = (Role.ARTIST, Role.ALBUM_ARTIST)
# what a request may name of each kind at once, and what one playlist may hold
MAX_NAMED = 10_000
MAX_TRACKS = 100_000


class Totals(NamedTuple):
    """Of the tracks of a playlist that a viewer can access: seconds and bytes."""

    songs: int = 0
    duration: float = 0.0
    size: int = 0


@dataclass(frozen=True)
class Disc:
    """One disc of an album."""

    album_id: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Added:
    """What to add to a playlist, in this order: tracks, albums, artists, discs."""

    track_ids: Sequence[str] = ()
    album_ids: Sequence[str] = ()
    artist_ids: Sequence[str] = ()
    discs: Sequence[Disc] = ()


def find_playlist(viewer: Viewer, pk: str) -> Playlist:
    """A playlist that the viewer can see, or `NotFound`."""
    possible = can_be_id(pk)
    rows = Playlist.objects.visible_to(viewer).select_related("owner", "library")
    found: Playlist | None = rows.filter(pk=pk).first() if possible else None
    if found is None:
        raise NotFound
    return found


def may_change(viewer: Viewer, playlist: Playlist) -> bool:
    """Whether the viewer owns a playlist or is an admin."""
    return viewer.is_active and (viewer.is_admin or playlist.owner_id == viewer.pk)


def locked(viewer: Viewer, pk: str) -> Playlist:
    """A playlist that the viewer may change, locked until the present transaction ends.

    `NotFound` when the viewer cannot see it, `NotAllowed` when it is another account's.
    """
    playlist = find_playlist(viewer, pk)
    if not may_change(viewer, playlist):
        raise NotAllowed("Only its owner or an admin may change a playlist.")
    rows = Playlist.objects.select_for_update(of=("self",)).select_related("owner", "library")
    found: Playlist | None = rows.filter(pk=playlist.pk).first()
    if found is None:
        raise NotFound
    return found


def locked_for_tracks(viewer: Viewer, pk: str) -> Playlist:
    """As `locked`; `Conflict` for a playlist whose tracks follow from rules or from a file."""
    playlist = locked(viewer, pk)
    if playlist.is_smart:
        raise Conflict("The songs of a smart playlist follow from its rules.")
    if playlist.follows_file:
        raise Conflict("The songs of this playlist follow its file. Switch that off to change them here.")
    return playlist


@transaction.atomic
def create_playlist(viewer: Viewer, values: Mapping[str, Any], track_ids: Sequence[str] = ()) -> Playlist:
    """Create a playlist of the viewer; an admin may name another owner. Tracks that it cannot access are left out."""
    given = {field: value for field, value in values.items() if field not in ("owner_id", "sync")}
    owner = values.get("owner_id", viewer.pk) if viewer.is_admin else viewer.pk
    require_account(owner)
    playlist = Playlist(owner_id=owner, updated_at=timezone.now(), **given)
    playlist.save(force_insert=True)
    append(playlist, visible_tracks(viewer, track_ids))
    record("playlist.create", kind="playlist", pk=playlist.pk, name=playlist.name)
    return playlist


@transaction.atomic
def update_playlist(viewer: Viewer, pk: str, values: Mapping[str, Any]) -> Playlist:
    """Change some fields. Another owner is named by an admin only; only a playlist with a file can follow it."""
    playlist = locked(viewer, pk)
    wanted = dict(values)
    if not viewer.is_admin:
        wanted.pop("owner_id", None)
    if playlist.library_id is None:
        wanted.pop("sync", None)
    if wanted.get("owner_id", playlist.owner_id) != playlist.owner_id:
        require_account(wanted["owner_id"])
    changed = {field: value for field, value in wanted.items() if getattr(playlist, field) != value}
    if not changed:
        return playlist
    if "rules" in changed and changed.get("sync", playlist.follows_file):
        raise Conflict(errors={"rules": "The rules of this playlist follow its file. Switch that off to change them."})
    if "rules" in changed:
        changed["evaluated_at"] = None  # the next reader has the tracks chosen by the new rules
    if changed.get("sync"):
        changed["file_hash"] = ""  # the next scan reads the file, whatever was changed by hand
    before = {field: getattr(playlist, field) for field in changed if field in wanted}
    write(playlist, **changed)
    told = difference(before, {field: changed[field] for field in before})
    record("playlist.update", told, kind="playlist", pk=playlist.pk, name=playlist.name)
    return find_playlist(viewer, pk)


@transaction.atomic
def delete_playlist(viewer: Viewer, pk: str) -> None:
    """Delete a playlist. A file that it was made of stays on the disk, and is read again when it changes."""
    playlist = locked(viewer, pk)
    if playlist.library_id is not None:
        DismissedFile.objects.update_or_create(
            library_id=playlist.library_id,
            file_key=playlist.file_key,
            defaults={"file_hash": playlist.file_hash},
        )
    was = {"owner_id": [playlist.owner_id, None], "public": [playlist.public, None]}
    playlist.delete()
    record("playlist.delete", was, kind="playlist", pk=pk, name=playlist.name)


@transaction.atomic
def add_tracks(viewer: Viewer, pk: str, added: Added) -> int:
    """Add tracks at the end; says how many. What does not exist, or the viewer cannot access, is left out."""
    playlist = locked_for_tracks(viewer, pk)
    count = append(playlist, chosen_tracks(viewer, added))
    if count:
        note_change(playlist)
    return count


@transaction.atomic
def remove_tracks(viewer: Viewer, pk: str, positions: Collection[int]) -> None:
    """Take the tracks at some places out; those behind them move up. Places that are free are left out."""
    playlist = locked_for_tracks(viewer, pk)
    entries = PlaylistTrack.objects.filter(playlist=playlist)
    wanted = {position for position in positions if position > 0}
    found = {
        at
        for piece in chunks(sorted(wanted))
        for at in entries.filter(position__in=piece).values_list("position", flat=True)
    }
    if not found:
        return
    first = min(found)
    rest = entries.filter(position__gte=first).order_by("position").values_list("position", "media_file_id")
    put(playlist, enumerate((track for position, track in rest if position not in found), first), first=first)
    note_change(playlist)


@transaction.atomic
def move_track(viewer: Viewer, pk: str, position: int, to: int) -> None:
    """Move the track at a place to another place, which it has then; beyond the end it becomes the last.

    `NotFound` for a place that is free, `InvalidInput` for one that is none.
    """
    playlist = locked_for_tracks(viewer, pk)
    if to < 1:
        raise InvalidInput(errors={"insert_before": "Places are counted from 1."})
    entries = PlaylistTrack.objects.filter(playlist=playlist).order_by("position")
    if not entries.filter(position=position).exists():
        raise NotFound
    last = entries.reverse().values_list("position", flat=True)[0]
    to = min(to, last)
    first, end = min(position, to), max(position, to)
    between = entries.filter(position__gte=first, position__lte=end)
    tracks = dict(between.values_list("position", "media_file_id"))
    places, moved = sorted(tracks), tracks.pop(position)
    # up: before the one that is there now; down: behind it
    order = [tracks[place] for place in sorted(tracks)]
    order.insert(0 if to < position else len(order), moved)
    put(playlist, zip(places, order, strict=True), first=first, end=end)
    note_change(playlist)


def append(playlist: Playlist, track_ids: Sequence[str]) -> int:
    """Write tracks behind the last one; those that are deleted at this moment are left out. Says how many."""
    kept = keep_rows(MediaFile, track_ids)
    tracks = [pk for pk in track_ids if pk in kept]
    entries = PlaylistTrack.objects.filter(playlist=playlist)
    last = entries.order_by("-position").values_list("position", flat=True).first() or 0
    if last + len(tracks) > MAX_TRACKS:
        raise InvalidInput(f"A playlist can have {MAX_TRACKS:,} songs at most.")
    put(playlist, enumerate(tracks, last + 1), first=last + 1)
    return len(tracks)


def replace_tracks(playlist: Playlist, track_ids: Sequence[str]) -> None:
    """Let a playlist have these tracks and no others, as far as they exist."""
    kept = keep_rows(MediaFile, track_ids)
    put(playlist, enumerate([pk for pk in track_ids if pk in kept][:MAX_TRACKS], 1), first=0)


def put(playlist: Playlist, tracks: Iterable[tuple[int, str]], *, first: int, end: int | None = None) -> None:
    """Put tracks at places, instead of all that is from place `first` to `end`, or to the last one."""
    entries = [PlaylistTrack(playlist=playlist, position=position, media_file_id=pk) for position, pk in tracks]
    old = PlaylistTrack.objects.filter(playlist=playlist, position__gte=first)
    (old if end is None else old.filter(position__lte=end)).delete()
    PlaylistTrack.objects.bulk_create(entries, batch_size=500)


def write(playlist: Playlist, **values: Any) -> None:
    """Save some fields and when that was."""
    values["updated_at"] = timezone.now()
    for field, value in values.items():
        setattr(playlist, field, value)
    Playlist.objects.filter(pk=playlist.pk).update(**values)


def note_change(playlist: Playlist) -> None:
    """Say that the tracks of a playlist have changed: when, and to open event streams."""
    write(playlist)
    record("playlist.update", kind="playlist", pk=playlist.pk, name=playlist.name)


def require_account(pk: str) -> None:
    """Refuse an owner that does not exist."""
    if not get_user_model()._default_manager.filter(pk=pk).exists():
        raise InvalidInput(errors={"ownerId": "There is no user with this id."})


def visible_tracks(viewer: Viewer, ids: Sequence[str]) -> list[str]:
    """Those of some tracks that the viewer can access, in the same order, each as often as it is there."""
    found = set(Things(TrackAnnotation, ids).visible_to(viewer))
    return [pk for pk in ids if pk in found]


def chosen_tracks(viewer: Viewer, added: Added) -> list[str]:
    """The ids of the tracks to add, in order: of albums, artists and discs those that are present."""
    present = MediaFile.objects.visible_to(viewer).present()
    tracks = visible_tracks(viewer, added.track_ids)
    tracks += in_order(added.album_ids, tracks_by(present, "album_ref", added.album_ids))
    tracks += in_order(added.artist_ids, tracks_of_artists(present, added.artist_ids))
    discs = tracks_by(present, "album_ref", [disc.album_id for disc in added.discs], "disc_number")
    for disc in added.discs:
        # a file without a number is on the first disc, or on the one that clients call 0
        numbers = (disc.number, None) if disc.number in (0, 1) else (disc.number,)
        tracks += [pk for pk, number in discs.get(disc.album_id, ()) if number in numbers]
    return tracks


def tracks_by(rows: Any, field: str, ids: Sequence[str], *more: str) -> dict[str, list[Any]]:
    """The tracks whose `field` is one of some ids, by that, in the order of albums; with more columns as tuples."""
    found: dict[str, list[Any]] = defaultdict(list)
    for piece in chunks(dict.fromkeys(ids)):
        for owner, *row in (
            rows.filter(**{f"{field}__in": piece}).order_by(*nulls_first()).values_list(f"{field}_id", "pk", *more)
        ):
            found[owner].append(tuple(row) if more else row[0])
    return found


def nulls_first() -> list[Any]:
    """The order of albums, the same on every database: tracks without a number come first."""
    return [F(name).asc(nulls_first=True) if name.endswith("number") else F(name).asc() for name in ALBUM_ORDER]


def tracks_of_artists(rows: Any, ids: Sequence[str]) -> dict[str, list[str]]:
    """The tracks of artists, and those on their albums, by artist: by the year and name of the album."""
    found: dict[str, list[str]] = defaultdict(list)
    for piece in chunks(dict.fromkeys(ids)):
        mine = rows.filter(participants__artist__in=piece, participants__role__in=ARTIST_ROLES)
        order = (F("year").asc(nulls_first=True), "album", *nulls_first())
        for artist, pk in mine.order_by(*order).values_list("participants__artist_id", "pk"):
            found[artist].append(pk)
    return {artist: list(dict.fromkeys(tracks)) for artist, tracks in found.items()}


def in_order(ids: Iterable[str], found: Mapping[str, Iterable[str]]) -> list[str]:
    """What was found for each of some ids, one behind the other."""
    return [pk for each in ids for pk in found.get(each, ())]


def totals_of(playlists: Iterable[Playlist], viewer: Viewer, *, present: bool = False) -> dict[str, Totals]:
    """The totals of playlists by their ids, counting what the viewer can access, in one query for 500 of them.

    `present` leaves out the tracks whose files are missing.
    """
    found: dict[str, Totals] = {}
    for piece in chunks(playlist.pk for playlist in playlists):
        entries = PlaylistTrack.objects.filter(Q(playlist__in=piece) & through_visible_tracks(viewer)).order_by()
        if present:
            entries = entries.filter(media_file__missing=False)
        rows = entries.values_list("playlist").annotate(
            Count("pk"), Sum("media_file__duration"), Sum("media_file__size")
        )
        found.update({pk: Totals(*values) for pk, *values in rows})
    return found
