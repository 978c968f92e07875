"""Sections of the account page that are of other apps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.http import HttpRequest
from django.utils.module_loading import import_string

# the HTML of a section, empty where there is nothing to show; it is given what is shown once besides
Section = Callable[[HttpRequest, Mapping[str, Any]], str]
_names: Final[list[str]] = []


def show_also(name: str) -> None:
    """Have the function of that name asked for a section whenever the page is shown.

    To be called in the `ready` of an app: a worker, which shows no page, loads nothing that only pages need.
    """
    _names.append(name)


def sections(request: HttpRequest, more: Mapping[str, Any]) -> list[str]:
    """The sections of all apps that have something to show."""
    found: list[Section] = [import_string(name) for name in _names]
    return [html for section in found if (html := section(request, more))]
