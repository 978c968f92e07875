"""Client programs that are installed beside the test environment (`tests/clients/install FOLDER`): all their calls."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import ADVICE, Shop
from users import api_keys
from users.app_passwords import app_password

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

HERE = Path(__file__).parent
NO_PODCASTS = ("createPodcastChannel", "deletePodcastChannel", "deletePodcastEpisode", "downloadPodcastEpisode",
               "refreshPodcasts")  # fmt: skip


def program(*parts: str) -> Path:
    """A file of such a program; without it the test is skipped, which the end of the run says."""
    path = Path(os.environ.get("ND_CLIENTS", "nowhere"), *parts)
    if not path.exists():
        pytest.skip(ADVICE)
    return path


def run(*command: str | Path) -> Any:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_mopidy_subidy(shop: Shop) -> None:
    python = program("mopidy", "bin", "python")
    answer = run(python, HERE / "mopidy_calls.py", shop.url, shop.user.username, shop.password)
    found, backend = answer["client"], answer["backend"]
    assert [name for name, value in found.items() if not value] == []
    assert found["deleted"] == "ok"
    assert found["get_album_by_id"]["name"] == "First"
    assert [track["name"] for track in found["get_songs_as_tracks"]] == [song.title for song in shop.songs]
    assert len(found["get_recursive_dir_as_songs_as_tracks_iter"]) == 2
    size = Path(shop.library.path, shop.songs[0].path).stat().st_size
    assert found["stream"] == size
    titles = [song.title for song in shop.songs]
    browsed = {kind: sorted(set(names)) for kind, names in backend.pop("browsed").items()}
    assert browsed.pop("directory")[:3] == ["Ada", "Albums", "Artists"]
    assert browsed == {"artist": ["Ada"], "album": ["First"], "track": titles}
    assert [track["name"] for track in backend.pop("found")] == titles
    assert backend == {
        "of_artist": 2, "titles": titles, "playlists": ["Evening"], "of_playlist": 2, "played": size, "left": 0
    }  # fmt: skip


def test_subsonic_api_of_npm(shop: Shop) -> None:
    module = program("node_modules", "subsonic-api", "lib", "index.js")
    one, two = (song.pk for song in shop.songs)
    key = api_keys.create_key(shop.user, name="k", scope="manage")[1]
    told = {"url": shop.url, "user": shop.user.username, "password": app_password(shop.user), "key": key}
    told |= {"song": one, "other": two, "album": shop.album, "artist": shop.artist}
    answer = run("node", HERE / "subsonic_api_calls.mjs", module, json.dumps(told))
    found = answer["found"]
    assert answer["left"] == []
    assert found["getPlaylist"] == [f"{one},{two}"]
    for name in ("stream", "download"):
        assert found.pop(name) == ["audio/flac true"]
    for name in ("getCoverArt", "getAvatar"):
        assert found.pop(name)[0].startswith("image/")
    refused = {name: found.pop(name) for name in (*NO_PODCASTS, "jukeboxControl", "addChatMessage")}
    assert set(map(tuple, refused.values())) == {(0,)}
    of_others = {name: found.pop(name) for name in ("hls", "getCaptions", "getVideoInfo", "getPodcastEpisode")}
    assert set(map(tuple, of_others.values())) == {(70,)}
    for name in ("baseURL", "navidromeSession", "customJSON", "getPlaylist"):
        found.pop(name)
    assert {name: codes for name, codes in found.items() if set(codes) != {"ok"}} == {}
