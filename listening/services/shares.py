"""Shares: made by people, seen by everybody who has the address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from libraries.models import MediaFile, Participant
from listening.models import (
    AlbumAnnotation,
    ArtistAnnotation,
    Playlist,
    PlaylistAnnotation,
    PlaylistTrack,
    Share,
    ShareItem,
    TrackAnnotation,
)
from listening.models.share import ResourceType
from listening.services.annotations import THINGS, Model, Things
from listening.services.playlists import ARTIST_ROLES, in_order, tracks_by, tracks_of_artists, visible_tracks
from navidrome_lib.audit.services import record
from navidrome_lib.db.bulk import chunks
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import InvalidInput, NotAllowed, NotFound
from navidrome_lib.moments import showable
from navidrome_lib.viewer import Viewer, is_confined

MAX_ITEMS: Final = 1_000
_LABEL_LENGTH: Final = 255
# what can have songs of several libraries
_ACROSS: Final = (ResourceType.ARTIST, ResourceType.PLAYLIST)
CONFINED: Final = "A key for some libraries shares songs and albums only: the rest may have songs of other libraries."


class Kind(NamedTuple):
    """How things of one kind are kept: the field of an item, the table of what people say of them, and their name."""

    field: str
    notes: Model
    name: str = "name"


KINDS: Final[Mapping[ResourceType, Kind]] = {
    ResourceType.SONG: Kind("media_file", TrackAnnotation, "title"),
    ResourceType.ALBUM: Kind("album", AlbumAnnotation),
    ResourceType.ARTIST: Kind("artist", ArtistAnnotation),
    ResourceType.PLAYLIST: Kind("playlist", PlaylistAnnotation),
}


@transaction.atomic
def create_share(viewer: Viewer, ids: Sequence[str], kind: ResourceType | None, values: Mapping[str, Any]) -> Share:
    """Share some things of one kind, or of any where none is named; without a date for a year.

    `InvalidInput` for what does not exist or the viewer cannot access, `NotAllowed` where sharing is switched off,
    or where the page would show more than the viewer can access.
    """
    if not settings.CONF.enable_sharing:
        raise NotAllowed("Sharing is switched off on this server. ND_ENABLESHARING=true switches it on.")
    wanted = list(dict.fromkeys(pk for pk in ids if pk))
    if not 0 < len(wanted) <= MAX_ITEMS:
        raise InvalidInput(errors={"resourceIds": f"Name 1 to {MAX_ITEMS:,} things to share."})
    kinds = kinds_of(viewer, wanted, list(ResourceType) if kind is None else [kind])
    unknown = [pk for pk in wanted if pk not in kinds]
    if unknown:
        raise InvalidInput(errors={"resourceIds": f"There is nothing with the id {unknown[0][:40]} to share."})
    if is_confined(viewer) and not set(_ACROSS).isdisjoint(kinds.values()):
        raise NotAllowed(CONFINED)
    expires = values.get("expires_at") or timezone.now() + timedelta(seconds=settings.CONF.default_share_expiration)
    share = Share(
        user_id=viewer.pk,
        resource_type=kinds[wanted[0]],
        contents=label_of(kinds[wanted[0]], wanted[0]),
        **{**values, "expires_at": showable(expires)},
    )
    share.save(force_insert=True)
    ShareItem.objects.bulk_create(
        [
            ShareItem(share=share, position=position, **{f"{KINDS[kinds[pk]].field}_id": pk})
            for position, pk in enumerate(wanted)
        ]
    )
    record("share.create", {"expires": str(expires)}, kind="share", pk=share.pk, name=share.contents)
    return share


def kinds_of(viewer: Viewer, ids: Sequence[str], kinds: Sequence[ResourceType]) -> dict[str, ResourceType]:
    """Of which of some kinds each thing is that the viewer can access."""
    found: dict[str, ResourceType] = {}
    for kind in kinds:
        left = [pk for pk in ids if pk not in found]
        found |= dict.fromkeys(Things(KINDS[kind].notes, left).visible_to(viewer), kind)
    return found


def label_of(kind: ResourceType, pk: str) -> str:
    """The name of a thing, for lists."""
    model: Any = THINGS[KINDS[kind].notes]
    return str(model.objects.filter(pk=pk).values_list(KINDS[kind].name, flat=True).first() or "")[:_LABEL_LENGTH]


@transaction.atomic
def update_share(share: Share, values: Mapping[str, Any]) -> Share:
    """Change some fields; without a date the present one stays."""
    wanted = {field: value for field, value in values.items() if field != "expires_at"}
    if values.get("expires_at") is not None:
        wanted["expires_at"] = showable(values["expires_at"])
    changed = {field: value for field, value in wanted.items() if getattr(share, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(share, field, value)
        share.save(update_fields=[*changed, "updated_at"])
        record("share.update", {"fields": sorted(changed)}, kind="share", pk=share.pk, name=share.contents)
    return share


@transaction.atomic
def delete_share(share: Share) -> None:
    """End a share: its address shows nothing from now on."""
    pk, name = share.pk, share.contents
    share.delete()
    record("share.delete", {"owner_id": [share.user_id, None]}, kind="share", pk=pk, name=name)


def find_share(viewer: Viewer, pk: str) -> Share:
    """A share that the viewer may see and change, or `NotFound`: one's own, and for admins any."""
    found: Share | None = Share.objects.visible_to(viewer).filter(pk=pk).first() if can_be_id(pk) else None
    if found is None:
        raise NotFound("This share does not exist.")
    return found


