"""`/api/playlist/{id}/tracks`: the songs of a playlist, each under the number of its place."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from libraries.catalog_api.base_view import json_answer
from libraries.catalog_api.extension import Asked, Sort
from libraries.catalog_api.songs import AS_SONGS, song_objects
from libraries.catalog_api.sorting import in_order
from libraries.catalog_api.views import SongsView
from libraries.catalog_api.written import as_array, written
from libraries.visible import library_facts
from listening.additions import of_viewer
from listening.filters import PlaylistTrackFilter
from listening.models import Playlist, PlaylistTrack
from listening.playlist_files.transfer import export_m3u
from listening.querysets import through_visible_tracks
from listening.rules.evaluate import refresh
from listening.serializers import (
    AddedCountSerializer,
    AddedTracksSerializer,
    IdSerializer,
    PlaceSerializer,
    PlaylistSongSerializer,
    RemovedTracksSerializer,
)
from listening.services.playlists import MAX_NAMED, Added, Disc, add_tracks, find_playlist, move_track, remove_tracks
from listening.views.base import ID, checked
from listening.views.playlists import M3U
from navidrome_lib.api.filters import asked_sort, sort_text
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.pagination import RangePagination, asked_range
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import Viewer, viewer_of
from users.models import Scope

# what comes from the songs, in the same order as in their list
_OF_SONGS: Final = (
    "title", "artist", "albumArtist", "album", "year", "duration", "bpm", "channels", "genre", "size", "bitRate",
    "path", "createdAt", "updatedAt", "trackNumber", "discNumber",
)  # fmt: skip
RANDOM: Final = "random"


SORTS: Final[Mapping[str, Sort]] = {
    "id": Sort("position"),
    **{key: SongsView.sorts[key].through("media_file") for key in _OF_SONGS},
    "playCount": of_viewer("media_file__annotations", "play_count"),
    "playDate": of_viewer("media_file__annotations", "play_date"),
    "rating": of_viewer("media_file__annotations", "rating"),
    "starredAt": of_viewer("media_file__annotations", "starred_at"),
    "ratedAt": of_viewer("media_file__annotations", "rating", "rated_at"),
}


def written_places(playlist: Playlist, rows: Sequence[tuple[int, str]], viewer: Viewer) -> bytes:
    """The same as an array of JSON."""
    songs = dict(written(AS_SONGS, [pk for _, pk in rows], viewer, library_facts(viewer)))
    ids = [(str(position), pk, songs[pk]) for position, pk in rows if pk in songs]
    return as_array(
        (place, b'"mediaFileId":"%b","playlistId":"%b",%b' % (pk.encode(), playlist.pk.encode(), text))
        for place, pk, text in ids
    )


def placed_songs(playlist: Playlist, rows: Sequence[tuple[int, str]], viewer: Viewer) -> list[dict[str, Any]]:
    """The songs at some places, each with the number of its place as the id."""
    songs = iter(song_objects([pk for _, pk in rows], viewer))
    found, song = list[dict[str, Any]](), next(songs, None)
    for position, pk in rows:
        # a song that was purged at this moment is left out
        if song is not None and song["id"] == pk:
            found.append({**song, "id": str(position), "mediaFileId": pk, "playlistId": playlist.pk})
            song = next(songs, None)
    return found


def place_number(text: str) -> int:
    """The number of a place; `NotFound` for what cannot be one."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) < 2**31):
        raise NotFound
    return int(text[:10])


class TracksView(APIView):
    """What both addresses have in common."""

    permission_classes = (IsSignedIn,)
    key_scope = Scope.LISTEN

    def visible(self, playlist: Playlist) -> QuerySet[PlaylistTrack]:
        """The entries of a playlist whose tracks the viewer can access."""
        rows: QuerySet[PlaylistTrack] = PlaylistTrack.objects.filter(
            through_visible_tracks(viewer_of(self.request)), playlist=playlist
        )
        return rows


NAMED_PLACES: Final = OpenApiParameter(
    "id", {"type": "array", "items": {"type": "string"}}, description="The numbers of the places."
)


