"""`manage.py scan`"""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from libraries.management.commands.scan import most_changed
from libraries.models import Library, Scan
from tests.support.scans import write_album

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_album(tmp_path / "music" / "a", 2)
    write_album(tmp_path / "music" / "b", 1, album="B")
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


def run(*args: str) -> str:
    out = StringIO()
    call_command("scan", *args, stdout=out)
    return out.getvalue()


def test_scans_every_library(library: Library) -> None:
    said = run()
    assert "Music: finished; 3 files, 3 added" in said
    assert "Music: reading" in said
    assert Scan.objects.get().trigger == "command"


def test_names_the_files_of_kinds_that_are_not_read(library: Library) -> None:
    assert "not read" not in run()
    for name in ("1.shn", "2.shn"):
        (Path(library.path) / "a" / name).write_bytes(b"ajkg")
    assert run().endswith("0 failed.\n  2 files of kinds that are not read: .shn\n")


def test_says_what_changed_where(library: Library) -> None:
    assert run().endswith("  2 added: a\n  1 added: b\n")
    root = Path(library.path)
    (root / "a").rename(root / "c")
    write_album(root, 1, album="Loose", mark=77)
    assert run().endswith("  2 moved from a: c\n  1 added: /\n")
    assert most_changed(Scan.objects.latest("pk"), lines=1) == ["2 moved from a: c", "and 1 more"]
    assert run().endswith("4 unchanged, 0 failed.\n")


@pytest.mark.parametrize("name", ["music", "id"])
def test_by_name_or_id_in_full_or_in_part(library: Library, name: str) -> None:
    named = str(library.pk) if name == "id" else name
    assert "2 files, 2 added" in run("--folder", "a", named)
    assert "3 files, 1 added, 2 updated" in run("--full", named)


def test_what_cannot_be_scanned_is_an_error(library: Library) -> None:
    with pytest.raises(CommandError, match=r"There is no library “Jazz”\. Known libraries: "):
        run("Jazz")
    with pytest.raises(CommandError, match="has no folder"):
        run("--folder", "nowhere", "Music")
    Library.objects.update(path="/nowhere/at/all")
    with pytest.raises(CommandError, match="Not finished: Music"):
        run()


class Impatient(StringIO):
    """A person who presses Ctrl+C on reading that the folders are being listed."""

    def write(self, text: str) -> int:
        if "walking" in text:
            raise KeyboardInterrupt
        return super().write(text)


def test_ctrl_c_cancels(library: Library) -> None:
    with pytest.raises(CommandError, match="cancelled"):
        call_command("scan", stdout=Impatient())
    assert Scan.objects.get().state == "cancelled"