def find_open_share(pk: str) -> Share | None:
    """A share that everybody who has its address may see now: not expired, its owner active."""
    if not (settings.CONF.enable_sharing and can_be_id(pk)):
        return None
    found = Share.objects.select_related("user").filter(pk=pk, expires_at__gt=timezone.now(), user__is_active=True)
    return found.first()


def owner_of(share: Share) -> Viewer:
    """The viewer with the rights of the owner: a share shows nothing that its owner cannot access any more."""
    owner: Any = get_user_model()._default_manager.get(pk=share.user_id)
    viewer: Viewer = owner.as_viewer()
    return viewer


def shared_tracks(share: Share) -> list[str]:
    """The ids of the tracks that a share shows, in order, each once."""
    items = list(ShareItem.objects.filter(share=share).order_by("position"))
    return in_share(items, tracks_of_items(owner_of(share), items))


def shared_by_each(shares: Sequence[Share]) -> dict[str, list[str]]:
    """As `shared_tracks`, of some shares by their ids; of albums these, not their tracks.

    The shares have their `user` and their `items` at hand. However many there are of one person, the number of queries
    is the same.
    """
    owned: dict[str, list[Share]] = defaultdict(list)
    for share in shares:
        owned[share.user_id].append(share)
    found: dict[str, list[str]] = {}
    for own in owned.values():
        viewer: Viewer = own[0].user.as_viewer()
        items = {share.pk: sorted(share.items.all(), key=lambda item: item.position) for share in own}
        of_albums = [item for share in own if has_only_albums(share) for item in items[share.pk]]
        others = [item for share in own if not has_only_albums(share) for item in items[share.pk]]
        seen = Things(AlbumAnnotation, [item.thing_id for item in of_albums]).visible_to(viewer)
        albums = {pk: [pk] for pk in seen}
        tracks = tracks_of_items(viewer, others)
        for share in own:
            found[share.pk] = in_share(items[share.pk], albums if has_only_albums(share) else tracks)
    return found


def has_only_albums(share: Share) -> bool:
    """Whether nothing but albums is shared; what else is shared with them makes it a share of songs."""
    return all(item.album_id for item in share.items.all())


def in_share(items: Iterable[ShareItem], found: Mapping[str, Iterable[str]]) -> list[str]:
    """What was found for each thing of a share, in order, each once."""
    return list(dict.fromkeys(in_order([item.thing_id for item in items], found)))


def tracks_of_items(viewer: Viewer, items: Iterable[ShareItem]) -> dict[str, list[str]]:
    """The tracks of shared things that a viewer can access, by the id of the thing."""
    ids: dict[str, list[str]] = defaultdict(list)
    for item in items:
        kind = next(kind for kind in KINDS.values() if getattr(item, f"{kind.field}_id"))
        ids[kind.field].append(item.thing_id)
    present = MediaFile.objects.visible_to(viewer).present()
    found = {pk: [pk] for pk in visible_tracks(viewer, ids["media_file"])}
    found |= tracks_by(present, "album_ref", ids["album"])
    found |= tracks_of_artists(present, ids["artist"])
    return found | tracks_of_playlists(viewer, ids["playlist"])


def tracks_of_playlists(viewer: Viewer, ids: Iterable[str]) -> dict[str, list[str]]:
    """The tracks of playlists, in order, as far as a viewer can access the playlists and the tracks."""
    found: dict[str, list[str]] = defaultdict(list)
    for piece in chunks(dict.fromkeys(ids)):
        playlists = Playlist.objects.visible_to(viewer).filter(pk__in=piece)
        entries = PlaylistTrack.objects.filter(playlist__in=playlists).order_by("playlist", "position")
        for pk, track in entries.values_list("playlist_id", "media_file_id"):
            found[pk].append(track)
    visible = set(visible_tracks(viewer, list(dict.fromkeys(in_order(found, found)))))
    return {pk: [track for track in tracks if track in visible] for pk, tracks in found.items()}


def shows_track(share: Share, pk: str) -> bool:
    """Whether a track is one of `shared_tracks`, without reading them all."""
    viewer = owner_of(share)
    track = MediaFile.objects.visible_to(viewer).filter(pk=pk).values_list("album_ref_id", "missing").first()
    if track is None:
        return False
    album, is_missing = track
    playlists = Playlist.objects.visible_to(viewer).filter(entries__media_file=pk)
    wanted = Q(media_file=pk) | Q(playlist__in=playlists)
    if not is_missing:  # albums and artists show what is there
        credits = Participant.objects.filter(media_file=pk, role__in=ARTIST_ROLES)
        wanted |= Q(album=album, album__isnull=False) | Q(artist__in=credits.values("artist"))
    return ShareItem.objects.filter(wanted, share=share).exists()


def shared_things(share: Share) -> list[tuple[ResourceType, str]]:
    """What is shared, in order, as far as its owner can access it: the kind and the id of each."""
    items = sorted(share.items.all(), key=lambda item: item.position)
    kinds = [kind for kind in ResourceType if any(getattr(item, f"{KINDS[kind].field}_id") for item in items)]
    seen = kinds_of(owner_of(share), [item.thing_id for item in items], kinds)
    return [(seen[item.thing_id], item.thing_id) for item in items if item.thing_id in seen]


def title_of(share: Share) -> str:
    """What a share is called: its description, else the name of the first thing that its owner can still access."""
    if share.description:
        return share.description
    return next((label_of(kind, pk) for kind, pk in shared_things(share)), "")


def note_visit(share: Share) -> None:
    """Count a visit of a share."""
    Share.objects.filter(pk=share.pk).update(visit_count=F("visit_count") + 1, last_visited_at=timezone.now())
