"""Forms that write only what a person changed on the page."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseModelForm
from django.utils.translation import gettext as _

from navidrome_lib.controls import NAME_RULE, has_controls


def validate_name(name: str) -> None:
    """Refuse a name with control characters."""
    if has_controls(name):
        raise ValidationError(_(NAME_RULE))


class ChangesOnlyForm(BaseModelForm):  # type: ignore[type-arg]
    """A form that carries what the page showed, so that `changed_data` is what was changed on this page.

    What others have changed since the page was shown then stays as it is. A form that is sent without what was shown
    (by a script) is compared with the row as it is now.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.show_hidden_initial = not field.disabled

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in self.fields if self._is_changed(name)]

    def _is_changed(self, name: str) -> bool:
        bound: Any = self[name]
        if self._has_shown_values:
            return bool(bound._has_changed())
        return bool(bound.field.has_changed(bound.initial, bound.data))

    @cached_property
    def _has_shown_values(self) -> bool:
        """Whether what the page showed came back; of an empty choice nothing comes, so any field tells for all."""
        return any(self[name].html_initial_name in self.data for name in self.fields)

    def changed_values(self) -> dict[str, Any]:
        """The cleaned values of the fields that were changed; of a new row, of all."""
        everything = self.instance._state.adding
        return {name: value for name, value in self.cleaned_data.items() if everything or name in self.changed_data}

    def _save_m2m(self) -> None:
        cleaned, self.cleaned_data = self.cleaned_data, self.changed_values()
        try:
            super()._save_m2m()  # type: ignore[misc]
        finally:
            self.cleaned_data = cleaned
