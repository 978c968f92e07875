"""Template filters for numbers, sizes and times, and for what a viewer may do."""

from __future__ import annotations

from django import template
from django.http import HttpRequest

from libraries.models import Scan
from navidrome_lib.admin import formatting
from navidrome_lib.viewer import viewer_of

register = template.Library()
register.filter("number", formatting.number)
register.filter("span", formatting.duration)
register.filter("clock", formatting.clock)
register.filter("bytes", formatting.size)
register.filter("ago", formatting.ago)
register.filter("unread", formatting.unread)


@register.filter
def cancellable_by(scan: Scan, request: HttpRequest) -> bool:
    """Whether the person who looks at the page may cancel the scan."""
    return scan.is_cancellable_by(viewer_of(request))
