"""`/setup/music`: add a library in the browser: folder, name, who can access it, and its first scan."""

from __future__ import annotations

import os
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from libraries.admin.cards import cards_of
from libraries.admin.disk import note_of
from libraries.models import Library
from libraries.services.libraries import create_library
from libraries.services.library_rules import prepare_library
from libraries.storage.browse import AudioCount, FolderPage, count_audio, list_folders, shortcuts
from navidrome_lib.errors import DomainError, InvalidInput, NotFound
from navidrome_lib.viewer import is_admin, viewer_of
from users import services
from users.models import User
from users.pages.base import page, private

EVERYBODY, ADMINS, CHOSEN = "everybody", "admins", "chosen"
ACCESS = [
    (EVERYBODY, _lazy("Everybody on this server, new users too")),
    (ADMINS, _lazy("Only admins")),
    (CHOSEN, _lazy("Only these users")),
]


class MusicForm(forms.Form):
    """A folder that becomes a library."""

    path = forms.CharField(label=_lazy("Folder"), strip=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_lazy("Name"), max_length=255)
    access = forms.ChoiceField(
        label=_lazy("Who can access it?"), choices=ACCESS, initial=EVERYBODY, widget=forms.RadioSelect
    )
    users = forms.ModelMultipleChoiceField(
        User.objects.none(), label=_lazy("Users"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        regular = User.objects.filter(is_superuser=False).order_by("username_key")
        self.fields["users"].queryset = self.regular = regular  # type: ignore[attr-defined]
        if not regular.exists():
            del self.fields["users"]
            self.fields["access"].choices = ACCESS[:2]  # type: ignore[attr-defined]

    def add(self, requested_by: str) -> Library | None:
        """The new library, whose scan is queued; None when a rule forbids it, which then stands at its field."""
        data = self.cleaned_data
        values = {"path": data["path"], "name": data["name"], "default_new_users": data["access"] == EVERYBODY}
        try:
            library = create_library(prepare_library(values), requested_by=requested_by)
        except InvalidInput as error:
            for field, sentence in error.errors.items():
                self.add_error(field if field in self.fields else None, sentence)
            return None
        except DomainError as error:
            self.add_error(None, error.message)
            return None
        granted = {EVERYBODY: self.regular, CHOSEN: data.get("users", ())}.get(data["access"], ())
        for user in granted:
            try:
                services.change_user_libraries(user.pk, added=[library.pk], removed=[])
            except (NotFound, InvalidInput):
                continue  # deleted, or made an admin, at this moment
        return library


@private
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_music(request: HttpRequest) -> HttpResponse:
    """GET and POST /setup/music?path= — the folders of the server, and the form for the one that is open."""
    if not is_admin(request):
        raise PermissionDenied
    if request.method == "POST":
        form = MusicForm(request.POST)
        library = form.add(request.user.get_username()) if form.is_valid() else None
        if library is not None:
            return redirect("setup-scan", library.pk)
        path = request.POST.get("path", "")
    else:
        path = request.GET.get("path", "")
        form = MusicForm(initial={"path": path, "name": name_of(path)})
    places, error = shortcuts(), ""
    try:
        found = list_folders(path) if path or not places else FolderPage("", "", places)
    except (InvalidInput, OSError) as refusal:
        error = refusal.message if isinstance(refusal, InvalidInput) else str(refusal.strerror)
        found = FolderPage(path, "", [])
    count = count_audio(found.path) if found.path and not error else AudioCount()
    context = {
        "title": _("Add your music"), "form": form, "found": found, "error": error, "note": note_of(found),
        "crumbs": crumbs_of(found.path), "places": places, "count": count,
        "others": Library.objects.active().order_by("name_key"),
    }  # fmt: skip
    return page(request, "music.html", context)


def name_of(path: str) -> str:
    """The name that a library in this folder gets unless another is typed: `music` → `Music`."""
    name = os.path.basename(path.rstrip("/"))[:255]
    return name[:1].upper() + name[1:]


def crumbs_of(path: str) -> list[tuple[str, str]]:
    """Name and path of each folder on the way to `path`."""
    parts = [part for part in path.split("/") if part]
    return [(part, "/" + "/".join(parts[: number + 1])) for number, part in enumerate(parts)]


@private
@login_required
@require_safe
def first_scan(request: HttpRequest, pk: int) -> HttpResponse:
    """GET /setup/music/{id} — how far the scan of a library is, and what to do next."""
    if not is_admin(request):
        raise PermissionDenied
    cards = cards_of(Library.objects.visible_to(viewer_of(request)).filter(pk=pk))
    if not cards:
        raise Http404
    return page(request, "first_scan.html", {"title": cards[0].library.name, "card": cards[0]})
