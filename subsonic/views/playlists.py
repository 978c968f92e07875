"""Playlists: getPlaylists, getPlaylist, createPlaylist, updatePlaylist, deletePlaylist."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.db.models.functions import Lower

from listening.models import Playlist
from listening.rules.evaluate import refresh
from listening.serializers import PlaylistInputSerializer
from listening.services import playlists as services
from listening.services.playlist_edits import edit_playlist, replace_playlist, shown_entries
from listening.services.playlists import find_playlist
from navidrome_lib.errors import Conflict, NotAllowed
from subsonic.errors import missing_parameter
from subsonic.forms import checked, given
from subsonic.objects.playlists import playlist_objects
from subsonic.objects.songs import song_list
from subsonic.params import Params
from subsonic.renderers import Payload
from subsonic.views.user import find_user
from users.models import Viewer, username_key

# keys of `/api/playlist` and the parameters that they come in
NAMES: Final = {"name": "name", "comment": "comment", "public": "public"}


def get_playlists(caller: Viewer, params: Params) -> Payload:
    """`/rest/getPlaylists`: one's own and public ones, by name; of an admin all, or those of `username`."""
    rows = Playlist.objects.visible_to(caller).select_related("owner")
    if name := params.text("username"):
        rows = rows.filter(Q(owner=account_id(caller, name)) | Q(public=True))
    playlists = list(rows.order_by(Lower("name"), "pk"))
    return {"playlists": {"playlist": playlist_objects(playlists, caller)}}


def account_id(caller: Viewer, name: str) -> str:
    """The id of the account whose playlists are asked for: one's own, or any for an admin."""
    if username_key(name) == caller.user.username_key:
        return caller.pk
    if not caller.is_admin:
        raise NotAllowed("Only an admin may ask for the playlists of others.")
    return str(find_user(name).pk)


def get_playlist(caller: Viewer, params: Params) -> Payload:
    """`/rest/getPlaylist`: a playlist with the songs that the caller can play."""
    playlist = find_playlist(caller, params.required("id"))
    refresh(playlist)
    return {"playlist": whole(caller, playlist)}


def create_playlist(caller: Viewer, params: Params) -> Payload:
    """`/rest/createPlaylist`: a new one with `name`, or other songs for the one with `playlistId`, whose name stays."""
    songs = params.many("songId")
    if pk := params.text("playlistId"):
        with_conflict_as_refusal(replace_playlist, caller, pk, songs)
        return {"playlist": whole(caller, find_playlist(caller, pk))}
    if not params.text("name"):
        raise missing_parameter("name, or playlistId")
    values = checked(PlaylistInputSerializer, given(params, {"name": "name"}), NAMES)
    return {"playlist": whole(caller, find_playlist(caller, services.create_playlist(caller, values, songs).pk))}


def update_playlist(caller: Viewer, params: Params) -> Payload:
    """`/rest/updatePlaylist`: change what is named; indexes are those before the call, songs are added at the end."""
    pk = params.required("playlistId")
    values: dict[str, Any] = {key: value for key, value in given(params, NAMES).items() if value or key == "comment"}
    if "public" in values:
        values["public"] = params.flag("public")
    with_conflict_as_refusal(
        edit_playlist,
        caller,
        pk,
        checked(PlaylistInputSerializer, values, NAMES),
        added=params.many("songIdToAdd"),
        removed=params.whole_numbers("songIndexToRemove"),
    )
    return {}


def delete_playlist(caller: Viewer, params: Params) -> Payload:
    """`/rest/deletePlaylist`: only by its owner or an admin."""
    services.delete_playlist(caller, params.required("id"))
    return {}


def whole(caller: Viewer, playlist: Playlist) -> dict[str, Any]:
    """A playlist with its songs."""
    songs = song_list(caller, [pk for _, pk in shown_entries(caller, playlist)])
    return {**playlist_objects([playlist], caller)[0], "entry": songs}


def with_conflict_as_refusal(change: Any, *arguments: Any, **options: Any) -> None:
    """Make a change; songs that follow from rules or from a file are, in this protocol, not the caller's to change."""
    try:
        change(*arguments, **options)
    except Conflict as error:
        raise NotAllowed(error.message) from error
