"""What people add, in the admin site; only admins see it."""

from __future__ import annotations

from listening.admin.pages import RadioAdmin, ShareAdmin, TranscodingAdmin

__all__ = ["RadioAdmin", "ShareAdmin", "TranscodingAdmin"]
