"""The page that gives a library another root, after a look at what of its catalog is there."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from libraries.admin.base import page, tell
from libraries.admin.disk import render
from libraries.models import Library
from libraries.services import libraries
from libraries.services.library_rules import PreparedLibrary, prepare_library
from libraries.storage.relocation import match_root
from navidrome_lib.errors import DomainError
from navidrome_lib.viewer import is_admin, viewer_of


def relocate_view(request: HttpRequest, pk: int) -> HttpResponse:
    """GET /admin/libraries/library/{id}/relocate/?path= reports what is there and changes nothing; POST moves."""
    if not is_admin(request):
        raise PermissionDenied
    library = get_object_or_404(Library.objects.visible_to(viewer_of(request)), pk=pk)
    if request.method == "POST":
        return relocate(request, library)
    typed, overlap = request.GET.get("path", "").strip(), "overlap" in request.GET
    root, error, match = "", "", None
    if typed:
        try:
            root = prepare_move(library, typed, overlap=overlap, with_database=True).values["path"]
            match = match_root(library, root)
        except DomainError as refusal:
            error = refusal.message
    context = {
        "title": _("Relocate “%(name)s”") % {"name": library.name},
        "opts": Library._meta,
        "library": library,
        "typed": typed,
        "overlap": overlap,
        "root": root,
        "error": error,
        "match": match,
    }
    return render(request, "admin/libraries/relocate.html", context)


def prepare_move(library: Library, path: str, *, overlap: bool, with_database: bool = False) -> PreparedLibrary:
    """Check a path that the library may move to; with the rules of the database, too, when nothing is saved."""
    prepared = prepare_library({"path": path}, library=library, allow_overlap=overlap, with_database=with_database)
    if prepared.values.get("path", library.path) == library.path:
        raise DomainError(_("The library is already in this folder."))
    return prepared


def relocate(request: HttpRequest, library: Library) -> HttpResponse:
    """Carry it out; what the scan then does not find goes the way of all missing files."""
    overlap, who = "overlap" in request.POST, str(request.user)
    try:
        prepared = prepare_move(library, request.POST.get("path", "").strip(), overlap=overlap)
        moved = libraries.update_library(library, prepared, requested_by=who)
    except DomainError as error:
        tell(request, _("Nothing was changed. %(reason)s") % {"reason": error.message}, wrong=True)
        return HttpResponseRedirect(request.path)
    said = {"name": moved, "path": moved.path}
    tell(request, _("“%(name)s” was relocated to %(path)s, and a scan was queued.") % said)
    return HttpResponseRedirect(page("libraries_library_change", library.pk))
