"""Data that is older than the first release is refused, and nothing of it is touched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from navidrome_lib.runner.services import REPOSITORY
from tests.schema.describe import describe
from tests.schema.dumps import empty_database, load
from tests.support.processes import environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def oldest(tmp_path: Path) -> Iterator[set[str]]:
    """A database as the first development version made it: migrations of the same names made other tables."""
    with empty_database(tmp_path):
        load("oldest")
        yield describe()


def test_older_data_is_refused_in_a_sentence(oldest: set[str]) -> None:
    with pytest.raises(CommandError, match=r"^This database was made by .* Nothing was changed\. Start with an empty "):
        call_command("migrate", verbosity=0)
    assert describe() == oldest
    assert "Rock" in names_of_libraries()


@pytest.mark.parametrize("command", [["manage.py", "migrate", "--noinput"], ["manage.py", "prepare"]])
def test_commands_refuse_older_data(oldest: set[str], tmp_path: Path, command: list[str]) -> None:
    """A migration by hand, and the release command of the Procfile, which is what `./script/serve` does first."""
    (tmp_path / "data").mkdir(0o700)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env=environment(tmp_path / "data"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "This database was made by" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert describe() == oldest


def names_of_libraries() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM libraries_library")
        return [name for (name,) in cursor.fetchall()]
