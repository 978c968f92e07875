"""What the dashboard asks for while a scan runs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse

from libraries.admin.cards import card_json, cards_of
from libraries.admin.dashboard import formats_of
from libraries.models import Library
from navidrome_lib.viewer import viewer_of


def live(request: HttpRequest) -> HttpResponse:
    """GET /admin/libraries/library/live/ — every visible library and its scan, in ready texts."""
    cards = cards_of(Library.objects.visible_to(viewer_of(request)))
    answer = JsonResponse({"libraries": [card_json(card) for card in cards]})
    answer["Cache-Control"] = "no-store"
    return answer


def formats(request: HttpRequest) -> HttpResponse:
    """GET /admin/libraries/library/formats/ — the chart of formats, where counting takes longer than a page may."""
    libraries = Library.objects.visible_to(viewer_of(request))
    bars = formats_of(libraries, cards_of(libraries), wait=True)
    return TemplateResponse(request, "admin/libraries/bars.html", {"bars": bars})
