"""Adding, changing, scanning and removing libraries in the admin site."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from libraries.models import Library, Scan
from tests.conftest import Configure, MakeScan

pytestmark = pytest.mark.alike

PAGE = "/admin/libraries/library/"
ADD, BROWSE, CHECK, PREVIEW = f"{PAGE}add/", f"{PAGE}browse/", f"{PAGE}check/", f"{PAGE}preview/"
# what a browser sends unchanged
DEFAULTS = {"held_percent": 50, "held_count": 20}
DATA = {"Accept": "application/json"}


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with two folders of files."""
    for name in ("Ann/First/1.flac", "Ann/First/2.flac", "Podcasts/talk.mp3", "Podcasts/deep/talk.mp3", "cover.jpg"):
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "music"


class TestForm:
    """The form of a library."""

    def test_adds_and_queues_the_first_scan(self, site: Client, music: Path) -> None:
        body = {**DEFAULTS, "name": "Rock", "path": str(music), "recursive": "on", "patterns": "*.tmp\n/Podcasts/"}
        answer = site.post(ADD, body, follow=True)
        assert answer.redirect_chain == [("/admin/", 302)]
        assert "was added, and its first scan was queued." in answer.content.decode()
        library = Library.objects.get()
        assert (library.name, library.path, library.exclude_patterns) == ("Rock", str(music), ["*.tmp", "/Podcasts/"])
        assert Scan.objects.get().requested_by == "admin"

    def test_names_every_problem_at_its_field(self, site: Client, library: Library) -> None:
        page = site.post(ADD, {"name": "ROCK", "path": "/nowhere/at/all", "patterns": "[z-a]"}).content.decode()
        assert "already exists" in page
        assert "does not exist on the server" in page
        assert Library.objects.count() == 1

    def test_another_text_encoding_queues_a_full_rescan(self, site: Client, library: Library) -> None:
        address = f"{PAGE}{library.pk}/change/"
        page = site.get(address).content.decode()
        assert "A change queues a full rescan" in page
        assert "Japanese (Shift JIS)" in page
        shown = {**DEFAULTS, "name": library.name, "path": library.path, "recursive": "on"}
        assert site.post(address, {**shown, "text_encoding": "klingon"}).status_code == 200
        assert site.post(address, shown).status_code == 302
        library.refresh_from_db()
        assert (library.text_encoding, Scan.objects.exists()) == ("auto", False)
        assert site.post(address, {**shown, "text_encoding": "shift_jis"}).status_code == 302
        library.refresh_from_db()
        assert (library.text_encoding, [scan.full for scan in Scan.objects.all()]) == ("shift_jis", [True])

    def test_takes_the_folder_from_the_picker(self, site: Client) -> None:
        page = site.get(f"{ADD}?path=/srv/my+music").content.decode()
        assert 'value="/srv/my music"' in page
        assert 'value="My Music"' in page

    def test_is_for_admins(self, as_staff: Client, library: Library, other_library: Library) -> None:
        assert as_staff.get(PAGE).status_code == 200
        assert "Rock" in as_staff.get(f"{PAGE}{library.pk}/change/").content.decode()
        assert as_staff.post(f"{PAGE}{library.pk}/change/", {"name": "Mine"}).status_code == 403
        assert as_staff.get(ADD).status_code == 403
        assert as_staff.get(f"{PAGE}{other_library.pk}/change/").status_code == 302
        for address in (BROWSE, CHECK, PREVIEW):
            assert as_staff.get(address).status_code == 403
        assert Library.objects.get(pk=library.pk).name == "Rock"


class TestPicker:
    """The folder picker, which looks at the server's disk."""

    def test_lists_folders(self, site: Client, music: Path) -> None:
        found = site.get(BROWSE, {"path": str(music)}, headers=DATA).json()
        assert [folder["name"] for folder in found["folders"]] == ["Ann", "Podcasts"]
        assert (found["path"], found["parent"]) == (str(music), str(music.parent))

    def test_works_as_a_page(self, site: Client, music: Path) -> None:
        page = site.get(BROWSE, {"path": str(music)}).content.decode()
        assert f'href="{ADD}?path={str(music).replace("/", "%2F")}"' in page
        assert "Podcasts" in page

    @pytest.mark.parametrize("path", ["/nowhere", "relative", "/etc/passwd", "/a\0b", "\udcff"])
    def test_refuses_with_a_sentence(self, site: Client, path: str) -> None:
        answer = site.get(f"{BROWSE}?path={quote(os.fsencode(path))}", headers=DATA)
        assert answer.status_code == 200
        assert answer.json()["error"]
        assert answer.json()["folders"] == []

    def test_never_leaves_the_allowed_roots(self, site: Client, music: Path, configure: Configure) -> None:
        (music / "out").symlink_to("/etc")
        configure(allowed_roots=(music,))
        top = site.get(BROWSE, headers=DATA).json()
        assert (top["path"], top["parent"]) == (str(music), "")
        for path in (music.parent, f"{music}/..", music / "out", "/", f"{music}2"):
            assert "must lie in" in site.get(BROWSE, {"path": str(path)}, headers=DATA).json()["error"], path
        body = {"name": "Etc", "path": "/etc", "recursive": "on"}
        assert "must lie in" in site.post(ADD, body).content.decode()
        assert not Library.objects.exists()

    def test_offers_several_roots(self, site: Client, music: Path, configure: Configure) -> None:
        configure(allowed_roots=(music / "Ann", music / "Podcasts"))
        found = site.get(BROWSE, headers=DATA).json()
        assert [folder["path"] for folder in found["folders"]] == [str(music / "Ann"), str(music / "Podcasts")]

    def test_names_are_harmless(self, site: Client, music: Path) -> None:
        (music / "<img src=x onerror=alert(1)>").mkdir()
        os.mkdir(os.path.join(os.fsencode(music), b"\xff\xfe"))  # a name that is no text
        page = site.get(BROWSE, {"path": str(music)}).content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror" in page
        assert "1 folder has a name that is not text" in page


