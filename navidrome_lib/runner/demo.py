"""The demo: the server with a small generated music library and an admin who can sign in at once."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from pathlib import Path

from navidrome_lib.config.conf import Conf
from navidrome_lib.config.secrets import read_or_create
from navidrome_lib.runner import services
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.serve import serve
from navidrome_lib.runner.supervisor import Supervisor

DATA_NAME = "data-demo"
ADMIN = "admin"


def demo(conf: Conf, environ: MutableMapping[str, str], console: Console) -> None:
    """Serve the demo library; it and the admin's password are made once and kept in the data folder."""

    def make_ready(supervisor: Supervisor) -> list[str]:
        if conf.music_folder is None:
            environ["ND_MUSICFOLDER"] = str(demo_music(conf.data_folder, environ, supervisor))
        if not environ.get("ND_ADMIN_PASSWORD"):
            environ["ND_ADMIN_USER"] = ADMIN
            environ["ND_ADMIN_PASSWORD"] = read_or_create(conf.data_folder / "admin-password", password)
        return [f"Sign in as {environ['ND_ADMIN_USER']} with the password {environ['ND_ADMIN_PASSWORD']}"]

    serve(conf, environ, console, before=make_ready)


def password() -> str:
    return secrets.token_urlsafe(12)


def demo_music(data_folder: Path, environ: MutableMapping[str, str], supervisor: Supervisor) -> Path:
    """The folder of the demo music, generated when it is not there; an interrupted generation leaves no half of it."""
    music = data_folder / "music"
    if not music.is_dir():
        unfinished = data_folder / f".music-{secrets.token_hex(4)}"
        supervisor.run(services.generation(environ, unfinished))
        unfinished.rename(music)
    return music
