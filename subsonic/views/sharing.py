"""Sharing: getShares, createShare, updateShare, deleteShare."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse

from listening.models import Share
from listening.models.share import ResourceType
from listening.serializers import ShareInputSerializer
from listening.services import shares
from listening.services.shares import kinds_of, shared_things, shared_tracks
from navidrome_lib.errors import NotFound
from navidrome_lib.moments import LATEST
from subsonic.errors import missing_parameter
from subsonic.forms import checked, given
from subsonic.objects.albums import album_children
from subsonic.objects.songs import songs_of
from subsonic.objects.values import Object, moment
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

NAMES: Final = {"description": "description"}


def get_shares(caller: Viewer, params: Params) -> Payload:
    """`/rest/getShares`: one's own shares, of an admin all, the latest first."""
    rows = visible(caller).order_by("-created_at", "-pk")
    return {"shares": {"share": [share_object(caller, params, row) for row in rows]}}


def create_share(caller: Viewer, params: Params) -> Payload:
    """`/rest/createShare`: share songs, albums, artists or playlists; `expires` in milliseconds since 1970."""
    ids = list(dict.fromkeys(filter(None, params.many("id"))))
    if not ids:
        raise missing_parameter("id")
    if len(kinds_of(caller, ids, list(ResourceType))) < len(ids):
        raise NotFound("There is nothing with one of these ids.")
    share = shares.create_share(caller, ids, None, values(params))
    return {"shares": {"share": [share_object(caller, params, visible(caller).get(pk=share.pk))]}}


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


def share_object(caller: Viewer, params: Params, share: Share) -> Object:
    """`share`: its things as far as its owner and the caller can access them."""
    found: Object = {
        "id": share.pk,
        "url": params.request.build_absolute_uri(reverse("share", args=[share.pk])),
        "username": share.user.username,
        "created": moment(share.created_at),
        "expires": moment(share.expires_at),
        "visitCount": share.visit_count,
        "entry": entries(caller, share),
    }
    if share.description:
        found["description"] = share.description
    if share.last_visited_at is not None:
        found["lastVisited"] = moment(share.last_visited_at)
    return found


def entries(caller: Viewer, share: Share) -> list[Object]:
    """Nothing but albums as directories, everything else as its songs."""
    things = shared_things(share)
    if all(kind == ResourceType.ALBUM for kind, _ in things):
        return album_children(caller, [pk for _, pk in things])
    return songs_of(caller, shared_tracks(share))
