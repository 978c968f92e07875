"""Other limits for one test than a server has: with small ones, small libraries take many steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_django.fixtures import Settings


def limit_scans(settings: Settings, **limits: Any) -> None:
    """Change limits of scans (fields of `libraries.scanner.limits.ScanLimits`)."""
    settings.SCAN_LIMITS = replace(settings.SCAN_LIMITS, **limits)
