"""The page “Library access”: which libraries users and groups can access, all in one form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from libraries.admin.base import tell
from libraries.models import Library
from navidrome_lib.admin import formatting
from navidrome_lib.errors import DomainError
from navidrome_lib.viewer import is_admin, viewer_of
from users import services
from users.grants import ways_of
from users.models import GroupAccess, User

# Django reads a thousand fields of one form
MAX_BOXES = 900
MAX_ROWS = 25


@dataclass(frozen=True)
class Cell:
    """One library of one row: whether it is granted here, and by which groups it can be accessed, too."""

    library: Library
    granted: bool
    others: list[str]


@dataclass(frozen=True)
class Row:
    """One person or group. `was` is what the page showed, so that saving it changes nothing else."""

    key: str
    name: str
    note: str
    everything: bool
    cells: list[Cell]
    was: str


@dataclass(frozen=True)
class Change:
    """What one row of the form asks for."""

    pk: str
    added: set[int]
    removed: set[int]


def access_view(request: HttpRequest) -> HttpResponse:
    """GET and POST /admin/users/user/access/"""
    if not is_admin(request):
        raise PermissionDenied
    if request.method == "POST":
        save(request)
        return HttpResponseRedirect(request.get_full_path())
    libraries = list(Library.objects.visible_to(viewer_of(request)).order_by("name_key", "pk"))
    search = request.GET.get("q", "").strip()[:100]
    people = User.objects.visible_to(viewer_of(request)).filter(is_active=True)
    if search:
        people = people.filter(Q(username__icontains=search) | Q(name__icontains=search))
    per_page = max(1, min(MAX_ROWS, MAX_BOXES // (len(libraries) + 2)))
    page = Paginator(people.order_by("-is_superuser", "username_key", "pk"), per_page).get_page(request.GET.get("p"))
    context = {
        **admin.site.each_context(request),
        "title": _("Library access"),
        "libraries": libraries,
        "people": rows_of_people(list(page.object_list), libraries),
        "groups": rows_of_groups(libraries),
        "page": page,
        "search": search,
    }
    return TemplateResponse(request, "admin/users/access.html", context)


def rows_of_people(people: list[User], libraries: list[Library]) -> list[Row]:
    ways = ways_of([user.pk for user in people])
    rows = []
    for user in people:
        mine = ways[user.pk]
        cells = [
            Cell(
                library,
                "user" in mine.get(library.pk, []),
                [way.removeprefix("group:") for way in mine.get(library.pk, []) if way != "user"],
            )
            for library in libraries
        ]
        was = ",".join(str(cell.library.pk) for cell in cells if cell.granted)
        rows.append(Row(user.pk, user.username, user.name, user.is_superuser, cells, was))
    return rows


def rows_of_groups(libraries: list[Library]) -> list[Row]:
    granted: dict[int, set[int]] = {}
    for group_id, library_id in GroupAccess.objects.values_list("group_id", "library_id"):
        granted.setdefault(group_id, set()).add(library_id)
    rows = []
    for group in Group.objects.order_by("name", "pk")[:MAX_ROWS]:
        mine = granted.get(group.pk, set())
        cells = [Cell(library, library.pk in mine, []) for library in libraries]
        was = ",".join(str(cell.library.pk) for cell in cells if cell.granted)
        rows.append(Row(str(group.pk), group.name, "", False, cells, was))
    return rows


def save(request: HttpRequest) -> None:
    """Carry out every change of the form, or none of them."""
    people, groups = changes_in(request.POST, "user"), changes_in(request.POST, "group")
    try:
        with transaction.atomic():
            for change in people:
                services.change_user_libraries(change.pk, added=change.added, removed=change.removed)
            for change in groups:
                services.change_group_libraries(change.pk, added=change.added, removed=change.removed)
    except DomainError as error:
        tell(request, _("Nothing was changed. %(reason)s") % {"reason": error.message}, wrong=True)
        return
    count = len(people) + len(groups)
    if not count:
        tell(request, _("Nothing was changed."))
        return
    text = ngettext(
        "The access of %(count)s user or group was changed.",
        "The access of %(count)s users and groups was changed.",
        count,
    )
    tell(request, text % {"count": formatting.number(count)})


def changes_in(form: QueryDict, kind: str) -> list[Change]:
    """The rows of one kind whose boxes are not as they were shown, in the order in which they are locked."""
    found = []
    for pk in sorted(set(form.getlist(kind))):
        was = numbers(form.get(f"was-{kind}-{pk}", "").split(","))
        wanted = numbers(form.getlist(f"{kind}-{pk}"))
        if was != wanted:
            found.append(Change(pk, wanted - was, was - wanted))
    return found


def numbers(texts: Iterable[Any]) -> set[int]:
    """The library ids in a form; what is none is left out."""
    return {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 18}
