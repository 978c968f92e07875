"""Putting a list in order, as `_sort`, `_order` and `seed` ask for."""

from __future__ import annotations

import hashlib
import secrets
from functools import reduce
from operator import add
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.db.models.functions import Ord, Substr

from libraries.catalog_api.extension import Asked, Sort, Valued
from libraries.catalog_api.statements import rows_of
from libraries.models import MediaFile

# of an id, the last characters, which are random (see navidrome_lib.db.ids): how many, and where the id ends
_RANDOM: Final = 6
_LENGTH: Final = 22
# what songs are told apart by besides one character, at a fraction of the cost of more; both are in an index
_NUMBERS: Final = ("size", "mtime_ns")
# small enough that the sum of six characters times a factor is an integer of PostgreSQL
_FACTORS: Final = 2_000_000
_PRIME: Final = 1_000_003


def shuffle(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    """Annotate rows with a number to put them in random order by: of each seed another one, of a row always the same.

    So pages fit together, also when rows come or go between them, and every database has the same order.
    """
    digest = hashlib.blake2b((asked.seed or secrets.token_hex(8)).encode(), digest_size=32).digest()
    factors = (1 + int.from_bytes(digest[at : at + 4], "big") % _FACTORS for at in range(0, len(digest), 4))
    names, characters = (_NUMBERS, 1) if rows.model is MediaFile else ((), _RANDOM)
    parts: list[Any] = [(F(name) % _PRIME) * factor for name, factor in zip(names, factors, strict=False)]
    places = range(_LENGTH - characters + 1, _LENGTH + 1)
    parts += [Ord(Substr("pk", at, 1)) * factor for at, factor in zip(places, factors, strict=False)]
    shuffled: QuerySet[Any] = rows.annotate(random=ExpressionWrapper(reduce(add, parts) % _PRIME, BigIntegerField()))
    return shuffled


RANDOM: Final = Sort("random", prepare=shuffle)


def is_indexed(model: type[models.Model], sort: Sort) -> bool:
    """Whether an index has an order: its first pages cost little then."""
    if sort.prepare is not None or sort.valued is not None:
        return False
    names = [*(name for name in sort.by if name != "pk"), "id"]
    return names == ["id"] or any(index.fields[: len(names)] == names for index in model._meta.indexes)


def in_order(rows: QuerySet[Any], sort: Sort, asked: Asked, *, descending: bool) -> QuerySet[Any]:
    """Rows in an order; no two rows are equal in it."""
    if sort.prepare is not None:
        rows = sort.prepare(rows, asked)
    names = sort.by if sort.by[-1:] == ("pk",) else (*sort.by, "pk")
    return rows.order_by(*(_order(rows.model, name, descending) for name in names))


def ids_in_order(
    rows: QuerySet[Any], sort: Sort, asked: Asked, *, descending: bool, first: int = 0, end: int | None = None
) -> list[Any]:
    """The ids of the rows from place `first` to before `end` of an order, or to its end."""
    if sort.valued is None:
        ordered = in_order(rows, sort, asked, descending=descending).values_list("pk")
        return [pk for (pk,) in rows_of(ordered[first:end])]
    values, key = sort.valued.rows(asked), sort.valued.key
    direction = "-" if descending else ""
    with_value = _with_value(rows, sort.valued, asked, direction)
    # what has no value is in the order of the primary key
    others = rows.filter(~Exists(values.filter(**{key: OuterRef("pk")}))).order_by(f"{direction}pk")
    without = others.values_list("pk", flat=True)
    one, two = (with_value, without) if descending else (without, with_value)
    found = list(one[first:end])
    if end is not None and len(found) == end - first:
        return found
    before = first + len(found) if found else one.order_by().count()
    rest = None if end is None else max(end - before, 0)
    return found + list(two[max(first - before, 0) : rest])


def ids_with_value(
    rows: QuerySet[Any], sort: Sort, asked: Asked, *, first: int = 0, end: int | None = None
) -> list[Any]:
    """The ids of those rows only that have a value of an order which few have, the greatest first."""
    return list(with_value(rows, sort, asked)[first:end])


def with_value(rows: QuerySet[Any], sort: Sort, asked: Asked) -> QuerySet[Any]:
    """What finds these ids."""
    assert sort.valued is not None
    return _with_value(rows, sort.valued, asked, "-")


def _with_value(rows: QuerySet[Any], valued: Valued, asked: Asked, direction: str) -> QuerySet[Any]:
    there = valued.rows(asked).filter(Exists(rows.order_by().filter(pk=OuterRef(valued.key))))
    names = (direction + name for name in (*valued.by, valued.key))
    return there.order_by(*names).values_list(valued.key, flat=True)


def _order(model: type[models.Model], name: str, descending: bool) -> Any:
    """One name of an order. Databases differ in where they put rows without a value: here it is said where it matters.

    Where every row has one, an index serves the order as it stands.
    """
    if not _may_be_null(model, name):
        return F(name).desc() if descending else F(name).asc()
    return F(name).desc(nulls_last=True) if descending else F(name).asc(nulls_first=True)


def _may_be_null(model: type[models.Model], name: str) -> bool:
    """Whether a row may have nothing there: also what is no field of ours, but was annotated."""
    null = False
    at: Any = model
    for part in name.split("__"):
        try:
            field = at._meta.pk if part == "pk" else at._meta.get_field(part)
        except FieldDoesNotExist:
            return True
        null = null or field.null
        at = field.related_model
    return null
