"""`manage.py missing …`"""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from libraries.models import Library, MediaFile
from missing.models import Purge
from tests.support.catalog import dump, make_track

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("missing", *arguments, stdout=out)
    return out.getvalue()


def test_list(library: Library, other_library: Library) -> None:
    one, two = make_track(library, "a.mp3"), make_track(other_library, "b.mp3")
    make_track(library, "here.mp3", missing=False)
    assert run("list") == f"{two.pk}  Jazz  b.mp3\n{one.pk}  Rock  a.mp3\nMissing: 2 files.\n"
    assert run("list", "--library", " rock ") == run("list", "--library", str(library.pk))
    assert run("list", "--library", "rock").endswith("Missing: 1 file.\n")


def test_purge_undo_and_export(library: Library, tmp_path: Path) -> None:
    one, two = make_track(library, "a.mp3", album="Lost"), make_track(library, "b.mp3")
    before = dump(without=("digest",))
    said = run("purge", one.pk, "--dry-run")
    assert "Would remove 1 file (1000 B) from" in said
    assert "Left without songs: album Lost" in said
    assert "This also removes 2 participants." in said
    assert dump(without=("digest",)) == before
    said = run("purge", one.pk)
    purge = Purge.objects.get()
    assert f"manage.py missing undo {purge.pk}" in said
    assert purge.created_by == "command"
    assert MediaFile.objects.in_catalog().get().pk == two.pk
    assert f"{purge.pk}  " in run("purges")
    line = json.loads(run("export", purge.pk))
    assert (line["id"], line["path"], line["library"]) == (one.pk, "a.mp3", "Rock")
    file = tmp_path / "purge.jsonl"
    run("export", purge.pk, "--output", str(file))
    assert json.loads(file.read_bytes()) == line
    with pytest.raises(CommandError, match="File exists"):
        run("export", purge.pk, "--output", str(file))
    assert run("undo", purge.pk, "--dry-run") == "Would restore 1 file as missing.\n"
    assert not MediaFile.objects.in_catalog().filter(pk=one.pk).exists()
    assert run("undo", purge.pk) == "Restored 1 file as missing.\n"
    assert dump(without=("digest",)) == before


def test_purge_by_library_and_all(library: Library, other_library: Library) -> None:
    make_track(library, "a.mp3")
    kept = make_track(other_library, "b.mp3")
    assert "Removed 1 file from" in run("purge", "--library", "Rock")
    assert MediaFile.objects.in_catalog().get().pk == kept.pk
    assert "Removed 1 file from" in run("purge", "--all")
    assert run("purge", "--all") == "Removed 0 files from the catalog.\n"


def test_purge_by_ids_in_a_file(library: Library, tmp_path: Path) -> None:
    one, two, kept = (make_track(library, f"{number}.mp3") for number in range(3))
    file = tmp_path / "ids"
    file.write_text("")
    with pytest.raises(CommandError, match="contains no ids"):
        run("purge", "--ids", str(file))
    file.write_text(f"{one.pk}\n\n{two.pk}\nunknown ü\n")
    with pytest.raises(CommandError, match="Choose the files"):
        run("purge", "--ids", str(file), "--all")
    assert "Removed 2 files from" in run("purge", "--ids", str(file))
    assert MediaFile.objects.in_catalog().get().pk == kept.pk


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["purge"], "Choose the files"),
        (["purge", "x", "--all"], "Choose the files"),
        (["purge", "x"], "Not found"),
        (["purge", "--library", "nope"], "There is no library"),
        (["list", "--library", "9" * 400], "There is no library"),
        (["undo", "x"], "There is no purge"),
        (["export", "x"], "There is no purge"),
        ([], "required"),
    ],
)
def test_mistakes_change_nothing(library: Library, arguments: list[str], sentence: str) -> None:
    make_track(library, "a.mp3")
    before = dump()
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)
    assert dump() == before


def test_a_second_undo(library: Library) -> None:
    make_track(library, "a.mp3")
    run("purge", "--all")
    purge_id = Purge.objects.get().pk
    run("undo", purge_id)
    with pytest.raises(CommandError, match="already been undone"):
        run("undo", purge_id)