class TestCheck:
    """The path is checked while it is typed."""

    def test_says_what_is_there(self, site: Client, music: Path) -> None:
        found = site.get(CHECK, {"path": str(music)}).json()
        assert found == {"ok": True, "text": "The folder can be read. It contains 2 folders and 1 file."}

    def test_says_what_is_wrong(self, site: Client, library: Library) -> None:
        assert site.get(CHECK, {"path": "relative"}).json()["ok"] is False
        assert "“Rock”" in site.get(CHECK, {"path": library.path}).json()["text"]
        assert site.get(CHECK, {"path": library.path, "library": str(library.pk)}).json()["ok"] is True


class TestPreview:
    """What patterns would hide, before they are saved."""

    def test_counts_and_names(self, site: Client, music: Path) -> None:
        body = {"path": str(music), "patterns": "/Podcasts/\n2.*", "recursive": "on"}
        page = " ".join(site.post(PREVIEW, body).content.decode().split())
        assert "3 audio files would be excluded, 1 would remain." in page
        assert "<bdi>Podcasts/</bdi>" in page
        assert not Library.objects.exists()

    def test_part_for_our_script(self, site: Client, music: Path) -> None:
        page = site.post(PREVIEW, {"path": str(music), "recursive": "on"}, headers={"X-Requested-With": "fetch"})
        assert "0 audio files would be excluded, 4 would remain." in page.content.decode()
        assert "<html" not in page.content.decode()

    def test_a_wrong_pattern_is_said(self, site: Client, music: Path) -> None:
        page = site.post(PREVIEW, {"path": str(music), "patterns": "[z-a]"}).content.decode()
        assert "[z-a]" in page
        assert "would remain" not in page


class TestActions:
    """Scan and remove."""

    @pytest.mark.parametrize(
        ("body", "expected"), [({}, (False, [])), ({"full": "1"}, (True, [])), ({"folder": "Ann"}, (False, ["Ann"]))]
    )
    def test_scans(self, site: Client, library: Library, body: dict[str, Any], expected: tuple[bool, Any]) -> None:
        Path(library.path, "Ann").mkdir()
        site.post(f"{PAGE}{library.pk}/scan/", body)
        scan = Scan.objects.get()
        assert (scan.full, scan.targets) == expected
        assert (scan.trigger, scan.requested_by) == ("admin", "admin")

    def test_a_wrong_folder_is_said(self, site: Client, library: Library) -> None:
        answer = site.post(f"{PAGE}{library.pk}/scan/", {"folder": "../x"}, follow=True)
        assert "leads out of the library" in answer.content.decode()
        assert not Scan.objects.exists()

    def test_a_link_starts_nothing(self, site: Client, library: Library) -> None:
        assert site.get(f"{PAGE}{library.pk}/scan/").status_code == 403
        checked = Client(enforce_csrf_checks=True)
        checked.cookies = site.cookies
        assert checked.post(f"{PAGE}{library.pk}/scan/").status_code == 403
        assert not Scan.objects.exists()

    def test_goes_back_on_this_site_only(self, site: Client, library: Library) -> None:
        for target, expected in (("/admin/libraries/scan/", "/admin/libraries/scan/"), ("//evil.example/", "/admin/")):
            assert site.post(f"{PAGE}{library.pk}/scan/", {"next": target})["Location"] == expected

    def test_cancels(self, site: Client, library: Library, make_scan: MakeScan) -> None:
        scan = make_scan(library, "running")
        site.post(f"/admin/libraries/scan/{scan.pk}/cancel/")
        scan.refresh_from_db()
        assert scan.cancel_requested

    def test_removes_with_the_name_typed(self, site: Client, library: Library) -> None:
        address = f"{PAGE}{library.pk}/delete/"
        page = site.get(address).content.decode()
        assert "Type the name" in page
        assert "0 songs, present or missing" in page
        for wrong in ("", "rock"):
            site.post(address, {"post": "yes", "confirm": wrong})
            assert Library.objects.active().count() == 1
        assert site.post(address, {"post": "yes", "confirm": "Rock"}).status_code == 302
        assert Library.objects.active().count() == 0
        assert Path(library.path).is_dir()
