"""Every word that a page of the admin site takes from code can be translated: it is lazy, and not yet a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.utils.functional import Promise

pytestmark = pytest.mark.alike

OURS = {"libraries", "users", "listening", "missing", "audit", "system", "subsonic"}
ADMINS = [(model, page) for model, page in admin.site._registry.items() if model._meta.app_label in OURS]

Words = Iterator[tuple[str, Any]]


def of_field(field: Any) -> Words:
    yield f"{field} name", field.verbose_name
    yield f"{field} help", field.help_text
    for value, label in field.choices or ():
        yield f"{field} choice {value}", label


def model_field(model: type[models.Model], name: Any) -> Any:
    """The field of that name, if it is one."""
    return next(
        (field for field in model._meta.get_fields() if field.name == name and hasattr(field, "help_text")), None
    )


def of_model(model: type[models.Model]) -> Words:
    yield f"{model.__name__} name", model._meta.original_attrs.get("verbose_name")
    yield f"{model.__name__} plural", model._meta.verbose_name_plural


def of_list(model: type[models.Model], page: Any) -> Words:
    for name in page.list_display:
        field = model_field(model, name)
        if field is not None:
            yield from of_field(field)
        else:
            yield f"{page} column {name}", getattr(getattr(page, name), "short_description", name)
    for item in page.list_filter:
        if isinstance(item, type) and issubclass(item, admin.SimpleListFilter):
            yield f"{page} filter {item.__name__}", item.title
        else:
            field = model_field(model, item if isinstance(item, str) else item[0])
            assert field is not None, item
            yield from of_field(field)
    for name in page.actions:
        yield f"{page} action {name}", getattr(page, name).short_description


def of_form(model: type[models.Model], page: Any) -> Words:
    for fieldsets in (page.fieldsets or (), getattr(page, "add_fieldsets", ())):
        for title, options in fieldsets:
            yield f"{page} part {options['fields']}", title
            for name in flatten_fieldsets([(None, options)]):
                field = model_field(model, name)
                if field is not None:
                    yield from of_field(field)
    for form in {page.form, getattr(page, "add_form", page.form)}:
        for name, field in form.declared_fields.items():
            if not field.widget.is_hidden:
                yield f"{form.__name__}.{name} label", field.label
                yield f"{form.__name__}.{name} help", field.help_text


@pytest.mark.parametrize(("model", "page"), ADMINS, ids=lambda item: getattr(item, "__name__", ""))
def test_pages(model: type[models.Model], page: Any) -> None:
    words = [*of_model(model), *of_list(model, page), *of_form(model, page)]
    assert sorted({where for where, word in words if word and not isinstance(word, Promise)}) == []
    assert not [where for where, word in words if word is None and where.endswith((" name", " label"))]


def test_apps() -> None:
    shown = {model._meta.app_label for model, _ in ADMINS}
    assert not [label for label in shown if not isinstance(apps.get_app_config(label).verbose_name, Promise)]
