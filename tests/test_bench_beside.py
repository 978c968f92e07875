"""`python -m bench.beside`: what the table of a comparison says, and what it keeps for the next time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import beside
from bench.beside import Side, kept, make_catalog, objects_in, table
from bench.beside_calls import LISTS, Found, List

ARTISTS = {"artists": {"ignoredArticles": "The", "index": [{"name": "A", "artist": [{}, {}]}, {"artist": [{}]}]}}


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ([{}, {}], 2),
        ({"subsonic-response": {"status": "ok", **ARTISTS}}, 3),
        ({"subsonic-response": {"album": {"genres": [{}], "song": [{}, {}, {}]}}}, 4),
        ({"subsonic-response": {"searchResult3": {"artist": [], "album": [], "song": [{"genres": [{}]}]}}}, 1),
        ({"subsonic-response": {"status": "ok"}}, 0),
    ],
)
def test_objects_are_counted(answer: object, count: int) -> None:
    assert objects_in(answer) == count


def test_the_table_has_medians_and_ratios() -> None:
    asked = List("/api/song?a=1")
    sides = [
        Side(name, 1, 1, cpu={asked.path: cpu}, waited={asked.path: [4.0, 8.0, 60.0]}, objects={asked.path: count})
        for name, cpu, count in (("ours", [2.0, 3.0, 9.0], 5), ("Navidrome", [6.0, 6.0, 6.0], 4))
    ]
    lines = table(10_000, [asked], sides[0], sides[1]).splitlines()
    assert lines[0] == "## 10,000 songs"
    assert lines[-1] == "| `/api/song?a=1` | 5/4 | 6.00 | 3.00 | 0.50 | 8.00 | 8.00 | 1.00 |"


def test_every_list_has_an_address() -> None:
    found = Found("al", "ar", "pl", "Hip%20Hop", 10)
    paths = [each.path.format(**found._asdict(), end=110) for each in LISTS]
    assert len(set(paths)) == len(LISTS)
    assert all(path.startswith(("/api/", "/rest/")) and "{" not in path for path in paths)


def test_what_was_not_finished_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "10-ours"

    def make(fails: bool) -> list[str]:
        """Make what the folder is kept for, unless it is there; says what was there before."""
        with kept(folder) as is_finished:
            folder.mkdir(exist_ok=True)
            before = [path.name for path in folder.iterdir()]
            (folder / "half").touch()
            if fails:
                raise RuntimeError("ended by hand")
            assert is_finished == ("half" in before)
        return sorted(before)

    with pytest.raises(RuntimeError, match="ended by hand"):
        make(fails=True)
    assert make(fails=False) == []
    assert make(fails=False) == ["finished", "half"]


def test_a_kept_catalog_is_brought_up_to_date_and_not_scanned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr(beside, "manage", lambda checkout, env, command, *more, said="": steps.append(command))
    monkeypatch.setattr(beside, "run_module", lambda module, step, env: steps.append(step))
    make_catalog(tmp_path, {}, is_finished=True)
    assert steps == ["migrate"]
    make_catalog(tmp_path, {}, is_finished=False)
    assert steps[1:] == ["migrate", "adduser", "ensure_library", "scan", "gather"]
