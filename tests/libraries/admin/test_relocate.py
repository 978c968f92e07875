"""Giving a library another root in the admin site: first a report, then the move."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from libraries.models import Library, Scan
from libraries.storage.relocation import MAX_SHOWN, match_root
from tests.support.catalog import make_track

pytestmark = pytest.mark.alike

PAGE = "/admin/libraries/library/"


@pytest.fixture
def moved(tmp_path: Path, library: Library) -> Path:
    """Another folder with two of the three songs, one of which has a name that is no text; a fourth is missing."""
    for path in ("a/1.mp3", "a/2.mp3", "b/\udcff.mp3"):
        make_track(library, path, missing=False)
    make_track(library, "a/3.mp3")
    for path in ("a/1.mp3", "b/\udcff.mp3", "a/3.mp3"):
        file = tmp_path / "moved" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    (tmp_path / "moved" / "a" / "2.mp3").mkdir()
    return tmp_path / "moved"


def test_reports_and_changes_nothing(site: Client, library: Library, moved: Path) -> None:
    address = f"{PAGE}{library.pk}/relocate/"
    assert f'href="{address}"' in site.get(f"{PAGE}{library.pk}/change/").content.decode()
    assert "songs were found" not in site.get(address).content.decode()
    page = site.get(address, {"path": f"{moved}/"}).content.decode()
    assert "2 of 3 songs were found." in page
    assert "<bdi>a/2.mp3</bdi>" in page
    assert "a/3.mp3" not in page
    assert "Time ran out" not in page
    assert Library.objects.get(pk=library.pk).path == library.path
    assert not Scan.objects.exists()


def test_moves_when_it_is_confirmed(site: Client, library: Library, moved: Path) -> None:
    answer = site.post(f"{PAGE}{library.pk}/relocate/", {"path": f"{moved}/"})
    assert answer["Location"] == f"{PAGE}{library.pk}/change/"
    assert Library.objects.get(pk=library.pk).path == str(moved)
    assert Scan.objects.get().requested_by == "admin"


def test_a_wrong_place_is_said(site: Client, library: Library, other_library: Library, moved: Path) -> None:
    address = f"{PAGE}{library.pk}/relocate/"
    inside = Path(other_library.path, "inside")
    inside.mkdir()
    wrong = {str(moved / "none"): "does not exist", library.path: "already in this folder", str(inside): "is inside"}
    for path, reason in wrong.items():
        asked = site.get(address, {"path": path}).content.decode()
        assert reason in asked
        assert "songs were found" not in asked
        assert reason in site.post(address, {"path": path}, follow=True).content.decode()
    assert "A path is required" in site.post(address, follow=True).content.decode()
    assert Library.objects.get(pk=library.pk).path == library.path
    assert "0 of 3 songs were found." in site.get(address, {"path": str(inside), "overlap": "on"}).content.decode()
    site.post(address, {"path": str(inside), "overlap": "on"})
    assert Library.objects.get(pk=library.pk).path == str(inside)


def test_the_report_ends_when_time_is_up(library: Library, moved: Path) -> None:
    match = match_root(library, str(moved), seconds=-1)
    assert (match.looked, match.found, match.complete) == (0, 0, False)


def test_the_report_names_the_first_only(library: Library, tmp_path: Path) -> None:
    for number in range(MAX_SHOWN + 1):
        make_track(library, f"{number:02}.mp3", missing=False)
    match = match_root(library, str(tmp_path))
    assert (match.lost, len(match.absent), match.complete) == (MAX_SHOWN + 1, MAX_SHOWN, True)


def test_the_folder_picker_leads_back_without_script(site: Client, library: Library, moved: Path) -> None:
    browse = f"{PAGE}browse/"
    page = site.get(browse, {"path": str(moved), "library": str(library.pk), "for": "relocate"}).content.decode()
    assert f'href="{PAGE}{library.pk}/relocate/?path=' in page
    assert f"&amp;library={library.pk}&amp;for=relocate" in page


def test_is_for_admins(as_staff: Client, library: Library, moved: Path) -> None:
    address = f"{PAGE}{library.pk}/relocate/"
    assert address not in as_staff.get(f"{PAGE}{library.pk}/change/").content.decode()
    assert as_staff.get(address, {"path": str(moved)}).status_code == 403
    assert as_staff.post(address, {"path": str(moved)}).status_code == 403
    assert Library.objects.get(pk=library.pk).path == library.path
