"""What the server writes is closed to other users, and what is open is closed or refused with a sentence."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from navidrome_lib.config.env import ConfigError
from navidrome_lib.config.private import check_keys, close_folder, read_key
from navidrome_lib.config.secrets import NAMES, read_or_create
from navidrome_lib.runner.services import REPOSITORY
from users.key_files import jwt_keys, subsonic_keys

STRANGER = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that others can open."""
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(0o755)
    (path / "secret_key").write_text("a key")
    return path


def test_an_open_data_folder_is_closed_and_said_to_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    close_folder(folder)
    assert mode(folder) == 0o700
    said = f"ND_DATAFOLDER: {folder} was open to other users of this machine, and is closed to them now.\n"
    assert capsys.readouterr().err == said
    close_folder(folder)
    assert capsys.readouterr().err == ""


def test_a_new_folder_and_an_empty_one_are_closed(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    tmp_path.chmod(0o770)
    for path in (tmp_path, tmp_path / "a" / "b"):
        close_folder(path)
        assert mode(path) == 0o700


def test_a_folder_of_other_things_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for bits in (0o755, 0o750, 0o711):
        tmp_path.chmod(bits)
        with pytest.raises(ConfigError, match=r"ND_DATAFOLDER: .* open to other users .* chmod go= "):
            close_folder(tmp_path)
        assert mode(tmp_path) == bits
    tmp_path.chmod(0o700)
    close_folder(tmp_path)


def test_a_folder_that_is_shared_by_all_is_refused(folder: Path) -> None:
    folder.chmod(0o1777)
    with pytest.raises(ConfigError, match="open to other users"):
        close_folder(folder)
    assert mode(folder) == 0o1777


@as_root
def test_an_open_folder_of_another_user_is_refused(folder: Path) -> None:
    code = (
        "import os, pathlib, sys; from navidrome_lib.config import private\n"
        f"os.setgid({STRANGER}); os.setuid({STRANGER})\n"
        "try: private.close_folder(pathlib.Path(sys.argv[1]))\n"
        "except private.ConfigError as error: print(error)"
    )
    for path in (folder, *folder.parents[:3]):
        path.chmod(0o755)
    said = subprocess.check_output([sys.executable, "-c", code, str(folder)], cwd=REPOSITORY, text=True)
    assert f"ND_DATAFOLDER: {folder} belongs to another user and is open to others." in said
    assert mode(folder) == 0o755


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o610])
def test_a_key_that_others_can_open_is_refused(folder: Path, bits: int) -> None:
    key = folder / "secret_key"
    key.chmod(bits)
    for read in (read_key, read_or_create):
        with pytest.raises(ConfigError, match=rf"secret_key: other users .* \(mode {bits:o}\).* chmod 600 "):
            read(key)
    key.chmod(0o400)
    assert read_key(key) == "a key"


@as_root
def test_a_key_of_a_stranger_is_refused(folder: Path) -> None:
    key = folder / "secret_key"
    key.chmod(0o600)
    os.chown(key, STRANGER, STRANGER)
    with pytest.raises(ConfigError, match="secret_key: this key belongs to another user"):
        read_key(key)
    # who owns the folder could put any key there
    os.chown(folder, STRANGER, STRANGER)
    assert read_key(key) == "a key"


def test_every_key_of_the_data_folder_is_checked(folder: Path) -> None:
    assert {jwt_keys.name, subsonic_keys.name} < set(NAMES)
    (folder / "secret_key").chmod(0o600)
    check_keys(folder, NAMES)
    (folder / "subsonic_key").write_text("another key")
    (folder / "subsonic_key").chmod(0o644)
    with pytest.raises(ConfigError, match="subsonic_key"):
        check_keys(folder, NAMES)


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["-m", "navidrome_lib.runner", "serve"],
        ["-m", "celery", "-A", "navidrome_lib.celery", "report"],
    ],
)
def test_no_process_starts_in_a_folder_that_stays_open(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "music").mkdir()
    tmp_path.chmod(0o755)
    environ = {**os.environ, "ND_DATAFOLDER": str(tmp_path), "DJANGO_SETTINGS_MODULE": "navidrome_lib.settings"}
    done = subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert f"ND_DATAFOLDER: {tmp_path} is open to other users" in (done.stderr + done.stdout).strip().splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["music"]


@pytest.mark.parametrize("entry", ["settings", "celery", "wsgi"])
def test_what_a_process_writes_is_for_its_user(tmp_path: Path, entry: str) -> None:
    code = f"import os; os.umask(0); import navidrome_lib.{entry}; open('written', 'w'); os.mkdir('made')"
    environ = {**os.environ, "ND_DATAFOLDER": str(tmp_path / "data"), "PYTHONPATH": str(REPOSITORY)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, check=True, timeout=60)
    assert (mode(tmp_path / "written"), mode(tmp_path / "made")) == (0o600, 0o700)


def test_what_the_web_server_writes_is_for_its_user(tmp_path: Path) -> None:
    code = "import os, runpy; os.umask(0); runpy.run_path('gunicorn.conf.py'); print(os.umask(0))"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=REPOSITORY).split() == [b"63"]
