"""Filters for figures in templates."""

from __future__ import annotations

from django import template

from libraries import texts

register = template.Library()
register.filter("number", texts.number)
register.filter("span", texts.duration)
register.filter("clock", texts.clock)
register.filter("bytes", texts.size)
register.filter("ago", texts.ago)
