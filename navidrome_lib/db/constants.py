"""Constants of a kept statement as a part of its text, for SQLite.

Where a partial index has a condition such as `rating > 0`, SQLite looks at what a parameter is that is compared with
the same column. It plans the statement again each time it gets its parameters then, which can take longer than to run
it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

# a value that a column is compared with; of another place a number may mean a column
_PLACE: Final = re.compile(r"%%|(?P<compared>[=<>] )?%s")
# what needs no quoting of any kind
_PLAIN: Final = re.compile(r"[a-z_]{0,20}")
_LARGEST: Final = 2**62


def write_constants(
    vendor: str, sql: str, parameters: Sequence[Any], changing: Collection[int] = ()
) -> tuple[str, tuple[Any, ...]]:
    """The statement with plain constants in its text, and the parameters that are left.

    Parameters at the positions `changing` are left as they are.
    """
    if vendor != "sqlite":
        return sql, tuple(parameters)
    left: list[Any] = []
    at = iter(range(len(parameters)))

    def write(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        position = next(at)
        value = parameters[position]
        if not found["compared"] or position in changing or (text := _written(value)) is None:
            left.append(value)
            return found[0]
        return found["compared"] + text

    return _PLACE.sub(write, sql), tuple(left)


def _written(value: Any) -> str | None:
    if type(value) is int and 0 <= value < _LARGEST:
        return str(value)
    if type(value) is str and _PLAIN.fullmatch(value):
        return f"'{value}'"
    return None
