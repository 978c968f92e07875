"""Other limits for one test than a server has: with small ones, small libraries take many steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import LazySettings
from pytest_django.fixtures import Settings

from libraries.limits import EventLimits, ListLimits, StorageLimits, WatchLimits
from libraries.scanner import ScanLimits
from missing.limits import PurgeLimits
from navidrome_lib.limits import limits_of


def change_limits(settings: Settings | LazySettings, kind: type[Any], **limits: Any) -> None:
    """Change limits of any kind, by the fields of its class."""
    settings.LIMITS = {**settings.LIMITS, kind: replace(limits_of(kind), **limits)}


def limit_scans(settings: Settings, **limits: Any) -> None:
    """Change limits of scans."""
    change_limits(settings, ScanLimits, **limits)


def limit_storage(settings: Settings, **limits: Any) -> None:
    """Change what calls to storage may cost."""
    change_limits(settings, StorageLimits, **limits)


def limit_events(settings: Settings, **limits: Any) -> None:
    """Change the times of event streams."""
    change_limits(settings, EventLimits, **limits)


def limit_lists(settings: Settings, **limits: Any) -> None:
    """Change what lists may cost."""
    change_limits(settings, ListLimits, **limits)


def limit_watches(settings: Settings, **limits: Any) -> None:
    """Change the times of the watcher."""
    change_limits(settings, WatchLimits, **limits)


def limit_purges(settings: Settings, **limits: Any) -> None:
    """Change the limits of purges."""
    change_limits(settings, PurgeLimits, **limits)
