"""Template filters for numbers, sizes and times."""

from __future__ import annotations

from django import template

from navidrome_lib.admin import formatting

register = template.Library()
register.filter("number", formatting.number)
register.filter("span", formatting.duration)
register.filter("clock", formatting.clock)
register.filter("bytes", formatting.size)
register.filter("ago", formatting.ago)
register.filter("unread", formatting.unread)
