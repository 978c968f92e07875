"""The page that joins a missing file by hand to the song that it has become."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from libraries.admin.base import page, tell
from missing import params
from missing.models import MissingFile
from missing.relink import Candidate, find_candidates, find_song, relink
from navidrome_lib.errors import DomainError
from navidrome_lib.viewer import is_admin, viewer_of


def relink_view(request: HttpRequest, pk: str) -> HttpResponse:
    """GET and POST /admin/missing/missingfile/{id}/relink/ — the likeliest songs; the one that is chosen is joined."""
    if not is_admin(request):
        raise PermissionDenied
    visible = MissingFile.objects.get_queryset().visible_to(viewer_of(request)).select_related("library")
    file = visible.filter(pk__in=params.possible([pk])).first()
    if file is None:
        raise Http404
    if request.method == "POST":
        return join(request, file)
    context = {
        **admin.site.each_context(request),
        "title": _("Find a replacement"),
        "opts": MissingFile._meta,
        "row": file,
        "candidates": [shown_candidate(found) for found in find_candidates(file)],
    }
    return TemplateResponse(request, "admin/missing/relink.html", context)


def join(request: HttpRequest, file: MissingFile) -> HttpResponse:
    """To the song that it is now, or back to the choice with the reason why not."""
    try:
        (song_id,) = params.possible([request.POST.get("song", "").strip()])
        linked = relink(file, find_song(song_id, viewer_of(request)))
    except DomainError as error:
        tell(request, _("Nothing was changed. %(reason)s") % {"reason": error.message}, wrong=True)
        there = MissingFile.objects.filter(pk=file.pk).exists()
        return HttpResponseRedirect(request.path if there else page("missing_missingfile_changelist"))
    tell(request, _("The song is linked to this file. It kept its ID and the date it was added."))
    return HttpResponseRedirect(page("libraries_mediafile_change", linked.pk))


def shown_candidate(found: Candidate) -> dict[str, Any]:
    """A song, and in words what it has in common with the missing file."""
    names = {
        "place": _("same path"),
        "audio": _("same fingerprint"),
        "musicBrainzTrack": _("same MusicBrainz track"),
        "tags": _("same tags"),
        "title": _("same title"),
        "artist": _("same artist"),
        "fileName": _("same file name"),
        "size": _("same size"),
        "duration": _("same length"),
    }
    return {"song": found.song, "reasons": [names.get(reason, reason) for reason in found.reasons]}
