"""Views of the library form that read the server's disk: folder picker, path check, preview of exclude patterns."""

from __future__ import annotations

import os
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from libraries.admin.base import page
from libraries.limits import StorageLimits
from libraries.scanner import ScanOptions
from libraries.services.library_rules import check_patterns
from libraries.storage.browse import FolderPage, folders_of, list_folders, look_into
from libraries.storage.pattern_preview import MAX_SECONDS, preview_patterns
from libraries.storage.roots import check_overlap, check_root_folder
from libraries.timeouts import call_with_timeout
from navidrome_lib.admin import formatting
from navidrome_lib.errors import InvalidInput
from navidrome_lib.limits import limits_of
from navidrome_lib.viewer import is_admin


def admins_only(request: HttpRequest) -> None:
    """Raise PermissionDenied unless the request is from an admin."""
    if not is_admin(request):
        raise PermissionDenied


def wants_data(request: HttpRequest) -> bool:
    """Whether the request is from our script, which takes JSON, and not from a link."""
    return request.headers.get("Accept", "").startswith("application/json")


def number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 18 else None


def render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})


def browse(request: HttpRequest) -> HttpResponse:
    """GET /admin/libraries/library/browse/?path= — the folders inside one; a page, or data for our script."""
    admins_only(request)
    path, library = request.GET.get("path", ""), number(request.GET.get("library"))
    error = ""
    try:
        found = list_folders(path)
    except (InvalidInput, OSError) as refusal:
        error = refusal.errors["path"] if isinstance(refusal, InvalidInput) else str(refusal.strerror)
        found = FolderPage(path, "", [])
    if wants_data(request):
        folders = [{"name": choice.name, "path": choice.path} for choice in found.folders]
        shown = {"path": found.path, "parent": found.parent, "folders": folders, "error": error, "note": note_of(found)}
        return JsonResponse(shown)
    purpose = "relocate" if request.GET.get("for") == "relocate" else "change"
    target = page(f"libraries_library_{purpose}", library) if library else page("libraries_library_add")
    context = {"found": found, "error": error, "note": note_of(found), "target": target}
    context["query"] = urlencode({"library": library or "", "for": purpose})
    return render(request, "admin/libraries/browse.html", {**context, "title": _("Choose a folder")})


def note_of(found: FolderPage) -> str:
    """The notes below the list of folders: what is not in it, and why."""
    parts = []
    if found.cut:
        parts.append(_("Not all folders are shown. Type the path instead."))
    if found.unnamed:
        text = ngettext(
            "%(count)s folder has a name that is not text and cannot be chosen.",
            "%(count)s folders have names that are not text and cannot be chosen.",
            found.unnamed,
        )
        parts.append(text % {"count": formatting.number(found.unnamed)})
    if found.silent:
        text = ngettext(
            "%(count)s link leads to storage that does not answer.",
            "%(count)s links lead to storage that does not answer.",
            found.silent,
        )
        parts.append(text % {"count": formatting.number(found.silent)})
    if found.path and not found.folders and not found.silent:
        parts.append(_("This folder has no subfolders."))
    return " ".join(parts)


def check(request: HttpRequest) -> HttpResponse:
    """GET /admin/libraries/library/check/?path= — whether it can be the root of a library, and if not why."""
    admins_only(request)
    try:
        normal = check_root_folder(request.GET.get("path", ""))
        if request.GET.get("overlap") != "true":
            check_overlap(normal, number(request.GET.get("library")))
        said = inside(normal)
    except InvalidInput as error:
        return JsonResponse({"ok": False, "text": error.errors.get("path", error.message)})
    except OSError as error:  # it went away, or fell silent, a moment after it was looked at
        return JsonResponse({"ok": False, "text": str(error.strerror)})
    return JsonResponse({"ok": True, "text": said})


def inside(path: str) -> str:
    """What is directly in a folder, in words."""
    entries = call_with_timeout(lambda: look_into(path), about=path, limits=limits_of(StorageLimits))
    folders = len(folders_of(path, entries)[0])
    return _("The folder can be read. It contains %(folders)s and %(files)s.") % {
        "folders": formatting.folders(folders),
        "files": formatting.files(len(entries) - folders),
    }


def preview(request: HttpRequest) -> HttpResponse:
    """POST /admin/libraries/library/preview/ — what the patterns in the form would hide; nothing is saved."""
    admins_only(request)
    lines = [line.strip() for line in request.POST.get("patterns", "").splitlines() if line.strip()]
    error, found = "", None
    try:
        root = check_root_folder(request.POST.get("path", ""))
        options = ScanOptions(
            root=os.fsencode(root),
            recursive="recursive" in request.POST,
            exclude_patterns=tuple(check_patterns(lines)),
        )
        limits = limits_of(StorageLimits)
        seconds = MAX_SECONDS + limits.seconds
        found = call_with_timeout(lambda: preview_patterns(options), about=root, seconds=seconds, limits=limits)
    except InvalidInput as refusal:
        error = refusal.message
    except TimeoutError as silence:
        error = _("The folder cannot be read: %(reason)s.") % {"reason": silence.strerror}
    context = {"found": found, "error": error, "title": _("Excluded files")}
    if request.headers.get("X-Requested-With") == "fetch":
        return TemplateResponse(request, "admin/libraries/preview_part.html", context)
    return render(request, "admin/libraries/preview.html", context)
