"""The admin site's form of a library: the same rules as everywhere, each shown at its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from libraries.models import Library
from libraries.services.library_rules import PreparedLibrary, prepare_library
from navidrome_lib.admin.forms import ChangesOnlyForm
from navidrome_lib.errors import InvalidInput

# said here and not by the form's Meta, which the admin site widens by every field that it shows
FIELDS = (
    "name",
    "path",
    "recursive",
    "follow_symlinks",
    "text_encoding",
    "default_new_users",
    "schedule",
    "watch",
    "missing_retention_days",
    "held_percent",
    "held_count",
    "anchor_file",
)
FIELD_OF = {
    "excludePatterns": "patterns",
    "missingRetentionDays": "missing_retention_days",
    "heldThreshold.percent": "held_percent",
    "heldThreshold.files": "held_count",
    "anchorFile": "anchor_file",
    "textEncoding": "text_encoding",
}


class LibraryForm(ChangesOnlyForm, forms.ModelForm):  # type: ignore[type-arg]
    """Adds and edits a library; exclude patterns are written one per line. Valid, it is `prepared` for the service."""

    prepared: PreparedLibrary
    # why the service refused these very values: then they are shown again and not checked again
    refused: Mapping[str, str] = {}

    patterns = forms.CharField(
        label=_lazy("Exclude patterns"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_lazy("One per line, as in a .gitignore file: *.tmp, /Podcasts/, !keep.mp3"),
    )
    allow_overlap = forms.BooleanField(
        label=_lazy("Allow overlap"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_lazy("Allow a folder that is inside another library or contains one."),
    )

    class Meta:
        model = Library
        fields = FIELDS
        widgets = {
            "path": UnfoldAdminTextInputWidget(attrs={"placeholder": "/srv/music"}),
            "anchor_file": UnfoldAdminTextInputWidget(attrs={"placeholder": ".mounted"}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # a page without it, such as one from before an upgrade, leaves it as it is
        if "text_encoding" in self.fields:
            self.fields["text_encoding"].required = False
        self.fields["patterns"].initial = "\n".join(self.instance.exclude_patterns or [])

    def clean(self) -> dict[str, Any]:
        """Prepare what was typed, with the rules of the services."""
        data = super().clean() or {}
        errors = self.refused
        if not errors:
            stored, overlap = self.instance if self.instance.pk else None, bool(data.get("allow_overlap", False))
            try:
                self.prepared = prepare_library(
                    self.values(), library=stored, allow_overlap=overlap, with_database=bool(self.errors)
                )
            except InvalidInput as error:
                errors = error.errors
        for field, sentence in errors.items():
            self.add_error(FIELD_OF.get(field, field), sentence)
        return data

    def values(self) -> dict[str, Any]:
        """The values that were changed, by model field, as the services take them; of a new library all."""
        changed = self.changed_values()
        values = {field: changed[field] for field in FIELDS if field in changed}
        if not values.get("text_encoding"):
            values.pop("text_encoding", None)
        if "patterns" in changed:
            values["exclude_patterns"] = [line.strip() for line in changed["patterns"].splitlines() if line.strip()]
        return values
