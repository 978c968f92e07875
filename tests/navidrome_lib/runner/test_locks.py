"""One server per data folder, one listener per port, and a sentence for whoever comes second."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from navidrome_lib.runner.errors import Refused
from navidrome_lib.runner.locks import claim_data_folder, listen
from navidrome_lib.runner.services import REPOSITORY
from tests.support.waiting import eventually, run_module, running

HOLDER = """
import pathlib, sys, time
from navidrome_lib.runner.locks import claim_data_folder
from navidrome_lib.runner.processes import Sentinel
with claim_data_folder(pathlib.Path(sys.argv[1])) as lock, Sentinel(keep_open=(lock,)):
    print("claimed", flush=True)
    time.sleep(600)
"""


def serve(data: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Start the real server, which is expected to refuse."""
    return subprocess.run(
        [sys.executable, "-m", "navidrome_lib.runner", "serve", "--data", str(data)],
        cwd=REPOSITORY,
        env={**os.environ, "ND_MUSICFOLDER": "", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with claim_data_folder(tmp_path):
        result = serve(tmp_path)
    assert result.returncode == 2
    assert f"Another server (process {os.getpid()}) already uses the data folder {tmp_path}." in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["server.lock"]


def test_the_folder_is_free_again_after_an_orderly_end_and_after_a_kill(tmp_path: Path) -> None:
    with claim_data_folder(tmp_path):
        pass
    holder = run_module(HOLDER, [str(tmp_path)])
    assert holder.stdout is not None
    assert holder.stdout.readline() == "claimed\n"
    with pytest.raises(Refused, match=f"process {holder.pid}"), claim_data_folder(tmp_path):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert eventually(lambda: not running(holder.pid))
    with claim_data_folder(tmp_path):
        assert (tmp_path / "server.lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(Refused, match=r"ND_DATAFOLDER: .*cannot be used"),
        claim_data_folder(tmp_path / "file" / "data"),
    ):
        pass


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104
        port = taken.getsockname()[1]
        result = serve(tmp_path / "data", ND_PORT=str(port))
    assert result.returncode == 2
    assert (
        result.stderr == f"ND_PORT: port {port} is already in use by another program; choose another one with --port.\n"
    )


@pytest.mark.parametrize("address", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_somebody_else_is_refused(address: str) -> None:
    with pytest.raises(Refused, match=r"ND_ADDRESS: .* is not an address of this machine"), listen(address, 0):
        pass


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"ND_PORT": "eighty"}, "ND_PORT: must be a whole number, not 'eighty'"),
        ({"ND_MUSICFOLDER": "/no/such/folder"}, "ND_MUSICFOLDER: /no/such/folder is not a folder."),
        ({"ND_ADMIN_USER": "me"}, "ND_ADMIN_PASSWORD: must be set together with ND_ADMIN_USER."),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL: must be a URL that starts with"),
    ],
)
def test_a_wrong_option_is_refused_by_name_before_anything_is_made(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    data = tmp_path / "data"
    result = serve(data, **environ)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert not data.exists()
