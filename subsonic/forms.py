"""Values of a call, checked by the same serializers as those of `/api`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.serializers import Serializer

from subsonic.errors import GENERIC, SubsonicError
from subsonic.params import Params


def checked(
    shape: type[Serializer[Any]], values: Mapping[str, Any], names: Mapping[str, str], *, partial: bool = False
) -> dict[str, Any]:
    """The values as `shape` has them; the first one that breaks a rule is told by its parameter's name (`names`)."""
    body = shape(data=dict(values), partial=partial)
    if not body.is_valid():
        key, reasons = next(iter(body.errors.items()))
        raise SubsonicError(GENERIC, f"{names.get(key, key)}: {' '.join(str(reason) for reason in reasons)}")
    return dict(body.validated_data)


def given(params: Params, names: Mapping[str, str]) -> dict[str, str]:
    """The parameters that a call has, by the keys of `/api`; `names` has the parameter of each key."""
    return {key: params.text(name) for key, name in names.items() if params.has(name)}
