"""Who is told that playlists and radios have changed: everybody, and nothing of what they are."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from libraries.models import Library
from listening.models import Playlist
from tests.libraries.api.test_refresh_events import Listeners
from tests.support.catalog import make_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def test_changes_are_told(
    admin: User, member: User, as_admin: APIClient, as_member: APIClient, library: Library
) -> None:
    listeners = Listeners(admin, member)
    song = make_track(library, "A/1.mp3", missing=False)
    as_member.post("/api/playlist", {"name": "Secret"})
    told = [{"playlist": ["*"]}]
    assert listeners.told() == [told, told]
    as_member.post(f"/api/playlist/{Playlist.objects.get().pk}/tracks", {"ids": [song.pk]})
    assert listeners.told() == [told, told]
    as_admin.post("/api/radio", {"name": "R", "streamUrl": "https://radio.example/"})
    assert listeners.told() == [[{"radio": ["*"]}]] * 2
    as_member.get("/api/playlist")
    assert listeners.told() == [[], []]
