"""The first page: every library at a glance, what needs attention, and what is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from libraries.admin.base import may_scan, page
from libraries.admin.cards import Card, cards_of
from libraries.models import Library, MediaFile, Scan
from navidrome_lib.admin import formatting
from navidrome_lib.viewer import is_admin, viewer_of

# counting the formats of more songs than this takes longer than a page may: it is done beside the page, and kept
QUICKLY_COUNTED = 50_000
KEPT = 600


@dataclass(frozen=True, kw_only=True)
class Attention:
    """One thing that needs attention, with the action that helps."""

    icon: str
    text: str
    reason: str = ""
    action: str = ""
    address: str = ""
    scan_again: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar of a chart; `share` in per cent of the whole."""

    label: str
    value: str
    share: float


def add_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The theme asks for the dashboard's figures here."""
    libraries = Library.objects.visible_to(viewer_of(request))
    cards = cards_of(libraries)
    context.update(
        cards=cards,
        attention=[item for card in cards for item in attention_of(card)],
        recent_scans=recent_scans(request),
        totals=totals_of(cards),
        storage=bars([(card.library.name, card.library.total_size) for card in cards], formatting.size),
        formats=formats_of(libraries, cards, wait=False),
        may_scan=may_scan(request),
        may_add=is_admin(request),
        has_song=any(card.library.total_songs for card in cards),
    )
    return context


def recent_scans(request: HttpRequest) -> list[Scan]:
    return list(Scan.objects.visible_to(viewer_of(request)).select_related("library").order_by("-pk")[:8])


def totals_of(cards: list[Card]) -> list[tuple[str, str]]:
    """The totals of all libraries together, with labels."""
    rows = [card.library for card in cards]
    return [
        (_("Songs"), formatting.number(sum(row.total_songs for row in rows))),
        (_("Albums"), formatting.number(sum(row.total_albums for row in rows))),
        (_("Playing time"), formatting.duration(sum(row.total_duration for row in rows))),
        (_("Size"), formatting.size(sum(row.total_size for row in rows))),
    ]


def attention_of(card: Card) -> list[Attention]:
    """The things of one library that need attention, each with its action."""
    name, found = card.library.name, list[Attention]()
    if card.is_offline:
        found.append(
            Attention(
                icon="cloud_off", text=_("“%(name)s” is offline") % {"name": name}, reason=card.reason,
                action=_("Scan again"), scan_again=card.library.pk,
            )
        )  # fmt: skip
    if card.held:
        found.append(
            Attention(
                icon="pan_tool", text=_("A scan of “%(name)s” needs your approval") % {"name": name},
                reason=card.held.error, action=_("Review"),
                address=page("libraries_scan_change", card.held.pk),
            )
        )  # fmt: skip
    if card.problems:
        text = ngettext("%(count)s file in “%(name)s” could not be read",
                        "%(count)s files in “%(name)s” could not be read", card.problems)  # fmt: skip
        found.append(
            Attention(
                icon="error",
                text=text % {"count": formatting.number(card.problems), "name": name},
                action=_("Show problems"),
                address=page("libraries_scanproblem_changelist", library__id__exact=card.library.pk, open="yes"),
            )
        )  # fmt: skip
    if count := card.library.total_missing_files:
        text = ngettext("%(count)s file in “%(name)s” is missing", "%(count)s files in “%(name)s” are missing", count)
        found.append(
            Attention(
                icon="search_off", text=text % {"count": formatting.number(count), "name": name},
                action=_("Show files"),
                address=page("missing_missingfile_changelist", library__id__exact=card.library.pk),
            )
        )  # fmt: skip
    return found


def bars(values: list[tuple[str, int]], text: Any) -> list[Bar]:
    """The bars of the values above zero, longest first."""
    whole = sum(value for _label, value in values) or 1
    ordered = sorted((item for item in values if item[1]), key=lambda item: -item[1])
    return [Bar(label=label, value=text(value), share=round(value * 100 / whole, 1)) for label, value in ordered]


def formats_of(libraries: QuerySet[Library], cards: list[Card], *, wait: bool) -> list[Bar] | None:
    """Songs by format; None when counting takes a while and `wait` is false."""
    rows = [card.library for card in cards]
    state = ",".join(f"{row.pk}-{row.total_songs}-{row.total_size}" for row in rows)
    key = "formats:" + hashlib.blake2b(state.encode(), digest_size=16).hexdigest()
    kept: list[tuple[str, str, float]] | None = cache.get(key)
    if kept is None and (wait or sum(row.total_songs for row in rows) <= QUICKLY_COUNTED):
        files = MediaFile.objects.filter(library__in=[row.pk for row in rows]).present()
        counted = files.order_by().values_list("suffix").annotate(songs=Count("pk"), size=Sum("size"))
        sizes = {suffix: size for suffix, _songs, size in counted}
        kept = [
            (bar.label.upper(), f"{bar.value} · {formatting.size(sizes[bar.label])}", bar.share)
            for bar in bars([(suffix, songs) for suffix, songs, _size in counted], formatting.songs)
        ]
        cache.set(key, kept, KEPT)
    return None if kept is None else [Bar(label=label, value=value, share=share) for label, value, share in kept]
