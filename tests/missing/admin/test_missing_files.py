"""Missing files in groups, as a table, and purges with their undo."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from libraries.models import Library, MediaFile
from missing.models import Purge
from navidrome_lib.audit.models import AuditEntry
from tests.conftest import MakeScan
from tests.support.catalog import make_track

pytestmark = pytest.mark.alike

FILES, PURGES = "/admin/missing/missingfile/", "/admin/missing/purge/"


def test_groups_lead_to_a_purge_of_one_album(site: Client, library: Library) -> None:
    gone = [make_track(library, f"a/{number}.mp3", album="Lost <b>") for number in range(3)]
    kept = make_track(library, "b/1.mp3", album="Other")
    page = site.get(FILES).content.decode()
    assert "Lost &lt;b&gt;" in page
    album = gone[0].album_ref_id
    assert f'href="?album_id={album}"' in page
    listed = site.get(FILES, {"album_id": album}).content.decode()
    assert "a/1.mp3" in listed
    assert "b/1.mp3" not in listed
    assert "b/1.mp3" not in site.get(FILES, {"folder_id": gone[0].folder_id}).content.decode()
    body = {"action": "purge", "select_across": "1", "_selected_action": gone[0].pk}
    asked = site.post(f"{FILES}?album_id={album}", body).content.decode()
    assert "Remove 3 missing files" in asked
    site.post(f"{FILES}?album_id={album}", {**body, "confirmed": "yes"})
    assert [row.pk for row in MediaFile.objects.in_catalog()] == [kept.pk]


def test_exports_what_the_list_shows(site: Client, library: Library, other_library: Library) -> None:
    make_track(library, "a/1.mp3", title="=HYPERLINK(1)", album="Ä, “quoted”")
    make_track(other_library, "b/1.mp3")
    answer = site.get(f"{FILES}export/", {"library__id__exact": library.pk})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    head, row = csv.reader(io.StringIO(text))
    found = dict(zip(head, row, strict=True))
    assert (found["library"], found["path"], found["album"]) == ("Rock", "a/1.mp3", "Ä, “quoted”")
    assert found["title"] == "'=HYPERLINK(1)"


def test_a_wrong_filter_of_an_export_leads_to_the_list(site: Client, library: Library) -> None:
    answer = site.get(f"{FILES}export/?nonsense=1")
    assert (answer.status_code, answer["Location"]) == (302, f"{FILES}?e=1")
    assert site.get(answer["Location"]).status_code == 200


def test_a_purge_is_shown_and_undone(site: Client, library: Library) -> None:
    gone = make_track(library, "gone.mp3")
    site.post(FILES, {"action": "purge", "_selected_action": [gone.pk], "confirmed": "yes"})
    purge = Purge.objects.get()
    page = site.get(f"{PURGES}{purge.pk}/change/").content.decode()
    assert "gone.mp3" in page
    assert "Undo: restore 1 file" in page
    assert site.get(f"{PURGES}{purge.pk}/undo/").status_code == 403
    answer = site.post(f"{PURGES}{purge.pk}/undo/", follow=True)
    assert "1 file was restored as missing." in answer.content.decode()
    assert MediaFile.objects.get().pk == gone.pk
    assert "no files left to restore" in site.get(f"{PURGES}{purge.pk}/change/").content.decode()


def test_a_missing_file_is_joined_to_the_song_that_it_became(site: Client, library: Library) -> None:
    gone = make_track(library, "old/<b>.mp3", title="Song", pid="p")
    other = make_track(library, "new/other.mp3", title="Song", missing=False, size=77)
    same = make_track(library, "new/same.mp3", title="Song", pid="p", missing=False, inode=9)
    make_track(library, "new/unlike.mp3", title="Else", missing=False)
    address = f"{FILES}{gone.pk}/relink/"
    assert f'href="{address}"' in site.get(FILES).content.decode()
    assert f'href="{address}"' in site.get(f"{FILES}{gone.pk}/change/").content.decode()
    page = site.get(address).content.decode()
    assert "old/&lt;b&gt;.mp3" in page
    assert 0 < page.find("new/same.mp3") < page.find("new/other.mp3")
    assert "new/unlike.mp3" not in page
    answer = site.post(address, {"song": same.pk})
    assert answer["Location"] == f"/admin/libraries/mediafile/{gone.pk}/change/"
    linked = MediaFile.objects.get(pk=gone.pk)
    assert (linked.path, linked.missing) == ("new/same.mp3", False)
    assert not MediaFile.objects.filter(pk=same.pk).exists()
    assert MediaFile.objects.get(pk=other.pk).size == 77
    entry = AuditEntry.objects.get(action="missing.relink")
    assert (entry.object_id, entry.actor) == (gone.pk, "admin")
    assert site.post(address, {"song": other.pk}).status_code == 404


def test_what_cannot_be_joined_is_said(site: Client, library: Library, make_scan: MakeScan) -> None:
    gone, lost = make_track(library, "gone.mp3"), make_track(library, "lost.mp3")
    song = make_track(library, "song.mp3", missing=False)
    address = f"{FILES}{gone.pk}/relink/"
    for chosen, reason in (("", "no song with this id"), ("\0", "no song"), (lost.pk, "song is missing, too")):
        assert reason in site.post(address, {"song": chosen}, follow=True).content.decode(), chosen
    make_scan(library, "running")
    assert "is being scanned" in site.post(address, {"song": song.pk}, follow=True).content.decode()
    assert MediaFile.objects.get(pk=gone.pk).missing
    assert MediaFile.objects.filter(pk=song.pk).exists()


def test_joining_is_for_admins(as_staff: Client, library: Library) -> None:
    gone, song = make_track(library, "gone.mp3"), make_track(library, "song.mp3", missing=False)
    address = f"{FILES}{gone.pk}/relink/"
    assert as_staff.get(address).status_code == 403
    assert as_staff.post(address, {"song": song.pk}).status_code == 403
    assert MediaFile.objects.get(pk=gone.pk).missing


def test_is_for_admins(as_staff: Client, library: Library) -> None:
    make_track(library, "gone.mp3")
    for address in (FILES, PURGES, f"{FILES}export/"):
        assert as_staff.get(address).status_code == 403, address
