"""Scans and the files that they could not read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from unfold.decorators import display

from libraries.admin.base import LIBRARY_FILTER, ReadOnlyAdmin, back, may_scan, page, shown, tell
from libraries.admin.cards import progress_bar_of, took
from libraries.admin.changes import changes_of
from libraries.choices import ACTIVE_STATES, ScanState
from libraries.labels import PROBLEM_KIND_LABELS
from libraries.models import Scan, ScanProblem
from libraries.services import scans
from navidrome_lib.admin import formatting
from navidrome_lib.errors import DomainError
from navidrome_lib.viewer import is_admin, viewer_of

STATE_COLOURS: dict[str, str] = {
    ScanState.QUEUED: "info",
    ScanState.RUNNING: "info",
    ScanState.FINISHED: "success",
    ScanState.FAILED: "danger",
    ScanState.CANCELLED: "default",
    ScanState.OFFLINE: "danger",
    ScanState.HELD: "warning",
}
SHOWN = 100


@admin.register(Scan)
class ScanAdmin(ReadOnlyAdmin):
    """Scans, the newest first."""

    list_display = (
        "number", "library", "kind", "shown_state", "seen", "added", "updated", "moved", "missing", "failed",
        "requested_at", "lasted",
    )  # fmt: skip
    list_filter = ("state", LIBRARY_FILTER, "trigger", "full")
    list_select_related = ("library",)
    ordering = ("-pk",)
    change_form_template = "admin/libraries/scan/detail.html"

    def get_urls(self) -> list[URLPattern]:
        decisions = {"cancel": self.cancel_view, "approve": self.approve_view, "discard": self.discard_view}
        own = [
            path(f"<int:pk>/{word}/", self.admin_site.admin_view(view), name=f"libraries_scan_{word}")
            for word, view in decisions.items()
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=_lazy("scan"), ordering="pk")
    def number(self, scan: Scan) -> str:
        return f"#{scan.pk}"

    @admin.display(description=_lazy("type"))
    def kind(self, scan: Scan) -> str:
        return f"{scan.get_type_display()} · {scan.get_trigger_display()}"

    @display(description=_lazy("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, scan: Scan) -> tuple[str, str]:
        return scan.state, scan.get_state_display()

    @admin.display(description=_lazy("duration"))
    def lasted(self, scan: Scan) -> str:
        time = took(scan)
        return formatting.duration(time.total_seconds()) if time else "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        scan = self.get_object(request, object_id)
        if scan is None:
            raise Http404
        rights = {"may_scan": may_scan(request), "may_decide": is_admin(request)}
        changes = {"changes": changes_of(request, scan), "changes_gone": changed_something(scan)}
        context = {**detail_of(scan), **changes, **rights, **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: cancel a scan that waits or runs."""
        return self.decide(request, pk, scans.cancel_scan, _("The scan is being cancelled."), may_cancel)

    def approve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: queue a scan that marks what a held scan found gone."""
        said = _("Approved. A queued scan marks the files that are still gone as missing.")
        approve = partial(scans.approve_scan, requested_by=str(request.user))
        return self.decide(request, pk, approve, said, only_admins)

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: forget what a held scan found gone."""
        said = _("Discarded. No file was marked as missing.")
        return self.decide(request, pk, scans.discard_scan, said, only_admins)

    def decide(
        self,
        request: HttpRequest,
        pk: int,
        service: Callable[[Scan], Scan],
        said: str,
        allowed: Callable[[Scan, HttpRequest], bool],
    ) -> HttpResponse:
        """Let a service decide about a scan, and say what came of it."""
        if request.method != "POST" or not viewer_of(request).may_scan:
            raise PermissionDenied
        scan = get_object_or_404(Scan.objects.visible_to(viewer_of(request)).select_related("library"), pk=pk)
        if not allowed(scan, request):
            raise PermissionDenied
        try:
            shown = service(scan)
        except DomainError as error:
            tell(request, error.message, wrong=True)
            shown = scan
        else:
            tell(request, said)
        return back(request, page("libraries_scan_change", shown.pk))


def may_cancel(scan: Scan, request: HttpRequest) -> bool:
    """Whether the request is from one who may cancel this scan."""
    return scan.is_cancellable_by(viewer_of(request))


def only_admins(scan: Scan, request: HttpRequest) -> bool:
    """Whether the request is from an admin, whichever scan it is about."""
    return is_admin(request)


def detail_of(scan: Scan) -> dict[str, Any]:
    """Everything that is known of one scan."""
    problems = ScanProblem.objects.filter(library=scan.library_id, scan=scan.pk).order_by("path")
    running = scan.state in ACTIVE_STATES
    time = took(scan)
    return {
        "scan": scan,
        "colour": STATE_COLOURS[scan.state],
        "progress": progress_bar_of(scan, timezone.now()) if running else None,
        "lasted": formatting.duration(time.total_seconds()) if time else "",
        "held": held_of(scan) if scan.state == ScanState.HELD else None,
        "approving": scan.approvals.filter(state__in=ACTIVE_STATES).first(),
        "counts": [
            (_("Files"), scan.seen), (_("Unchanged"), scan.skipped), (_("Added"), scan.added),
            (_("Updated"), scan.updated), (_("Moved"), scan.moved), (_("Restored"), scan.restored),
            (_("Failed"), scan.failed), (_("Missing"), scan.missing),
        ],
        "problems": problems[:SHOWN],
        "problem_kinds": [
            (PROBLEM_KIND_LABELS[kind], count)
            for kind, count in problems.order_by().values_list("kind").annotate(n=Count("pk")).order_by("-n")
        ],
    }  # fmt: skip


def changed_something(scan: Scan) -> bool:
    """Whether there was something to say about its folders."""
    return bool(scan.added or scan.updated or scan.moved or scan.missing or scan.restored)


def held_of(scan: Scan) -> dict[str, Any]:
    """What a held scan would mark: how much, of which folders and albums, and the first files."""
    marks = scan.held_marks.order_by()
    named = marks.values_list("media_file__album", "media_file__album_artist").annotate(n=Count("pk"))
    return {
        "count": marks.count(),
        "albums": named.order_by("-n", "media_file__album")[:SHOWN],
        "files": marks.order_by("media_file__path").values_list("media_file__path", flat=True)[:SHOWN],
    }


class OpenFilter(admin.SimpleListFilter):
    """Problems that still are, or that have gone by themselves."""

    title = _lazy("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Unresolved")), ("no", _("Resolved"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ScanProblem]) -> QuerySet[ScanProblem]:
        if self.value() in ("yes", "no"):
            return queryset.filter(resolved_at__isnull=self.value() == "yes")
        return queryset


@admin.register(ScanProblem)
class ProblemAdmin(ReadOnlyAdmin):
    """Files that could not be read."""

    list_display = ("shown_path", "library", "shown_kind", "shown_message", "last_seen_at", "resolved_at")
    list_filter = (OpenFilter, "kind", LIBRARY_FILTER)
    fields = ("path", "library", "kind", "message", "scan", "first_seen_at", "last_seen_at", "resolved_at")
    list_select_related = ("library",)
    search_fields = ("path", "message")
    ordering = ("-pk",)

    @display(description=_lazy("kind"), ordering="kind", label=True)
    def shown_kind(self, problem: ScanProblem) -> str:
        return problem.get_kind_display()

    @admin.display(description=_lazy("file"), ordering="path")
    def shown_path(self, problem: ScanProblem) -> str:
        return shown(problem.path)

    @admin.display(description=_lazy("what happened"))
    def shown_message(self, problem: ScanProblem) -> str:
        return shown(problem.message)
