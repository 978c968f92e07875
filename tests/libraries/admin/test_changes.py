"""What a scan changed, on its page: by folder, the most changed first, with a way to the songs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from libraries.admin.changes import FOLDERS, SOURCES
from libraries.models import Library, Scan, ScanChange
from libraries.scanner.paths import key_of
from tests.conftest import MakeScan
from tests.support.scans import scan, write_album, write_track

pytestmark = pytest.mark.alike

SONGS = "/admin/libraries/mediafile/"


def address(done: Scan, **query: Any) -> str:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return f"/admin/libraries/scan/{done.pk}/change/?{asked}"


def change(done: Scan, folder: str, count: int, kind: str = "added", came_from: str | None = None, **more: Any) -> None:
    """One line of what a scan did."""
    moved = {} if came_from is None else {
        "from_folder": came_from, "from_key": key_of(came_from.encode()), "from_library_number": done.library_id
    }  # fmt: skip
    ScanChange.objects.create(**{
        "scan": done, "kind": kind, "library_number": done.library_id, "folder": folder,
        "folder_key": key_of(folder.encode()), "count": count, **moved, **more,
    })  # fmt: skip


def items(page: str) -> list[str]:
    """The words of each folder, in order."""
    (shown,) = re.findall(r'<ul class="nd-changes">(.*?)</ul>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in re.findall(r"<li>(.*?)</li>", shown, re.S)]


def test_a_real_scan(site: Client, library: Library) -> None:
    root = Path(library.path)
    for name, count in (("A", 3), ("B", 2), ("C", 1)):
        write_album(root / name, count, album=name)
    scan(library)
    (root / "A").rename(root / "D")
    (root / "B/01.flac").rename(root / "B/one.flac")
    (root / "B/02.flac").unlink()
    write_track(root / "loose.flac", "Loose", number=9, mark=9)
    page = site.get(address(scan(library))).content.decode()
    assert items(page) == [
        "D 3 files from A → here 3 moved",
        "B 1 file renamed in this folder 1 moved 1 missing",
        "(library folder) 1 added",
    ]
    only = site.get(address(Scan.objects.latest("pk"), kind="missing")).content.decode()
    assert items(only) == ["B 1 missing"]
    link = re.search(r'href="([^"]+)"><bdi>B</bdi>', page)
    assert link is not None
    songs = site.get(link[1].replace("&amp;", "&")).content.decode()
    assert songs.count('<bdi class="nd-text">Song ') == 2
    assert "Loose" not in songs


def test_a_folder_that_is_gone_for_good_is_no_link(site: Client, library: Library, make_scan: MakeScan) -> None:
    done = make_scan(library)
    change(done, "gone", 1, "missing")
    page = site.get(address(done)).content.decode()
    assert items(page) == ["gone 1 missing"]
    assert SONGS + "?folder" not in page


def test_pages(site: Client, library: Library, make_scan: MakeScan) -> None:
    done = make_scan(library)
    for number in range(FOLDERS + 10):
        change(done, f"Folder {number:03}", 1000 - number)
    first = site.get(address(done)).content.decode()
    assert (len(items(first)), items(first)[0]) == (FOLDERS, "Folder 000 1,000 added")
    assert f"Folders 1 to {FOLDERS}" in first
    assert 'rel="next" href="?changes=2#nd-changes"' in first
    second = site.get(address(done, changes=2)).content.decode()
    assert (len(items(second)), items(second)[0]) == (10, f"Folder {FOLDERS:03} 950 added")
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    assert items(site.get(address(done, changes=99)).content.decode()) == []
    for nonsense in ("x", "-1", "0", "9" * 30):
        assert items(site.get(address(done, changes=nonsense, kind="nothing")).content.decode()) == items(first)


def test_of_many_sources_the_first_are_named(site: Client, library: Library, make_scan: MakeScan) -> None:
    done = make_scan(library)
    for number in range(SOURCES + 4):
        change(done, "All", 20 - number, "moved", f"Disc {number}")
    (item,) = items(site.get(address(done)).content.decode())
    assert item.startswith("All 20 files from Disc 0 → here 19 files from Disc 1")
    assert item.endswith("54 more files from elsewhere 144 moved")


def test_names_do_no_harm(site: Client, library: Library, make_scan: MakeScan) -> None:
    done = make_scan(library)
    change(done, "<script>alert(1)</script>", 1, "moved", '"><img src=x onerror=alert(1)>')
    page = site.get(address(done)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_other_libraries_stay_unknown(
    site: Client, as_staff: Client, library: Library, other_library: Library, make_scan: MakeScan
) -> None:
    """A move between libraries tells those who can access one of them nothing of the other."""
    done = make_scan(library)
    change(done, "Here", 2, "moved", "Secret", from_library_number=other_library.pk)
    change(done, "Hidden", 1, "moved", "There", library_number=other_library.pk)
    assert items(site.get(address(done)).content.decode()) == [
        "Here 2 files from Secret (Jazz) → here 2 moved",
        "Hidden in “Jazz” 1 file from There → here 1 moved",
    ]
    page = as_staff.get(address(done)).content.decode()
    assert items(page) == [
        "Here 2 files from another library → here 2 moved",
        "A folder of another library 1 file from There → here 1 moved",
    ]
    for word in ("Secret", "Hidden", "Jazz"):
        assert word not in page


def test_what_is_no_longer_kept_is_said(site: Client, library: Library, make_scan: MakeScan) -> None:
    words = "of this scan by folder are no longer kept"
    assert words in site.get(address(make_scan(library, added=5))).content.decode()
    assert words not in site.get(address(make_scan(library))).content.decode()


def test_a_scan_that_was_redone_says_so(site: Client, library: Library, make_scan: MakeScan) -> None:
    done = make_scan(library, attempts=2)
    change(done, "A", 1)
    assert "the changes are those of all attempts" in site.get(address(done)).content.decode()


def test_as_many_queries_for_many_folders(site: Client, library: Library, make_scan: MakeScan) -> None:
    asked = []
    site.get(address(make_scan(library)))  # the first page of a session writes its time
    for folders in (1, 10, 100):
        done = make_scan(library)
        for number in range(folders):
            change(done, f"{number}", 2, "moved", "x")
        with CaptureQueriesContext(connection) as queries:
            site.get(address(done))
        asked.append(len(queries))
    assert asked[0] == asked[1] == asked[2]


class TestSongsOfAFolder:
    def test_present_and_missing(self, site: Client, library: Library) -> None:
        files = write_album(Path(library.path) / "A", 3)
        write_album(Path(library.path) / "A/B", 2, album="B")
        scan(library)
        files[0].unlink()
        scan(library)
        page = site.get(f"{SONGS}?folder={key_of(b'A')}").content.decode()
        assert page.count('<bdi class="nd-text">Song ') == 3

    def test_only_in_libraries_that_one_can_access(self, as_staff: Client, other_library: Library) -> None:
        write_album(Path(other_library.path) / "Private", 2)
        scan(other_library)
        page = as_staff.get(f"{SONGS}?folder={key_of(b'Private')}").content.decode()
        assert "Song 1" not in page
        assert "Private" not in page

    def test_an_unknown_folder_has_no_songs(self, site: Client, library: Library) -> None:
        write_album(Path(library.path) / "A", 2)
        scan(library)
        assert "Song 1" not in site.get(f"{SONGS}?folder=0").content.decode()
