"""Base classes of the catalog's pages: permissions, messages, and lists that stay fast with a million rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import ExpressionWrapper, F, IntegerField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.csrf import csrf_protect
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from libraries.models import Library
from libraries.search.index import search_songs
from navidrome_lib.admin.readonly import ReadOnlyRows
from navidrome_lib.errors import DomainError, InvalidInput, NotFound
from navidrome_lib.viewer import viewer_of

MAX_SHOWN = 120


def may_scan(request: HttpRequest) -> bool:
    """Whether the request is from a person who has the right to scan the libraries that they can access."""
    return viewer_of(request).may_scan


class RefusalsAdmin:
    """Mixin of pages that save by services: a row that was deleted meanwhile is 404, other errors become messages."""

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self._or_refusal(request, super().changeform_view, *args, **options)  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self._or_refusal(request, super().delete_view, *args, **options)  # type: ignore[misc]

    def _or_refusal(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **options: Any
    ) -> HttpResponse:
        """The response of a view; its error as a message on the same page."""
        try:
            return view(request, *args, **options)
        except (NotFound, ObjectDoesNotExist) as error:
            raise Http404 from error
        except DomainError as error:
            tell(request, _("Nothing was changed. %(reason)s") % {"reason": error.message}, wrong=True)
            return HttpResponseRedirect(request.get_full_path())


class DiskFormAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Mixed in as the last base of pages whose form looks at the disk, which may take seconds.

    Django puts a transaction around the whole page; here only the service that saves has one. What that service still
    refuses is shown at the fields of the form, whose class has `refused` for it.
    """

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            answer: HttpResponse = self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        except InvalidInput as refusal:
            if not refusal.errors:
                raise
            request._refused = refusal.errors  # type: ignore[attr-defined]
            answer = self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        return answer

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **options)
        form.refused = getattr(request, "_refused", {})
        return form


def page(name: str, *arguments: object, **query: str | int) -> str:
    """The address of a page of the admin site, or an empty text when there is no such page."""
    try:
        address = reverse(f"admin:{name}", args=arguments)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address


def back(request: HttpRequest, fallback: str) -> HttpResponse:
    """Redirect to the form's `next` address when it is on this site, else to `fallback`."""
    target = request.POST.get("next", "")
    host, secure = request.get_host(), request.is_secure()
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={host}, require_https=secure)
    return HttpResponseRedirect(target if safe else fallback)


def tell(request: HttpRequest, text: str, *, wrong: bool = False) -> None:
    """Add a message to the next page."""
    messages.add_message(request, messages.ERROR if wrong else messages.SUCCESS, text)


def shown(text: str, *, least: str = "–") -> SafeString:
    """A text from a file for one cell of a list: escaped, shortened, and isolated in its writing direction."""
    cut = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
    return format_html('<bdi class="nd-text">{}</bdi>', cut or least)


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts no further than the setting `ADMIN_COUNTED_ROWS`."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: settings.ADMIN_COUNTED_ROWS].count()
        return super().count


class VisibleLibraryFilter(admin.RelatedFieldListFilter):
    """A filter by library that offers those the viewer can access: the stock filter shows all names to everyone."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        libraries = Library.objects.visible_to(viewer_of(request)).order_by("name_key")
        return [(str(pk), name) for pk, name in libraries.values_list("pk", "name")]


class GoneLibraryFilter(VisibleLibraryFilter):
    """The same filter for missing files, which keeps SQLite on the index of missing files."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = [int(value) for value in self.lookup_val or () if str(value).isdecimal()]
        return in_libraries(queryset, chosen) if chosen else queryset


LIBRARY_FILTER = ("library", VisibleLibraryFilter)
GONE_LIBRARY_FILTER = ("library", GoneLibraryFilter)


def in_libraries(rows: QuerySet[Any], ids: Sequence[int]) -> QuerySet[Any]:
    """Those in some libraries, without the index of libraries.

    SQLite has no statistics of the tables and would always take that index; a computed value is not in it. PostgreSQL
    has statistics, which a computed value would hide.
    """
    if connection.vendor != "sqlite":
        return rows.filter(library__in=ids)
    home = ExpressionWrapper(F("library_id") + 0, IntegerField())
    found: QuerySet[Any] = rows.alias(home=home).filter(home__in=ids)
    return found


class BigChangeList(ChangeList):
    """A list that is sorted only by the columns that it offers, whatever the address says."""

    def get_ordering_field(self, field_name: Any) -> Any:
        hidden = self.sortable_by is not None and field_name not in self.sortable_by
        return None if hidden else super().get_ordering_field(field_name)


class BigListAdmin(ModelAdmin):
    """Rows of which there may be a million, scoped by what the viewer may see."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_after_template = "admin/libraries/capped.html"

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return BigChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).visible_to(viewer_of(request))
        return rows


class LibraryScope(NamedTuple):
    """The libraries that a viewer may see; whether most songs are in them; whether those are all that there are."""

    ids: list[int]
    most: bool
    everything: bool


def scope_of(request: HttpRequest) -> LibraryScope:
    """The scope of the request's user, cached on the request."""
    found: LibraryScope | None = getattr(request, "_library_scope", None)
    if found is None:
        ids = list(Library.objects.visible_to(viewer_of(request)).values_list("pk", flat=True))
        songs = dict(Library.objects.active().values_list("pk", "total_songs"))
        most = 2 * sum(songs.get(pk, 0) for pk in ids) >= sum(songs.values())
        found = LibraryScope(ids, most, set(ids) >= set(songs))
        request._library_scope = found  # type: ignore[attr-defined]
    return found


class SongListAdmin(BigListAdmin):
    """Songs, of which there are the most: scoped, searched and sorted in ways that databases answer at once."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """As `visible_to`, with the libraries looked up beforehand.

        Who sees most songs sees most of the first rows: a database must go through them in the order of the list, and
        not gather those of each library first. What is computed is in no index.
        """
        rows: QuerySet[Any] = ModelAdmin.get_queryset(self, request)
        scope = scope_of(request)
        if scope.most:
            return in_libraries(rows, scope.ids)
        return rows.filter(library__in=scope.ids)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the beginnings of words, in the library that was chosen or in all that may be seen."""
        if not search_term.strip():
            return queryset, False
        scope = scope_of(request)
        chosen = {str(pk): pk for pk in scope.ids}.get(request.GET.get("library__id__exact", ""))
        ids = None if scope.everything else scope.ids
        return search_songs(queryset, search_term, ids if chosen is None else [chosen]), False

    @admin.display(description=_lazy("title"), ordering="title")
    def shown_title(self, track: Any) -> str:
        return shown(track.title)

    @admin.display(description=_lazy("artist"))
    def shown_artist(self, track: Any) -> str:
        return shown(track.artist)

    @admin.display(description=_lazy("album"))
    def shown_album(self, track: Any) -> str:
        return shown(track.album)


class ReadOnlyAdmin(ReadOnlyRows, BigListAdmin):
    """Rows that only the scanner writes."""
