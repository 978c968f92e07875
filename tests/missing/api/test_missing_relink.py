"""`GET /api/missing/{id}/candidates`, `POST /api/missing/{id}/relink`."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries.models import Library, LibraryArtist, MediaFile, Scan
from libraries.totals import refresh_albums, refresh_library_artists, refresh_library_totals
from navidrome_lib.audit.models import AuditEntry
from tests.support.catalog import LONG_AGO, SEEN, dump, make_track

pytestmark = pytest.mark.django_db

KEYS = {
    "songId", "rank", "reasons", "path", "title", "album", "artist", "libraryId", "libraryName", "size", "suffix",
    "duration", "createdAt",
}  # fmt: skip


def settle(*libraries: Library) -> None:
    """Make all figures right, as after a scan."""
    for library in libraries:
        refresh_albums(library.pk)
        refresh_library_artists(library.pk)
        refresh_library_totals(library.pk)


def relink(client: APIClient, file: str, song: object) -> Any:
    return client.post(f"/api/missing/{file}/relink", {"songId": song}, format="json")


def candidates(client: APIClient, file: MediaFile) -> list[dict[str, Any]]:
    response = client.get(f"/api/missing/{file.pk}/candidates")
    assert response.status_code == 200
    assert response["X-Total-Count"] == str(len(response.json()))
    return list(response.json())


@pytest.mark.parametrize(("who", "status"), [("as_anonymous", 401), ("as_member", 403), ("as_outsider", 403)])
def test_only_admins(request: pytest.FixtureRequest, library: Library, who: str, status: int) -> None:
    gone, song = make_track(library, "a.mp3"), make_track(library, "b.mp3", missing=False)
    before = dump()
    client = request.getfixturevalue(who)
    for pk in (gone.pk, "unknown"):
        assert client.get(f"/api/missing/{pk}/candidates").status_code == status
        assert relink(client, pk, song.pk).status_code == status
    assert dump() == before


class TestCandidates:
    def test_the_likeliest_first(self, as_admin: APIClient, library: Library, other_library: Library) -> None:
        same: dict[str, Any] = {"title": "Song", "pid": "p" * 32}
        gone = make_track(library, "old/x.mp3", **same, audio_hash="a" * 64, mbz_track_id="m" * 36)
        sound = make_track(other_library, "s.mp3", missing=False, audio_hash="a" * 64, title="Other", artist="Bob")
        brainz = make_track(library, "m.mp3", missing=False, mbz_track_id="m" * 36, title="Other", artist="Bob")
        place = make_track(library, "old/x.mp3", missing=False, title="Different", artist="Cid", size=1, duration=99)
        tags = make_track(library, "t.mp3", missing=False, **same, size=1, duration=99)
        title = make_track(library, "n.mp3", missing=False, title="Song", size=1, duration=99)
        make_track(library, "unlike.mp3", missing=False, title="Unlike", artist="Eve")
        make_track(library, "too.mp3", **same, audio_hash="a" * 64)
        found = candidates(as_admin, gone)
        assert [row["songId"] for row in found] == [place.pk, sound.pk, brainz.pk, tags.pk, title.pk]
        assert all(set(row) == KEYS for row in found)
        assert [row["rank"] for row in found] == sorted((row["rank"] for row in found), reverse=True)
        assert found[0]["reasons"] == ["place", "fileName"]
        assert found[1]["reasons"] == ["audio", "size", "duration"]
        assert found[1]["libraryName"] == "Jazz"
        assert {"tags", "title", "artist"} <= set(found[3]["reasons"])

    def test_none(self, as_admin: APIClient, library: Library) -> None:
        gone = make_track(library, "a.mp3")
        make_track(library, "b.mp3", missing=False, artist="Bob")
        assert candidates(as_admin, gone) == []

    def test_only_missing_files_have_them(self, as_admin: APIClient, library: Library) -> None:
        here = make_track(library, "a.mp3", missing=False)
        for pk in (here.pk, "unknown", "9" * 400, "%00"):
            assert as_admin.get(f"/api/missing/{pk}/candidates").status_code == 404


class TestRelink:
    def test_the_song_lives_on_under_the_old_id(
        self, as_admin: APIClient, library: Library, other_library: Library
    ) -> None:
        gone = make_track(library, "old.mp3", artist="Ada", album="First", created_at=LONG_AGO)
        song = make_track(
            other_library, "new/\udcff.flac", artist="Bob", album="Second", genre="Jazz", missing=False,
            created_at=SEEN, size=77, suffix="flac",
        )  # fmt: skip
        settle(library, other_library)
        expected = MediaFile.objects.filter(pk=song.pk).values().get()
        response = relink(as_admin, gone.pk, song.pk)
        assert response.status_code == 200
        assert response.json() == {
            "id": gone.pk, "path": "new/?.flac", "title": song.title, "album": "Second", "artist": "Bob",
            "libraryId": str(other_library.pk), "libraryName": "Jazz", "createdAt": "2026-01-02T03:04:05.678Z",
        }  # fmt: skip
        now = MediaFile.objects.values().get()
        # the next scan decides what becomes of the album that it has left
        own = {"id": gone.pk, "created_at": LONG_AGO, "left_album": gone.album_ref_id}
        assert {**now, "updated_at": None} == {**expected, **own, "updated_at": None}
        linked = MediaFile.objects.get()
        assert {part.artist.name for part in linked.participants.all()} == {"Bob"}
        assert [part.genre.name for part in linked.track_genres.all()] == ["Jazz"]
        figures = [
            (one.total_songs, one.total_missing_files, one.total_size, one.total_albums, one.total_artists)
            for one in Library.objects.order_by("pk")
        ]
        assert figures == [(0, 0, 0, 0, 0), (1, 0, 77, 1, 1)]
        assert [(row.artist.name, row.song_count) for row in LibraryArtist.objects.all()] == [("Bob", 1)]
        assert AuditEntry.objects.get(action="missing.relink").object_id == gone.pk
        assert as_admin.get("/api/missing").json() == []

    @pytest.mark.parametrize(
        "song", ["unknown", "", None, 5, [], {}, "9" * 400, "a\0b"], ids=lambda text: repr(text)[:9]
    )
    def test_a_song_that_cannot_be(self, as_admin: APIClient, library: Library, song: Any) -> None:
        gone = make_track(library, "a.mp3")
        before = dump()
        response = relink(as_admin, gone.pk, song)
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"songId"}
        assert dump() == before

    def test_a_song_that_is_missing_itself(self, as_admin: APIClient, library: Library) -> None:
        gone, other = make_track(library, "a.mp3"), make_track(library, "b.mp3")
        before = dump()
        for song in (gone, other):
            assert "missing, too" in relink(as_admin, gone.pk, song.pk).json()["errors"]["songId"]
        assert dump() == before

    @pytest.mark.parametrize("body", ["", "[]", "nonsense", "{}", '"x"'])
    def test_a_body_that_cannot_be(self, as_admin: APIClient, library: Library, body: str) -> None:
        gone = make_track(library, "a.mp3")
        response = as_admin.generic("POST", f"/api/missing/{gone.pk}/relink", body, content_type="application/json")
        assert response.status_code == 400

    def test_only_missing_files_are_joined(self, as_admin: APIClient, library: Library) -> None:
        here, song = (make_track(library, f"{n}.mp3", missing=False) for n in range(2))
        before = dump()
        for pk in (here.pk, "unknown"):
            assert relink(as_admin, pk, song.pk).status_code == 404
        assert dump() == before

    @pytest.mark.parametrize("state", ["queued", "running"])
    def test_not_during_a_scan(self, as_admin: APIClient, library: Library, other_library: Library, state: str) -> None:
        gone, song = make_track(library, "a.mp3"), make_track(other_library, "b.mp3", missing=False)
        Scan.objects.create(library=other_library, trigger="api", state=state)
        before = dump()
        assert relink(as_admin, gone.pk, song.pk).status_code == 409
        assert dump() == before
