"""`DELETE /api/missing?dryRun=true`: what a purge would remove."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from libraries.models import Library
from missing.models import Purge
from tests.support.catalog import dump, make_track

pytestmark = pytest.mark.django_db


class TestDryRun:
    def test_what_would_go(self, as_admin: APIClient, library: Library) -> None:
        gone = make_track(library, "Ada/First/1.mp3")
        part = make_track(library, "Bob/Second/1.mp3", artist="Bob", album="Second")
        make_track(library, "Bob/Second/2.mp3", artist="Bob", album="Second", missing=False)
        before = dump()
        answer = as_admin.delete("/api/missing?dryRun=true").json()
        assert answer == {
            "dryRun": True,
            "removed": 0,
            "wouldRemove": 2,
            "ids": sorted([gone.pk, part.pk]),
            "purgeId": "",
            "size": 2000,
            "duration": 5.0,
            "albums": [{"id": gone.album_ref_id, "name": "First"}],
            "artists": [{"id": gone.participants.first().artist_id, "name": "Ada"}],  # type: ignore[union-attr]
            "folders": [{"id": gone.folder_id, "name": "Ada/First"}],
            "attached": {
                "participants": 4,
                "track genres": 2,
                "held marks": 0,
                "bookmarks": 0,
                "entries of play queues": 0,
                "entries of playlists": 0,
                "plays": 0,
                "entries of shares": 0,
                "favourites, ratings and plays of songs": 0,
            },
        }
        assert dump() == before
        assert not Purge.objects.exists()

    def test_it_takes_the_same_files_as_the_purge(self, as_admin: APIClient, library: Library) -> None:
        first, second = make_track(library, "1.mp3"), make_track(library, "2.mp3")
        for query, expected in ((f"id={first.pk}", [first.pk]), ("title=2", [second.pk]), ("dryRun=false", None)):
            if expected is not None:
                assert as_admin.delete(f"/api/missing?{query}&dryRun=1").json()["ids"] == expected
            else:
                assert as_admin.delete(f"/api/missing?{query}").json()["removed"] == 2
