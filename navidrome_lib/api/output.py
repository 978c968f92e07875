"""Serializers that only write: how each key is written is worked out once for a class, not for every object.

DRF copies all fields for each serializer, and asks each of them how to find its value. For a page of rows that costs
more than reading them from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from rest_framework import serializers

T = TypeVar("T")
Convert = Callable[[Any], Any]


class _Key(NamedTuple):
    """One key: what its value becomes, and where that is: a `method` of the serializer, the `whole` object, a field."""

    name: str
    convert: Convert
    method: str = ""
    whole: bool = False


class _Plan(NamedTuple):
    """How objects of a class are written. Both readers return the values of all fields, in the order of the keys."""

    keys: tuple[_Key, ...]
    read_object: Callable[[Any], tuple[Any, ...]]
    read_mapping: Callable[[Any], tuple[Any, ...]]


class OutputSerializer(serializers.Serializer[T]):
    """Writes as DRF's serializer does.

    Serializers inside it know no context, no field may be left out, and no value is a method to be called.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        plan = _plan_of(type(self))
        try:
            values = iter((plan.read_mapping if isinstance(instance, Mapping) else plan.read_object)(instance))
        except (AttributeError, KeyError, ObjectDoesNotExist):
            return dict(super().to_representation(instance))  # DRF knows what becomes of a value that is not there
        written = {}
        for name, convert, method, whole in plan.keys:
            if method:
                written[name] = getattr(self, method)(instance)
            else:
                value = instance if whole else next(values)
                written[name] = None if value is None else convert(value)
        return written


@cache
def _plan_of(kind: type[OutputSerializer[Any]]) -> _Plan:
    keys, paths = [], []
    for name, field in kind().fields.items():
        convert = _converter(field)
        if isinstance(field, serializers.SerializerMethodField):
            keys.append(_Key(name, convert, method=field.method_name or f"get_{name}"))
        elif not field.source_attrs:
            keys.append(_Key(name, convert, whole=True))
        else:
            keys.append(_Key(name, convert))
            paths.append(".".join(field.source_attrs))
    # a getter of a single field returns no tuple
    if len(paths) < 2:
        return _Plan(tuple(keys), *(_one_by_one(paths, getter) for getter in (attrgetter, itemgetter)))
    return _Plan(tuple(keys), attrgetter(*paths), itemgetter(*paths))


def _one_by_one(paths: list[str], getter: Callable[[str], Convert]) -> Callable[[Any], tuple[Any, ...]]:
    each = [getter(path) for path in paths]
    return lambda instance: tuple(read(instance) for read in each)


# what these fields write is of this type, and a value that is of it already stays as it is
_PLAIN: Final[dict[type[Any], type[Any]]] = {
    serializers.CharField: str,
    serializers.BooleanField: bool,
    serializers.IntegerField: int,
    serializers.FloatField: float,
}


def _converter(field: Any) -> Convert:
    """What `field` makes of a value that is not None."""
    convert: Convert = field.to_representation
    plain = _PLAIN.get(type(field))
    return convert if plain is None else lambda value: value if type(value) is plain else convert(value)
