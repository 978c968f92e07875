"""The field of forms by which libraries are chosen."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelMultipleChoiceField

from navidrome_lib.api.wire import parse_library_id


class LibrariesField(ModelMultipleChoiceField):  # type: ignore[type-arg]
    """A choice of libraries. A number that no database could hold is refused as any other that no library has."""

    def clean(self, value: Any) -> Any:
        for item in value if isinstance(value, (list, tuple)) else ():
            if parse_library_id(str(item)) is None:
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": item})
        return super().clean(value)
