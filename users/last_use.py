"""The moment at which an account or an API key was last used."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, transaction
from django.utils import timezone

from users.models import ApiKey, User

# how exact the moment is; each use would otherwise be a write
STEP: Final = timedelta(minutes=1)


def note_use(row: User | ApiKey, field: str) -> None:
    """Set `field` to now, unless that was done less than a minute ago."""
    now, last = timezone.now(), getattr(row, field)
    if last is not None and abs(now - last) < STEP:
        return
    # a busy database is no reason to refuse a request
    with contextlib.suppress(DatabaseError), transaction.atomic():
        row._meta.model._default_manager.filter(pk=row.pk).update(**{field: now})
        setattr(row, field, now)
