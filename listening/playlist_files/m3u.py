"""M3U: a line for each track, and lines with `#` that say something of them. It knows no Django."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

HEAD: Final = "#EXTM3U"
_NAME: Final = "#PLAYLIST:"
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE: Final = re.compile(rb"[A-Za-z]:[\\/]")
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# what is looked at of one file
MAX_BYTES: Final = 4_000_000
MAX_LINES: Final = 100_000


class ParsedPlaylist(NamedTuple):
    """The name that a file gives itself, or nothing, and its lines: paths as bytes, with `/` between folders."""

    name: str
    paths: list[bytes]


class WrittenTrack(NamedTuple):
    """What a file says of a track: whole seconds, artist, title and path."""

    seconds: int
    artist: str
    title: str
    path: str


def parse(data: bytes) -> ParsedPlaylist:
    """Read a file. Addresses of other servers are left out, as is what is not a path."""
    name, paths = "", list[bytes]()
    for raw in data[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").splitlines():
        line = raw.strip()
        if line.startswith(_NAME.encode()):
            name = text_of(line[len(_NAME) :]).strip() or name
        elif line and not line.startswith(b"#") and len(paths) < MAX_LINES:
            path = path_of(line)
            if path:
                paths.append(path)
    return ParsedPlaylist(name, paths)


def path_of(line: bytes) -> bytes:
    """The path that a line names; empty for an address that is no file."""
    start = line[:40].decode("latin-1")
    if start.lower().startswith("file:"):
        rest = unquote_to_bytes(line[5:])
        return b"/" + rest.lstrip(b"/")
    if _URL.match(start) and not _DRIVE.match(line):
        return b""
    return line.replace(b"\\", b"/") if is_windows(line) else line


def is_windows(line: bytes) -> bool:
    """Whether the folders of a path are divided by backslashes."""
    return bool(_DRIVE.match(line)) or (b"\\" in line and b"/" not in line)


def text_of(data: bytes) -> str:
    """A text of a file: UTF-8, or else the encoding that M3U had before."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def render(name: str, tracks: Iterable[WrittenTrack]) -> str:
    """Write a file: no text in it begins a line of its own."""
    lines = [HEAD, _NAME + one_line(name)]
    for track in tracks:
        lines.append(f"#EXTINF:{track.seconds},{one_line(track.artist)} - {one_line(track.title)}")
        lines.append(one_line(track.path))
    return "\n".join(lines) + "\n"


def one_line(text: str) -> str:
    """A text without breaks between lines."""
    return _BREAKS.sub(" ", text)
