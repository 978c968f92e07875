"""`./script/bench --orders`: every order is asked for at three places, and a page costs as many queries anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.databases import SQLITE
from bench.orders import CALLS, PLACES, Answer, measure_orders, orders_part, percentile
from libraries.catalog_api.views import AlbumListView, ArtistListView, SongListView

pytestmark = pytest.mark.servers


def test_the_orders_of_a_small_catalog_are_measured(new_database: Path) -> None:
    found = measure_orders([SQLITE], 400, 1, migrated=new_database)[SQLITE]
    asked = {(one.where, one.order, one.place) for one in found}
    for address, view in (("song", SongListView), ("album", AlbumListView), ("artist", ArtistListView)):
        keys = {f"{key} {way}" for key in view.all_sorts() for way in ("ASC", "DESC")}
        assert {(f"/api/{address}", key, place) for key in keys for place in PLACES} <= asked
    assert {one.where for one in found} >= {"/api/genre", "/api/tag", "/api/folder"}
    assert all(0 < one.queries < 15 for one in found if one.where != CALLS)
    calls = {one.order: one for one in found if one.where == CALLS}
    assert {"getArtists  json", "getArtists  xml", "search3, 500 songs, last"} <= calls.keys()
    assert all(one.first > 0 and one.queries > 0 for one in calls.values())
    text = orders_part({SQLITE: found}, 400, "Two cores.")
    assert "Two cores." in text
    assert "| /api/song | " in text
    assert "\n| getArtists  xml | " in text


def test_the_slowest_order_is_named() -> None:
    answers = [
        Answer("/api/song", "title ASC", "first", 9.0, [1.0, 2.0, 3.0], 7),
        Answer("/api/song", "path DESC", "last", 80.0, [4.0, 40.0, 41.0], 9),
        Answer("/api/song", "title ASC", "middle", 9.0, [5.0, 5.0, 5.0], 8),
    ]
    lines = orders_part({SQLITE: answers}, 10, "").splitlines()
    called = orders_part(
        {SQLITE: [*answers, Answer(CALLS, "getIndexes", "first", 700.0, [5.0], 6)]}, 10, ""
    ).splitlines()
    assert called[: len(lines)] == lines
    assert called[-1] == "| getIndexes | 700 | 5 | 5 | 6 |"
    assert lines[-1] == "| /api/song | 2 | 5 | 40 | 41 | path DESC | 80 | 7–9 |"
    assert "### SQLite: 99 % of all answers in 41 ms (at most 250)" in lines
    assert percentile([7.0]) == 7.0
