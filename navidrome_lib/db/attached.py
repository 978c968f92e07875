"""What hangs on rows of an app from tables of other apps: found by the foreign keys themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet

from navidrome_lib.db.bulk import delete_where


class Attachment(NamedTuple):
    """A table with a foreign key to rows of another app: the name of the key, and its column."""

    model: type[models.Model]
    field: str
    column: str

    @property
    def label(self) -> Any:
        """What its rows are called, in the plural."""
        return self.model._meta.verbose_name_plural


def attachments_of(model: type[models.Model]) -> list[Attachment]:
    """Every table of another app that refers to rows of `model`, in a fixed order."""
    found = [
        Attachment(relation.related_model, relation.field.name, relation.field.attname)
        for relation in model._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel) and relation.related_model._meta.app_label != model._meta.app_label
    ]
    return sorted(found, key=lambda attachment: (attachment.model._meta.label, attachment.field))


def delete_attached(model: type[models.Model], ids: Collection[Any]) -> None:
    """Delete what hangs on rows, which are deleted in the same transaction."""
    for attachment in attachments_of(model):
        delete_where(attachment.model, attachment.column, ids)


def unattached(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of some rows that nothing of another app refers to."""
    for model, field, _ in attachments_of(rows.model):
        rows = rows.filter(~Exists(model._default_manager.filter(**{field: OuterRef("pk")})))
    return rows


def count_attached(model: type[models.Model], **condition: Any) -> Iterator[tuple[Any, int]]:
    """What hangs on the rows that meet a condition: the label of each kind, and how many there are, if there are any.

    The condition is one lookup of `model`, such as `library=1`.
    """
    ((lookup, value),) = condition.items()
    for attachment in attachments_of(model):
        path = attachment.field if lookup == "pk" else f"{attachment.field}__{lookup}"
        count = attachment.model._default_manager.filter(**{path: value}).count()
        if count:
            yield attachment.label, count
