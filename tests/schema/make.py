"""Keep the schema of a release: `python -m tests.schema.make VERSION`, run in the checkout that is released.

A small catalog is made on SQLite and on a private PostgreSQL, and both are written down below `tests/schema/VERSION`.
The digests of all migrations are added to `released.txt`; one that was released before must not have changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from devtools.postgres import private_postgres
from navidrome_lib.runner.processes import Sentinel
from navidrome_lib.runner.services import REPOSITORY
from tests.schema.dumps import HERE, dump_postgresql, dump_sqlite

RELEASED = HERE / "released.txt"


def digests(root: Path = REPOSITORY) -> dict[str, str]:
    """The digest of every migration, and of every module beside them that they use."""
    found = sorted(path for path in root.glob("**/migrations/*.py") if ".venv" not in path.parts)
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if data}


def released() -> dict[str, str]:
    """The digests of all migrations that were released."""
    lines = RELEASED.read_text("utf-8").splitlines() if RELEASED.exists() else []
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def freeze() -> None:
    """What is released now is never changed again."""
    now, before = digests(), released()
    changed = sorted(name for name, digest in before.items() if now.get(name) != digest)
    if changed:
        sys.exit(f"These were released and have changed: {', '.join(changed)}")
    RELEASED.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(now.items())), "utf-8")


def fill(data: Path, url: str) -> dict[str, object]:
    """Make the catalog in a database; says what must be found in it."""
    report = data / "found.json"
    environ = {**os.environ, "DATABASE_URL": url, "ND_DATAFOLDER": str(data), "REDIS_URL": ""}
    subprocess.run([sys.executable, "-m", "tests.schema.catalog", report], check=True, env=environ, cwd=REPOSITORY)
    found: dict[str, object] = json.loads(report.read_text("utf-8"))
    return found


def main(version: str) -> None:
    folder = HERE / version
    folder.mkdir()
    found = {}
    with tempfile.TemporaryDirectory() as data, Sentinel() as sentinel:
        path = Path(data) / "release.db"
        found["sqlite"] = fill(Path(data), f"sqlite:///{path}")
        (folder / "sqlite.sql").write_text(dump_sqlite(path), "utf-8")
        with private_postgres(os.environ, sentinel, lambda line: None) as url:
            found["postgresql"] = fill(Path(data), url)
            (folder / "postgresql.sql").write_text(dump_postgresql(url), "utf-8")
    (folder / "found.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
    freeze()


if __name__ == "__main__":
    main(sys.argv[1])
