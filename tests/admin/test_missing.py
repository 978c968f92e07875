"""Missing files in groups, as a table, and purges with their undo."""

from __future__ import annotations

import csv
import io

from django.test import Client

from libraries.models import Library, MediaFile
from missing.models import Purge
from tests.missing.catalog import make_track

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
    assert [row.pk for row in MediaFile.objects.all()] == [kept.pk]


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


def test_a_purge_is_shown_and_undone(site: Client, library: Library) -> None:
    gone = make_track(library, "gone.mp3")
    site.post(FILES, {"action": "purge", "_selected_action": [gone.pk], "confirmed": "yes"})
    purge = Purge.objects.get()
    page = site.get(f"{PURGES}{purge.pk}/change/").content.decode()
    assert "gone.mp3" in page
    assert "Undo: bring 1 file back" in page
    assert site.get(f"{PURGES}{purge.pk}/undo/").status_code == 403
    answer = site.post(f"{PURGES}{purge.pk}/undo/", follow=True)
    assert "1 files are in the catalog again." in answer.content.decode()
    assert MediaFile.objects.get().pk == gone.pk
    assert "nothing left to bring back" in site.get(f"{PURGES}{purge.pk}/change/").content.decode()


def test_is_for_admins(as_staff: Client, library: Library) -> None:
    make_track(library, "gone.mp3")
    for address in (FILES, PURGES, f"{FILES}export/"):
        assert as_staff.get(address).status_code == 403, address
