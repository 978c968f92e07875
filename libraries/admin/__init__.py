"""The catalog in the admin site: libraries can be changed, what the scanner wrote can be looked at."""

from __future__ import annotations

from libraries.admin.catalog import AlbumAdmin, ArtistAdmin, MediaFileAdmin
from libraries.admin.library import LibraryAdmin
from libraries.admin.scans import ProblemAdmin, ScanAdmin

__all__ = ["AlbumAdmin", "ArtistAdmin", "LibraryAdmin", "MediaFileAdmin", "ProblemAdmin", "ScanAdmin"]
