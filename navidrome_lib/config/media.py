"""The options of what is played and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from navidrome_lib.config import env
from navidrome_lib.config.env import Reader
from navidrome_lib.config.option import option

MEDIA: Final = "How is music played and shown?"
ACCEL: Final = "x-accel-redirect"
SENDFILE: Final = "x-sendfile"


def read_internal_prefix(text: str) -> str:
    """The path below which a proxy finds the libraries, with a slash at both ends."""
    path = f"/{text.strip('/')}/"
    if path == "//" or any(character in path for character in "?#%\\ ") or not path.isascii():
        raise ValueError(f"must be a path such as /protected/, not {text!r}")
    return path


@dataclass(frozen=True, kw_only=True)
class Media:
    """How files get to players."""

    enable_downloads: bool = option(
        "ND_ENABLEDOWNLOADS",
        env.BOOLEAN,
        "People can download the files of songs, albums, artists and playlists.",
        chapter=MEDIA,
        default="true",
        example="false",
        nonsense="albums",
    )
    send_files_by: str = option(
        "ND_SENDFILESBY",
        env.choice("server", ACCEL, SENDFILE),
        "Who sends the bytes of a file: the server itself, or the proxy in front of it, which is told the file by that "
        "header (nginx: `x-accel-redirect`; Apache and lighttpd: `x-sendfile`). The proxy must remove that header.",
        chapter=MEDIA,
        default="server",
        example="x-accel-redirect",
        nonsense="nginx",
    )
    send_files_prefix: str = option(
        "ND_SENDFILESPREFIX",
        Reader(read_internal_prefix, "a path below which the proxy finds each library by its id"),
        "With `x-accel-redirect`: the internal location of nginx below which each library has a folder named by its "
        "id.",
        chapter=MEDIA,
        default="/protected/",
        example="/internal/music/",
        nonsense="/a?b",
    )
