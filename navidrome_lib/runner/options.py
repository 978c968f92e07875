"""The command line and the environment of the server, checked before anything is touched."""

from __future__ import annotations

import argparse
import os
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from navidrome_lib.config.conf import Conf, ConfigError, load
from navidrome_lib.runner.errors import Refused
from navidrome_lib.runner.services import REPOSITORY

VARIABLES = {"music": "ND_MUSICFOLDER", "port": "ND_PORT", "address": "ND_ADDRESS", "data": "ND_DATAFOLDER"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `serve` and `demo`; each is another spelling of an environment variable."""
    parser.add_argument("--music", metavar="FOLDER", help="add this folder as a library and scan it (ND_MUSICFOLDER)")
    parser.add_argument("--port", help="the port to listen on, 4533 unless told (ND_PORT)")
    parser.add_argument("--address", help="the address to listen on, all unless told (ND_ADDRESS)")
    parser.add_argument("--data", metavar="FOLDER", help="where all state is kept, ./data unless told (ND_DATAFOLDER)")


def read(arguments: argparse.Namespace, environ: MutableMapping[str, str], *, data_name: str = "data") -> Conf:
    """The options, and in `environ` what the services need to see the same ones; `Refused` names the wrong one."""
    for option, variable in VARIABLES.items():
        if (value := getattr(arguments, option, None)) is not None:
            environ[variable] = value
    environ.setdefault("ND_DATAFOLDER", "")
    environ["ND_DATAFOLDER"] = environ["ND_DATAFOLDER"].strip() or str(REPOSITORY / data_name)
    try:
        conf = load(environ)
    except ConfigError as error:
        raise Refused(str(error)) from None
    _check_music(conf.music_folder)
    # the services run in another current folder: relative paths were meant from this one
    environ["ND_DATAFOLDER"] = str(conf.data_folder)
    if conf.music_folder is not None:
        environ["ND_MUSICFOLDER"] = str(conf.music_folder)
    return conf


def _check_music(folder: Path | None) -> None:
    if folder is None:
        return
    if not folder.is_dir():
        raise Refused(f"ND_MUSICFOLDER: {folder} is not a folder.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise Refused(f"ND_MUSICFOLDER: {folder} cannot be read.")


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """The parsed command line; a leading `--`, which separates ours from the caller's, is dropped."""
    return parser.parse_args(arguments[1:] if arguments[:1] == ["--"] else arguments)
