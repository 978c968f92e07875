"""Constants in the text of a kept statement: only where SQLite gains by it, and only what needs no quoting."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from listening.models import AlbumAnnotation
from navidrome_lib.db.constants import write_constants
from navidrome_lib.db.prepared import PreparedQuery


@pytest.mark.parametrize(
    ("sql", "parameters", "expected"),
    [
        ("a > %s AND b = %s", (0, ""), ("a > 0 AND b = ''", ())),
        ("a >= %s AND b <> %s", (7, "running"), ("a >= 7 AND b <> 'running'", ())),
        ("a LIKE '50%%' AND b = %s", (3,), ("a LIKE '50%%' AND b = 3", ())),
        ("a IN (%s, %s) AND b = %s", (1, 2, 3), ("a IN (%s, %s) AND b = 3", (1, 2))),
        ("SELECT %s AS a ORDER BY %s LIMIT %s", (1, 2, 3), ("SELECT %s AS a ORDER BY %s LIMIT %s", (1, 2, 3))),
        ("a = %s AND b = %s", ("it's", "50%"), ("a = %s AND b = %s", ("it's", "50%"))),
        ("a = %s AND b = %s", (True, None), ("a = %s AND b = %s", (True, None))),
        ("a = %s AND b = %s", (-1, 2**63), ("a = %s AND b = %s", (-1, 2**63))),
        ("a = %s AND b = %s", (1.5, b"x"), ("a = %s AND b = %s", (1.5, b"x"))),
    ],
)
def test_what_is_written(sql: str, parameters: tuple[Any, ...], expected: tuple[str, tuple[Any, ...]]) -> None:
    assert write_constants("sqlite", sql, parameters) == expected
    assert write_constants("postgresql", sql, parameters) == (sql, parameters)


def test_what_changes_stays_a_parameter() -> None:
    assert write_constants("sqlite", "a = %s AND b = %s", (1, 2), {1}) == ("a = 1 AND b = %s", (2,))


@pytest.mark.django_db
def test_the_condition_of_a_partial_index_is_in_the_text_of_a_prepared_query() -> None:
    query = PreparedQuery(lambda user: AlbumAnnotation.objects.filter(user=user, rating__gt=0).values_list("pk"), str)
    assert query.rows("x") == []
    built = query._built[connection.vendor]
    assert ('"rating" > 0' in built.sql) == (connection.vendor == "sqlite")
