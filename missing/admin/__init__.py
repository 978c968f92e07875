"""Missing files and purges in the admin site; only admins see them."""

from __future__ import annotations

from missing.admin.missing_files import MissingFileAdmin, PurgeAdmin

__all__ = ["MissingFileAdmin", "PurgeAdmin"]
