"""Model fields of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from navidrome_lib.db.ids import new_id

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class KeyField(models.CharField):  # type: ignore[type-arg]
    """An ASCII key that is only ever compared as a whole.

    On PostgreSQL it has byte order and no second index for prefix searches, which Django would add to each key and
    to each column that refers to it: half of the cost of writing a track.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        if connection.vendor == "postgresql":
            return f"character varying({self.max_length})"
        return super().db_type(connection)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class OrderField(KeyField):
    """A text that lists are in order of: by its bytes on every database, whatever the language of PostgreSQL is."""


def id_field() -> KeyField:
    """A primary key made by `navidrome_lib.db.ids.new_id`."""
    return KeyField(primary_key=True, max_length=22, default=new_id, editable=False)
