"""Radio stations: admins add, change and remove them, everybody sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from listening.models import Radio
from listening.services.rows import delete_row, save_row
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound

_KIND: Final = "radio"


def find_radio(pk: str) -> Radio:
    """The station with that id, or `NotFound`."""
    found = Radio.objects.filter(pk=pk).first() if can_be_id(pk) else None
    if found is None:
        raise NotFound("This radio station does not exist.")
    return found


def save_radio(radio: Radio, values: Mapping[str, Any]) -> Radio:
    """Add a station, or change some fields of one. `Conflict` when another one has the same name."""
    save_row(radio, values, kind=_KIND, unique={"name": "name"})
    return radio


def delete_radio(radio: Radio) -> None:
    """Remove a station."""
    delete_row(radio, kind=_KIND)