class PlaylistTracksView(TracksView):
    """`GET|POST|DELETE /api/playlist/{id}/tracks`."""

    pagination_class = RangePagination

    @extend_schema(
        operation_id="playlist_tracks_list",
        responses={200: PlaylistSongSerializer(many=True), (200, M3U): OpenApiTypes.STR},
        parameters=[
            ID,
            OpenApiParameter("library_id", {"type": "array", "items": {"type": "string"}}),
            OpenApiParameter("missing", OpenApiTypes.STR),
            OpenApiParameter("_sort", OpenApiTypes.STR, description=sort_text([*SORTS, RANDOM])),
            OpenApiParameter("_order", OpenApiTypes.STR, description="`DESC`: the other way round."),
            OpenApiParameter("_start", OpenApiTypes.STR, description="First row, from 0."),
            OpenApiParameter("_end", OpenApiTypes.STR, description="Row after the last; absent: to the end."),
            OpenApiParameter("seed", OpenApiTypes.STR, description="What makes a random order."),
        ],
    )
    def get(self, request: Request, pk: str) -> Response | HttpResponse:
        """List the songs of a playlist that the account can access; with `Accept: audio/x-mpegurl` as M3U."""
        viewer, playlist = viewer_of(request), find_playlist(viewer_of(request), pk)
        refresh(playlist)
        if M3U in request.headers.get("Accept", ""):
            return file_answer(playlist, export_m3u(viewer, playlist))
        filters = PlaylistTrackFilter(request.query_params, self.visible(playlist), request=request)
        if not filters.is_valid():
            raise ValidationError({name: [str(each) for each in found] for name, found in filters.errors.items()})
        rows = self.ordered(filters.qs, viewer).values_list("position", "media_file_id")
        first, end = asked_range(request.query_params)
        last = None if end is None else max(end, first)
        if asked_sort(request) == RANDOM:
            found = shuffled(list(rows), request.query_params.get("seed", ""))
            total, page = len(found), found[first:last]
        else:
            total, page = filters.qs.count(), list(rows[first:last])
        return json_answer(written_places(playlist, page, viewer), {"X-Total-Count": str(total)})

    def ordered(self, rows: QuerySet[PlaylistTrack], viewer: Viewer) -> QuerySet[PlaylistTrack]:
        """The entries in the order that is asked for, or in that of the playlist."""
        query = self.request.query_params
        sort = SORTS.get(asked_sort(self.request), SORTS["id"])
        descending = query.get("_order", "").upper() == "DESC"
        return in_order(rows, sort, Asked(viewer, query.get("seed", "")), descending=descending)

    @extend_schema(
        request=AddedTracksSerializer, responses={200: AddedCountSerializer, **refused(409)}, parameters=[ID]
    )
    def post(self, request: Request, pk: str) -> Response:
        """Add songs, albums, artists and discs at the end of a playlist; says how many songs.

        What does not exist, or the account cannot access, is left out.
        """
        find_playlist(viewer_of(request), pk)
        body = checked(AddedTracksSerializer, request)
        discs = [Disc(disc["albumId"], disc["discNumber"]) for disc in body.get("discs") or ()]
        ids = [list(body.get(key) or ()) for key in ("ids", "albumIds", "artistIds")]
        if sum(map(len, ids)) + len(discs) > MAX_NAMED:
            raise ValidationError({"ids": f"Name at most {MAX_NAMED:,} things at once."})
        added = Added(track_ids=ids[0], album_ids=ids[1], artist_ids=ids[2], discs=discs)
        return Response({"added": add_tracks(viewer_of(request), pk, added)})

    @extend_schema(responses={200: RemovedTracksSerializer, **refused(409)}, parameters=[ID, NAMED_PLACES])
    def delete(self, request: Request, pk: str) -> Response:
        """Take the songs at some places out of a playlist; those behind them move up."""
        places = request.query_params.getlist("id")
        remove_tracks(viewer_of(request), pk, [int(text) for text in places if text.isascii() and text.isdigit()])
        return Response({"id": places[0]} if len(places) == 1 else {"ids": places})


class PlaylistTrackView(TracksView):
    """`GET|PUT|DELETE /api/playlist/{id}/tracks/{n}`."""

    @extend_schema(operation_id="playlist_track_retrieve", responses=PlaylistSongSerializer, parameters=[ID])
    def get(self, request: Request, pk: str, place: str) -> Response:
        """Get the song at a place."""
        playlist = find_playlist(viewer_of(request), pk)
        row = self.visible(playlist).filter(position=place_number(place)).values_list("position", "media_file_id")
        found = placed_songs(playlist, list(row), viewer_of(request))
        if not found:
            raise NotFound
        return Response(found[0])

    @extend_schema(
        operation_id="playlist_track_move",
        request=PlaceSerializer,
        responses={200: IdSerializer, **refused(409)},
        parameters=[ID],
    )
    def put(self, request: Request, pk: str, place: str) -> Response:
        """Move the song at a place to the place in `insert_before`; beyond the end it becomes the last."""
        find_playlist(viewer_of(request), pk)
        number = place_number(place)
        move_track(viewer_of(request), pk, number, checked(PlaceSerializer, request)["insert_before"])
        return Response({"id": place})

    @extend_schema(
        operation_id="playlist_track_remove",
        responses={200: RemovedTracksSerializer, **refused(409)},
        parameters=[ID],
    )
    def delete(self, request: Request, pk: str, place: str) -> Response:
        """Take the song at a place out of a playlist; those behind it move up."""
        remove_tracks(viewer_of(request), pk, [place_number(place)])
        return Response({"id": place})


def shuffled(rows: list[tuple[int, str]], seed: str) -> list[tuple[int, str]]:
    """Entries in an order that goes by the seed alone; without one it is another order each time."""
    key = (seed or secrets.token_hex(8)).encode()[:64]

    def number(row: tuple[int, str]) -> bytes:
        return hashlib.blake2b(f"{row[0]}:{row[1]}".encode(), key=key, digest_size=8).digest()

    return sorted(rows, key=number)


def file_answer(playlist: Playlist, text: str) -> HttpResponse:
    """An M3U file, to be saved under the name of the playlist."""
    answer = HttpResponse(text, content_type=M3U)
    answer["Content-Disposition"] = content_disposition_header(True, file_name(playlist.name)) or "attachment"
    return answer


def file_name(name: str) -> str:
    """The name of a file, safe on every system."""
    safe = "".join("_" if char in '\\/:*?"<>|' or not char.isprintable() else char for char in name).strip(". ")
    return f"{safe[:100] or 'playlist'}.m3u"
