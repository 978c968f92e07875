"""A small catalog with something of everything that a server keeps: made once by each release, found again ever after.

`python -m tests.schema.catalog REPORT` fills the empty database of DATABASE_URL and writes down what must be found.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import django

from tests.hazards.files import put, song

PASSWORD = "correct horse battery"
HELD = ["03.mp3", "04.mp3", "05.mp3", "06.mp3"]
LOST = ["Ann/Second/01.mp3", "Ann/Second/02.mp3"]
PURGED = ["Ann/Second/03.mp3", "Ann/Second/04.mp3"]


def plant_rock(root: Path) -> None:
    """Two albums of four songs, and a file that nobody can read."""
    for number in range(8):
        album, track = ("First", "Second")[number // 4], number % 4 + 1
        data = song(f"Rock {number}", number=track, mark=number, frames=4 + 3 * number, TALB=album)
        put(root / f"Ann/{album}/{track:02}.mp3", data)
    put(root / "broken.mp3", b"no song at all")


def plant_jazz(root: Path) -> None:
    """Six songs."""
    for number in range(1, 7):
        data = song(f"Jazz {number}", number=number, mark=50 + number, frames=50 + 3 * number, TPE1="Zoe", TCON="Jazz")
        put(root / f"{number:02}.mp3", data)


def fill(folder: Path) -> dict[str, Any]:
    """Let a library live: files that are missing, a scan that is held, a purge, and people with their rights."""
    from django.contrib.auth.models import Group  # noqa: PLC0415

    from libraries.choices import ScanTrigger  # noqa: PLC0415
    from libraries.models import Library, MediaFile, Scan  # noqa: PLC0415
    from libraries.scanner import pipeline  # noqa: PLC0415
    from missing.purges import purge_missing_files  # noqa: PLC0415
    from users import api_keys  # noqa: PLC0415
    from users.models import GroupAccess, LibraryAccess, User  # noqa: PLC0415

    def scan(library: Library) -> None:
        asked = Scan.objects.create(library=library, trigger=ScanTrigger.API)
        pipeline.run(asked.pk, worker="worker")

    def lose(library: Library, paths: list[str]) -> None:
        for path in paths:
            (Path(library.path) / path).unlink()
        scan(library)

    rock = Library.objects.create(name="Rock", path=str(folder / "rock"), default_new_users=True)
    jazz = Library.objects.create(name="Jazz", path=str(folder / "jazz"), held_percent=30, held_count=2)
    plant_rock(folder / "rock")
    plant_jazz(folder / "jazz")
    scan(rock)
    scan(jazz)
    lose(rock, PURGED)
    purge = purge_missing_files(list(MediaFile.objects.missing().values_list("pk", flat=True)), requested_by="admin")
    lose(rock, LOST)
    lose(jazz, HELD)
    admin = User.objects.create_superuser("admin", PASSWORD)
    member = User.objects.create_user("member", PASSWORD)
    LibraryAccess.objects.get_or_create(user=member, library=rock)
    group = Group.objects.create(name="Jazz fans")
    GroupAccess.objects.create(group=group, library=jazz)
    member.groups.add(group)
    _, key = api_keys.create_key(admin, name="script", scope="manage")
    # the folders of another machine: whoever loads this says where they are
    for library in (rock, jazz):
        Library.objects.filter(pk=library.pk).update(path=f"/music/{library.name.lower()}")
    return {
        "tracks": tracks(),
        "purged": sorted(purge.ids),
        "key": key,
    }


def tracks() -> list[list[Any]]:
    """Who each track is: what must be the same in every later version."""
    from libraries.models import MediaFile  # noqa: PLC0415

    rows = (MediaFile.objects.present() | MediaFile.objects.missing()).order_by("library__name", "path")
    values = rows.values_list("library__name", "path", "title", "missing", "pk", "created_at")
    return [[value.isoformat() if isinstance(value, datetime) else value for value in row] for row in values]


def main(report: Path) -> None:
    """Fill the database of this environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    folder = Path(tempfile.mkdtemp(prefix="nd-release-"))
    try:
        report.write_text(json.dumps(fill(folder)), encoding="utf-8")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
