"""Rows that are saved by what was changed, not as a whole."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, Self

from django.db import DatabaseError, models


class SavesChanges(models.Model):
    """Save only the fields that were changed since the row was loaded, also when Django calls `save`.

    A whole row would take back what others have changed in the meantime, and bring a deleted one back to life. Saving
    a row that was deleted meanwhile raises `DoesNotExist`.
    """

    class Meta:
        abstract = True

    def save(self, **options: Any) -> None:
        """Insert a new row, or save what was changed; `update_fields` chooses among all fields as usual."""
        if self._state.adding or options.get("force_insert"):
            super().save(**options)
            self.remember(self.__dict__.keys())
            return
        if options.get("update_fields") is None:
            options["update_fields"] = self.changed_fields()
        if not options["update_fields"]:
            return
        try:
            super().save(**options)
        except DatabaseError as error:
            if type(error) is DatabaseError:  # how Django says that there was no such row
                raise type(self).DoesNotExist("The row was deleted meanwhile.") from error
            raise
        self.remember(options["update_fields"])

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        row = super().from_db(db, field_names, values, **options)
        # a new row has its values and nothing else; this is done for each row that is read
        loaded = row.__dict__.copy()
        del loaded["_state"]
        for name in _changeable(cls):
            if name in loaded:
                loaded[name] = own(loaded[name])
        row.__dict__["_loaded"] = loaded
        return row

    def refresh_from_db(self, *args: Any, **options: Any) -> None:
        super().refresh_from_db(*args, **options)
        fields = options.get("fields") or (args[1] if len(args) > 1 else None)
        self.remember(self.__dict__.keys() if fields is None else fields)

    def changed_fields(self) -> list[str]:
        """The names of the fields that were changed since the row was loaded, and of those that follow alone."""
        known: dict[str, Any] = self.__dict__.get("_loaded", {})
        fields = [field for field in self._meta.concrete_fields if not field.primary_key]
        changed = [
            field.name
            for field in fields
            if field.attname in self.__dict__
            and (field.attname not in known or known[field.attname] != self.__dict__[field.attname])
        ]
        return changed and [*changed, *(field.name for field in fields if getattr(field, "auto_now", False))]

    def loaded_value(self, name: str) -> Any:
        """The value of a field as the database holds it, as far as this row knows; None for a row that is new."""
        return self.__dict__.get("_loaded", {}).get(name)

    def remember(self, names: Iterable[str]) -> None:
        """Remember the values that the database holds now."""
        loaded: dict[str, Any] = self.__dict__.setdefault("_loaded", {})
        wanted = set(names)
        for field in self._meta.concrete_fields:
            if field.attname in self.__dict__ and not wanted.isdisjoint((field.name, field.attname)):
                loaded[field.attname] = own(self.__dict__[field.attname])


@cache
def _changeable(model: type[models.Model]) -> tuple[str, ...]:
    """The columns whose values may be changed in place."""
    return tuple(field.attname for field in model._meta.concrete_fields if isinstance(field, models.JSONField))


def own(value: Any) -> Any:
    """`value`, or a copy of a list or a mapping, which may be changed in place."""
    return copy.deepcopy(value) if isinstance(value, (list, dict)) else value
