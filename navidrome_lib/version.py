"""The version of the server: its number, and the commit that it was made from."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

VERSION = "0.2.0"

# git writes the commit here when it packs an archive (`.gitattributes`)
ARCHIVED = "$Format:%H$"
# as many digits as git shows
COMMIT_DIGITS = 7
UNKNOWN = "unknown"

_COMMIT = re.compile(r"[0-9a-f]{40,64}", re.ASCII)
_MAX_LINKS = 5


def find_commit(repository: Path, archived: str = ARCHIVED) -> str:
    """The short commit of the code in `repository`: of its checkout, its archive or its installation, or `unknown`."""
    found = checked_out(repository / ".git") or archived
    if not _COMMIT.fullmatch(found):
        found = installed(repository)
    return found[:COMMIT_DIGITS] if _COMMIT.fullmatch(found) else UNKNOWN


def checked_out(git: Path) -> str:
    """The commit that a checkout is at, read from its files: git itself need not be there. Empty for none."""
    pointer = read_line(git)
    if pointer.startswith("gitdir: "):  # of a further work tree, or of a submodule
        git = git.parent / pointer.removeprefix("gitdir: ")
    shared = git / (read_line(git / "commondir") or ".")
    value = read_line(git / "HEAD")
    for _ in range(_MAX_LINKS):
        if not value.startswith("ref: "):
            break
        name = value.removeprefix("ref: ")
        value = read_line(git / name) or read_line(shared / name) or packed(shared / "packed-refs", name)
    return value


def packed(refs: Path, name: str) -> str:
    """The commit of a reference in git's file of packed ones."""
    lines = read_text(refs).splitlines()
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def installed(site: Path) -> str:
    """The commit that pip has noted, when it installed this package into the folder `site` from a repository."""
    try:
        package = distribution("navidrome-lib")
        noted = json.loads(package.read_text("direct_url.json") or "{}") if package.locate_file("") == site else {}
    except (PackageNotFoundError, OSError, ValueError):
        return ""
    return str(noted.get("vcs_info", {}).get("commit_id", ""))


def read_line(path: Path) -> str:
    """The first line of a file; empty when there is none."""
    return next(iter(read_text(path).splitlines()), "").strip()


def read_text(path: Path) -> str:
    """The content of a small file; empty when there is none."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""


COMMIT = find_commit(Path(__file__).resolve().parent.parent)
# as it is shown everywhere; clients split it at the space
SERVER_VERSION = f"{VERSION} ({COMMIT})"
