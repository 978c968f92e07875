"""The formats that audio is converted to, as admins change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from listening.models import Transcoding
from listening.services.rows import delete_row, save_row

_KIND: Final = "transcoding"


def save_transcoding(transcoding: Transcoding, values: Mapping[str, Any]) -> Transcoding:
    """Add a format, or change some fields of one. `Conflict` when another one has the same name or format."""
    save_row(transcoding, values, kind=_KIND, unique={"name": "name", "targetFormat": "target_format"})
    return transcoding


def delete_transcoding(transcoding: Transcoding) -> None:
    """Remove a format. Players that use it get original files."""
    delete_row(transcoding, kind=_KIND)
