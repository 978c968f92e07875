"""Rows that admins change, each change with its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model

from navidrome_lib.audit.services import record
from navidrome_lib.errors import Conflict


def save_row(row: Model, values: Mapping[str, Any], *, kind: str, unique: Mapping[str, str]) -> None:
    """Add a row, or change some fields of one.

    `unique` are the fields that no two rows have alike, by their wire names: `Conflict` with that of another row.
    """
    action = "create" if row._state.adding else "update"
    for field, value in values.items():
        setattr(row, field, value)
    try:
        with transaction.atomic():
            row.save()
            record(f"{kind}.{action}", kind=kind, pk=row.pk, name=str(row))
    except IntegrityError as error:
        for key, field in unique.items():
            same = type(row)._default_manager.filter(**{field: getattr(row, field)}).exclude(pk=row.pk)
            if same.exists():
                raise Conflict(errors={key: f"There is another {kind} with this {key}."}) from error
        raise


def delete_row(row: Model, *, kind: str) -> None:
    """Remove a row."""
    pk, name = row.pk, str(row)
    with transaction.atomic():
        row.delete()
        record(f"{kind}.delete", kind=kind, pk=pk, name=name)
