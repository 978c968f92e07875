"""Run by a Python that has Mopidy-Subidy: every call of its client and what Mopidy asks of it, as JSON on one line.

`mopidy_calls.py ADDRESS USER PASSWORD`; it knows nothing of the server but what it is told.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from typing import Any
from urllib.request import urlopen


def plain(value: Any) -> Any:
    """What Mopidy knows of a thing, as JSON can say it."""
    if inspect.isgenerator(value) or isinstance(value, (list, tuple, frozenset)):
        return [plain(each) for each in value]
    if hasattr(value, "serialize"):
        return value.serialize()
    return value


def of_client(address: str, user: str, password: str) -> dict[str, Any]:
    """Make every call that the client has, each with what those before it have found."""
    kind = importlib.import_module("mopidy_subidy.subsonic_api").SubsonicApi
    api = kind(address, user, password, "Mopidy", True, "1.14.0")
    artist = api.get_raw_artists()[0]["id"]
    album = api.get_raw_albums(artist)[0]["id"]
    song = api.get_raw_songs(album)[0]
    made = api.create_playlist_raw("Mix")["playlist"]["id"]
    api.save_playlist_raw(made, [song["id"]])
    arguments: dict[str, tuple[Any, ...]] = {
        "get_artist_by_id": (artist,), "get_album_by_id": (album,), "get_song_by_id": (song["id"],),
        "get_raw_albums": (artist,), "get_raw_songs": (album,), "get_raw_dir": (artist,), "get_raw_playlist": (made,),
        "get_raw_album_list": ("newest",), "get_more_albums": ("newest",), "get_albums_as_albums": (artist,),
        "get_albums_as_refs": (artist,), "get_songs_as_refs": (album,), "get_songs_as_tracks": (album,),
        "get_diritems_as_refs": (artist,), "get_playlist_as_playlist": (made,),
        "get_playlist_as_songs_as_refs": (made,), "get_artist_as_songs_as_tracks_iter": (artist,),
        "get_recursive_dir_as_songs_as_tracks_iter": (artist,), "find_raw": ("song",),
        "find_as_search_result": ("song",),
    }  # fmt: skip
    names = [name for name in dir(kind) if name.startswith(("get_", "find_")) and "_uri" not in name]
    found = {name: plain(getattr(api, name)(*arguments.get(name, ()))) for name in names}
    found["stream"] = length(api.get_song_stream_uri(song["id"]))
    found["deleted"] = api.delete_playlist_raw(made)["status"]
    return found


def of_backend(address: str, user: str, password: str) -> dict[str, Any]:
    """Ask the backend what the core of Mopidy asks for people at its remote controls."""
    options = {"url": address, "username": user, "password": password, "legacy_auth": True, "api_version": "1.14.0"}
    started = importlib.import_module("mopidy_subidy.backend").SubidyBackend.start({"subidy": options}, audio=None)
    try:
        backend = started.proxy()
        tracks = backend.library.search({"any": ["song"]}).get().tracks
        made = backend.playlists.create("Evening").get()
        backend.playlists.save(made.replace(tracks=tracks)).get()
        found = {
            "browsed": browsed(backend.library, backend.library.root_directory.get().uri),
            "found": plain(tracks),
            "of_artist": len(backend.library.search({"artist": ["Ada"]}).get().tracks),
            "titles": backend.library.get_distinct("track", {"any": ["song"]}).get(),
            "playlists": [each.name for each in backend.playlists.as_list().get()],
            "of_playlist": len(backend.library.lookup(made.uri).get()),
            "played": length(backend.playback.translate_uri(tracks[0].uri).get()),
        }
        backend.playlists.delete(made.uri).get()
        return found | {"left": len(backend.playlists.as_list().get())}
    finally:
        started.stop()


def browsed(library: Any, address: str) -> dict[str, list[str]]:
    """The names of all that is below an address, by kind; what has an address must be found by it."""
    found: dict[str, list[str]] = {}
    for each in library.browse(address).get():
        found.setdefault(each.type, []).append(each.name)
        if each.type == "track":
            assert [track.uri for track in library.lookup(each.uri).get()] == [each.uri]
        else:
            for kind, names in browsed(library, each.uri).items():
                found.setdefault(kind, []).extend(names)
    return found


def length(address: str) -> int:
    """How many bytes there are at an address."""
    with urlopen(address) as stream:  # noqa: S310 - of the server of the test
        return len(stream.read())


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"client": of_client(*sys.argv[1:4]), "backend": of_backend(*sys.argv[1:4])}))
