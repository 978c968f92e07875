"""Texts as one parameter of a statement, however many they are: so a statement can be kept, and asked with others."""

from __future__ import annotations

from typing import Any

from django.db.models import Expression, TextField


class JsonTexts(Expression):
    """The texts of a JSON array as the rows of a subquery, for `__in`."""

    def __init__(self, array: str) -> None:
        super().__init__(output_field=TextField())
        self.array = array

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return "(SELECT jsonb_array_elements_text(%s::jsonb))", (self.array,)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """For SQLite."""
        return "(SELECT value FROM json_each(%s))", (self.array,)
