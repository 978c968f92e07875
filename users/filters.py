"""Query parameters of the lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field

from navidrome_lib.db.ids import can_be_id
from users.models import ApiKey, User

MAX_IDS = 500


class FlagField(forms.Field):
    """true or false; anything else is a mistake."""

    def to_python(self, value: object) -> bool | None:
        if value in (None, ""):
            return None
        if str(value).lower() not in ("true", "false"):
            raise forms.ValidationError("Must be true or false.")
        return str(value).lower() == "true"


class FlagWidget(forms.TextInput):
    """The parameter as it came."""


class FlagFilter(django_filters.Filter):
    """A column that is true or false."""

    field_class = FlagField

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name=field_name, widget=FlagWidget)


class TextIdsField(forms.Field):
    """One or more opaque ids, repeated or separated by commas."""

    widget = forms.SelectMultiple

    def to_python(self, value: object) -> list[str]:
        parts = ",".join(str(part) for part in value) if isinstance(value, list) else ""
        return [part.strip() for part in parts.split(",") if part.strip()]


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class TextIdsFilter(django_filters.Filter):
    """Rows with one of these ids; an id that does not exist finds nothing."""

    field_class = TextIdsField

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        # only what an id can be, so that nothing odd reaches the database
        known = [text for text in value if can_be_id(text)][:MAX_IDS]
        return qs.filter(**{f"{self.field_name}__in": known}) if value else qs


class UserFilter(django_filters.FilterSet):
    """`/api/user`: by a part of the name, user name or address, and by role."""

    name = django_filters.CharFilter(lookup_expr="icontains")
    userName = django_filters.CharFilter(field_name="username", lookup_expr="icontains")  # noqa: N815 - a wire key
    email = django_filters.CharFilter(lookup_expr="icontains")
    isAdmin = FlagFilter("is_superuser")  # noqa: N815
    isActive = FlagFilter("is_active")  # noqa: N815

    class Meta:
        model = User
        fields: list[str] = []


class ApiKeyFilter(django_filters.FilterSet):
    """`/api/apikey`: by owner."""

    userId = TextIdsFilter(field_name="user")  # noqa: N815

    class Meta:
        model = ApiKey
        fields: list[str] = []
