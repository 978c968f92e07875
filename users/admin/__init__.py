"""Accounts, groups and API keys in the admin site; only admins see them."""

from __future__ import annotations

from users.admin.accounts import ApiKeyAdmin, GroupAdmin, UserAdmin

__all__ = ["ApiKeyAdmin", "GroupAdmin", "UserAdmin"]
