"""Sharing: getShares, createShare, updateShare, deleteShare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.urls import reverse

from listening.models import Share
from listening.models.share import ResourceType
from listening.serializers import ShareInputSerializer
from listening.services import shares
from listening.services.playlists import in_order
from listening.services.shares import has_only_albums, kinds_of, shared_by_each
from navidrome_lib.errors import NotFound
from navidrome_lib.moments import LATEST
from subsonic.errors import missing_parameter
from subsonic.forms import checked, given
from subsonic.objects.albums import album_children
from subsonic.objects.songs import songs_by_id
from subsonic.objects.values import Object, moment
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

NAMES: Final = {"description": "description"}


def get_shares(caller: Viewer, params: Params) -> Payload:
    """`/rest/getShares`: one's own shares, of an admin all, the latest first."""
    return {"shares": {"share": share_objects(caller, params, visible(caller).order_by("-created_at", "-pk"))}}


def create_share(caller: Viewer, params: Params) -> Payload:
    """`/rest/createShare`: share songs, albums, artists or playlists; `expires` in milliseconds since 1970."""
    ids = list(dict.fromkeys(filter(None, params.many("id"))))
    if not ids:
        raise missing_parameter("id")
    if len(kinds_of(caller, ids, list(ResourceType))) < len(ids):
        raise NotFound("There is nothing with one of these ids.")
    share = shares.create_share(caller, ids, None, values(params))
    return {"shares": {"share": share_objects(caller, params, visible(caller).filter(pk=share.pk))}}


def update_share(caller: Viewer, params: Params) -> Payload:
    """`/rest/updateShare`: change the description or the end, with `expires=0` for none."""
    share = shares.find_share(caller, params.required("id"))
    changed = values(params)
    if params.text("expires").strip() == "0":
        changed["expires_at"] = LATEST  # it does not end by itself
    shares.update_share(share, changed)
    return {}


def delete_share(caller: Viewer, params: Params) -> Payload:
    """`/rest/deleteShare`: end a share."""
    shares.delete_share(shares.find_share(caller, params.required("id")))
    return {}


def visible(caller: Viewer) -> Any:
    """The shares that the caller may see and change."""
    return Share.objects.visible_to(caller).select_related("user").prefetch_related("items")


def values(params: Params) -> dict[str, Any]:
    """The values of a share as a call has them."""
    found = checked(ShareInputSerializer, given(params, NAMES), NAMES)
    expires = params.instant("expires")
    return {**found, **({"expires_at": expires} if expires else {})}


def share_objects(caller: Viewer, params: Params, shares: Iterable[Share]) -> list[Object]:
    """Shares, with their things as far as their owners and the caller can access them."""
    rows = list(shares)
    entries = entries_of(caller, rows)
    return [share_object(params, row, entries[row.pk]) for row in rows]


def share_object(params: Params, share: Share, entries: list[Object]) -> Object:
    """`share` with what is in it."""
    found: Object = {
        "id": share.pk,
        "url": params.request.build_absolute_uri(reverse("share", args=[share.pk])),
        "username": share.user.username,
        "created": moment(share.created_at),
        "expires": moment(share.expires_at),
        "visitCount": share.visit_count,
        "entry": entries,
    }
    if share.description:
        found["description"] = share.description
    if share.last_visited_at is not None:
        found["lastVisited"] = moment(share.last_visited_at)
    return found


def entries_of(caller: Viewer, shares: Sequence[Share]) -> dict[str, list[Object]]:
    """What is in each of some shares: nothing but albums as directories, everything else as its songs."""
    shown = shared_by_each(shares)
    albums = {share.pk for share in shares if has_only_albums(share)}
    of_albums = in_order(albums, shown)
    known = {album["id"]: album for album in album_children(caller, list(dict.fromkeys(of_albums)))}
    songs = songs_by_id(caller, in_order(shown.keys() - albums, shown))
    found: dict[str, list[Object]] = {}
    for pk, ids in shown.items():
        objects = known if pk in albums else songs
        found[pk] = [objects[each] for each in ids if each in objects]
    return found
