"""`/share/{id}`, and what its page plays and shows. No account is asked for: who has the address is let in.

Each request asks again what the owner of the share can access, so that nothing outlasts the share, or that access.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from libraries.models import MediaFile
from listening.models import Share
from listening.services.shares import find_open_share, note_visit, owner_of, shared_tracks, shows_track, title_of
from media.choices import CoverKind
from media.covers.ids import cover_id
from media.covers.responses import cover_response
from media.covers.service import Wish, show_cover
from media.downloads.collections import MAX_TRACKS, Collection
from media.downloads.responses import archive_response
from media.errors import MediaAway
from media.images.jobs import WEBP
from media.responses import track_response
from media.sharing.page import page_of, share_cover, size_for
from media.tracks import find_track
from media.transcoding.decisions import decide
from media.transcoding.responses import transcoded_response
from navidrome_lib.errors import NotAllowed, NotFound, TooManyAttempts

# a page that is opened again within that time is the same visit
VISIT_SECONDS: Final = 30 * 60
VISIT_COOKIE: Final = "share_visit"
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# the reasons that people with an account get name libraries
AWAY: Final = "The file of this song cannot be read at the moment; its storage may be switched off."
NO_DOWNLOADS: Final = "The songs of this share can be listened to, but not downloaded."

View = Callable[..., HttpResponseBase]


def of_share(view: Callable[..., HttpResponseBase]) -> View:
    """Hand over an open share by its id; what is unknown, ended or out of reach is 404, and looks the same."""

    @require_safe
    @wraps(view)
    def find(request: HttpRequest, pk: str, **more: str) -> HttpResponseBase:
        try:
            share = find_open_share(pk)
            if share is None:
                raise NotFound
            response = view(request, share, **more)
        except NotFound:
            response = _gone(request)
        except NotAllowed as error:
            response = _told(HTTPStatus.FORBIDDEN, error.message)
        except MediaAway as error:
            response = _told(HTTPStatus.SERVICE_UNAVAILABLE, AWAY, error.retry_after)
        except TooManyAttempts as error:
            response = _told(HTTPStatus.TOO_MANY_REQUESTS, error.message, error.retry_after)
        # the address is what lets in: no search engine is to keep it, and no other server is to be told
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return find


@of_share
def page(request: HttpRequest, share: Share) -> HttpResponseBase:
    """GET /share/{id} — the songs with a player."""
    shown = page_of(share)
    address = reverse("share", args=[share.pk])
    context = {
        "title": shown.title,
        "page": shown,
        "offers_downloads": _offers_downloads(share),
        "address": request.build_absolute_uri(address),
        "picture": request.build_absolute_uri(reverse("share-cover", args=[share.pk])),
    }
    response = render(request, "media/share.html", context)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "private, no-store"
    if _is_visit(request):
        note_visit(share)
        response.set_cookie(VISIT_COOKIE, "1", max_age=VISIT_SECONDS, path=address, httponly=True, samesite="Lax")
    return response


@of_share
def stream(request: HttpRequest, share: Share, track: str) -> HttpResponseBase:
    """GET /share/{id}/stream/{track} — a song, in the format and bit rate that the share allows."""
    song = _song(share, track)
    recipe = decide(song, format_name=share.format, max_bit_rate=share.max_bit_rate, offset=0)
    if recipe is None:
        return track_response(request, song)
    # all guests of a person take one place: they leave the others to the people of the server
    return transcoded_response(request, song, recipe, person=f"guests of {share.user_id}")


@of_share
def download(request: HttpRequest, share: Share, track: str = "") -> HttpResponseBase:
    """GET /share/{id}/download — all songs in one archive; /{track}: the file of one."""
    song = _song(share, track) if track else None
    ids = [] if song else shared_tracks(share)[:MAX_TRACKS]
    # first, so that nothing tells a share of which nothing is left from one that never was
    if song is None and not ids:
        raise NotFound
    if not _offers_downloads(share):
        raise NotAllowed(NO_DOWNLOADS)
    if song is not None:
        return track_response(request, song, as_download=True)
    rows = MediaFile.objects.visible_to(owner_of(share)).select_related("library", "folder").defer("tags")
    songs = rows.in_bulk(ids)
    if not songs:
        raise NotFound
    collection = Collection(title_of(share), [songs[pk] for pk in ids if pk in songs], is_ordered=True)
    return archive_response(collection, is_head=request.method == "HEAD", guests_of=share.user_id)


@of_share
def cover(request: HttpRequest, share: Share, track: str = "") -> HttpResponseBase:
    """GET /share/{id}/cover — the picture of what is shared; /{track}: that of a song."""
    wish = Wish(edge=size_for(request.GET.get("size", "")), square=True, webp=WEBP in request.headers.get("Accept", ""))
    if not track:
        return cover_response(request, share_cover(share, wish), may_be_kept=False)
    song = cover_id(CoverKind.TRACK, _song(share, track).pk)
    return cover_response(request, show_cover(owner_of(share), song, wish), may_be_kept=False)


def _song(share: Share, pk: str) -> MediaFile:
    if not shows_track(share, pk):
        raise NotFound
    return find_track(owner_of(share), pk)


def _offers_downloads(share: Share) -> bool:
    return bool(share.downloadable and settings.CONF.media.enable_downloads)


def _is_visit(request: HttpRequest) -> bool:
    """Whether a person looks, for the first time in a while: no reload, and no page fetched ahead."""
    is_ahead = "prefetch" in request.headers.get("Sec-Purpose", "")
    return request.method == "GET" and VISIT_COOKIE not in request.COOKIES and not is_ahead


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "media/share_gone.html", {"title": _("Nothing is shared here")}, status=HTTPStatus.NOT_FOUND)


def _told(status: HTTPStatus, sentence: Any, retry_after: int | None = None) -> HttpResponse:
    response = HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
