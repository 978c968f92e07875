"""What the pages of the catalog share: who may do what, and lists that stay quick however long they are."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from libraries.models import Library

CAP = 10_000
MAX_SHOWN = 120


def is_admin(request: HttpRequest) -> bool:
    """Somebody who runs the server; only they change libraries."""
    return bool(request.user.is_active and getattr(request.user, "is_admin", False))


def may_scan(request: HttpRequest) -> bool:
    """Admins, and people who were given the right to scan what they hear."""
    return is_admin(request) or bool(request.user.is_active and getattr(request.user, "may_scan", False))


def page(name: str, *arguments: object, **query: str | int) -> str:
    """The address of a page of the admin site, or an empty text when there is no such page."""
    try:
        address = reverse(f"admin:{name}", args=arguments)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address


def back(request: HttpRequest, fallback: str) -> HttpResponse:
    """To where the form says that it was, on this site only."""
    target = request.POST.get("next", "")
    host, secure = request.get_host(), request.is_secure()
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={host}, require_https=secure)
    return HttpResponseRedirect(target if safe else fallback)


def tell(request: HttpRequest, text: str, *, wrong: bool = False) -> None:
    """Say one sentence on the next page."""
    messages.add_message(request, messages.ERROR if wrong else messages.SUCCESS, text)


def shown(text: str, *, least: str = "–") -> SafeString:
    """A text from a file, in one line of a list: escaped, cut, and with a direction of writing of its own."""
    cut = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
    return format_html('<bdi class="nd-text">{}</bdi>', cut or least)


class CappedPaginator(Paginator[Any]):
    """Counts no further than `CAP`: behind that nobody turns pages, one searches."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[:CAP].count()
        return super().count


class VisibleLibraryFilter(admin.RelatedFieldListFilter):
    """By library, of those that the viewer may see: the stock filter names all of them to everybody."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        libraries = Library.objects.visible_to(request.user).order_by("name_key")
        return [(str(pk), name) for pk, name in libraries.values_list("pk", "name")]


LIBRARY_FILTER = ("library", VisibleLibraryFilter)


class BigListAdmin(ModelAdmin):
    """Rows of which there may be a million, scoped by what the viewer may see."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_after_template = "admin/libraries/capped.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).visible_to(request.user)
        return rows


class ReadOnlyAdmin(BigListAdmin):
    """Rows that only the scanner writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
