"""Other limits for one test than a server has: with small ones, small libraries take many steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_django.fixtures import Settings


def limit_scans(settings: Settings, **limits: Any) -> None:
    """Change limits of scans (fields of `libraries.scanner.limits.ScanLimits`)."""
    settings.SCAN_LIMITS = replace(settings.SCAN_LIMITS, **limits)


def limit_storage(settings: Settings, **limits: Any) -> None:
    """Change what calls to storage may cost (fields of `libraries.limits.StorageLimits`)."""
    settings.STORAGE_LIMITS = replace(settings.STORAGE_LIMITS, **limits)


def limit_events(settings: Settings, **limits: Any) -> None:
    """Change the times of event streams (fields of `libraries.limits.EventLimits`)."""
    settings.EVENT_LIMITS = replace(settings.EVENT_LIMITS, **limits)


def limit_lists(settings: Settings, **limits: Any) -> None:
    """Change what lists may cost (fields of `libraries.limits.ListLimits`)."""
    settings.LIST_LIMITS = replace(settings.LIST_LIMITS, **limits)


def limit_watches(settings: Settings, **limits: Any) -> None:
    """Change the times of the watcher (fields of `libraries.limits.WatchLimits`)."""
    settings.WATCH_LIMITS = replace(settings.WATCH_LIMITS, **limits)


def limit_purges(settings: Settings, **limits: Any) -> None:
    """Change the limits of purges (fields of `missing.limits.PurgeLimits`)."""
    settings.PURGE_LIMITS = replace(settings.PURGE_LIMITS, **limits)
