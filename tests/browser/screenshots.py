"""Takes the pictures in docs/screenshots; run by `script/screenshots`, not with the tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from libraries.models import Album, Library, Scan
from synth import make_library
from tests.browser.conftest import Open
from tests.conftest import MakeUser
from tests.support.scans import scan, write_album
from users.models import GroupAccess

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"
PHONE = {"viewport": {"width": 390, "height": 844}}


def fill(music: Path, make_user: MakeUser) -> Album:
    """Four libraries: well, being scanned, held, and offline."""
    make_user("admin", is_superuser=True)
    for name in ("anna", "ben", "carla"):
        make_user(name, name=name.title())
    for number, name in enumerate(("Rock", "Classical", "Live recordings")):
        library = Library.objects.create(name=name, path=str(music / name), default_new_users=not number)
        make_library(music / name, tracks=80, seed=number)
        scan(library)
    rock, classical, live = Library.objects.order_by("pk")
    for count, library in ((7, rock), (60, classical)):
        files = sorted(path for path in Path(library.path).rglob("*.*") if path.is_file())
        for path in files[:count]:
            path.unlink()
        if library == rock:
            rearrange(files[count:])
        scan(library)
    Library.objects.create(
        name="Archive", path="/mnt/nas/archive", offline_since=timezone.now(),
        status_reason="The library's folder /mnt/nas/archive does not exist; is its storage mounted?",
    )  # fmt: skip
    Library.objects.filter(pk=live.pk).update(default_new_users=True)
    family = Group.objects.create(name="Family")
    GroupAccess.objects.create(group=family, library=classical)
    album: Album = Album.objects.filter(library=live).order_by("-song_count").first() or Album.objects.get()
    Scan.objects.create(
        library=live, trigger="admin", state="running", phase="reading", seen=12_840, files_total=31_200,
        current_folder="2019/Winter tour", heartbeat_at=timezone.now(),
        started_at=timezone.now() - timedelta(seconds=8),
    )  # fmt: skip
    return album


def rearrange(files: list[Path]) -> None:
    """What happens in a library: a folder and a file are renamed, a new album comes."""
    renamed, file = files[10].parent, files[-1]
    renamed.rename(renamed.with_name(f"{renamed.name} (remastered)"))
    file.rename(file.with_name(f"{file.stem} (live){file.suffix}"))
    write_album(file.parent.parent / "Attic Tapes (2024)", 9, album="Attic Tapes")


@pytest.fixture
def shown_folder() -> Iterator[Path]:
    """A folder whose name may be seen in the pictures."""
    folder = Path(tempfile.gettempdir()) / "music"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_take_screenshots(visit: Open, make_user: MakeUser, shown_folder: Path) -> None:
    album = fill(shown_folder, make_user)
    held = Scan.objects.get(state="held")
    changed = Scan.objects.filter(library__name="Rock").latest("pk")
    site = "/admin/libraries/"
    pages = {
        "dashboard": "/admin/", "library": f"{site}library/{album.library_id}/change/",
        "held-scan": f"{site}scan/{held.pk}/change/", "scan": f"{site}scan/{changed.pk}/change/",
        "missing-files": "/admin/missing/missingfile/",
        "access": "/admin/users/user/access/", "album": f"{site}album/{album.pk}/change/",
    }  # fmt: skip
    FOLDER.mkdir(parents=True, exist_ok=True)
    for suffix, options in (("", {}), ("-phone-dark", {**PHONE, "color_scheme": "dark"})):
        visitor = visit("admin", **options)
        for name, address in pages.items():
            visitor.go(address)
            visitor.page.wait_for_timeout(500)  # covers and fonts
            visitor.page.screenshot(path=FOLDER / f"{name}{suffix}.png")
